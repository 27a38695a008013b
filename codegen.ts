/**
 * Prints what is derived from the code: the graph's SDL to schema/schema.graphql, the catalogue of providers to
 * docs/providers.md, what becomes of requests between protocols to docs/protocols.md. With `--check` nothing is
 * written, and the exit code is 1 when a file is not what would be printed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { printSortedSchema } from './src/graphql/print-schema.ts';
import { printProtocols } from './src/protocols/print-protocols.ts';
import { printProviders } from './src/providers/print-providers.ts';

const PRINTED: readonly (readonly [string, () => string])[] = [
  ['schema/schema.graphql', printSortedSchema],
  ['docs/providers.md', printProviders],
  ['docs/protocols.md', printProtocols],
];

function read(file: URL): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

for (const [path, print] of PRINTED) {
  const file = new URL(path, import.meta.url);
  const printed = print();
  if (read(file) === printed) {
    console.log(`${path} is up to date`);
  } else if (process.argv.includes('--check')) {
    console.error(`${path} is out of date: run "npm run schema" and commit it`);
    process.exitCode = 1;
  } else {
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, printed);
    console.log(`wrote ${fileURLToPath(file)}`);
  }
}

/**
 * Prints the graph's SDL to schema/schema.graphql. With `--check` nothing is written, and the exit code is 1 when
 * the file is not what would be printed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { printSortedSchema } from './src/graphql/print-schema.ts';

const folder = new URL('schema/', import.meta.url);
const file = new URL('schema.graphql', folder);

function read(): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

const printed = printSortedSchema();
if (read() === printed) {
  console.log('schema/schema.graphql is up to date');
} else if (process.argv.includes('--check')) {
  console.error('schema/schema.graphql is out of date: run "npm run schema" and commit it');
  process.exitCode = 1;
} else {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, printed);
  console.log(`wrote ${fileURLToPath(file)}`);
}

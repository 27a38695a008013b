import { parseArgs } from 'node:util';
import { CELLS, type Cell } from './cells.ts';

export interface Options {
  readonly cells: readonly Cell[];
  readonly connections: number;
  /** Length of one measured window. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly rounds: number;
  readonly jsonFile: string | null;
  readonly withFirstToken: boolean;
  readonly withMemory: boolean;
  readonly isStrict: boolean;
}

const HELP = `Measures Sluice beside a bare relay and nginx, each on one core, in one run.

Usage: npm run bench -- [options]

  --only NAMES       servers or cells, comma-separated   (all)
  --seconds N        one measured window                 (5)
  --warmup N         before each window                  (2)
  --rounds N         rounds over all cells; the median counts  (3)
  --connections N    callers at a time                   (32)
  --json FILE        write every figure as JSON
  --memory           also 100,000 short streams, for the growth of memory
  --full             --memory with windows of 10 s and 5 rounds
  --no-first-token   leave out the time to first token at a low fixed rate
  --strict           exit 1 when a threshold is missed
  --help

Cells:
${CELLS.map((cell) => `  ${cell.name.padEnd(22)} ${cell.label}`).join('\n')}

Exits 1 when a cell had failures or the records kept are not the calls made.
`;

/** Reads the command line; prints help and returns null when asked for. Throws on a mistake. */
export function readOptions(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      rounds: { type: 'string' },
      connections: { type: 'string' },
      json: { type: 'string' },
      memory: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      'no-first-token': { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return null;
  }
  return {
    cells: selectCells(values.only),
    connections: whole('connections', values.connections, 32),
    seconds: whole('seconds', values.seconds, values.full ? 10 : 5),
    warmupSeconds: whole('warmup', values.warmup, 2),
    rounds: whole('rounds', values.rounds, values.full ? 5 : 3),
    jsonFile: values.json ?? null,
    withFirstToken: !values['no-first-token'],
    withMemory: values.memory || values.full,
    isStrict: values.strict,
  };
}

function selectCells(only: string | undefined): readonly Cell[] {
  if (only === undefined) return CELLS;
  const names = only.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!CELLS.some((cell) => cell.name === name || cell.server === name)) {
      throw new Error(`--only: there is no server or cell ${JSON.stringify(name)}; see --help`);
    }
  }
  return CELLS.filter((cell) => names.includes(cell.name) || names.includes(cell.server));
}

function whole(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}: expected a whole number from 1`);
  return value;
}

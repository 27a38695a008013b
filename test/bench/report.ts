import type { FirstTokenResult } from './first-token.ts';
import type { MemoryResult } from './memory.ts';
import { type CellResult, figures, ratio } from './rounds.ts';

type Row = readonly string[];

const CELL_HEAD: Row = [
  'cell',
  'req/s',
  'busy',
  'others',
  'CPU µs',
  '× relay',
  'main µs',
  '× relay',
  'p50 ms',
  'p99 ms',
  'first ms',
  'RSS MB',
];

/** The throughput cells as a table. */
export function cellTable(results: readonly CellResult[]): string {
  const rows = results.map((result): Row => {
    const { cell, rounds } = result;
    if (result.void !== null) return [cell.label, `void: ${result.void}`];
    const median = figures(rounds);
    return [
      cell.label,
      median.requestsPerSecond.toFixed(0),
      percent(median.busy),
      percent(median.others),
      median.cpuUs.toFixed(1),
      times(ratio(results, result, (window) => window.cpuUs)),
      median.mainThreadCpuUs.toFixed(1),
      times(ratio(results, result, (window) => window.mainThreadCpuUs)),
      ms(median.p50Us),
      ms(median.p99Us),
      ms(median.firstTokenP50Us),
      mb(median.residentBytes),
    ];
  });
  return table([CELL_HEAD, ...rows]);
}

export function firstTokenTable(results: readonly FirstTokenResult[]): string {
  const rows = results.map(
    ({ label, p50Us, p99Us, addedP50Us, addedP99Us, failures }): Row => [
      label,
      ms(p50Us),
      ms(p99Us),
      ms(addedP50Us),
      ms(addedP99Us),
      String(failures),
    ],
  );
  return table([['time to first token', 'p50 ms', 'p99 ms', 'added p50', 'added p99', 'failures'], ...rows]);
}

export function memoryLines({
  idleBytes,
  residentBytes,
  streamsPerBatch,
  bytesPerStream,
}: MemoryResult): string {
  const after = residentBytes.map((bytes, index) => `${(index + 1) * streamsPerBatch}: ${mb(bytes)}`);
  return `resident MB idle: ${mb(idleBytes)}; after streams ${after.join(', ')}; ${bytesPerStream.toFixed(0)} bytes a stream`;
}

/** All figures, for JSON. */
export function cellFigures(results: readonly CellResult[]): object[] {
  return results.map((result) => ({
    cell: result.cell.name,
    label: result.cell.label,
    void: result.void,
    ...(result.rounds.length === 0 ? {} : { median: figures(result.rounds) }),
    cpuToRelay: ratio([...results], result, (window) => window.cpuUs),
    mainThreadCpuToRelay: ratio([...results], result, (window) => window.mainThreadCpuUs),
    requestsPerSecondToRelay: ratio([...results], result, (window) => window.requestsPerSecond),
    rounds: result.rounds,
  }));
}

/** The first column to the left, the others to the right; a row that ends early is a remark. */
function table(rows: readonly Row[]): string {
  const complete = rows.filter((row) => row.length === rows[0]?.length);
  const width = (column: number) => Math.max(...complete.map((row) => row[column]?.length ?? 0));
  const first = Math.max(...rows.map((row) => row[0]?.length ?? 0));
  return rows
    .map((row) => {
      const [label = '', ...cells] = row;
      const isComplete = complete.includes(row);
      const rest = cells.map((cell, index) => (isComplete ? cell.padStart(width(index + 1)) : cell));
      return [label.padEnd(first), ...rest].join('  ');
    })
    .join('\n');
}

function times(value: number | null): string {
  return value === null ? '-' : value.toFixed(2);
}

function ms(us: number | null): string {
  return us === null || Number.isNaN(us) ? '-' : (us / 1_000).toFixed(2);
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(0)} %`;
}

function mb(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}

import { writeFileSync } from 'node:fs';
import type { Findings, Verdict } from './findings.ts';
import type { FirstTokenResult } from './first-token.ts';
import type { MemoryResult } from './memory.ts';
import type { Options } from './options.ts';
import { type CellResult, figures, ratio } from './rounds.ts';
import { mb, ms, percent, type Row, table, times } from './table.ts';

const LEGEND = `busy, others: what the server and other programs used of its core while the load lasted; a round is quiet
with others up to 5 %, and only quiet ones count if there are any. With little of both, the rig was the limit,
and only CPU µs compares. CPU µs: per request, all threads and the keeping of records; main µs: main thread.`;

const CELL_HEAD: Row =
  'cell|req/s|busy|others|quiet|CPU µs|× relay|main µs|× relay|p50 ms|p99 ms|first ms|RSS MB'.split('|');

const FIRST_TOKEN_HEAD: Row = 'time to first token|p50 ms|p99 ms|added p50|added p99|failures'.split('|');

/** All findings for people. */
export function findingsText(
  { seconds, rounds, connections }: Options,
  { cells, firstToken, memory, records }: Findings,
  verdicts: readonly Verdict[],
): string {
  const setting = `${connections} connections, windows of ${seconds} s, medians of ${rounds} rounds; authentication and records on.`;
  const lines = ['', setting, LEGEND, '', cellTable(cells), ''];
  if (firstToken.length > 0) lines.push(firstTokenTable(firstToken), '');
  if (memory !== null) lines.push(memoryText(memory), '');
  if (cells.some((result) => result.rounds.length > 0 && figures(result.rounds).quietRounds === 0)) {
    lines.push(
      'NOT QUIET: other programs disturbed every round of some cells, whose figures are too high',
      '',
    );
  }
  for (const count of records) {
    const what = `${count.calls} calls made, ${count.records} records in Postgres (${count.breakdown})`;
    lines.push(verdictLine({ what, isMet: count.calls === count.records }));
  }
  return [...lines, ...verdicts.map(verdictLine)].join('\n');
}

/** All figures, those of single rounds too, as JSON. */
export function writeFindings(
  file: string,
  run: { machine: object; options: Options; findings: Findings; verdicts: readonly Verdict[] },
): void {
  const { machine, findings, verdicts } = run;
  const { cells: chosen, ...options } = run.options;
  const cells = findings.cells.map((result) => ({
    cell: result.cell.name,
    label: result.cell.label,
    void: result.void,
    ...(result.void === null ? { figures: figures(result.rounds) } : {}),
    cpuToRelay: ratio(findings.cells, result, 'cpuUs'),
    mainThreadCpuToRelay: ratio(findings.cells, result, 'mainThreadCpuUs'),
    requestsPerSecondToRelay: ratio(findings.cells, result, 'requestsPerSecond'),
    rounds: result.rounds,
  }));
  const names = chosen.map((cell) => cell.name);
  const json = { machine, options: { ...options, cells: names }, ...findings, cells, verdicts };
  writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`);
}

function verdictLine({ what, isMet }: Verdict): string {
  return `${isMet ? 'PASS' : 'FAIL'}  ${what}`;
}

function cellTable(results: readonly CellResult[]): string {
  const rows = results.map((result): Row => {
    const { cell, rounds } = result;
    if (result.void !== null) return [cell.label, `void: ${result.void}`];
    const median = figures(rounds);
    return [
      cell.label,
      median.requestsPerSecond.toFixed(0),
      percent(median.busy),
      percent(median.others),
      `${median.quietRounds}/${rounds.length}`,
      median.cpuUs.toFixed(1),
      times(ratio(results, result, 'cpuUs')),
      median.mainThreadCpuUs.toFixed(1),
      times(ratio(results, result, 'mainThreadCpuUs')),
      ms(median.p50Us),
      ms(median.p99Us),
      ms(median.firstTokenP50Us),
      mb(median.residentBytes),
    ];
  });
  return table([CELL_HEAD, ...rows]);
}

function firstTokenTable(results: readonly FirstTokenResult[]): string {
  const rows = results.map((result): Row => {
    const times = [result.p50Us, result.p99Us, result.addedP50Us, result.addedP99Us].map(ms);
    return [result.label, ...times, String(result.failures)];
  });
  return table([FIRST_TOKEN_HEAD, ...rows]);
}

function memoryText({ idleBytes, residentBytes, streamsPerBatch, grownBytes }: MemoryResult): string {
  const after = residentBytes.map((bytes, index) => `${(index + 1) * streamsPerBatch}: ${mb(bytes)}`);
  return `resident MB idle: ${mb(idleBytes)}; after streams ${after.join(', ')}; growth ${mb(grownBytes)}`;
}

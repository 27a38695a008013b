/** `npm run bench`: see --help. */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { type FirstTokenResult, measureFirstToken } from './first-token.ts';
import { type MemoryResult, measureMemory } from './memory.ts';
import { type Options, readOptions } from './options.ts';
import { cellFigures, cellTable, firstTokenTable, memoryLines } from './report.ts';
import { Rig } from './rig.ts';
import { type CellResult, runRounds } from './rounds.ts';
import type { Server, ServerName } from './server.ts';
import { Unavailable } from './server.ts';
import { Sluice } from './sluice.ts';
import { type Findings, judge, type Verdict } from './verdicts.ts';

interface RecordCount {
  readonly requests: number;
  readonly records: number;
}

/** Above this share of the server's core, what other programs do shows in the figures. */
const DISTURBANCE_MAX = 0.05;

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (line: string) => void process.stdout.write(`${line}\n`);

async function bench(rig: Rig, options: Options): Promise<boolean> {
  const machine = describeMachine(rig);
  for (const line of Object.values(machine)) print(line);
  await rig.open();
  const servers = await startServers(rig, options);
  const started = [...servers.values()].find((server) => server instanceof Sluice) ?? null;
  const firstToken = options.withFirstToken ? await measureFirstToken(rig, servers, options, say) : [];
  const cells = await runRounds(rig, servers, options, say);
  const counts: RecordCount[] = [];
  if (started !== null) {
    counts.push({ requests: started.requests, records: await started.records.count() });
    await started.stop();
  }
  const memory = options.withMemory ? await measureMemory(rig, options.connections, say) : null;
  if (memory !== null) counts.push({ requests: memory.requests, records: memory.records });

  const findings: Findings = { cells, firstToken, idleBytes: started?.idleBytes ?? null, memory };
  const verdicts = judge(findings);
  printFindings(options, findings, counts, verdicts);
  if (options.jsonFile !== null) {
    const figures = {
      machine,
      options: describe(options),
      cells: cellFigures(cells),
      firstToken,
      memory,
      records: counts,
    };
    writeFileSync(
      options.jsonFile,
      `${JSON.stringify({ ...figures, idleBytes: findings.idleBytes, verdicts }, null, 2)}\n`,
    );
  }
  return (
    isSound(cells, firstToken, memory, counts) && (!options.isStrict || verdicts.every(({ isMet }) => isMet))
  );
}

async function startServers(rig: Rig, options: Options): Promise<Map<ServerName, Server | string>> {
  const servers = new Map<ServerName, Server | string>();
  const names = new Set<ServerName>(options.cells.map((cell) => cell.server));
  if (options.withFirstToken) names.add('direct');
  for (const name of names) {
    try {
      servers.set(name, await rig.start(name));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      servers.set(name, error.message);
    }
  }
  return servers;
}

function printFindings(
  { seconds, rounds, connections }: Options,
  { cells, firstToken, memory }: Findings,
  counts: readonly RecordCount[],
  verdicts: readonly Verdict[],
): void {
  print(
    `\n${connections} connections, windows of ${seconds} s, medians of ${rounds} rounds; authentication and records on.`,
  );
  print(
    'busy, others: what the server and other programs used of its core while the load lasted. Without both, the',
  );
  print('rig was the limit, and only CPU µs compares. With much of others, run again on a quiet machine.\n');
  print(cellTable(cells));
  if (firstToken.length > 0) print(`\n${firstTokenTable(firstToken)}`);
  if (memory !== null) print(`\n${memoryLines(memory)}`);
  print('');
  const disturbance = worstDisturbance(cells);
  if (disturbance > DISTURBANCE_MAX) {
    const share = (disturbance * 100).toFixed(0);
    print(`NOT QUIET: other programs used up to ${share} % of the server's core; all figures are too high\n`);
  }
  for (const { requests, records } of counts) {
    print(
      `${requests === records ? 'PASS' : 'FAIL'}  ${requests} calls made, ${records} records in Postgres`,
    );
  }
  for (const { what, isMet } of verdicts) print(`${isMet ? 'PASS' : 'FAIL'}  ${what}`);
}

/** Figures that mean something: no failures but those of a server that is not there, and no record missing. */
function isSound(
  cells: readonly CellResult[],
  firstToken: readonly FirstTokenResult[],
  memory: MemoryResult | null,
  counts: readonly RecordCount[],
): boolean {
  const failed = cells.some((result) => result.void !== null && result.cell.server !== 'nginx');
  const late = firstToken.some(({ failures }) => failures > 0) || (memory?.failures ?? 0) > 0;
  return !failed && !late && counts.every(({ requests, records }) => requests === records);
}

function describeMachine(rig: Rig) {
  return {
    processor: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores; Node ${process.version}`,
    pinning: rig.cores.note,
    load: `load average before: ${loadavg()[0]?.toFixed(2)}`,
  };
}

/** How much other programs disturbed the run, at worst; null when not known. */
function worstDisturbance(cells: readonly CellResult[]): number {
  return Math.max(0, ...cells.flatMap(({ rounds }) => rounds.map(({ others }) => others ?? 0)));
}

function describe({ cells, ...rest }: Options): object {
  return { ...rest, cells: cells.map((cell) => cell.name) };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) return;
  const rig = new Rig();
  process.once('exit', () => rig.kill());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void rig.close().finally(() => process.exit(130)));
  }
  try {
    process.exitCode = (await bench(rig, options)) ? 0 : 1;
  } finally {
    await rig.close();
  }
}

try {
  await main();
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}

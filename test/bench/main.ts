/** `npm run bench`: see --help. */
import { cpus, loadavg } from 'node:os';
import { type Findings, isSound, judge } from './findings.ts';
import { measureFirstToken } from './first-token.ts';
import { measureMemory } from './memory.ts';
import { type Options, readOptions } from './options.ts';
import { findingsText, writeFindings } from './report.ts';
import { Rig } from './rig.ts';
import { runRounds } from './rounds.ts';
import { type Server, type ServerName, Unavailable } from './server.ts';
import { Sluice } from './sluice.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (line: string) => void process.stdout.write(`${line}\n`);

/** The exit code. */
async function bench(rig: Rig, options: Options): Promise<number> {
  const machine = describeMachine(rig);
  for (const line of Object.values(machine)) print(line);
  const findings = await find(rig, options);
  const verdicts = judge(findings);
  print(findingsText(options, findings, verdicts));
  if (options.jsonFile !== null) writeFindings(options.jsonFile, { machine, options, findings, verdicts });
  const isMet = !options.isStrict || verdicts.every((verdict) => verdict.isMet);
  return isSound(findings) && isMet ? 0 : 1;
}

async function find(rig: Rig, options: Options): Promise<Findings> {
  await rig.open();
  const servers = await startServers(rig, options);
  const firstToken = options.withFirstToken ? await measureFirstToken(rig, servers, options, say) : [];
  const cells = await runRounds(rig, servers, options, say);
  const records = [];
  const sluice = [...servers.values()].find((server) => server instanceof Sluice) ?? null;
  if (sluice !== null) {
    records.push(await sluice.countRecords());
    await sluice.stop();
  }
  const memory = options.withMemory ? await measureMemory(rig, options.connections, say) : null;
  if (memory !== null) records.push(memory.records);
  return { cells, firstToken, idleBytes: sluice?.idleBytes ?? null, memory, records };
}

/** Those that the cells need; in place of one that is not installed, why. */
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

function describeMachine(rig: Rig) {
  const [first] = cpus();
  return {
    processor: `${first?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores; Node ${process.version}`,
    pinning: rig.cores.note,
    load: `load average before: ${loadavg()[0]?.toFixed(2)}`,
  };
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
    process.exitCode = await bench(rig, options);
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

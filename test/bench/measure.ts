import { textOf } from './exchanges.ts';
import type { Exchange, LoadOrder, LoadResult, Pace, Quantiles } from './load-order.ts';
import { coreUs, cpuTime, residentBytes } from './process-usage.ts';
import type { Rig } from './rig.ts';
import type { Server } from './server.ts';
import { WORDS } from './upstream-answers.ts';

/** One window of one cell. */
export interface Window {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** All threads, until the last of the work for these requests was done. */
  readonly cpuUs: number;
  readonly mainThreadCpuUs: number;
  /** Share of its core that the server used while the load lasted. */
  readonly busy: number;
  /** Share of the core that other processes took from the server while the load lasted. Null: not known. */
  readonly others: number | null;
  readonly latency: Quantiles;
  readonly firstToken: Quantiles | null;
  readonly residentBytes: number;
  readonly failures: Readonly<Record<string, number>>;
}

/** Sends load and waits until the server has done all that follows from it. */
export async function run(rig: Rig, server: Server, order: LoadOrder): Promise<LoadResult> {
  const result = await rig.load(server, order);
  await server.settle(result.sent);
  return result;
}

/** Whether the text that the upstream says arrives whole. Returns what is wrong, or null. */
export async function probe(rig: Rig, server: Server, exchange: Exchange): Promise<string | null> {
  const pace: Pace = { kind: 'count', requests: 1 };
  const result = await run(rig, server, { exchange, connections: 1, pace, withBody: true });
  const [failure] = Object.keys(result.failures);
  const body = result.body ?? '';
  if (failure !== undefined) return `${failure}: ${body.slice(0, 300)}`;
  return textOf(body) === WORDS.join('')
    ? null
    : `the answer's text is not the upstream's: ${body.slice(0, 300)}`;
}

/** One window. Before and after it the server is idle, so that what it used is for exactly these requests. */
export async function measure(rig: Rig, server: Server, order: LoadOrder): Promise<Window> {
  const core = server.name === 'direct' ? null : rig.cores.server;
  const coreBefore = core === null ? 0 : coreUs(core);
  const before = cpuTime(server.pid);
  const result = await rig.load(server, order);
  const loaded = cpuTime(server.pid);
  const loadUs = result.seconds * 1_000_000;
  const ownUs = loaded.totalUs - before.totalUs;
  const othersUs = core === null ? null : Math.max(0, coreUs(core) - coreBefore - ownUs);
  const bytes = residentBytes(server.pid);
  await server.settle(result.sent);
  const after = cpuTime(server.pid);
  const requests = result.completed;
  return {
    requests,
    requestsPerSecond: requests / result.seconds,
    cpuUs: (after.totalUs - before.totalUs) / requests,
    mainThreadCpuUs: (after.mainThreadUs - before.mainThreadUs) / requests,
    busy: ownUs / loadUs,
    others: othersUs === null ? null : othersUs / loadUs,
    latency: result.latency,
    firstToken: result.firstToken,
    residentBytes: bytes,
    failures: result.failures,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)];
  const high = sorted[Math.ceil(middle)];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

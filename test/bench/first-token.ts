import { FIRST_TOKEN_CELLS } from './cells.ts';
import { measure, median, run, type Window } from './measure.ts';
import type { Options } from './options.ts';
import type { Rig } from './rig.ts';
import { quiet } from './rounds.ts';
import type { Server, ServerName } from './server.ts';

const STREAMS_PER_SECOND = 50;
const CONNECTIONS = 32;
/** Until hot code is compiled, at a pace at which nothing else happens. */
const WARMUP_STREAMS = 2_000;
const WARMUP_SECONDS = 1;

/** Time to first token of one way through, against the way straight to the upstream. */
export interface FirstTokenResult {
  readonly name: string;
  readonly label: string;
  readonly p50Us: number;
  readonly p99Us: number;
  /** What this way adds to the direct one. */
  readonly addedP50Us: number;
  readonly addedP99Us: number;
  readonly failures: number;
  readonly rounds: readonly Window[];
}

/** At a low fixed rate, so that what is measured is the way through and not the queue before it. */
export async function measureFirstToken(
  rig: Rig,
  servers: ReadonlyMap<ServerName, Server | string>,
  { rounds, seconds }: Options,
  say: (line: string) => void,
): Promise<FirstTokenResult[]> {
  const entries = FIRST_TOKEN_CELLS.flatMap((cell) => {
    const server = servers.get(cell.server);
    if (server === undefined || typeof server === 'string') return [];
    const order = { exchange: cell.exchange(server.port), connections: CONNECTIONS };
    return [{ cell, server, order, windows: [] as Window[], failures: 0 }];
  });
  for (const { server, order } of entries) {
    await run(rig, server, { ...order, pace: { kind: 'count', requests: WARMUP_STREAMS } });
  }
  const pace = (duration: number) =>
    ({ kind: 'rate', perSecond: STREAMS_PER_SECOND, seconds: duration }) as const;
  for (let round = 1; round <= rounds; round++) {
    for (const entry of entries) {
      say(`first token, round ${round} of ${rounds}: ${entry.cell.label}`);
      await run(rig, entry.server, { ...entry.order, pace: pace(WARMUP_SECONDS) });
      const window = await measure(rig, entry.server, { ...entry.order, pace: pace(seconds) });
      entry.windows.push(window);
      for (const count of Object.values(window.failures)) entry.failures += count;
    }
  }
  const direct = entries.find(({ cell }) => cell.server === 'direct');
  const base = firstTokenOf(direct?.windows ?? []);
  return entries.map(({ cell, windows, failures }) => {
    const own = firstTokenOf(windows);
    const added = { addedP50Us: own.p50Us - base.p50Us, addedP99Us: own.p99Us - base.p99Us };
    return { name: cell.name, label: cell.label, ...own, ...added, failures, rounds: windows };
  });
}

function firstTokenOf(windows: readonly Window[]) {
  const of = (quantile: 'p50Us' | 'p99Us') =>
    median(quiet(windows).map(({ firstToken }) => firstToken?.[quantile] ?? Number.NaN));
  return { p50Us: of('p50Us'), p99Us: of('p99Us') };
}

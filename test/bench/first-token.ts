import { FIRST_TOKEN_CELLS } from './cells.ts';
import { median, run } from './measure.ts';
import type { Options } from './options.ts';
import type { Rig } from './rig.ts';
import type { Server, ServerName } from './server.ts';

const STREAMS_PER_SECOND = 50;
const CONNECTIONS = 32;
const WARMUP_SECONDS = 1;

/** Time to first token of one way through, against the way straight to the upstream. */
export interface FirstTokenResult {
  readonly name: string;
  readonly label: string;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Median over the rounds of what this way adds to the same round's direct one. */
  readonly addedP50Us: number;
  readonly addedP99Us: number;
  readonly failures: number;
}

/** At a low fixed rate, so that what is measured is the way through and not the queue before it. */
export async function measureFirstToken(
  rig: Rig,
  servers: ReadonlyMap<ServerName, Server | string>,
  { rounds, seconds }: Options,
  say: (line: string) => void,
): Promise<FirstTokenResult[]> {
  const results = FIRST_TOKEN_CELLS.flatMap((cell) => {
    const server = servers.get(cell.server);
    if (server === undefined || typeof server === 'string') return [];
    return [{ cell, server, p50Us: [] as number[], p99Us: [] as number[], failures: 0 }];
  });
  for (let round = 1; round <= rounds; round++) {
    for (const result of results) {
      say(`first token, round ${round} of ${rounds}: ${result.cell.label}`);
      const exchange = result.cell.exchange(result.server.port);
      const order = (duration: number) => {
        const pace = { kind: 'rate', perSecond: STREAMS_PER_SECOND, seconds: duration } as const;
        return { exchange, connections: CONNECTIONS, pace };
      };
      await run(rig, result.server, order(WARMUP_SECONDS));
      const { firstToken, failures } = await run(rig, result.server, order(seconds));
      for (const count of Object.values(failures)) result.failures += count;
      result.p50Us.push(firstToken?.p50Us ?? Number.NaN);
      result.p99Us.push(firstToken?.p99Us ?? Number.NaN);
    }
  }
  const direct = results.find(({ cell }) => cell.server === 'direct');
  const added = (own: readonly number[], base: readonly number[] | undefined) =>
    median(own.map((value, index) => value - (base?.[index] ?? Number.NaN)));
  return results.map(({ cell, p50Us, p99Us, failures }) => ({
    name: cell.name,
    label: cell.label,
    p50Us: median(p50Us),
    p99Us: median(p99Us),
    addedP50Us: added(p50Us, direct?.p50Us),
    addedP99Us: added(p99Us, direct?.p99Us),
    failures,
  }));
}

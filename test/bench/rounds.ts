import type { Cell } from './cells.ts';
import { measure, median, probe, run, type Window } from './measure.ts';
import type { Options } from './options.ts';
import type { Rig } from './rig.ts';
import type { Server, ServerName } from './server.ts';

/** A cell after all rounds. */
export interface CellResult {
  readonly cell: Cell;
  /** Why there are no figures; null when there are. */
  readonly void: string | null;
  readonly rounds: readonly Window[];
}

/** Medians of a cell's rounds. */
export interface Figures {
  readonly requestsPerSecond: number;
  readonly cpuUs: number;
  readonly mainThreadCpuUs: number;
  readonly busy: number;
  readonly others: number | null;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly firstTokenP50Us: number | null;
  readonly residentBytes: number;
}

/**
 * Runs all cells, round after round, so that what disturbs the machine for a while disturbs all of them. A cell
 * with a single failure is void and not run again.
 */
export async function runRounds(
  rig: Rig,
  servers: ReadonlyMap<ServerName, Server | string>,
  options: Options,
  say: (line: string) => void,
): Promise<CellResult[]> {
  const results = options.cells.map((cell) => ({
    cell,
    void: null as string | null,
    rounds: [] as Window[],
  }));
  for (let round = 1; round <= options.rounds; round++) {
    for (const result of results) {
      if (result.void !== null) continue;
      const server = servers.get(result.cell.server) ?? 'not started';
      if (typeof server === 'string') {
        result.void = server;
        continue;
      }
      say(`round ${round} of ${options.rounds}: ${result.cell.label}`);
      const outcome = await runCell(rig, server, result.cell, options, round === 1);
      if (typeof outcome === 'string') result.void = outcome;
      else result.rounds.push(outcome);
    }
  }
  return results;
}

async function runCell(
  rig: Rig,
  server: Server,
  cell: Cell,
  { connections, seconds, warmupSeconds }: Options,
  isFirst: boolean,
): Promise<Window | string> {
  const exchange = cell.exchange(server.port);
  const wrong = isFirst ? await probe(rig, server, exchange) : null;
  if (wrong !== null) return wrong;
  const order = (duration: number) =>
    ({ exchange, connections, pace: { kind: 'seconds', seconds: duration } }) as const;
  await run(rig, server, order(warmupSeconds));
  const window = await measure(rig, server, order(seconds));
  const failures = Object.entries(window.failures).map(([failure, count]) => `${count} × ${failure}`);
  return failures.length === 0 ? window : failures.join('; ');
}

export function figures(rounds: readonly Window[]): Figures {
  const of = (value: (window: Window) => number) => median(rounds.map(value));
  const ofKnown = (value: (window: Window) => number | null | undefined) => {
    const known = of((window) => value(window) ?? Number.NaN);
    return Number.isNaN(known) ? null : known;
  };
  return {
    requestsPerSecond: of((window) => window.requestsPerSecond),
    cpuUs: of((window) => window.cpuUs),
    mainThreadCpuUs: of((window) => window.mainThreadCpuUs),
    busy: of((window) => window.busy),
    others: ofKnown((window) => window.others),
    p50Us: of((window) => window.latency.p50Us),
    p99Us: of((window) => window.latency.p99Us),
    firstTokenP50Us: ofKnown((window) => window.firstToken?.p50Us),
    residentBytes: of((window) => window.residentBytes),
  };
}

/** Median over the rounds of a figure against the same round's figure of the baseline; null without one. */
export function ratio(
  results: readonly CellResult[],
  result: CellResult,
  value: (window: Window) => number,
): number | null {
  const baseline = results.find(({ cell }) => cell.name === result.cell.baseline);
  if (baseline === undefined || baseline.void !== null || result.void !== null) return null;
  return median(
    result.rounds.map((window, index) => {
      const other = baseline.rounds[index];
      return other === undefined ? Number.NaN : value(window) / value(other);
    }),
  );
}

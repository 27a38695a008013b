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

/** Above this share of the server's core, what other programs do shows in the figures. */
const OTHERS_MAX = 0.05;

/** Medians of a cell's rounds: of the quiet ones where there are any. */
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
  /** Rounds that other programs did not disturb. */
  readonly quietRounds: number;
}

/** Until code that is this hot has been compiled for good, on however busy a machine. */
const WARMUP_REQUESTS = 5_000;

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
  const failures: string[] = [];
  const note = (found: Window['failures']) => {
    for (const [failure, count] of Object.entries(found)) failures.push(`${count} × ${failure}`);
  };
  if (isFirst) {
    const pace = { kind: 'count', requests: WARMUP_REQUESTS } as const;
    note((await run(rig, server, { exchange, connections, pace })).failures);
  }
  note((await run(rig, server, order(warmupSeconds))).failures);
  const window = await measure(rig, server, order(seconds));
  note(window.failures);
  return failures.length === 0 ? window : failures.join('; ');
}

export function figures(rounds: readonly Window[]): Figures {
  const counted = quiet(rounds);
  const of = (value: (window: Window) => number) => median(counted.map(value));
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
    quietRounds: rounds.filter(isQuiet).length,
  };
}

/** A cell's figure against that of its baseline; null without one. */
export function ratio(
  results: readonly CellResult[],
  { cell, rounds, ...own }: CellResult,
  figure: 'cpuUs' | 'mainThreadCpuUs' | 'requestsPerSecond',
): number | null {
  const baseline = results.find((result) => result.cell.name === cell.baseline);
  if (baseline === undefined || baseline.void !== null || own.void !== null) return null;
  return figures(rounds)[figure] / figures(baseline.rounds)[figure];
}

/** The rounds that other programs did not disturb; all of them where there is none. */
export function quiet(rounds: readonly Window[]): readonly Window[] {
  const found = rounds.filter(isQuiet);
  return found.length === 0 ? rounds : found;
}

function isQuiet({ others }: Window): boolean {
  return others === null || others <= OTHERS_MAX;
}

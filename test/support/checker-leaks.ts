/** Counts of what a process holds, by name. */
export type Holdings = Readonly<Record<string, number>>;

/** Allowed above the baseline: what a counter may be off by, not a leak per call. */
const SLACK_SHARE = 0.05;

/**
 * Sockets, timers, servers and requests that keep this process busy, by kind. With `--expose-gc` also the heap
 * after a collection, in KiB.
 */
export function measureProcess(): Holdings {
  const holdings: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) holdings[kind] = (holdings[kind] ?? 0) + 1;
  if (globalThis.gc !== undefined) {
    globalThis.gc();
    holdings['heap KiB'] = Math.round(process.memoryUsage().heapUsed / 1024);
  }
  return holdings;
}

/** I5: everything that is held is back at the baseline. */
export function aboveBaseline(baseline: Holdings, now: Holdings): readonly string[] {
  return Object.entries(now).flatMap(([name, count]) => {
    const before = baseline[name] ?? 0;
    return count <= before * (1 + SLACK_SHARE) ? [] : [`${name}: ${count}, was ${before}`];
  });
}

/** I6: a queue or buffer that must never be longer than its limit; `read` gives its size now. */
export interface Bound {
  readonly name: string;
  readonly read: () => number;
  readonly max: number;
}

const SAMPLE_MS = 2;

/** Samples bounds while a scenario runs and keeps the largest of each. */
export class BoundWatch {
  readonly #largest = new Map<Bound, number>();
  #timer: NodeJS.Timeout | null = null;

  add(bound: Bound): void {
    this.#largest.set(bound, 0);
    this.#timer ??= setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  sample(): void {
    for (const [bound, largest] of this.#largest) this.#largest.set(bound, Math.max(largest, bound.read()));
  }

  /** Ends the sampling; one line for each bound that was exceeded. */
  stop(): readonly string[] {
    this.sample();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    return [...this.#largest]
      .filter(([bound, largest]) => largest > bound.max)
      .map(([bound, largest]) => `${bound.name} reached ${largest}, its limit is ${bound.max}`);
  }
}

/** Weight of the newest sample in the moving average; about the last ten calls count. */
const SMOOTHING = 0.2;
/** Targets remembered; far more than one process routes to. */
const TARGETS_MAX = 10_000;

interface TargetLoad {
  inFlight: number;
  /** Moving average of the time to the first content; null before the first answer. */
  firstContentMs: number | null;
}

/** What this process knows of its targets' load, for the strategies `least-busy` and `latency`. */
export class TargetLoads {
  readonly #loads = new Map<string, TargetLoad>();

  begin(target: string): void {
    this.#of(target).inFlight++;
  }

  /** @param firstContentMs time to first content, or null when the attempt failed. */
  end(target: string, firstContentMs: number | null): void {
    const load = this.#of(target);
    load.inFlight--;
    if (firstContentMs === null) return;
    const before = load.firstContentMs ?? firstContentMs;
    load.firstContentMs = before + (firstContentMs - before) * SMOOTHING;
  }

  inFlight(target: string): number {
    return this.#loads.get(target)?.inFlight ?? 0;
  }

  /** Unmeasured targets count as the fastest, so that they get measured. */
  firstContentMs(target: string): number {
    return this.#loads.get(target)?.firstContentMs ?? 0;
  }

  #of(target: string): TargetLoad {
    let load = this.#loads.get(target);
    if (load === undefined) {
      if (this.#loads.size >= TARGETS_MAX) this.#forgetIdle();
      load = { inFlight: 0, firstContentMs: null };
      this.#loads.set(target, load);
    }
    return load;
  }

  #forgetIdle(): void {
    for (const [target, load] of this.#loads) if (load.inFlight === 0) this.#loads.delete(target);
  }
}

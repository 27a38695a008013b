/** Upper bounds of the buckets, in ms; a last one without bound follows. */
const BOUNDS_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];

/**
 * A histogram of durations that costs an addition an observation: prom-client's own, with its labels to hash,
 * took a tenth of a call's whole CPU.
 */
export class LatencyHistogram {
  readonly #name: string;
  readonly #help: string;
  readonly #counts = new Float64Array(BOUNDS_MS.length + 1);
  #sumMs = 0;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  observe(ms: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumMs += ms;
  }

  /** Prometheus text exposition format 0.0.4. */
  text(): string {
    const name = this.#name;
    const lines = [`# HELP ${name} ${this.#help}`, `# TYPE ${name} histogram`];
    let total = 0;
    this.#counts.forEach((count, bucket) => {
      total += count;
      lines.push(`${name}_bucket{le="${BOUNDS_MS[bucket] ?? '+Inf'}"} ${total}`);
    });
    lines.push(`${name}_sum ${this.#sumMs}`, `${name}_count ${total}`, '');
    return lines.join('\n');
  }
}

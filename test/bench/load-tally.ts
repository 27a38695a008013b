import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Outcome } from './load-connection.ts';
import type { LoadResult, Quantiles } from './load-order.ts';

/** Counts the outcomes of one order. */
export class LoadTally {
  readonly #latency = createHistogram();
  readonly #firstToken = createHistogram();
  readonly #failures = new Map<string, number>();
  readonly #startedMs = performance.now();
  #endedMs = this.#startedMs;
  #completed = 0;
  sent = 0;
  ended = 0;

  add({ startedMs, firstTokenMs, endedMs, failure }: Outcome): void {
    this.ended += 1;
    this.#endedMs = endedMs;
    if (failure !== null) {
      this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1);
      return;
    }
    this.#completed += 1;
    this.#latency.record(microseconds(endedMs - startedMs));
    if (firstTokenMs !== null) this.#firstToken.record(microseconds(firstTokenMs - startedMs));
  }

  get failed(): number {
    return this.ended - this.#completed;
  }

  result(body: string | null): LoadResult {
    return {
      sent: this.sent,
      completed: this.#completed,
      failures: Object.fromEntries(this.#failures),
      seconds: (this.#endedMs - this.#startedMs) / 1_000,
      latency: quantiles(this.#latency),
      firstToken: this.#firstToken.count === 0 ? null : quantiles(this.#firstToken),
      body,
    };
  }
}

/** The histogram takes whole numbers from 1. */
function microseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1_000));
}

function quantiles(histogram: RecordableHistogram): Quantiles {
  return { p50Us: histogram.percentile(50), p99Us: histogram.percentile(99) };
}

import type { Clock, Ids, Random } from '../../src/ports.ts';

interface Timer {
  readonly order: number;
  readonly periodMs: number | null;
  readonly run: () => void;
  dueMs: number;
}

/** A clock that stands still until the test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  #monotonicMs = 1_000;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** `nowMs` is the wall clock at the start, in ms since the epoch. */
  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  every(periodMs: number, run: () => void): () => void {
    return this.#add(periodMs, periodMs, run);
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#add(delayMs, null, run);
  }

  /** Timers that are set and have not run: the leak count of what uses this clock. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Moves both clocks on and runs what falls due, in order of due time and then of setting. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (let timer = this.#nextDue(endMs); timer !== undefined; timer = this.#nextDue(endMs)) {
      this.#moveTo(Math.max(timer.dueMs, this.#monotonicMs));
      if (timer.periodMs === null) this.#timers.delete(timer);
      else timer.dueMs += timer.periodMs;
      timer.run();
    }
    this.#moveTo(endMs);
  }

  /** Sets the wall clock forward or back, as an operator or NTP does; no timer notices. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  #add(delayMs: number, periodMs: number | null, run: () => void): () => void {
    if (periodMs !== null && !(periodMs > 0)) throw new RangeError(`a period of ${periodMs} ms never ends`);
    const timer: Timer = {
      order: this.#order++,
      periodMs,
      run,
      dueMs: this.#monotonicMs + Math.max(delayMs, 0),
    };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  #nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue;
      if (next === undefined || timer.dueMs < next.dueMs) next = timer;
      else if (timer.dueMs === next.dueMs && timer.order < next.order) next = timer;
    }
    return next;
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}

/** Repeatable randomness (mulberry32): the same seed gives the same sequence. */
export function fakeRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => Math.floor(fraction() * 256))),
  };
}

/**
 * Runs a random schedule with a seed of its own, or with the one in the environment variable `SEED`; a failure
 * names the seed, so that the same schedule can be run again.
 */
export async function withSeed(run: (random: Random, seed: number) => Promise<void> | void): Promise<void> {
  const given = process.env['SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  try {
    await run(fakeRandom(seed), seed);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`with SEED=${seed}: ${reason}`, { cause: error });
  }
}

/** UUIDv7-shaped ids that count up from 1 and sort in that order. */
export function sequentialIds(): Ids {
  let count = 0;
  return {
    next() {
      count += 1;
      return `01900000-0000-7000-8000-${count.toString(16).padStart(12, '0')}`;
    },
  };
}

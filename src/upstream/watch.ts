import { Bag, type BagMember } from '../bag.ts';
import type { Limits } from '../limits.ts';
import type { Clock } from '../ports.ts';

/** Something whose time bounds are checked. `nowMs` is monotonic. */
export interface Watched extends BagMember {
  check(nowMs: number): void;
}

/**
 * One timer for the time bounds of all running calls, instead of several for each.
 *
 * A round that comes late (the event loop was blocked, or the process stopped) decides nothing: the bytes
 * that would prove a call alive may still wait in the sockets. It only sets off the next round.
 */
export class Watch {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #watched = new Bag<Watched>();
  readonly #stop: () => void;
  #lastRoundMs: number;

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#lastRoundMs = clock.monotonicMs();
    this.#stop = clock.every(limits.sweepMs, () => this.#round());
  }

  add(watched: Watched): void {
    this.#watched.add(watched);
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
  }

  get size(): number {
    return this.#watched.size;
  }

  close(): void {
    this.#stop();
  }

  #round(): void {
    const nowMs = this.#clock.monotonicMs();
    const isLate = nowMs - this.#lastRoundMs > this.#limits.sweepMs * 2;
    this.#lastRoundMs = nowMs;
    if (isLate) return;
    for (const watched of this.#watched.snapshot()) watched.check(nowMs);
  }
}

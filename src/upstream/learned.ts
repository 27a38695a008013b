/**
 * What targets were found to refuse, so that the next call is right the first time.
 *
 * Learnt from an upstream's own 400 that names a parameter (`protocols/refused-param.ts`), one entry a target.
 * Forgotten after `learnedForgetMs`, since a model may learn to take it; with another address or protocol of the
 * connection; and when too many others were learnt since. It does not know the requests: a repair says itself
 * which of them need it. Nothing is written down: a new process learns anew, at one refused request a target.
 */
import type { Limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { Repair } from '../protocols/repair.ts';
import type { SnapshotConnection } from '../tenancy/snapshot.ts';

/** Repairs of one target; there are about ten parameters. */
const REPAIRS_MAX = 32;

interface Entry {
  readonly baseUrl: string;
  readonly protocol: string;
  readonly learntMs: number;
  readonly repairs: readonly Repair[];
}

export class LearnedRepairs {
  readonly #clock: Clock;
  readonly #limits: Limits;
  /** By connection and model; learnt longest ago first. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** What requests to this target may need; null for nothing. */
  of(connection: SnapshotConnection, model: string): readonly Repair[] | null {
    if (this.#entries.size === 0) return null;
    const key = keyOf(connection, model);
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    const isOld = this.#clock.monotonicMs() - entry.learntMs > this.#limits.learnedForgetMs;
    if (!isOld && entry.baseUrl === connection.baseUrl && entry.protocol === connection.protocol)
      return entry.repairs;
    this.#entries.delete(key);
    return null;
  }

  /** Newer knowledge replaces what contradicts it: of two names for one parameter the last learnt counts. */
  learn(connection: SnapshotConnection, model: string, repair: Repair): void {
    const key = keyOf(connection, model);
    const others = (this.of(connection, model) ?? []).filter((one) => !isReplaced(one, repair));
    this.#entries.delete(key);
    this.#entries.set(key, {
      baseUrl: connection.baseUrl,
      protocol: connection.protocol,
      learntMs: this.#clock.monotonicMs(),
      repairs: [...others.slice(1 - REPAIRS_MAX), repair],
    });
    if (this.#entries.size <= this.#limits.learnedTargetsMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  get size(): number {
    return this.#entries.size;
  }
}

/** Names of models hold no line feed that could make two targets one: ids of connections never do. */
function keyOf(connection: SnapshotConnection, model: string): string {
  return `${connection.id}\n${model}`;
}

function isReplaced(known: Repair, repair: Repair): boolean {
  if (known.to !== null && known.to === repair.member) return true;
  return (
    known.member === repair.member &&
    known.value === repair.value &&
    known.beside?.member === repair.beside?.member &&
    known.beside?.value === repair.beside?.value
  );
}

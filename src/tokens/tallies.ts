import type { CallRecord } from '../calls/record.ts';
import type { Limits } from '../limits.ts';
import type { ProtocolName } from '../protocols/blocks.ts';
import { CallTally } from './tally.ts';
import { TargetMemory } from './target-counts.ts';
import type { TokenThread } from './token-counter.ts';

/** Gives a tally to calls whose target is known to leave its usage out, and to no others. */
export class Tallies {
  readonly #thread: TokenThread;
  readonly #limits: Limits;
  readonly #targets: TargetMemory;

  constructor(thread: TokenThread, limits: Limits) {
    this.#thread = thread;
    this.#limits = limits;
    this.#targets = new TargetMemory(limits.tokenTargetsMax);
  }

  /** Null for a target that tells its usage. `earlier` is the tally of the call's try before. */
  open(target: string, protocol: ProtocolName, earlier: CallTally | null): CallTally | null {
    const counts = this.#targets.silent(target);
    if (counts === null) return null;
    return new CallTally(this.#thread, this.#limits, counts, protocol, earlier?.inputTokens ?? null);
  }

  /** A call has ended. */
  ended(record: CallRecord): void {
    this.#targets.note(record);
  }
}

import type { CallRecord } from '../calls/record.ts';

/** What is known of the counts that a target sends. */
export interface TargetCounts {
  /** Null while no whole answer has told. */
  tellsUsage: boolean | null;
  /** Of whole answers that were counted, older ones weighing less: the measure for the next one. */
  tokens: number;
  bytes: number;
}

/** What is assumed of a target before: the rule of thumb, with the weight of a short answer. */
const ASSUMED = { tokens: 50, bytes: 200 };
/** What is left of what was known when another answer is counted. */
const KEPT = 0.9;

type Noted = Pick<CallRecord, 'target' | 'operation' | 'usageSource' | 'outcome'>;

/** Which targets leave their usage out, learnt from their answers; the longest known is forgotten at the bound. */
export class TargetMemory {
  readonly #targetsMax: number;
  readonly #targets = new Map<string, TargetCounts>();

  constructor(targetsMax: number) {
    this.#targetsMax = targetsMax;
  }

  /** The target whose tokens must be counted here; null for one that tells them, or of which nothing is known yet. */
  silent(target: string): TargetCounts | null {
    const known = this.#targets.get(target);
    return known === undefined || known.tellsUsage === true ? null : known;
  }

  /** An answer has ended. One that broke off says nothing of what its target would have told at the end. */
  note({ target, operation, usageSource, outcome }: Noted): void {
    if (target === null || operation !== 'chat' || usageSource === 'none') return;
    const known = this.#targets.get(target);
    const tells = outcome === 'succeeded' ? usageSource === 'provider' : (known?.tellsUsage ?? null);
    if (known !== undefined) {
      known.tellsUsage = tells;
      return;
    }
    if (this.#targets.size >= this.#targetsMax) {
      for (const oldest of this.#targets.keys()) {
        this.#targets.delete(oldest);
        break;
      }
    }
    this.#targets.set(target, { tellsUsage: tells, ...ASSUMED });
  }
}

/** Learns from an answer that was counted after its end. */
export function learn(counts: TargetCounts, tokens: number, bytes: number): void {
  counts.tokens = counts.tokens * KEPT + tokens;
  counts.bytes = counts.bytes * KEPT + bytes;
}

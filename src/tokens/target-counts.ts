import type { CallRecord } from '../calls/record.ts';

/** What is known of the counts that a target sends. */
export interface TargetCounts {
  /** Null while no whole answer has told. */
  tellsUsage: boolean | null;
  /** Of whole answers, as counted so far. */
  tokensPerByte: number;
}

const TOKENS_PER_BYTE = 1 / 4;
/** How much a new answer moves what was known. */
const WEIGHT = 0.3;

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
    this.#targets.set(target, { tellsUsage: tells, tokensPerByte: TOKENS_PER_BYTE });
  }
}

/** Learns from an answer that was counted after its end. */
export function learn(counts: TargetCounts, tokens: number, bytes: number): void {
  if (bytes === 0) return;
  counts.tokensPerByte += WEIGHT * (Math.min(1, tokens / bytes) - counts.tokensPerByte);
}

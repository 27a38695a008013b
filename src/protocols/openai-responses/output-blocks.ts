import type { BlockEvent, BlockStart } from '../blocks.ts';
import { CalledBlock } from './called-block.ts';
import type { OutputStream } from './output-stream.ts';
import { ReasonedBlock } from './reasoned-block.ts';
import { SaidBlock } from './said-block.ts';

export type Delta = Extract<BlockEvent, { type: 'blockDelta' }>;

/** A block that is being written. Its methods give events as text. */
export interface OutputBlock {
  /** Empty where the block starts with its first content. */
  start(): string;
  delta(delta: Delta): string;
  stop(): string;
}

/** Null for a block without a form in this protocol. */
export function outputBlock(start: BlockStart, out: OutputStream): OutputBlock | null {
  switch (start.type) {
    case 'text':
    case 'refusal':
      return new SaidBlock(start.type, out);
    case 'reasoning':
      return new ReasonedBlock(start, out);
    case 'toolCall':
      return new CalledBlock(start, out);
    case 'unknown':
      return start.origin.protocol === 'openai-responses' ? new RawBlock(start.raw, out) : null;
  }
}

/** An item of this protocol without internal form: as it came, in one go. */
class RawBlock implements OutputBlock {
  readonly #raw: unknown;
  readonly #out: OutputStream;

  constructor(raw: unknown, out: OutputStream) {
    this.#raw = raw;
    this.#out = out;
  }

  start(): string {
    const item = JSON.stringify(this.#raw);
    const left = this.#out.leaveMessage();
    const index = this.#out.place();
    return left + this.#out.added(index, item) + this.#out.done(index, item);
  }

  delta(): string {
    return '';
  }

  stop(): string {
    return '';
  }
}

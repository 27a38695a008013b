import type { BlockEvent, BlockStart } from '../blocks.ts';
import { fitToolId } from '../tool-ids.ts';
import { BEDROCK_TOOL_IDS } from './block-scope.ts';

type ContentEvent = Extract<BlockEvent, { type: 'blockStart' | 'blockDelta' | 'blockStop' }>;
type Delta = Extract<BlockEvent, { type: 'blockDelta' }>;
type Emit = (type: string, json: string) => void;

interface WaitingBlock {
  readonly start: BlockStart;
  /** Deltas that wait until the block before has stopped. */
  readonly deltas: Delta[];
  hasStopped: boolean;
}

/**
 * Puts blocks that may overlap one after the other, as clients of this protocol expect them: the oldest open one
 * is written as it comes, the others wait for their turn. Numbers the blocks that have a form.
 */
export class BlockOrder {
  readonly #waitingCharsMax: number;
  /** In the order of their starts; the first is the one being written. */
  readonly #blocks = new Map<number, WaitingBlock>();
  #current: number | null = null;
  #place = -1;
  #waitingChars = 0;

  constructor(waitingCharsMax: number) {
    this.#waitingCharsMax = waitingCharsMax;
  }

  get isOverfull(): boolean {
    return this.#waitingChars > this.#waitingCharsMax;
  }

  take(event: ContentEvent, emit: Emit): void {
    if (event.type === 'blockStart') {
      this.#blocks.set(event.index, { start: event.block, deltas: [], hasStopped: false });
      this.#advance(emit);
      return;
    }
    const block = this.#blocks.get(event.index);
    if (block === undefined) return;
    if (event.type === 'blockStop') {
      block.hasStopped = true;
      if (event.index === this.#current) this.#advance(emit);
    } else if (event.index === this.#current) {
      this.#write(block.start, event, emit);
    } else {
      block.deltas.push(event);
      this.#waitingChars += charsOf(event);
    }
  }

  /** Everything that still waits. */
  end(emit: Emit): void {
    for (const block of this.#blocks.values()) block.hasStopped = true;
    this.#advance(emit);
  }

  /** Stops the current block if it is done, and goes on to the next one. Does nothing while it is not. */
  #advance(emit: Emit): void {
    for (const [index, block] of this.#blocks) {
      if (index !== this.#current) this.#open(index, block, emit);
      if (!block.hasStopped) return;
      if (hasForm(block.start)) emit('contentBlockStop', `{"contentBlockIndex":${this.#place}}`);
      this.#blocks.delete(index);
      this.#current = null;
    }
  }

  #open(index: number, { start, deltas }: WaitingBlock, emit: Emit): void {
    this.#current = index;
    if (hasForm(start)) {
      this.#place += 1;
      const announced = announcement(start);
      if (announced !== null) {
        emit('contentBlockStart', `{"contentBlockIndex":${this.#place},"start":${announced}}`);
      }
      if (start.type === 'reasoning' && start.redacted !== undefined) {
        this.#delta({ reasoningContent: { redactedContent: start.redacted } }, emit);
      }
    }
    for (const delta of deltas) {
      this.#waitingChars -= charsOf(delta);
      this.#write(start, delta, emit);
    }
    deltas.length = 0;
  }

  #write(start: BlockStart, delta: Delta, emit: Emit): void {
    const content = hasForm(start) ? contentOf(start, delta) : null;
    if (content !== null) this.#delta(content, emit);
  }

  #delta(content: object, emit: Emit): void {
    emit('contentBlockDelta', `{"contentBlockIndex":${this.#place},"delta":${JSON.stringify(content)}}`);
  }
}

const charsOf = ({ text, signature }: Delta) => (text ?? signature ?? '').length;

/** False for what only another vendor can read. */
function hasForm(start: BlockStart): boolean {
  if (start.type === 'unknown') return start.origin.protocol === 'bedrock-converse';
  if (start.type !== 'reasoning' || start.redacted === undefined) return true;
  return start.origin.protocol === 'bedrock-converse';
}

/** JSON text; null for blocks that begin with their first delta. */
function announcement(start: BlockStart): string | null {
  if (start.type === 'unknown') return JSON.stringify(start.raw);
  if (start.type !== 'toolCall') return null;
  const toolUseId = fitToolId(start.id, BEDROCK_TOOL_IDS);
  return JSON.stringify({ toolUse: { toolUseId, name: start.name } });
}

/** Null for a delta that says nothing here. */
function contentOf(start: BlockStart, { text, signature }: Delta): object | null {
  if (text !== undefined) {
    if (text === '') return null;
    if (start.type === 'reasoning') return { reasoningContent: { text } };
    return start.type === 'toolCall' ? { toolUse: { input: text } } : { text };
  }
  if (start.type === 'reasoning' && signature !== undefined) {
    return start.origin.protocol === 'bedrock-converse' ? { reasoningContent: { signature } } : null;
  }
  return null;
}

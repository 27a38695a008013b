import type { BlockEvent, BlockStart } from '../blocks.ts';
import { ANTHROPIC_TOOL_IDS, fitToolId } from '../tool-ids.ts';
import { isCitation } from './response-writer.ts';

type Delta = Extract<BlockEvent, { type: 'blockDelta' }>;

interface QueuedBlock {
  readonly start: BlockStart;
  /** Deltas that wait until the block before has stopped. */
  readonly waiting: Delta[];
  hasStopped: boolean;
}

/**
 * Puts blocks that may overlap one after the other: the oldest open one is written as it comes, the others wait
 * for their turn. Numbers the blocks that Anthropic has a form for.
 */
export class BlockQueue {
  readonly #waitingCharsMax: number;
  /** In the order of their starts; the first is the one being written. */
  readonly #blocks = new Map<number, QueuedBlock>();
  #current: number | null = null;
  #place = -1;
  #waitingChars = 0;
  /** Text of refusal blocks, which the protocol says at the end. */
  refusal: string | null = null;

  constructor(waitingCharsMax: number) {
    this.#waitingCharsMax = waitingCharsMax;
  }

  get isOverfull(): boolean {
    return this.#waitingChars > this.#waitingCharsMax;
  }

  /** Events to send now, as text. */
  take(event: Extract<BlockEvent, { type: 'blockStart' | 'blockDelta' | 'blockStop' }>): string {
    if (event.type === 'blockStart') {
      this.#blocks.set(event.index, { start: event.block, waiting: [], hasStopped: false });
      return this.#advance();
    }
    const block = this.#blocks.get(event.index);
    if (block === undefined) return '';
    if (event.type === 'blockStop') {
      block.hasStopped = true;
      return event.index === this.#current ? this.#advance() : '';
    }
    if (event.index === this.#current) return this.#writeDelta(block.start, event);
    block.waiting.push(event);
    this.#waitingChars += (event.text ?? event.signature ?? '').length;
    return '';
  }

  /** Everything that still waits. */
  end(): string {
    for (const block of this.#blocks.values()) block.hasStopped = true;
    return this.#advance();
  }

  /** Stops the current block if it is done, and goes on to the next one. Does nothing while it is not. */
  #advance(): string {
    let text = '';
    for (const [index, block] of this.#blocks) {
      if (index !== this.#current) text += this.#open(index, block);
      if (!block.hasStopped) return text;
      if (hasForm(block.start))
        text += `event: content_block_stop\ndata: {"type":"content_block_stop","index":${this.#place}}\n\n`;
      this.#blocks.delete(index);
      this.#current = null;
    }
    return text;
  }

  #open(index: number, block: QueuedBlock): string {
    this.#current = index;
    let text = '';
    if (hasForm(block.start)) {
      this.#place += 1;
      const data = `{"type":"content_block_start","index":${this.#place},"content_block":${JSON.stringify(startOf(block.start))}}`;
      text = `event: content_block_start\ndata: ${data}\n\n`;
    }
    for (const delta of block.waiting) {
      this.#waitingChars -= (delta.text ?? delta.signature ?? '').length;
      text += this.#writeDelta(block.start, delta);
    }
    block.waiting.length = 0;
    return text;
  }

  #writeDelta(start: BlockStart, delta: Delta): string {
    if (start.type === 'refusal') {
      this.refusal = (this.refusal ?? '') + (delta.text ?? '');
      return '';
    }
    const data = hasForm(start) ? deltaOf(start, delta) : null;
    if (data === null) return '';
    return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#place},"delta":${data}}\n\n`;
  }
}

/** False for what only another vendor can read. */
function hasForm(start: BlockStart): boolean {
  if (start.type === 'unknown') return start.origin.protocol === 'anthropic-messages';
  if (start.type === 'reasoning' && start.redacted !== undefined)
    return start.origin.protocol === 'anthropic-messages';
  return start.type !== 'refusal';
}

function startOf(start: BlockStart): unknown {
  switch (start.type) {
    case 'text':
      return { type: 'text', text: '' };
    case 'reasoning':
      if (start.redacted !== undefined) return { type: 'redacted_thinking', data: start.redacted };
      return { type: 'thinking', thinking: '', signature: '' };
    case 'toolCall':
      return { type: 'tool_use', id: fitToolId(start.id, ANTHROPIC_TOOL_IDS), name: start.name, input: {} };
    case 'unknown':
      return start.raw;
    case 'refusal':
      return null;
  }
}

/** JSON text of a delta; null for one that says nothing here. */
function deltaOf(start: BlockStart, { text, signature, citation }: Delta): string | null {
  if (text !== undefined) {
    if (text === '') return null;
    const value = JSON.stringify(text);
    if (start.type === 'text') return `{"type":"text_delta","text":${value}}`;
    if (start.type === 'reasoning') return `{"type":"thinking_delta","thinking":${value}}`;
    return `{"type":"input_json_delta","partial_json":${value}}`;
  }
  if (
    signature !== undefined &&
    start.type === 'reasoning' &&
    start.origin.protocol === 'anthropic-messages'
  ) {
    return `{"type":"signature_delta","signature":${JSON.stringify(signature)}}`;
  }
  return isCitation(citation) ? `{"type":"citations_delta","citation":${JSON.stringify(citation)}}` : null;
}

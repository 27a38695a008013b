import { LIMITS } from '../../limits.ts';
import type { BlockEvent, BlockStart, Origin } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { isProgrammatic, readText } from './response-reader.ts';

type Emit = (event: BlockEvent) => void;

interface OpenBlock {
  readonly index: number;
  readonly type: BlockStart['type'];
  /** What a tool call's start held as its whole input; it counts only if no deltas follow. */
  readonly input: string;
  hasText: boolean;
}

/** The content blocks of one stream. */
export class StreamBlocks {
  readonly #origin: Origin;
  readonly #open = new Map<unknown, OpenBlock>();
  #count = 0;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** A `content_block_…` event. False when it belongs to no open block, or too many are open. */
  read(event: JsonObject, emit: Emit): boolean {
    const place = event['index'];
    if (event['type'] === 'content_block_start') {
      const known = this.#open.get(place);
      if (known !== undefined) this.#close(place, known, emit);
      if (this.#open.size >= LIMITS.openBlocksMax) return false;
      this.#start(place, isJsonObject(event['content_block']) ? event['content_block'] : {}, emit);
      return true;
    }
    const block = this.#open.get(place);
    if (block === undefined) return false;
    if (event['type'] === 'content_block_stop') this.#close(place, block, emit);
    else if (isJsonObject(event['delta'])) readDelta(event['delta'], block, emit);
    return true;
  }

  /** Closes what is open; the reason of a refusal becomes a block of its own. */
  end(refusal: string | null, emit: Emit): void {
    for (const [place, block] of this.#open) this.#close(place, block, emit);
    if (refusal === null) return;
    const index = this.#count;
    emit({ type: 'blockStart', index, block: { type: 'refusal' } });
    emit({ type: 'blockDelta', index, text: refusal });
    emit({ type: 'blockStop', index });
  }

  #start(place: unknown, raw: JsonObject, emit: Emit): void {
    const start = this.#startOf(raw);
    const index = this.#count;
    this.#count += 1;
    const hasInput = isJsonObject(raw['input']) && Object.keys(raw['input']).length > 0;
    const input = start.type === 'toolCall' ? (hasInput ? JSON.stringify(raw['input']) : '{}') : '';
    const block: OpenBlock = { index, type: start.type, input, hasText: false };
    this.#open.set(place, block);
    emit({ type: 'blockStart', index, block: start });
    const text =
      start.type === 'text'
        ? readText(raw['text'])
        : start.type === 'reasoning'
          ? readText(raw['thinking'])
          : null;
    if (text !== null) emit({ type: 'blockDelta', index, text });
    const signature = start.type === 'reasoning' ? readText(raw['signature']) : null;
    if (signature !== null) emit({ type: 'blockDelta', index, signature });
    const citations = start.type === 'text' && Array.isArray(raw['citations']) ? raw['citations'] : [];
    for (const citation of citations) emit({ type: 'blockDelta', index, citation });
  }

  #startOf(raw: JsonObject): BlockStart {
    const origin = this.#origin;
    switch (isProgrammatic(raw) ? null : raw['type']) {
      case 'text':
        return { type: 'text' };
      case 'thinking':
        return { type: 'reasoning', origin };
      case 'redacted_thinking':
        return { type: 'reasoning', origin, redacted: readText(raw['data']) ?? '' };
      case 'tool_use':
        return { type: 'toolCall', id: readText(raw['id']) ?? '', name: readText(raw['name']) ?? '' };
      default:
        return { type: 'unknown', raw, origin };
    }
  }

  #close(place: unknown, block: OpenBlock, emit: Emit): void {
    this.#open.delete(place);
    if (block.type === 'toolCall' && !block.hasText)
      emit({ type: 'blockDelta', index: block.index, text: block.input });
    emit({ type: 'blockStop', index: block.index });
  }
}

/**
 * Blocks that are not known pass without their deltas: the input of a provider's own tool would be taken for text
 * of the answer.
 */
function readDelta(delta: JsonObject, block: OpenBlock, emit: Emit): void {
  const { index } = block;
  if (block.type === 'unknown') return;
  const text = readText(delta['text']) ?? readText(delta['thinking']) ?? readText(delta['partial_json']);
  if (text !== null) {
    block.hasText = true;
    emit({ type: 'blockDelta', index, text });
  }
  const signature = readText(delta['signature']);
  if (signature !== null) emit({ type: 'blockDelta', index, signature });
  if (delta['citation'] !== undefined) emit({ type: 'blockDelta', index, citation: delta['citation'] });
}

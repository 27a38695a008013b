import { LIMITS } from '../../limits.ts';
import type { BlockEvent, BlockStart, Origin } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readText } from './response-reader.ts';

type Emit = (event: BlockEvent) => void;

interface OpenBlock {
  readonly index: number;
  readonly type: BlockStart['type'];
  hasText: boolean;
}

/**
 * The content blocks of one stream. Only tools, their results and images are announced; what else there is begins
 * with its first delta.
 */
export class StreamBlocks {
  readonly #origin: Origin;
  readonly #open = new Map<unknown, OpenBlock>();
  /** Encrypted reasoning comes in pieces, each encoded by itself; place → bytes. */
  readonly #redacted = new Map<unknown, Buffer[]>();
  #redactedBytes = 0;
  #count = 0;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** False for what cannot be: a delta of a call that was not announced, or more than the bounds allow. */
  read(type: string, event: JsonObject, emit: Emit): boolean {
    const place = event['contentBlockIndex'];
    if (type === 'contentBlockStop') {
      this.#close(place, emit);
      return true;
    }
    if (type === 'contentBlockStart') return this.#announce(place, event['start'], emit);
    const { delta } = event;
    return !isJsonObject(delta) || this.#delta(place, delta, emit);
  }

  end(emit: Emit): void {
    for (const place of [...this.#open.keys(), ...this.#redacted.keys()]) this.#close(place, emit);
  }

  /** Some models announce every block; text and reasoning begin with their first delta nevertheless. */
  #announce(place: unknown, start: unknown, emit: Emit): boolean {
    if (!isJsonObject(start)) return true;
    const use = start['toolUse'];
    if (isJsonObject(use) && (use['type'] ?? null) === null) {
      const id = readText(use['toolUseId']) ?? '';
      return this.#start(place, { type: 'toolCall', id, name: readText(use['name']) ?? '' }, emit) !== null;
    }
    if (use === undefined && start['toolResult'] === undefined && start['image'] === undefined) return true;
    return this.#start(place, { type: 'unknown', raw: start, origin: this.#origin }, emit) !== null;
  }

  #delta(place: unknown, delta: JsonObject, emit: Emit): boolean {
    if (this.#open.get(place)?.type === 'unknown') return true;
    const { reasoningContent, toolUse } = delta;
    if (isJsonObject(reasoningContent)) return this.#reasoning(place, reasoningContent, emit);
    if (isJsonObject(toolUse)) return this.#input(place, readText(toolUse['input']), emit);
    const text = readText(delta['text']);
    if (text !== null) return this.#text(place, { type: 'text' }, { text }, emit);
    const { citation } = delta;
    return citation === undefined || this.#text(place, { type: 'text' }, { citation }, emit);
  }

  #reasoning(place: unknown, content: JsonObject, emit: Emit): boolean {
    const redacted = readText(content['redactedContent']);
    if (redacted !== null) return this.#holdRedacted(place, redacted);
    const start: BlockStart = { type: 'reasoning', origin: this.#origin };
    const text = readText(content['text']);
    if (text !== null) return this.#text(place, start, { text }, emit);
    const signature = readText(content['signature']);
    return signature === null || this.#text(place, start, { signature }, emit);
  }

  #holdRedacted(place: unknown, piece: string): boolean {
    const bytes = Buffer.from(piece, 'base64');
    this.#redactedBytes += bytes.length;
    if (this.#redactedBytes > LIMITS.pendingBlockCharsMax) return false;
    const known = this.#redacted.get(place);
    if (known !== undefined) known.push(bytes);
    else if (this.#redacted.size >= LIMITS.openBlocksMax) return false;
    else this.#redacted.set(place, [bytes]);
    return true;
  }

  #input(place: unknown, text: string | null, emit: Emit): boolean {
    const block = this.#open.get(place);
    if (block?.type !== 'toolCall') return false;
    if (text === null) return true;
    block.hasText = true;
    emit({ type: 'blockDelta', index: block.index, text });
    return true;
  }

  /** A delta of another kind than the block before it at this place begins another block. */
  #text(
    place: unknown,
    start: BlockStart,
    delta: { text?: string; signature?: string; citation?: unknown },
    emit: Emit,
  ): boolean {
    const known = this.#open.get(place);
    const block = known?.type === start.type ? known : this.#start(place, start, emit);
    if (block === null) return false;
    emit({ type: 'blockDelta', index: block.index, ...delta });
    return true;
  }

  #start(place: unknown, start: BlockStart, emit: Emit): OpenBlock | null {
    this.#close(place, emit);
    if (this.#open.size >= LIMITS.openBlocksMax) return null;
    const block: OpenBlock = { index: this.#count, type: start.type, hasText: false };
    this.#count += 1;
    this.#open.set(place, block);
    emit({ type: 'blockStart', index: block.index, block: start });
    return block;
  }

  /** A call without arguments gets the empty object, which is what callers parse. */
  #close(place: unknown, emit: Emit): void {
    const block = this.#open.get(place);
    if (block !== undefined) {
      this.#open.delete(place);
      if (block.type === 'toolCall' && !block.hasText) {
        emit({ type: 'blockDelta', index: block.index, text: '{}' });
      }
      emit({ type: 'blockStop', index: block.index });
    }
    const pieces = this.#redacted.get(place);
    if (pieces === undefined) return;
    this.#redacted.delete(place);
    const redacted = Buffer.concat(pieces).toString('base64');
    const index = this.#count;
    this.#count += 1;
    emit({ type: 'blockStart', index, block: { type: 'reasoning', origin: this.#origin, redacted } });
    emit({ type: 'blockStop', index });
  }
}

import { LIMITS } from '../../limits.ts';
import type { BlockEvent, Origin } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readText } from './candidate.ts';
import { citationsOf } from './grounding-reader.ts';
import { StreamCalls } from './stream-call.ts';

type Emit = (event: BlockEvent) => void;

/** The parts of one stream as blocks, one after the other: texts of one kind that follow each other are one. */
export class StreamBlocks {
  readonly calls = new StreamCalls();
  readonly #origin: Origin;
  readonly #next = () => this.count++;
  /** The answer's text, to which sources at its end point. */
  #texts: string[] = [];
  #textChars = 0;
  #open: { readonly index: number; readonly type: 'text' | 'reasoning' } | null = null;
  count = 0;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** The parts of one event. False when the pieces of a function call do not fit together. */
  read(parts: readonly JsonObject[], emit: Emit): boolean {
    return parts.every((part) => this.#readPart(part, emit));
  }

  /** Closes what is open; sources and a refusal's words come last. */
  end(candidate: JsonObject, refusal: string | null, emit: Emit): void {
    this.calls.end(emit);
    this.#cite(candidate, emit);
    this.#close(emit);
    if (refusal === null) return;
    const index = this.#next();
    emit({ type: 'blockStart', index, block: { type: 'refusal' } });
    emit({ type: 'blockDelta', index, text: refusal });
    emit({ type: 'blockStop', index });
  }

  #readPart(part: JsonObject, emit: Emit): boolean {
    if (isJsonObject(part['functionCall'])) {
      this.#close(emit);
      return this.calls.read(part, this.#next, emit);
    }
    this.calls.end(emit);
    if (typeof part['text'] === 'string') this.#readText(part['text'], part, emit);
    else this.#readUnknown(part, emit);
    return true;
  }

  /** An empty text begins no block: it brings a signature for the one before, or only ends the stream. */
  #readText(text: string, part: JsonObject, emit: Emit): void {
    const type = part['thought'] === true ? 'reasoning' : 'text';
    if (text !== '') {
      if (this.#open?.type !== type) this.#start(type, emit);
      const index = this.#open?.index ?? 0;
      emit({ type: 'blockDelta', index, text });
      if (type === 'text') this.#keep(text);
    }
    const signature = readText(part['thoughtSignature']);
    if (signature !== null && this.#open?.type === type) {
      emit({ type: 'blockDelta', index: this.#open.index, signature });
    }
  }

  #readUnknown(part: JsonObject, emit: Emit): void {
    this.#close(emit);
    const index = this.#next();
    emit({ type: 'blockStart', index, block: { type: 'unknown', raw: part, origin: this.#origin } });
    emit({ type: 'blockStop', index });
  }

  #start(type: 'text' | 'reasoning', emit: Emit): void {
    this.#close(emit);
    const index = this.#next();
    this.#open = { index, type };
    emit({ type: 'blockStart', index, block: type === 'text' ? { type } : { type, origin: this.#origin } });
  }

  #close(emit: Emit): void {
    if (this.#open !== null) emit({ type: 'blockStop', index: this.#open.index });
    this.#open = null;
  }

  /** A text beyond the bound is not kept: its sources then have no places. */
  #keep(text: string): void {
    this.#textChars += text.length;
    if (this.#textChars <= LIMITS.pendingBlockCharsMax) this.#texts.push(text);
    else this.#texts = [];
  }

  #cite(candidate: JsonObject, emit: Emit): void {
    const text = this.#texts.join('');
    const citations = text === '' ? [] : citationsOf(candidate, new Map([[0, { text, begin: 0 }]]));
    if (citations.length === 0) return;
    if (this.#open?.type !== 'text') this.#start('text', emit);
    const index = this.#open?.index ?? 0;
    for (const citation of citations) emit({ type: 'blockDelta', index, citation });
  }
}

import type { BlockStart } from '../blocks.ts';
import { itemId, reasoningText, summaryPart } from './item-writer.ts';
import type { Delta, OutputBlock } from './output-blocks.ts';
import type { OutputStream } from './output-stream.ts';

/** Reasoning: a summary of one part, and the proof of its origin at the end. */
export class ReasonedBlock implements OutputBlock {
  readonly #start: Extract<BlockStart, { type: 'reasoning' }>;
  readonly #out: OutputStream;
  #id = '';
  #index = 0;
  /** Members that all its events have. */
  #members = '';
  #isOpen = false;
  #text = '';
  #signature = '';

  constructor(start: Extract<BlockStart, { type: 'reasoning' }>, out: OutputStream) {
    this.#start = start;
    this.#out = out;
  }

  start(): string {
    return '';
  }

  delta({ text, signature }: Delta): string {
    if (signature !== undefined) this.#signature += signature;
    if (text === undefined || text === '') return '';
    let events = this.#open();
    if (this.#text === '') {
      const part = `${this.#members},"part":${summaryPart('')}`;
      events += this.#out.event('response.reasoning_summary_part.added', part);
    }
    this.#text += text;
    const members = `${this.#members},"delta":${JSON.stringify(text)}`;
    return events + this.#out.event('response.reasoning_summary_text.delta', members);
  }

  stop(): string {
    const { origin, redacted } = this.#start;
    const signature = this.#signature === '' ? undefined : this.#signature;
    if (!this.#isOpen && signature === undefined && redacted === undefined) return '';
    let events = this.#open();
    if (this.#text !== '') {
      const text = `${this.#members},"text":${JSON.stringify(this.#text)}`;
      const part = `${this.#members},"part":${summaryPart(this.#text)}`;
      events += this.#out.event('response.reasoning_summary_text.done', text);
      events += this.#out.event('response.reasoning_summary_part.done', part);
    }
    const block = { type: 'reasoning' as const, text: this.#text, signature, redacted, origin };
    return events + this.#out.done(this.#index, reasoningText(this.#id, block));
  }

  #open(): string {
    if (this.#isOpen) return '';
    this.#isOpen = true;
    const left = this.#out.leaveMessage();
    this.#index = this.#out.place();
    this.#id = itemId('reasoning', this.#out.callId, this.#index);
    this.#members = `"item_id":"${this.#id}","output_index":${this.#index},"summary_index":0`;
    return left + this.#out.added(this.#index, `{"id":"${this.#id}","type":"reasoning","summary":[]}`);
  }
}

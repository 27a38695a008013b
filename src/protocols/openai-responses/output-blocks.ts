import type { BlockEvent, BlockStart } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import {
  annotationOf,
  callText,
  itemId,
  reasoningText,
  refusalPart,
  summaryPart,
  textPart,
} from './item-writer.ts';
import type { OpenMessage, OutputStream } from './output-stream.ts';

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

const NAMES = {
  text: { event: 'response.output_text', member: 'text', logprobs: ',"logprobs":[]' },
  refusal: { event: 'response.refusal', member: 'refusal', logprobs: '' },
} as const;

/** A text or refusal: a part of a message. */
class SaidBlock implements OutputBlock {
  readonly #type: 'text' | 'refusal';
  readonly #out: OutputStream;
  readonly #annotations: JsonObject[] = [];
  #message: OpenMessage | null = null;
  #place = 0;
  /** Members that all its events have. */
  #members = '';
  #text = '';

  constructor(type: 'text' | 'refusal', out: OutputStream) {
    this.#type = type;
    this.#out = out;
  }

  start(): string {
    return '';
  }

  delta({ text, citation }: Delta): string {
    const annotation = this.#type === 'text' ? annotationOf(citation) : null;
    if (annotation !== null) return this.#annotate(annotation);
    if (text === undefined || text === '') return '';
    const opening = this.#open();
    this.#text += text;
    const { event, logprobs } = NAMES[this.#type];
    const members = `${this.#members},"delta":${JSON.stringify(text)}${logprobs}`;
    return opening + this.#out.event(`${event}.delta`, members);
  }

  stop(): string {
    const message = this.#message;
    if (message === null) return '';
    const { event, member, logprobs } = NAMES[this.#type];
    const whole = `${this.#members},"${member}":${JSON.stringify(this.#text)}${logprobs}`;
    const part = this.#part();
    return (
      this.#out.event(`${event}.done`, whole) +
      this.#out.event('response.content_part.done', `${this.#members},"part":${part}`) +
      this.#out.partDone(message, this.#place, part)
    );
  }

  #part(): string {
    return this.#type === 'text' ? textPart(this.#text, this.#annotations) : refusalPart(this.#text);
  }

  #open(): string {
    if (this.#message !== null) return '';
    const { message, text } = this.#out.message();
    this.#message = message;
    this.#place = message.parts.push('') - 1;
    message.openParts += 1;
    this.#members = `"item_id":"${message.id}","output_index":${message.index},"content_index":${this.#place}`;
    return text + this.#out.event('response.content_part.added', `${this.#members},"part":${this.#part()}`);
  }

  #annotate(annotation: JsonObject): string {
    const opening = this.#open();
    const place = this.#annotations.push(annotation) - 1;
    const members = `${this.#members},"annotation_index":${place},"annotation":${JSON.stringify(annotation)}`;
    return opening + this.#out.event('response.output_text.annotation.added', members);
  }
}

/** Reasoning: a summary of one part, and the proof of its origin at the end. */
class ReasonedBlock implements OutputBlock {
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

/** A function call. It starts at once: its name is its first content. */
class CalledBlock implements OutputBlock {
  readonly #call: Extract<BlockStart, { type: 'toolCall' }>;
  readonly #out: OutputStream;
  #index = 0;
  #id = '';
  #members = '';
  #text = '';

  constructor(call: Extract<BlockStart, { type: 'toolCall' }>, out: OutputStream) {
    this.#call = call;
    this.#out = out;
  }

  start(): string {
    const left = this.#out.leaveMessage();
    this.#index = this.#out.place();
    this.#id = itemId('function_call', this.#out.callId, this.#index);
    this.#members = `"item_id":"${this.#id}","output_index":${this.#index}`;
    const call = { id: this.#call.id, name: this.#call.name, arguments: '' };
    return left + this.#out.added(this.#index, callText(this.#id, 'in_progress', call));
  }

  delta({ text }: Delta): string {
    if (text === undefined || text === '') return '';
    this.#text += text;
    const members = `${this.#members},"delta":${JSON.stringify(text)}`;
    return this.#out.event('response.function_call_arguments.delta', members);
  }

  stop(): string {
    // Clients parse the arguments; a call without any has the empty object.
    const filling = this.#text === '' ? this.delta({ type: 'blockDelta', index: 0, text: '{}' }) : '';
    const { id, name } = this.#call;
    const members = `${this.#members},"name":${JSON.stringify(name)},"arguments":${JSON.stringify(this.#text)}`;
    const item = callText(this.#id, 'completed', { id, name, arguments: this.#text });
    return (
      filling +
      this.#out.event('response.function_call_arguments.done', members) +
      this.#out.done(this.#index, item)
    );
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

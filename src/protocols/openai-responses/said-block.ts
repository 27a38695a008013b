import type { JsonObject } from '../protocol.ts';
import { annotationOf, refusalPart, textPart } from './item-writer.ts';
import type { Delta, OutputBlock } from './output-blocks.ts';
import type { OpenMessage, OutputStream } from './output-stream.ts';

const NAMES = {
  text: { event: 'response.output_text', member: 'text', logprobs: ',"logprobs":[]' },
  refusal: { event: 'response.refusal', member: 'refusal', logprobs: '' },
} as const;

/** A text or refusal: a part of a message. */
export class SaidBlock implements OutputBlock {
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

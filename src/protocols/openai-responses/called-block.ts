import type { BlockStart } from '../blocks.ts';
import { callText, itemId } from './item-writer.ts';
import type { Delta, OutputBlock } from './output-blocks.ts';
import type { OutputStream } from './output-stream.ts';

/** A function call. It starts at once: its name is its first content. */
export class CalledBlock implements OutputBlock {
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

import { LIMITS } from '../../limits.ts';
import type { JsonObject } from '../protocol.ts';
import { callIdOf } from './item-reader.ts';
import { isWrapper, unwrapCalls } from './parallel-calls.ts';
import type { StreamSink } from './stream-sink.ts';
import { readText } from './values.ts';

/** A function call of a stream. One that may be a wrapper of others, or has no name yet, waits until it is whole. */
export class StreamCall {
  readonly #place: number;
  #item: JsonObject;
  #index: number | null = null;
  #told = 0;
  #held = '';

  constructor(item: JsonObject, sink: StreamSink) {
    this.#item = item;
    this.#place = sink.count;
    if (!isWrapper(this.#name) && this.#name !== '') this.#open(sink);
  }

  get #name(): string {
    return readText(this.#item['name']) ?? '';
  }

  /** False where too much of it would have to wait. */
  read(event: JsonObject, sink: StreamSink): boolean {
    const isDelta = String(event['type']).endsWith('.delta');
    const text = readText(event[isDelta ? 'delta' : 'arguments']) ?? '';
    if (isDelta) this.#say(text, sink);
    else this.#complete(text, sink);
    return this.#held.length <= LIMITS.pendingBlockCharsMax;
  }

  end(item: JsonObject | null, sink: StreamSink): boolean {
    if (item !== null) this.#item = item;
    this.#complete(readText(this.#item['arguments']) ?? '', sink);
    const id = callIdOf(this.#item, this.#place);
    const whole = { id, name: this.#name, arguments: this.#held };
    const inner = this.#index === null ? unwrapCalls(whole) : null;
    for (const call of inner ?? []) {
      const index = sink.open({ type: 'toolCall', id: call.id, name: call.name });
      sink.say(index, call.arguments);
      sink.close(index);
    }
    if (inner !== null) return true;
    const index = this.#open(sink);
    if (this.#held !== '') sink.say(index, this.#held);
    else if (this.#told === 0) sink.say(index, '{}');
    sink.close(index);
    return true;
  }

  #complete(whole: string, sink: StreamSink): void {
    if (whole.length > this.#told) this.#say(whole.slice(this.#told), sink);
  }

  #say(text: string, sink: StreamSink): void {
    this.#told += text.length;
    if (this.#index === null) this.#held += text;
    else sink.say(this.#index, text);
  }

  #open(sink: StreamSink): number {
    this.#index ??= sink.open({
      type: 'toolCall',
      id: callIdOf(this.#item, this.#place),
      name: this.#name,
    });
    return this.#index;
  }
}

import { LIMITS } from '../../limits.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import type { StreamSink } from './stream-sink.ts';
import { objectsIn, readText } from './values.ts';

/** One part of a message. What has been told of it is counted, so that events that repeat it add only the rest. */
class MessagePart {
  readonly #type: 'text' | 'refusal';
  #index: number | null = null;
  #told = 0;
  #citations = 0;
  #isClosed = false;

  constructor(type: 'text' | 'refusal') {
    this.#type = type;
  }

  say(text: string | null, sink: StreamSink): void {
    if (text === null || this.#isClosed) return;
    this.#told += text.length;
    sink.say(this.#open(sink), text);
  }

  cite(citation: unknown, sink: StreamSink): void {
    if (this.#isClosed || !isJsonObject(citation)) return;
    this.#citations += 1;
    sink.emit({ type: 'blockDelta', index: this.#open(sink), citation });
  }

  /** The whole text, and all citations, as an event tells them that ends the part. */
  complete(part: JsonObject, sink: StreamSink): void {
    const whole = readText(part['text']) ?? readText(part['refusal']) ?? '';
    if (whole.length > this.#told) this.say(whole.slice(this.#told), sink);
    for (const citation of objectsIn(part['annotations']).slice(this.#citations)) this.cite(citation, sink);
  }

  close(sink: StreamSink): void {
    if (this.#index !== null && !this.#isClosed) sink.close(this.#index);
    this.#isClosed = true;
  }

  #open(sink: StreamSink): number {
    this.#index ??= sink.open({ type: this.#type });
    return this.#index;
  }
}

/** A message of a stream: its parts become text and refusal blocks. */
export class StreamMessage {
  readonly #parts = new Map<unknown, MessagePart>();

  /** False where there are more parts than any message has. */
  read(event: JsonObject, sink: StreamSink): boolean {
    const type = String(event['type']);
    const part = this.#part(event['content_index'], type.startsWith('response.refusal'), event['part']);
    if (part === null) return false;
    if (type.endsWith('.delta')) part.say(readText(event['delta']), sink);
    else if (type.endsWith('annotation.added')) part.cite(event['annotation'], sink);
    else if (type === 'response.content_part.done') {
      if (isJsonObject(event['part'])) part.complete(event['part'], sink);
      part.close(sink);
    } else if (type.endsWith('.done')) part.complete(event, sink);
    return true;
  }

  /** `item` is the whole message; null where the stream ended without it. */
  end(item: JsonObject | null, sink: StreamSink): boolean {
    for (const [at, content] of objectsIn(item?.['content']).entries()) {
      const part = this.#part(at, content['type'] === 'refusal', content);
      if (part === null) return false;
      part.complete(content, sink);
    }
    for (const part of this.#parts.values()) part.close(sink);
    return true;
  }

  #part(place: unknown, isRefusal: boolean, content: unknown): MessagePart | null {
    const key = place ?? 0;
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    if (this.#parts.size >= LIMITS.openBlocksMax) return null;
    const isSo = isRefusal || (isJsonObject(content) && content['type'] === 'refusal');
    const part = new MessagePart(isSo ? 'refusal' : 'text');
    this.#parts.set(key, part);
    return part;
  }
}

import { LIMITS } from '../../limits.ts';
import type { Origin } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import { PART_BREAK } from './item-reader.ts';
import type { StreamSink } from './stream-sink.ts';
import { objectsIn, readText } from './values.ts';

/** A reasoning item of a stream: the parts of its summary, and of its text where the server shows it, are one block. */
export class StreamReasoning {
  readonly #origin: Origin;
  /** How much has been told of each part. */
  readonly #told = new Map<string, number>();
  #index: number | null = null;
  #last = '';

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** False where there are more parts than any reasoning has. */
  read(event: JsonObject, sink: StreamSink): boolean {
    const type = String(event['type']);
    const isSummary = type.includes('summary');
    const key = `${isSummary ? 's' : 'c'}${String(event[isSummary ? 'summary_index' : 'content_index'] ?? 0)}`;
    if (type.endsWith('.delta')) return this.#say(key, readText(event['delta']), sink);
    const part = objectsIn([event['part']])[0] ?? event;
    return type.endsWith('.done') ? this.#complete(key, part, sink) : true;
  }

  /** Without any text the encrypted reasoning is all there is of it. */
  end(item: JsonObject | null, sink: StreamSink): boolean {
    for (const [name, list] of [['s', item?.['summary']] as const, ['c', item?.['content']] as const]) {
      for (const [at, part] of objectsIn(list).entries()) {
        if (!this.#complete(`${name}${at}`, part, sink)) return false;
      }
    }
    const encrypted = readText(item?.['encrypted_content']);
    if (this.#index === null) {
      if (encrypted === null) return true;
      this.#index = sink.open({ type: 'reasoning', origin: this.#origin, redacted: encrypted });
    } else if (encrypted !== null) {
      sink.emit({ type: 'blockDelta', index: this.#index, signature: encrypted });
    }
    sink.close(this.#index);
    return true;
  }

  #complete(key: string, part: JsonObject, sink: StreamSink): boolean {
    const whole = readText(part['text']) ?? '';
    const told = this.#told.get(key) ?? 0;
    return whole.length > told ? this.#say(key, whole.slice(told), sink) : true;
  }

  #say(key: string, text: string | null, sink: StreamSink): boolean {
    if (text === null) return true;
    const told = this.#told.get(key) ?? 0;
    if (told === 0 && this.#told.size >= LIMITS.openBlocksMax) return false;
    this.#told.set(key, told + text.length);
    if (this.#index === null) this.#index = sink.open({ type: 'reasoning', origin: this.#origin });
    else if (this.#last !== key) sink.say(this.#index, PART_BREAK);
    this.#last = key;
    sink.say(this.#index, text);
    return true;
  }
}

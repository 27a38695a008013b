import { LIMITS } from '../../limits.ts';
import type { Origin } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { isClientCall } from './item-reader.ts';
import { StreamCall } from './stream-call.ts';
import { StreamMessage } from './stream-message.ts';
import { StreamReasoning } from './stream-reasoning.ts';
import type { StreamSink } from './stream-sink.ts';
import { objectsIn } from './values.ts';

interface StreamItem {
  /** False: more than can be held. */
  read(event: JsonObject, sink: StreamSink): boolean;
  /** The item as it was told at its end; null where the stream ended without. */
  end(item: JsonObject | null, sink: StreamSink): boolean;
}

/** An item without internal form: what it becomes while it is made means nothing to others, only the whole. */
class OtherItem implements StreamItem {
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  read(): boolean {
    return true;
  }

  end(item: JsonObject | null, sink: StreamSink): boolean {
    if (item !== null) sink.close(sink.open({ type: 'unknown', raw: item, origin: this.#origin }));
    return true;
  }
}

const MESSAGE = /^response\.(?:output_text|refusal|content_part)\./;
const REASONING = /^response\.reasoning(?:_|\.)/;
const ARGUMENTS = /^response\.function_call_arguments\./;

/**
 * The output items of one stream. `output_index` alone says which item an event belongs to: some servers give an
 * item another id in every event.
 */
export class StreamItems {
  readonly #origin: Origin;
  readonly #open = new Map<unknown, StreamItem>();
  #hasItems = false;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** An event about items; all others are passed over. False when the stream cannot be followed. */
  read(event: JsonObject, sink: StreamSink): boolean {
    const type = String(event['type']);
    const place = event['output_index'] ?? event['item_id'];
    const item = isJsonObject(event['item']) ? event['item'] : null;
    if (type === 'response.output_item.added')
      return item === null || this.#start(place, item, sink) !== null;
    if (type === 'response.output_item.done') return item === null || this.#end(place, item, sink);
    const known = this.#open.get(place) ?? this.#implied(place, type, sink);
    return known === null || !this.#concerns(known, type) || known.read(event, sink);
  }

  /** Ends what is open. Where no event told of items, the response at the end does. */
  end(response: JsonObject, sink: StreamSink): boolean {
    for (const [place, item] of this.#open) {
      this.#open.delete(place);
      if (!item.end(null, sink)) return false;
    }
    if (this.#hasItems) return true;
    return objectsIn(response['output']).every((item, at) => this.#end(at, item, sink));
  }

  #start(place: unknown, raw: JsonObject, sink: StreamSink): StreamItem | null {
    this.#open.get(place)?.end(null, sink);
    this.#open.delete(place);
    if (this.#open.size >= LIMITS.openBlocksMax) return null;
    this.#hasItems = true;
    const item = this.#itemOf(raw, sink);
    this.#open.set(place, item);
    return item;
  }

  #end(place: unknown, raw: JsonObject, sink: StreamSink): boolean {
    const item = this.#open.get(place) ?? this.#start(place, raw, sink);
    this.#open.delete(place);
    return item?.end(raw, sink) ?? false;
  }

  #itemOf(raw: JsonObject, sink: StreamSink): StreamItem {
    if (raw['type'] === 'message') return new StreamMessage();
    if (raw['type'] === 'reasoning') return new StreamReasoning(this.#origin);
    return isClientCall(raw) ? new StreamCall(raw, sink) : new OtherItem(this.#origin);
  }

  /** An event of text without an item before it: servers that leave out the beginning. */
  #implied(place: unknown, type: string, sink: StreamSink): StreamItem | null {
    if (!type.endsWith('.delta')) return null;
    if (MESSAGE.test(type)) return this.#start(place, { type: 'message' }, sink);
    return REASONING.test(type) ? this.#start(place, { type: 'reasoning' }, sink) : null;
  }

  #concerns(item: StreamItem, type: string): boolean {
    if (item instanceof StreamMessage) return MESSAGE.test(type);
    if (item instanceof StreamReasoning) return REASONING.test(type);
    return item instanceof StreamCall && ARGUMENTS.test(type);
  }
}

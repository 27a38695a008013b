import type { BlockEvent, Origin, UpstreamFailure } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, StreamReader } from '../protocol.ts';
import { SseParser } from '../sse.ts';
import { malformedAnswer } from '../upstream-error.ts';
import { readFailure } from './errors.ts';
import { readFinish } from './finish.ts';
import { StreamItems } from './stream-items.ts';
import { StreamSink } from './stream-sink.ts';
import { readUsage } from './usage.ts';
import { readText } from './values.ts';

type Emit = (event: BlockEvent) => void;

/** Reads a response's stream. It is complete with `response.completed` or `response.incomplete` alone. */
export class ResponsesStreamReader implements StreamReader {
  readonly #parser = new SseParser();
  readonly #items: StreamItems;
  readonly #sink = new StreamSink();
  #isStarted = false;
  #hasFailed = false;
  #isComplete = false;

  constructor(origin: Origin) {
    this.#items = new StreamItems(origin);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  push(chunk: Buffer, emit: Emit): void {
    if (this.#hasFailed || this.#isComplete) return;
    this.#sink.emit = emit;
    this.#parser.push(chunk, (_event, data) => {
      if (!this.#hasFailed && !this.#isComplete) this.#read(data);
    });
    if (this.#parser.isOversized && !this.#hasFailed) {
      this.#fail(malformedAnswer('An event of the stream is too large.'));
    }
  }

  #read(data: string): void {
    // Some servers end with it; the response has ended before or it has not.
    if (data === '[DONE]') return;
    const event = parseJson(data);
    if (!isJsonObject(event)) {
      this.#fail(malformedAnswer('An event of the stream is no JSON object.'));
      return;
    }
    const response = isJsonObject(event['response']) ? event['response'] : {};
    switch (event['type']) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#start(response);
        break;
      case 'response.completed':
      case 'response.incomplete':
        this.#end(response);
        break;
      case 'response.failed':
        this.#fail(readFailure(response['error']));
        break;
      case 'error':
        this.#fail(readFailure(event['error'] ?? event));
        break;
      case undefined:
        if (isJsonObject(event['error'])) this.#fail(readFailure(event['error']));
        break;
      default:
        this.#readItem(event);
    }
  }

  /** Told more than once, and by some servers each time with another id. */
  #start(response: JsonObject): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const id = readText(response['id']);
    this.#sink.emit({ type: 'messageStart', id, model: readText(response['model']) });
  }

  #readItem(event: JsonObject): void {
    this.#start({});
    if (!this.#items.read(event, this.#sink)) {
      this.#fail(malformedAnswer('The stream has more open items than can be held.'));
    }
  }

  #end(response: JsonObject): void {
    this.#start(response);
    if (!this.#items.end(response, this.#sink)) {
      this.#fail(malformedAnswer('The response has more parts than can be held.'));
      return;
    }
    const usage = readUsage(response['usage']);
    if (usage !== undefined) this.#sink.emit({ type: 'usage', usage });
    this.#isComplete = true;
    const { reason, raw } = readFinish(response, this.#sink.hasCalls);
    this.#sink.emit({ type: 'messageStop', reason, rawReason: raw, stopSequence: null });
  }

  #fail(failure: UpstreamFailure): void {
    this.#hasFailed = true;
    this.#sink.emit({ type: 'error', failure });
  }
}

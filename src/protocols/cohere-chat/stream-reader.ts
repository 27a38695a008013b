import type { BlockEvent, Origin, UpstreamFailure } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, StreamReader } from '../protocol.ts';
import { SseParser } from '../sse.ts';
import { malformedAnswer, readErrorObject } from '../upstream-error.ts';
import { readFinish } from './finish.ts';
import { readText } from './response-reader.ts';
import { StreamBlocks } from './stream-blocks.ts';
import { errorOf } from './stream-error.ts';
import { readUsage } from './usage.ts';

type Emit = (event: BlockEvent) => void;

/** Reads Cohere's message stream. The message stops with `message-end` alone; what follows it is not read. */
export class CohereStreamReader implements StreamReader {
  readonly #parser = new SseParser();
  readonly #blocks: StreamBlocks;
  #isStarted = false;
  #hasFailed = false;
  #isComplete = false;

  constructor(origin: Origin) {
    this.#blocks = new StreamBlocks(origin);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  push(chunk: Buffer, emit: Emit): void {
    if (this.#hasFailed || this.#isComplete) return;
    this.#parser.push(chunk, (_event, data) => {
      if (!this.#hasFailed && !this.#isComplete) this.#read(data, emit);
    });
    if (this.#parser.isOversized && !this.#hasFailed) {
      this.#fail(malformedAnswer('An event of the stream is too large.'), emit);
    }
  }

  #read(data: string, emit: Emit): void {
    const event = parseJson(data);
    if (!isJsonObject(event)) {
      this.#fail(malformedAnswer('An event of the stream is no JSON object.'), emit);
      return;
    }
    const error = errorOf(event);
    if (error !== null) {
      this.#addUsage(error.usage, emit);
      this.#fail(readErrorObject(error.value), emit);
    } else if (event['type'] === 'message-start') this.#start(readText(event['id']), emit);
    else if (event['type'] === 'message-end') this.#end(event, emit);
    else this.#readContent(event, emit);
  }

  #readContent(event: JsonObject, emit: Emit): void {
    if (!this.#isStarted) this.#start(null, emit);
    const fault = this.#blocks.read(event, emit);
    if (fault !== null) this.#fail(malformedAnswer(fault), emit);
  }

  #start(id: string | null, emit: Emit): void {
    if (this.#isStarted) {
      this.#fail(malformedAnswer('Another message started inside of a message.'), emit);
      return;
    }
    this.#isStarted = true;
    this.#blocks.answerId = id;
    emit({ type: 'messageStart', id, model: null });
  }

  #end(event: JsonObject, emit: Emit): void {
    if (!this.#isStarted) this.#start(null, emit);
    this.#blocks.end(emit);
    const delta = isJsonObject(event['delta']) ? event['delta'] : {};
    this.#addUsage(delta['usage'], emit);
    this.#isComplete = true;
    const rawReason = readText(delta['finish_reason']);
    const reason = readFinish(rawReason, this.#blocks.hasCalls);
    emit({ type: 'messageStop', reason, rawReason, stopSequence: null });
  }

  #addUsage(value: unknown, emit: Emit): void {
    const usage = readUsage(value);
    if (usage !== undefined) emit({ type: 'usage', usage });
  }

  #fail(failure: UpstreamFailure, emit: Emit): void {
    this.#hasFailed = true;
    emit({ type: 'error', failure });
  }
}

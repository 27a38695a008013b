import type { BlockEvent, Origin, UpstreamFailure, Usage } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, StreamReader } from '../protocol.ts';
import { SseParser } from '../sse.ts';
import { malformedAnswer, readErrorObject } from '../upstream-error.ts';
import { readRefusal, readText } from './response-reader.ts';
import { readStopReason } from './stop-reason.ts';
import { StreamBlocks } from './stream-blocks.ts';
import { joinUsage, readUsage } from './usage.ts';

type Emit = (event: BlockEvent) => void;

/** Reads Anthropic's message stream. The message stops with `message_stop` alone; what follows it is not read. */
export class AnthropicStreamReader implements StreamReader {
  readonly #parser = new SseParser();
  readonly #blocks: StreamBlocks;
  #id: string | null = null;
  #isStarted = false;
  #hasFailed = false;
  #isComplete = false;
  #rawReason: string | null = null;
  #stopSequence: string | null = null;
  #refusal: string | null = null;
  #usage: Usage | null = null;

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
    switch (event['type']) {
      case 'content_block_start':
      case 'content_block_delta':
      case 'content_block_stop':
        if (!this.#isStarted) this.#fail(malformedAnswer('A content block came before the message.'), emit);
        else if (!this.#blocks.read(event, emit)) {
          this.#fail(malformedAnswer('The content blocks of the stream are out of order.'), emit);
        }
        break;
      case 'message_start':
        this.#start(isJsonObject(event['message']) ? event['message'] : {}, emit);
        break;
      case 'message_delta':
        this.#readDelta(event, emit);
        break;
      case 'message_stop':
        this.#stop(emit);
        break;
      case 'error':
        this.#fail(readErrorObject(event['error']), emit);
        break;
      default: // ping, and what may come one day
    }
  }

  /** The same message may be announced twice; another one inside of it means that two streams were mixed. */
  #start(message: JsonObject, emit: Emit): void {
    const id = readText(message['id']);
    if (this.#isStarted && id !== this.#id) {
      this.#fail(malformedAnswer('Another message started inside of a message.'), emit);
      return;
    }
    if (!this.#isStarted) emit({ type: 'messageStart', id, model: readText(message['model']) });
    this.#isStarted = true;
    this.#id = id;
    this.#addUsage(message['usage'], emit);
  }

  #readDelta(event: JsonObject, emit: Emit): void {
    const delta = isJsonObject(event['delta']) ? event['delta'] : {};
    this.#rawReason = readText(delta['stop_reason']) ?? this.#rawReason;
    this.#stopSequence = readText(delta['stop_sequence']) ?? this.#stopSequence;
    this.#refusal = readRefusal(delta) ?? this.#refusal;
    this.#addUsage(event['usage'], emit);
  }

  #addUsage(value: unknown, emit: Emit): void {
    const usage = readUsage(value);
    if (usage === undefined) return;
    this.#usage = this.#usage === null ? usage : joinUsage(this.#usage, usage);
    emit({ type: 'usage', usage: this.#usage });
  }

  #stop(emit: Emit): void {
    if (!this.#isStarted) emit({ type: 'messageStart', id: null, model: null });
    this.#blocks.end(this.#refusal, emit);
    this.#isComplete = true;
    emit({
      type: 'messageStop',
      reason: readStopReason(this.#rawReason),
      rawReason: this.#rawReason,
      stopSequence: this.#stopSequence,
    });
  }

  #fail(failure: UpstreamFailure, emit: Emit): void {
    this.#hasFailed = true;
    emit({ type: 'error', failure });
  }
}

import { type BlockEvent, type Origin, UNKNOWN_USAGE, type UpstreamFailure, type Usage } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, StreamReader } from '../protocol.ts';
import { SseParser } from '../sse.ts';
import { malformedAnswer, readErrorObject } from '../upstream-error.ts';
import { laterUsage } from '../usage.ts';
import { type ContentPiece, contentPieces } from './content.ts';
import { readFinish } from './finish.ts';
import { isError, readText } from './response-reader.ts';
import { StreamCalls } from './stream-calls.ts';
import { usageOf } from './usage.ts';

type Emit = (event: BlockEvent) => void;

/**
 * Reads `chat.completion.chunk` events. The message stops with `[DONE]` alone: a finish reason without it is
 * a stream that broke off.
 */
export class OpenaiStreamReader implements StreamReader {
  readonly #parser = new SseParser();
  readonly #origin: Origin;
  readonly #calls = new StreamCalls();
  #isStarted = false;
  #hasFailed = false;
  #isComplete = false;
  #blocks = 0;
  #open: { readonly index: number; readonly type: ContentPiece['type'] } | null = null;
  #rawReason: string | null = null;
  #usage: Usage = UNKNOWN_USAGE;

  constructor(origin: Origin) {
    this.#origin = origin;
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
    if (data === '[DONE]') {
      this.#end(emit);
      return;
    }
    const chunk = parseJson(data);
    if (!isJsonObject(chunk)) {
      this.#fail(malformedAnswer('An event of the stream is no JSON object.'), emit);
    } else if (isError(chunk['error'])) {
      this.#fail(readErrorObject(chunk['error']), emit);
    } else {
      this.#readChunk(chunk, emit);
    }
  }

  #readChunk(chunk: JsonObject, emit: Emit): void {
    const choice: unknown = Array.isArray(chunk['choices']) ? chunk['choices'][0] : undefined;
    if (isJsonObject(choice) && (choice['index'] ?? 0) === 0) {
      if (!this.#isStarted) this.#start(readText(chunk['id']), readText(chunk['model']), emit);
      const delta = choice['delta'] ?? choice['message'];
      if (isJsonObject(delta)) this.#readDelta(delta, emit);
      this.#rawReason = readText(choice['finish_reason']) ?? this.#rawReason;
    }
    const usage = usageOf(chunk);
    if (usage === undefined || this.#hasFailed) return;
    if (!this.#isStarted) this.#start(readText(chunk['id']), readText(chunk['model']), emit);
    this.#usage = laterUsage(this.#usage, usage);
    emit({ type: 'usage', usage: this.#usage });
  }

  #start(id: string | null, model: string | null, emit: Emit): void {
    this.#isStarted = true;
    this.#calls.answerId = id;
    emit({ type: 'messageStart', id, model });
  }

  #readDelta(delta: JsonObject, emit: Emit): void {
    for (const piece of contentPieces(delta)) {
      const open = this.#open?.type === piece.type ? this.#open : this.#openBlock(piece.type, emit);
      emit({ type: 'blockDelta', index: open.index, text: piece.text });
    }
    const annotations = delta['annotations'];
    if (Array.isArray(annotations) && this.#open?.type === 'text') {
      for (const citation of annotations) emit({ type: 'blockDelta', index: this.#open.index, citation });
    }
    const calls = delta['tool_calls'];
    const legacy = delta['function_call'];
    if (Array.isArray(calls)) for (const call of calls) this.#readCall(call, emit);
    else if (isJsonObject(legacy)) this.#readCall({ index: 0, function: legacy }, emit);
  }

  #readCall(call: unknown, emit: Emit): void {
    if (!isJsonObject(call) || this.#hasFailed) return;
    this.#close(emit);
    this.#calls.read(call, () => this.#blocks++, emit);
    if (this.#calls.isOverfull) this.#fail(malformedAnswer('The stream has too many tool calls.'), emit);
  }

  #openBlock(type: ContentPiece['type'], emit: Emit): { readonly index: number } {
    this.#close(emit);
    this.#open = { index: this.#blocks, type };
    this.#blocks += 1;
    const block = type === 'reasoning' ? { type, origin: this.#origin } : { type };
    emit({ type: 'blockStart', index: this.#open.index, block });
    return this.#open;
  }

  #close(emit: Emit): void {
    if (this.#open !== null) emit({ type: 'blockStop', index: this.#open.index });
    this.#open = null;
  }

  #end(emit: Emit): void {
    if (!this.#isStarted) this.#start(null, null, emit);
    this.#close(emit);
    this.#calls.end(() => this.#blocks++, emit);
    this.#isComplete = true;
    const reason = readFinish(this.#rawReason, this.#calls.count > 0);
    emit({ type: 'messageStop', reason, rawReason: this.#rawReason, stopSequence: null });
  }

  #fail(failure: UpstreamFailure, emit: Emit): void {
    this.#hasFailed = true;
    emit({ type: 'error', failure });
  }
}

import type { BlockEvent, Origin, UpstreamFailure } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, StreamReader } from '../protocol.ts';
import { SseParser } from '../sse.ts';
import { malformedAnswer } from '../upstream-error.ts';
import { blockOf, candidateOf, finishOf, isError, partsOf, readText, saysSomething } from './candidate.ts';
import { readErrorMember } from './error-reader.ts';
import { BLOCKED, readFinish } from './finish.ts';
import { refusalOf } from './response-reader.ts';
import { StreamBlocks } from './stream-blocks.ts';
import { readUsage } from './usage.ts';

type Emit = (event: BlockEvent) => void;

/**
 * Reads `GenerateContentResponse` events. The protocol has no terminator: the answer is complete once a finish
 * reason (or the reason why the prompt was blocked) came with the last content. As some models repeat it with
 * every event, and usage or sources may still follow, the message is stopped when the body has ended.
 */
export class GeminiStreamReader implements StreamReader {
  readonly #parser = new SseParser();
  readonly #blocks: StreamBlocks;
  #isStarted = false;
  #hasFailed = false;
  #hasEnded = false;
  #rawReason: string | null = null;
  #isBlocked = false;
  #refusal: string | null = null;
  #sources: JsonObject = {};

  constructor(origin: Origin) {
    this.#blocks = new StreamBlocks(origin);
  }

  get isComplete(): boolean {
    return !this.#hasFailed && this.#rawReason !== null;
  }

  push(chunk: Buffer, emit: Emit): void {
    if (this.#hasFailed) return;
    this.#parser.push(chunk, (_event, data) => {
      if (!this.#hasFailed) this.#read(data, emit);
    });
    if (this.#parser.isOversized && !this.#hasFailed) {
      this.#fail(malformedAnswer('An event of the stream is too large.'), emit);
    }
  }

  end(emit: Emit): void {
    if (!this.isComplete || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#blocks.end(this.#sources, this.#refusal, emit);
    const reason = this.#isBlocked ? BLOCKED : readFinish(this.#rawReason, this.#blocks.calls.count > 0);
    emit({ type: 'messageStop', reason, rawReason: this.#rawReason, stopSequence: null });
  }

  #read(data: string, emit: Emit): void {
    const event = parseJson(data);
    if (!isJsonObject(event)) {
      this.#fail(malformedAnswer('An event of the stream is no JSON object.'), emit);
    } else if (isError(event['error'])) {
      this.#fail(readErrorMember(event['error']), emit);
    } else {
      if (!this.#isStarted) this.#start(event, emit);
      const candidate = candidateOf(event);
      if (candidate !== null) this.#readCandidate(candidate, emit);
      else this.#readBlock(event);
      const usage = readUsage(event['usageMetadata']);
      if (usage !== undefined && !this.#hasFailed) emit({ type: 'usage', usage });
    }
  }

  #start(event: JsonObject, emit: Emit): void {
    this.#isStarted = true;
    const id = readText(event['responseId']);
    this.#blocks.calls.answerId = id;
    emit({ type: 'messageStart', id, model: readText(event['modelVersion']) });
  }

  #readCandidate(candidate: JsonObject, emit: Emit): void {
    const parts = partsOf(candidate);
    // Whoever goes on talking had not finished.
    if (parts.some(saysSomething)) this.#rawReason = null;
    if (!this.#blocks.read(parts, emit)) {
      this.#fail(malformedAnswer('The pieces of a function call do not fit together.'), emit);
    }
    const raw = finishOf(candidate);
    this.#rawReason = raw ?? this.#rawReason;
    this.#refusal = refusalOf(candidate, readFinish(raw, false) === BLOCKED) ?? this.#refusal;
    for (const name of ['groundingMetadata', 'citationMetadata'] as const) {
      if (isJsonObject(candidate[name])) this.#sources[name] = candidate[name];
    }
  }

  #readBlock(event: JsonObject): void {
    const blocked = blockOf(event);
    if (blocked === null) return;
    this.#isBlocked = true;
    this.#rawReason = blocked.reason;
    this.#refusal = blocked.message;
  }

  #fail(failure: UpstreamFailure, emit: Emit): void {
    this.#hasFailed = true;
    emit({ type: 'error', failure });
  }
}

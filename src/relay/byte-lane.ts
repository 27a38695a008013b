/**
 * The byte lane: caller and upstream speak the same protocol, so the answer's bytes go through as they are.
 * Usage, finish reason and errors are read on the side.
 */
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { FinishReason, Usage } from '../protocols/blocks.ts';
import { isJsonObject, parseJson } from '../protocols/json-parse.ts';
import { NO_BYTES } from '../protocols/no-bytes.ts';
import type { Framing, JsonObject, Protocol, StreamTap, TapSource } from '../protocols/protocol.ts';
import { SseTap } from '../protocols/tap.ts';
import { classifyFailure } from '../upstream/classify.ts';
import type { Answer, Ending } from './answer.ts';
import { BodyCollector } from './body-collector.ts';
import { estimateTokens } from './estimate.ts';
import type { CallLane, LaneContext } from './lane.ts';

/** Not streamed: the body is held until it is whole, so that a truncated one never reaches the caller. */
export class ByteBodyLane implements CallLane {
  readonly name = 'byte';
  readonly isCommitted = false;
  readonly isTerminated = false;
  readonly #protocol: Protocol;
  readonly #context: LaneContext;
  readonly #collector: BodyCollector;
  #body: Buffer = NO_BYTES;
  failure: CallError | null = null;
  usage: Usage | null = null;
  finishReason: FinishReason | null = null;
  servedModel: string | null = null;
  contentEvents = 0;
  firstContentMs: number | null = null;

  constructor(protocol: Protocol, limits: Limits, context: LaneContext) {
    this.#protocol = protocol;
    this.#context = context;
    this.#collector = new BodyCollector(limits.responseBytesMax);
  }

  data(chunk: Buffer): boolean {
    this.firstContentMs ??= this.#context.nowMs();
    this.failure = this.#collector.add(chunk);
    return true;
  }

  finish(): CallError | null {
    this.#body = this.#collector.take();
    const json = parseAnswer(this.#body);
    if (json === null) return new CallError('upstream_malformed');
    const error = reportedError(this.#protocol, json, this.#body, this.#context.secret);
    if (error !== null) return error;
    const finding = this.#protocol.inspectResponse(json);
    this.usage = finding.usage ?? null;
    this.finishReason = finding.finishReason ?? null;
    this.servedModel = finding.model ?? null;
    if ((this.usage?.outputTokens ?? null) === null) this.contentEvents = this.#estimate(json);
    return null;
  }

  ending(): Ending {
    return { kind: 'body', body: this.#body };
  }

  #estimate(json: JsonObject): number {
    const response = this.#protocol.readResponse(json, { protocol: this.#protocol.name });
    if ('class' in response) return 0;
    this.#context.tally?.whole(response.blocks);
    return estimateTokens(response.blocks);
  }
}

/** Some providers answer 200 with an error: an object (OpenRouter) or a text (local model servers). */
export function reportedError(
  protocol: Pick<Protocol, 'readError'>,
  json: JsonObject,
  body: Buffer,
  secret: string | null,
): CallError | null {
  const { error } = json;
  if (typeof error === 'string' ? error === '' : typeof error !== 'object' || error === null) return null;
  return classifyFailure(protocol.readError(502, {}, body.toString('utf8')), secret);
}

/** The answer as an object, or null when it is not one. */
export function parseAnswer(body: Buffer): JsonObject | null {
  const json = parseJson(body.toString());
  return isJsonObject(json) ? json : null;
}

/** Streamed: whole events go through at once; what comes before the first content is held back. */
export class ByteStreamLane implements CallLane {
  readonly name = 'byte';
  readonly #tap: StreamTap;
  readonly #answer: Answer;
  readonly #limits: Limits;
  readonly #context: LaneContext;
  #held: Buffer[] = [];
  #heldBytes = 0;
  isCommitted = false;
  failure: CallError | null = null;
  firstContentMs: number | null = null;

  /** @param dropUsage the caller did not ask for the usage event that we asked for. */
  constructor(
    source: TapSource,
    answer: Answer,
    limits: Limits,
    context: LaneContext,
    dropUsage: boolean,
    framing?: Framing,
  ) {
    const options = { dropUsageOnly: dropUsage, holdBytesMax: limits.eventHoldBytesMax, framing };
    this.#tap = source.streamTap?.(options) ?? new SseTap(source, options);
    this.#answer = answer;
    this.#limits = limits;
    this.#context = context;
  }

  data(chunk: Buffer): boolean {
    const tap = this.#tap;
    const bytes = tap.push(chunk);
    this.#context.tally?.bytes(chunk, tap.contentEvents);
    if (this.firstContentMs === null && tap.hasContent) this.firstContentMs = this.#context.nowMs();
    if (tap.failure !== null && this.failure === null) {
      this.failure = classifyFailure(tap.failure, this.#context.secret);
      if (!this.isCommitted) return true;
    }
    if (this.isCommitted) return bytes === null ? true : this.#answer.bytes(bytes);
    if (bytes !== null) {
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
    }
    return this.#mustCommit() ? this.#commit() : true;
  }

  finish(): CallError | null {
    const { isComplete, mayEnd } = this.#tap;
    if (!isComplete && mayEnd !== true) return new CallError('upstream_interrupted');
    if (!this.isCommitted) this.#commit();
    return null;
  }

  ending(): Ending {
    return { kind: 'stream', terminal: this.#tap.takeTerminal() };
  }

  get isTerminated(): boolean {
    return this.#tap.isComplete;
  }

  get usage(): Usage | null {
    return this.#tap.usage;
  }

  get finishReason(): FinishReason | null {
    return this.#tap.finishReason;
  }

  get servedModel(): string | null {
    return this.#tap.model;
  }

  get contentEvents(): number {
    return this.#tap.contentEvents;
  }

  #mustCommit(): boolean {
    const { commitEventsMax, commitBytesMax } = this.#limits;
    return this.#tap.hasContent || this.#tap.eventsSeen > commitEventsMax || this.#heldBytes > commitBytesMax;
  }

  #commit(): boolean {
    this.isCommitted = true;
    this.#answer.open(this.#context.head());
    const held = this.#held;
    this.#held = [];
    const [only] = held;
    if (only === undefined) return true;
    return this.#answer.bytes(held.length === 1 ? only : Buffer.concat(held));
  }
}

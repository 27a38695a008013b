/**
 * The block lane: the answer is read into content blocks and written again in the caller's protocol (or
 * handed to the graph as events).
 */
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { BlockEvent, ChatResponse, FinishReason, Origin, Usage } from '../protocols/blocks.ts';
import { UNKNOWN_USAGE } from '../protocols/blocks.ts';
import type { AnswerReaders } from '../protocols/json-tool.ts';
import type { StreamReader } from '../protocols/protocol.ts';
import { type ToolNames, withCallersName, withCallersNames } from '../protocols/tool-names.ts';
import { classifyFailure } from '../upstream/classify.ts';
import type { Answer, Ending } from './answer.ts';
import { BodyCollector } from './body-collector.ts';
import { parseAnswer, reportedError } from './byte-lane.ts';
import { estimateTokens } from './estimate.ts';
import type { CallLane, LaneContext } from './lane.ts';

const NO_RESPONSE: ChatResponse = {
  id: null,
  model: null,
  blocks: [],
  finishReason: 'other',
  rawFinishReason: null,
  stopSequence: null,
  usage: UNKNOWN_USAGE,
};

/** Not streamed. */
export class BlockBodyLane implements CallLane {
  readonly name = 'block';
  readonly isCommitted = false;
  readonly isTerminated = false;
  readonly #protocol: AnswerReaders;
  readonly #origin: Origin;
  readonly #context: LaneContext;
  readonly #toolNames: ToolNames | null;
  readonly #collector: BodyCollector;
  #response: ChatResponse = NO_RESPONSE;
  failure: CallError | null = null;
  firstContentMs: number | null = null;

  constructor(
    protocol: AnswerReaders,
    origin: Origin,
    limits: Limits,
    context: LaneContext,
    toolNames: ToolNames | null = null,
  ) {
    this.#protocol = protocol;
    this.#origin = origin;
    this.#context = context;
    this.#toolNames = toolNames;
    this.#collector = new BodyCollector(limits.responseBytesMax);
  }

  data(chunk: Buffer): boolean {
    this.firstContentMs ??= this.#context.nowMs();
    this.failure = this.#collector.add(chunk);
    return true;
  }

  finish(): CallError | null {
    const body = this.#collector.take();
    const json = parseAnswer(body);
    if (json === null) return new CallError('upstream_malformed');
    const error = reportedError(this.#protocol, json, body, this.#context.secret);
    if (error !== null) return error;
    const response = this.#protocol.readResponse(json, this.#origin);
    if ('class' in response) return new CallError('upstream_malformed', { cause: response });
    this.#response = this.#toolNames === null ? response : withCallersNames(response, this.#toolNames);
    if (response.usage.outputTokens === null) this.#context.tally?.whole(response.blocks);
    this.#context.check?.whole(response);
    return null;
  }

  ending(): Extract<Ending, { kind: 'response' }> {
    return { kind: 'response', response: this.#response };
  }

  get usage(): Usage | null {
    return this.#response.usage;
  }

  get contentEvents(): number {
    return this.#response.usage.outputTokens === null ? estimateTokens(this.#response.blocks) : 0;
  }

  get finishReason(): FinishReason | null {
    return this.#response === NO_RESPONSE ? null : this.#response.finishReason;
  }

  get servedModel(): string | null {
    return this.#response.model;
  }
}

/** Streamed. */
export class BlockStreamLane implements CallLane {
  readonly name = 'block';
  readonly #reader: StreamReader;
  readonly #answer: Answer;
  readonly #limits: Limits;
  readonly #context: LaneContext;
  readonly #toolNames: ToolNames | null;
  readonly #emit = (event: BlockEvent): void => this.#take(event);
  #held: BlockEvent[] = [];
  #bytesSeen = 0;
  #wantsMore = true;
  isCommitted = false;
  failure: CallError | null = null;
  usage: Usage | null = null;
  finishReason: FinishReason | null = null;
  servedModel: string | null = null;
  contentEvents = 0;
  firstContentMs: number | null = null;

  constructor(
    reader: StreamReader,
    answer: Answer,
    limits: Limits,
    context: LaneContext,
    toolNames: ToolNames | null = null,
  ) {
    this.#reader = reader;
    this.#answer = answer;
    this.#limits = limits;
    this.#context = context;
    this.#toolNames = toolNames;
  }

  data(chunk: Buffer): boolean {
    this.#wantsMore = true;
    this.#bytesSeen += chunk.length;
    this.#reader.push(chunk, this.#emit);
    if (!this.isCommitted && this.failure === null && this.#mustCommit()) this.#commit();
    return this.#wantsMore;
  }

  finish(): CallError | null {
    this.#reader.end?.(this.#emit);
    if (!this.#reader.isComplete) return new CallError('upstream_interrupted');
    this.#context.check?.end();
    if (!this.isCommitted) this.#commit();
    return null;
  }

  ending(): Ending {
    return { kind: 'stream', terminal: null };
  }

  get isTerminated(): boolean {
    return this.#reader.isComplete;
  }

  #take(event: BlockEvent): void {
    if (this.failure !== null) return;
    switch (event.type) {
      case 'error':
        this.failure = classifyFailure(event.failure, this.#context.secret);
        return;
      case 'usage':
        this.usage = event.usage;
        break;
      case 'messageStart':
        this.servedModel = event.model;
        break;
      case 'messageStop':
        this.finishReason = event.reason;
        break;
      case 'blockDelta':
        this.contentEvents++;
        this.firstContentMs ??= this.#context.nowMs();
        if (event.text !== undefined) this.#context.tally?.text(event.text, this.contentEvents);
        break;
      case 'blockStart':
        if (event.block.type !== 'text') this.firstContentMs ??= this.#context.nowMs();
        break;
      default:
    }
    this.#context.check?.event(event);
    const given = this.#toolNames === null ? event : withCallersName(event, this.#toolNames);
    if (!this.isCommitted) this.#held.push(given);
    else if (!this.#answer.event(given)) this.#wantsMore = false;
  }

  #mustCommit(): boolean {
    const { commitEventsMax, commitBytesMax } = this.#limits;
    return (
      this.firstContentMs !== null || this.#held.length > commitEventsMax || this.#bytesSeen > commitBytesMax
    );
  }

  #commit(): void {
    this.isCommitted = true;
    this.#answer.open(this.#context.head());
    const held = this.#held;
    this.#held = [];
    for (const event of held) if (!this.#answer.event(event)) this.#wantsMore = false;
  }
}

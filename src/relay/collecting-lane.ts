import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { BlockEvent, ChatResponse, FinishReason, Usage } from '../protocols/blocks.ts';
import type { StreamReader } from '../protocols/protocol.ts';
import { ResponseBuilder } from '../protocols/response-builder.ts';
import { type ToolNames, withCallersNames } from '../protocols/tool-names.ts';
import { classifyFailure } from '../upstream/classify.ts';
import type { Ending } from './answer.ts';
import { estimateTokens } from './estimate.ts';
import type { CallLane, LaneContext } from './lane.ts';

/** A whole answer was asked for and a stream came: collected, and told in one piece. */
export class CollectingLane implements CallLane {
  readonly name = 'block';
  readonly isCommitted = false;
  readonly #reader: StreamReader;
  readonly #context: LaneContext;
  readonly #toolNames: ToolNames | null;
  readonly #bytesMax: number;
  readonly #builder = new ResponseBuilder();
  readonly #emit = (event: BlockEvent): void => this.#take(event);
  #bytes = 0;
  #response: ChatResponse | null = null;
  failure: CallError | null = null;
  usage: Usage | null = null;
  servedModel: string | null = null;
  firstContentMs: number | null = null;
  contentEvents = 0;

  constructor(reader: StreamReader, limits: Limits, context: LaneContext, toolNames: ToolNames | null) {
    this.#reader = reader;
    this.#context = context;
    this.#toolNames = toolNames;
    this.#bytesMax = limits.responseBytesMax;
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) this.failure = new CallError('upstream_response_too_large');
    else this.#reader.push(chunk, this.#emit);
    return true;
  }

  finish(): CallError | null {
    this.#reader.end?.(this.#emit);
    if (this.failure !== null) return this.failure;
    if (!this.#reader.isComplete) return new CallError('upstream_interrupted');
    const built = this.#builder.build();
    const response = this.#toolNames === null ? built : withCallersNames(built, this.#toolNames);
    this.#response = response;
    if (response.usage.outputTokens === null) {
      this.contentEvents = estimateTokens(response.blocks);
      this.#context.tally?.whole(response.blocks);
    }
    this.#context.check?.whole(response);
    return null;
  }

  ending(): Ending {
    return this.#response === null
      ? { kind: 'error', error: new CallError('upstream_interrupted'), raw: null }
      : { kind: 'response', response: this.#response };
  }

  get isTerminated(): boolean {
    return this.#reader.isComplete;
  }

  get finishReason(): FinishReason | null {
    return this.#response?.finishReason ?? null;
  }

  #take(event: BlockEvent): void {
    if (event.type === 'error') this.failure ??= classifyFailure(event.failure, this.#context.secret);
    else if (event.type === 'usage') this.usage = event.usage;
    else if (event.type === 'messageStart') this.servedModel = event.model;
    else if (event.type === 'blockDelta') this.firstContentMs ??= this.#context.nowMs();
    this.#builder.add(event);
  }
}

import type { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { ChatResponse, FinishReason, Origin, Usage } from '../protocols/blocks.ts';
import type { AnswerReaders } from '../protocols/json-tool.ts';
import { responseEvents } from '../protocols/response-events.ts';
import type { ToolNames } from '../protocols/tool-names.ts';
import type { Answer, Ending } from './answer.ts';
import { BlockBodyLane } from './block-lane.ts';
import type { CallLane, LaneContext } from './lane.ts';

/** A stream was asked for and one JSON body came: read as a whole, told as events. */
export class SynthesisLane implements CallLane {
  readonly name = 'block';
  readonly isTerminated = false;
  readonly #whole: BlockBodyLane;
  readonly #answer: Answer;
  readonly #context: LaneContext;
  isCommitted = false;

  constructor(
    readers: AnswerReaders,
    origin: Origin,
    answer: Answer,
    limits: Limits,
    context: LaneContext,
    toolNames: ToolNames | null,
  ) {
    this.#whole = new BlockBodyLane(readers, origin, limits, context, toolNames);
    this.#answer = answer;
    this.#context = context;
  }

  data(chunk: Buffer): boolean {
    return this.#whole.data(chunk);
  }

  finish(): CallError | null {
    const missing = this.#whole.finish();
    if (missing !== null) return missing;
    this.#tell(this.#whole.ending().response);
    return null;
  }

  ending(): Ending {
    return { kind: 'stream', terminal: null };
  }

  #tell(response: ChatResponse): void {
    this.isCommitted = true;
    this.#answer.open(this.#context.head());
    for (const event of responseEvents(response)) this.#answer.event(event);
  }

  get failure(): CallError | null {
    return this.#whole.failure;
  }

  get usage(): Usage | null {
    return this.#whole.usage;
  }

  get finishReason(): FinishReason | null {
    return this.#whole.finishReason;
  }

  get servedModel(): string | null {
    return this.#whole.servedModel;
  }

  get contentEvents(): number {
    return this.#whole.contentEvents;
  }

  get firstContentMs(): number | null {
    return this.#whole.firstContentMs;
  }
}

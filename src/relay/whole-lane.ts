import type { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { AnswerForm, ReadAnswer } from '../operations/task.ts';
import type { FinishReason, Usage } from '../protocols/blocks.ts';
import { NO_BYTES } from '../protocols/no-bytes.ts';
import { classifyFailure } from '../upstream/classify.ts';
import type { Ending } from './answer.ts';
import { BodyCollector } from './body-collector.ts';
import type { CallLane, LaneContext } from './lane.ts';

const NOTHING: ReadAnswer = {
  body: NO_BYTES,
  contentType: null,
  usage: null,
  model: null,
  finishReason: null,
};

/** Held until it is whole, then read and perhaps converted. */
export class WholeLane implements CallLane {
  readonly name = 'byte';
  readonly isCommitted = false;
  readonly isTerminated = false;
  readonly contentEvents = 0;
  readonly #form: AnswerForm;
  readonly #contentType: string;
  readonly #context: LaneContext;
  readonly #collector: BodyCollector;
  #answer: ReadAnswer = NOTHING;
  failure: CallError | null = null;
  firstContentMs: number | null = null;

  constructor(form: AnswerForm, contentType: string, limits: Limits, context: LaneContext) {
    this.#form = form;
    this.#contentType = contentType;
    this.#context = context;
    this.#collector = new BodyCollector(limits.responseBytesMax);
  }

  data(chunk: Buffer): boolean {
    this.firstContentMs ??= this.#context.nowMs();
    this.failure = this.#collector.add(chunk);
    return true;
  }

  finish(): CallError | null {
    const answer = this.#form.read(this.#collector.take(), this.#contentType);
    if ('class' in answer) return classifyFailure(answer, this.#context.secret);
    this.#answer = answer;
    return null;
  }

  ending(): Ending {
    const { body, contentType } = this.#answer;
    return { kind: 'body', body, contentType: contentType ?? undefined };
  }

  get usage(): Usage | null {
    return this.#answer.usage;
  }

  get finishReason(): FinishReason | null {
    return this.#answer.finishReason;
  }

  get servedModel(): string | null {
    return this.#answer.model;
  }
}

import type { Call } from '../call.ts';
import type { AnswerHead } from '../relay/answer.ts';
import type { AnswerCheck, LaneContext, OutputTally } from '../relay/lane.ts';

/** What a lane sees of its call. */
export class CallLaneContext implements LaneContext {
  readonly secret: string | null;
  check: AnswerCheck | null = null;
  readonly #call: Call;

  constructor(call: Call, secret: string | null) {
    this.#call = call;
    this.secret = secret;
  }

  get tally(): OutputTally | null {
    return this.#call.tally;
  }

  head(): AnswerHead {
    return this.#call.head;
  }

  nowMs(): number {
    return this.#call.ports.clock.monotonicMs();
  }
}

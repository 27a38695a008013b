import type { Call } from '../call.ts';
import type { Origin } from '../protocols/blocks.ts';
import type { AnswerReaders } from '../protocols/json-tool.ts';
import type { ToolNames } from '../protocols/tool-names.ts';
import { CollectingLane } from '../relay/collecting-lane.ts';
import { EitherLane } from '../relay/either-lane.ts';
import type { CallLane, LaneContext } from '../relay/lane.ts';
import { SynthesisLane } from '../relay/synthesis-lane.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import type { AnswerForms } from '../upstream/attempt.ts';

/** Where what a target says comes from. */
export function originOf({ connection, model }: ResolvedTarget): Origin {
  return { protocol: connection.protocol, provider: connection.provider, model };
}

/**
 * Servers that do not stream (with tools, or at all) answer a streamed request with one JSON body, and some stream
 * unasked: what the caller asked for is made of what came.
 */
export class ChatForms implements AnswerForms {
  readonly #call: Call;
  readonly #context: LaneContext;
  readonly #readers: AnswerReaders;
  readonly #target: ResolvedTarget;
  readonly #toolNames: ToolNames | null;

  constructor(
    call: Call,
    context: LaneContext,
    readers: AnswerReaders,
    target: ResolvedTarget,
    toolNames: ToolNames | null,
  ) {
    this.#call = call;
    this.#context = context;
    this.#readers = readers;
    this.#target = target;
    this.#toolNames = toolNames;
  }

  laneFor(contentType: string): CallLane | null {
    const { input, lane } = this.#call;
    const isOther = contentType.startsWith(input.isStream ? 'application/json' : 'text/event-stream');
    if (!isOther || lane === null) return null;
    const other = input.isStream ? this.#synthesis() : this.#collecting();
    const either = input.isStream ? new EitherLane(other, lane, lane) : new EitherLane(lane, other, lane);
    this.#call.lane = either;
    return either;
  }

  #synthesis(): CallLane {
    const { answer, ports } = this.#call;
    const { limits } = ports;
    return new SynthesisLane(
      this.#readers,
      originOf(this.#target),
      answer,
      limits,
      this.#context,
      this.#toolNames,
    );
  }

  #collecting(): CallLane {
    const reader = this.#readers.streamReader(originOf(this.#target));
    return new CollectingLane(reader, this.#call.ports.limits, this.#context, this.#toolNames);
  }
}

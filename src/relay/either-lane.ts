import type { CallError } from '../errors.ts';
import type { FinishReason, Usage } from '../protocols/blocks.ts';
import type { Ending } from './answer.ts';
import type { CallLane } from './lane.ts';

const BRACE = 0x7b;
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * For an answer whose media type is not the one of what was asked for. Some servers only name the wrong type, so
 * the first byte decides: an answer in one piece begins with a brace, a stream of no protocol does.
 */
export class EitherLane implements CallLane {
  readonly #whole: CallLane;
  readonly #stream: CallLane;
  #lane: CallLane;
  #isDecided = false;

  /** @param usual the lane of what was asked for; it also takes an empty answer. */
  constructor(whole: CallLane, stream: CallLane, usual: CallLane) {
    this.#whole = whole;
    this.#stream = stream;
    this.#lane = usual;
  }

  data(chunk: Buffer): boolean {
    if (!this.#isDecided) {
      const first = chunk.find((byte) => !isBlank(byte));
      if (first === undefined) return true;
      this.#isDecided = true;
      this.#lane = first === BRACE ? this.#whole : this.#stream;
    }
    return this.#lane.data(chunk);
  }

  finish(): CallError | null {
    return this.#lane.finish();
  }

  ending(): Ending {
    return this.#lane.ending();
  }

  get name(): CallLane['name'] {
    return this.#lane.name;
  }

  get failure(): CallError | null {
    return this.#lane.failure;
  }

  get isCommitted(): boolean {
    return this.#lane.isCommitted;
  }

  get isTerminated(): boolean {
    return this.#lane.isTerminated;
  }

  get usage(): Usage | null {
    return this.#lane.usage;
  }

  get finishReason(): FinishReason | null {
    return this.#lane.finishReason;
  }

  get servedModel(): string | null {
    return this.#lane.servedModel;
  }

  get contentEvents(): number {
    return this.#lane.contentEvents;
  }

  get firstContentMs(): number | null {
    return this.#lane.firstContentMs;
  }
}

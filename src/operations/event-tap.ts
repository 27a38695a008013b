import { LIMITS } from '../limits.ts';
import type { FinishReason, UpstreamFailure, Usage } from '../protocols/blocks.ts';
import { ByteHold } from '../protocols/byte-hold.ts';
import { EventCuts } from '../protocols/event-cuts.ts';
import { NO_BYTES } from '../protocols/no-bytes.ts';
import type { StreamTap, TapSource } from '../protocols/protocol.ts';
import { SseParser } from '../protocols/sse.ts';
import { malformedAnswer, readErrorObject } from '../protocols/upstream-error.ts';
import { laterUsage } from '../protocols/usage.ts';
import { isFailure, memberOf, scanAnswer } from './answers.ts';
import { readTokens } from './usage.ts';

/**
 * Follows OpenAI's streams of images and audio, which have no terminator: the last event is one of a kind
 * (`image_generation.completed`, `transcript.text.done`, …), and where several images were asked for there are
 * as many. Servers that end with `[DONE]` are understood too.
 *
 * A final event is held until another one follows or the body ends, so that it goes out last.
 */
export class EventTap implements StreamTap {
  readonly #finals: ReadonlySet<string>;
  readonly #finalsWanted: number;
  readonly #cuts = new EventCuts();
  readonly #hold = new ByteHold();
  readonly #parser = new SseParser();
  #finalsSeen = 0;
  #final: Buffer | null = null;
  isComplete = false;
  hasContent = false;
  eventsSeen = 0;
  usage: Usage | null = null;
  model: string | null = null;
  failure: UpstreamFailure | null = null;
  readonly finishReason: FinishReason | null = null;
  /** Pictures and sounds are not tokens: nothing to estimate from. */
  readonly contentEvents = 0;

  /** `finalsWanted`: after so many final events the stream is over. */
  constructor(finals: ReadonlySet<string>, finalsWanted: number) {
    this.#finals = finals;
    this.#finalsWanted = finalsWanted;
  }

  /** The newest event is a final one: the body may end here. */
  get mayEnd(): boolean {
    return this.#final !== null;
  }

  takeTerminal(): Buffer {
    const final = this.#final ?? NO_BYTES;
    this.#final = NO_BYTES;
    return final;
  }

  push(chunk: Buffer): Buffer | null {
    const out: Buffer[] = [];
    let start = 0;
    while (!this.isComplete && this.failure === null) {
      start = this.#cuts.skipBlank(chunk, start);
      const end = this.#cuts.next(chunk, start);
      if (end === -1) {
        this.#keep(chunk, start);
        break;
      }
      this.#endEvent(chunk, start, end, out);
      start = end;
    }
    if (out.length === 0) return null;
    return out.length === 1 ? (out[0] ?? null) : Buffer.concat(out);
  }

  #keep(chunk: Buffer, start: number): void {
    this.#hold.append(chunk, start, chunk.length);
    if (this.#hold.length > LIMITS.eventBytesMax) this.failure = malformedAnswer('An event is too large.');
  }

  #endEvent(chunk: Buffer, start: number, end: number, out: Buffer[]): void {
    this.#hold.append(chunk, start, end);
    const event = this.#hold.take();
    this.eventsSeen += 1;
    let isFinal = false;
    this.#parser.push(event, (_name, data) => {
      isFinal = this.#isFinal(data);
    });
    if (this.failure !== null) return;
    if (this.#final !== null) out.push(this.#final);
    this.#final = isFinal ? event : null;
    if (!isFinal) out.push(event);
  }

  #isFinal(data: string): boolean {
    if (data === '[DONE]') {
      this.isComplete = true;
      return true;
    }
    this.hasContent = true;
    const answer = scanAnswer(Buffer.from(data));
    if (isFailure(answer)) {
      // What is no JSON object passes: the client knows better.
      if (answer.code !== 'upstream_malformed') this.failure = answer;
      return false;
    }
    const type = memberOf(answer, 'type');
    if (type === 'error')
      this.failure = readErrorObject(memberOf(answer, 'error') ?? { type, ...plainError(answer) });
    const usage = readTokens(memberOf(answer, 'usage'), true);
    if (usage !== null) this.usage = this.usage === null ? usage : laterUsage(this.usage, usage);
    const model = memberOf(answer, 'model');
    if (typeof model === 'string') this.model = model;
    if (typeof type !== 'string' || !this.#finals.has(type)) return false;
    this.#finalsSeen += 1;
    this.isComplete = this.#finalsSeen >= this.#finalsWanted;
    return true;
  }
}

/** OpenAI's `error` event as the Responses API has it: message and code beside the type. */
function plainError(answer: Parameters<typeof memberOf>[0]): { message: unknown; code: unknown } {
  return { message: memberOf(answer, 'message'), code: memberOf(answer, 'code') };
}

/** A stream that ends with `finalsWanted` events of these types. */
export function finalEvents(types: readonly string[], finalsWanted = 1): TapSource {
  const finals = new Set(types);
  return {
    streamTap: () => new EventTap(finals, finalsWanted),
    tapNeedles: [],
    inspect: () => ({ hasContent: false }),
    joinUsage: laterUsage,
  };
}

/**
 * The tokens of one call whose provider does not tell them.
 *
 * The thread counts the request while the upstream works, and the answer while it streams. The call never waits:
 * at its end it takes what has been counted, and the rest is estimated, by the measure of what was counted.
 */
import type { Limits } from '../limits.ts';
import type { Block, ProtocolName } from '../protocols/blocks.ts';
import { ByteHold } from '../protocols/byte-hold.ts';
import type { OutputTally } from '../relay/lane.ts';
import { blocksText } from './request-text.ts';
import { roughTokens } from './rough.ts';
import { learn, type TargetCounts } from './target-counts.ts';
import type { TokenThread } from './token-counter.ts';
import type { TokenWork } from './worker-messages.ts';

/** Events are sent in far more bytes than they say; this is the least of it. */
const WIRE_BYTES_PER_CHAR = 16;

export class CallTally implements OutputTally {
  readonly #thread: TokenThread;
  readonly #limits: Limits;
  readonly #target: TargetCounts;
  readonly #protocol: ProtocolName;
  /** Pieces that wait until the thread has counted those before. */
  #texts: string[] = [];
  readonly #bytes = new ByteHold();
  #waiting = 0;
  #taken = 0;
  #stream: number | null = null;
  #isAsking = false;
  /** Nothing more is counted: too much of it, or too much waits. */
  #isLost = false;
  /** Tokens of the answer as far as they are counted, and the content events that they were in. */
  #tokens = 0;
  #events = 0;
  #answer: string | null = null;
  /** Of the request; null while they are not counted. */
  inputTokens: number | null;

  /** @param protocol what the target's bytes are in. @param inputTokens where an earlier try has counted them. */
  constructor(
    thread: TokenThread,
    limits: Limits,
    target: TargetCounts,
    protocol: ProtocolName,
    inputTokens: number | null,
  ) {
    this.#thread = thread;
    this.#limits = limits;
    this.#target = target;
    this.#protocol = protocol;
    this.inputTokens = inputTokens;
  }

  /** Counts the request, unless it is counted already. */
  input(work: TokenWork): void {
    if (this.inputTokens !== null) return;
    this.#thread.submit(work, (tokens) => {
      this.inputTokens = tokens;
    });
  }

  text(text: string, events: number): void {
    if (this.#isLost) return;
    this.#texts.push(text);
    this.#add(text.length, 1, events);
  }

  bytes(chunk: Buffer, events: number): void {
    if (this.#isLost) return;
    this.#bytes.append(chunk, 0, chunk.length);
    this.#add(chunk.length, WIRE_BYTES_PER_CHAR, events);
  }

  whole(blocks: readonly Block[]): void {
    this.#answer = blocksText(blocks);
  }

  /**
   * Tokens of the answer so far. `events` are those with content, which providers send for about a token each:
   * behind the ones that were counted, as many as these had.
   */
  outputTokens(events: number): number {
    const { tokens, bytes } = this.#target;
    if (this.#answer !== null) return roughTokens(this.#answer, tokens / bytes);
    if (this.#tokens === 0) return events;
    const rest = Math.max(0, events - this.#events);
    return this.#tokens + Math.round((rest * this.#tokens) / this.#events);
  }

  /** The call has ended, or goes to another target. What a whole answer had is counted for the next one's estimate. */
  close(): void {
    this.#isLost = true;
    if (this.#stream !== null) this.#thread.closeStream(this.#stream);
    const text = this.#answer;
    if (text === null || text.length > this.#limits.tokenTextCharsMax) return;
    this.#thread.submit({ kind: 'text', text }, (tokens) => {
      if (tokens !== null) learn(this.#target, tokens, Buffer.byteLength(text));
    });
  }

  #add(length: number, perChar: number, events: number): void {
    this.#waiting += length;
    this.#taken += length;
    const { tokenPieceCharsMin, tokenPendingCharsMax, tokenAnswerCharsMax } = this.#limits;
    const isTooMuch =
      this.#waiting > tokenPendingCharsMax * perChar || this.#taken > tokenAnswerCharsMax * perChar;
    if (isTooMuch) this.#lose();
    else if (!this.#isAsking && this.#waiting >= tokenPieceCharsMin * perChar) this.#ask(events);
  }

  #ask(events: number): void {
    this.#stream ??= this.#thread.openStream();
    // The thread that has counted what was before may have ended.
    if (this.#stream === null || !this.#thread.hasStream(this.#stream)) return this.#lose();
    const isTaken = this.#thread.submit(this.#take(this.#stream), (tokens) => {
      this.#isAsking = false;
      if (tokens === null) return this.#lose();
      this.#tokens = tokens;
      this.#events = events;
    });
    if (!isTaken) this.#lose();
    this.#isAsking = isTaken;
  }

  #take(stream: number): TokenWork {
    this.#waiting = 0;
    if (this.#bytes.length > 0) {
      // A copy of its own: it is given away.
      const bytes = new Uint8Array(this.#bytes.take());
      return { kind: 'bytes', stream, protocol: this.#protocol, bytes };
    }
    const text = this.#texts.join('');
    this.#texts = [];
    return { kind: 'piece', stream, text };
  }

  #lose(): void {
    this.#isLost = true;
    this.#texts = [];
    this.#bytes.take();
  }
}

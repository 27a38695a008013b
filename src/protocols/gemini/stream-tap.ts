import { LIMITS } from '../../limits.ts';
import type { FinishReason, UpstreamFailure, Usage } from '../blocks.ts';
import { ByteHold } from '../byte-hold.ts';
import { EventCuts } from '../event-cuts.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { NO_BYTES } from '../no-bytes.ts';
import type { StreamTap, TapOptions } from '../protocol.ts';
import { SseParser } from '../sse.ts';
import { malformedAnswer } from '../upstream-error.ts';
import { laterUsage } from '../usage.ts';
import { type EventFinding, inspectEvent, tapNeedles } from './inspect.ts';
import { readUsage } from './usage.ts';

const COMMENT = 0x3a;
const NEEDLES: readonly string[] = tapNeedles.map((needle) => needle.toString('latin1'));

/**
 * Follows a stream of Gemini's whose events go to the caller as they are, as server-sent events or as elements of a
 * JSON array.
 *
 * The terminal is what came last: from the event that finishes the answer on everything is held, and let go when
 * the answer goes on after all. As the finish stands inside of an event, none passes before it is whole.
 */
export class GeminiTap implements StreamTap {
  readonly #isArray: boolean;
  readonly #holdBytesMax: number;
  readonly #cuts = new EventCuts();
  readonly #parser = new SseParser();
  readonly #held = new ByteHold();
  /** Pieces since the answer is finished. */
  #terminal: Buffer[] = [];
  #terminalBytes = 0;
  /** Candidates that have said something and not finished. */
  readonly #unfinished = new Set<number>();
  #isFinished = false;
  #hasElement = false;
  #hasCalls = false;
  /** Forwarded events that were not looked at and have usage. */
  #unread: Buffer | null = null;
  #usage: Usage | null = null;
  #finishReason: FinishReason | null = null;
  model: string | null = null;
  failure: UpstreamFailure | null = null;
  hasContent = false;
  contentEvents = 0;
  eventsSeen = 0;

  constructor({ holdBytesMax, framing }: TapOptions) {
    this.#isArray = framing === 'json-array';
    this.#holdBytesMax = holdBytesMax;
  }

  get isComplete(): boolean {
    return this.#isFinished && this.failure === null;
  }

  get finishReason(): FinishReason | null {
    const reason = this.#finishReason;
    return this.#hasCalls && (reason === 'stop' || reason === 'other') ? 'tool_calls' : reason;
  }

  get usage(): Usage | null {
    const unread = this.#unread;
    this.#unread = null;
    if (unread !== null) new SseParser().push(unread, (_event, data) => this.#noteUsage(usageIn(data)));
    return this.#usage;
  }

  takeTerminal(): Buffer {
    if (this.#terminal.length === 0) return NO_BYTES;
    if (this.#isArray) this.#terminal.push(Buffer.from(']'));
    const terminal = Buffer.concat(this.#terminal);
    this.#terminal = [];
    return terminal;
  }

  push(chunk: Buffer): Buffer | null {
    if (this.failure !== null) return null;
    if (this.#isPlain(chunk)) return chunk;
    const out: Buffer[] = [];
    let start = 0;
    while (this.failure === null) {
      const begin = this.#cuts.skipBlank(chunk, start);
      if (begin > start && !this.#isArray) this.#pass(chunk.subarray(start, begin), out);
      const end = this.#cuts.next(chunk, begin);
      if (end === -1) {
        this.#hold(chunk, begin);
        break;
      }
      this.#take(this.#whole(chunk, begin, end), out);
      start = end;
    }
    const [only] = out;
    return only === undefined ? null : out.length === 1 ? only : Buffer.concat(out);
  }

  /** The usual chunk: whole events, none of which needs a look. */
  #isPlain(chunk: Buffer): boolean {
    if (this.#isArray || !this.hasContent || this.#isFinished) return false;
    if (this.#held.length > 0 || !this.#cuts.isAtCut) return false;
    const text = chunk.toString('latin1');
    const end = text.endsWith('\r\n\r\n') ? '\r\n\r\n' : '\n\n';
    if (!text.endsWith(end) || hasNeedle(text)) return false;
    for (let start = 0, stop = 0; stop !== -1 && start < text.length; start = stop + end.length) {
      this.#count(text.charCodeAt(start) === COMMENT);
      stop = text.indexOf(end, start);
    }
    if (text.includes('sageMetadata')) this.#unread = chunk;
    return true;
  }

  #whole(chunk: Buffer, begin: number, end: number): Buffer {
    if (this.#held.length === 0) return chunk.subarray(begin, end);
    this.#held.append(chunk, begin, end);
    return this.#held.take();
  }

  #hold(chunk: Buffer, begin: number): void {
    this.#held.append(chunk, begin, chunk.length);
    if (this.#held.length > LIMITS.eventBytesMax) {
      this.failure = malformedAnswer('An event of the stream is too large.');
    }
  }

  #take(event: Buffer, out: Buffer[]): void {
    const text = event.toString('latin1');
    if (!this.#isArray && this.hasContent && !this.#isFinished && !hasNeedle(text)) {
      this.#count(event[0] === COMMENT);
      if (text.includes('sageMetadata')) this.#unread = event;
      this.#pass(event, out);
      return;
    }
    this.eventsSeen += 1;
    let element = NO_BYTES;
    this.#parser.push(event, (_event, data) => {
      this.#note(inspectEvent(data));
      if (this.#isArray) element = this.#elementOf(data);
    });
    if (this.failure === null) this.#pass(this.#isArray ? element : event, out);
  }

  #count(isComment: boolean): void {
    this.eventsSeen += 1;
    if (!isComment) this.contentEvents += 1;
  }

  #elementOf(data: string): Buffer {
    if (!isJsonObject(parseJson(data))) {
      this.failure ??= malformedAnswer('An event of the stream is no JSON object.');
      return NO_BYTES;
    }
    const separator = this.#hasElement ? ',\r\n' : '[';
    this.#hasElement = true;
    return Buffer.from(separator + data);
  }

  /** Forwards a piece, or holds it while the answer is finished. */
  #pass(piece: Buffer, out: Buffer[]): void {
    if (!this.#isFinished || this.#terminalBytes + piece.length > this.#holdBytesMax) {
      out.push(...this.#terminal);
      this.#terminal = [];
      this.#terminalBytes = 0;
    }
    if (this.#isFinished) {
      this.#terminal.push(piece);
      this.#terminalBytes += piece.length;
    } else if (piece.length > 0) out.push(piece);
  }

  #note(finding: EventFinding): void {
    this.failure = finding.failure ?? null;
    if (finding.usage !== undefined) {
      this.#unread = null;
      this.#noteUsage(finding.usage);
    }
    this.model ??= finding.model ?? null;
    this.#hasCalls ||= finding.hasCalls;
    if (finding.hasContent) {
      this.hasContent = true;
      this.contentEvents += 1;
    }
    for (const { index, hasContent, finish } of finding.candidates) {
      if (finish !== null) this.#unfinished.delete(index);
      else if (hasContent) this.#unfinished.add(index);
    }
    this.#finishReason = finding.finishReason ?? this.#finishReason;
    const hasFinish = finding.isBlocked || finding.candidates.some(({ finish }) => finish !== null);
    this.#isFinished = (this.#isFinished || hasFinish) && this.#unfinished.size === 0;
    if (this.#unfinished.size > LIMITS.openBlocksMax) {
      this.failure = malformedAnswer('The stream has too many candidates.');
    }
  }

  #noteUsage(usage: Usage | undefined): void {
    if (usage === undefined) return;
    this.#usage = this.#usage === null ? usage : laterUsage(this.#usage, usage);
  }
}

function hasNeedle(text: string): boolean {
  for (const needle of NEEDLES) if (text.includes(needle)) return true;
  return false;
}

function usageIn(data: string): Usage | undefined {
  const event = parseJson(data);
  return isJsonObject(event) ? readUsage(event['usageMetadata']) : undefined;
}

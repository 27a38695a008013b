import type { FinishReason, UpstreamFailure, Usage } from './blocks.ts';
import { ByteHold } from './byte-hold.ts';
import { EventCuts } from './event-cuts.ts';
import { NO_BYTES } from './no-bytes.ts';
import type { StreamTap, TapFinding, TapOptions, TapSource } from './protocol.ts';
import { SseParser } from './sse.ts';

const LF = 0x0a;
const CR = 0x0d;
const COMMENT = 0x3a;

/**
 * Listens to a same-protocol stream of server-sent events while its bytes pass untouched.
 *
 * Only whole events are let through. The terminator is held (`takeTerminal`), and nothing behind it, or from
 * a failure event on, ever comes out. Until the first content every event is looked at, afterwards only those
 * with one of the protocol's needles; the others are counted as content.
 */
export class SseTap implements StreamTap {
  readonly #protocol: TapSource;
  readonly #needles: readonly string[];
  readonly #options: TapOptions;
  readonly #cuts = new EventCuts();
  readonly #parser = new SseParser();
  readonly #held = new ByteHold();
  #isPassingPieces = false;
  #hasDropped = false;
  #terminal: Buffer | null = null;

  usage: Usage | null = null;
  finishReason: FinishReason | null = null;
  /** As the upstream names it. */
  model: string | null = null;
  failure: UpstreamFailure | null = null;
  hasContent = false;
  contentEvents = 0;
  eventsSeen = 0;

  constructor(protocol: TapSource, options: TapOptions) {
    this.#protocol = protocol;
    this.#needles = protocol.tapNeedles.map((needle) => needle.toString('latin1'));
    this.#options = options;
  }

  /** The protocol's terminator has been read. */
  get isComplete(): boolean {
    return this.#terminal !== null;
  }

  /** The terminator's event as the upstream sent it; empty before it came and after it was taken. */
  takeTerminal(): Buffer {
    const terminal = this.#terminal ?? NO_BYTES;
    if (this.#terminal !== null) this.#terminal = NO_BYTES;
    return terminal;
  }

  /** The bytes that may be forwarded now; null for none. Without copying where a chunk holds whole events. */
  push(chunk: Buffer): Buffer | null {
    if (this.#terminal !== null || this.failure !== null) return this.#ignore(chunk);
    if (this.hasContent && this.#held.length === 0 && this.#cuts.isAtCut && this.#isPlainContent(chunk)) {
      return chunk;
    }
    return this.#pushSlowly(chunk);
  }

  /** The usual chunk: whole events with LF line ends, none of which needs a look. */
  #isPlainContent(chunk: Buffer): boolean {
    const text = chunk.toString('latin1');
    if (!text.endsWith('\n\n') || text.includes('\r') || this.#hasNeedle(text)) return false;
    let start = skipLineFeeds(text, 0);
    while (start < text.length) {
      this.eventsSeen += 1;
      if (text.charCodeAt(start) !== COMMENT) this.contentEvents += 1;
      start = skipLineFeeds(text, text.indexOf('\n\n', start));
    }
    return true;
  }

  #hasNeedle(text: string): boolean {
    for (const needle of this.#needles) if (text.includes(needle)) return true;
    return false;
  }

  /** Behind the terminator only the second half of its CRLF still counts. */
  #ignore(chunk: Buffer): null {
    if (chunk[0] === LF && this.#terminal?.at(-1) === CR)
      this.#terminal = Buffer.concat([this.#terminal, chunk.subarray(0, 1)]);
    return null;
  }

  #pushSlowly(chunk: Buffer): Buffer | null {
    const out: Buffer[] = [];
    let start = 0;
    while (this.#terminal === null && this.failure === null) {
      start = this.#passBlank(chunk, start, out);
      const end = this.#cuts.next(chunk, start);
      if (end === -1) {
        this.#holdTail(chunk, start, out);
        break;
      }
      this.#endEvent(chunk, start, end, out);
      start = end;
    }
    if (out.length === 0) return null;
    const [first = chunk] = out;
    if (out.length > 1) return Buffer.concat(out);
    return first.length === chunk.length && first.buffer === chunk.buffer ? chunk : first;
  }

  /** Blank lines between events pass; but the LF of a CRLF that was cut in two goes the way of its event. */
  #passBlank(chunk: Buffer, start: number, out: Buffer[]): number {
    const isHalfOfDropped = this.#hasDropped && this.#cuts.isAtHalfCut && chunk[start] === LF;
    const end = this.#cuts.skipBlank(chunk, start);
    const from = isHalfOfDropped ? start + 1 : start;
    if (from < end) addPiece(out, chunk.subarray(from, end));
    return end;
  }

  #holdTail(chunk: Buffer, start: number, out: Buffer[]): void {
    if (start === chunk.length) return;
    if (this.#isPassingPieces) {
      addPiece(out, chunk.subarray(start));
      return;
    }
    this.#held.append(chunk, start, chunk.length);
    if (this.#held.length <= this.#options.holdBytesMax) return;
    addPiece(out, this.#held.take());
    this.#isPassingPieces = true;
    this.hasContent = true;
  }

  #endEvent(chunk: Buffer, start: number, end: number, out: Buffer[]): void {
    this.eventsSeen += 1;
    if (this.#isPassingPieces) {
      this.#isPassingPieces = false;
      this.#hasDropped = false;
      this.contentEvents += 1;
      addPiece(out, chunk.subarray(start, end));
      return;
    }
    let event = chunk.subarray(start, end);
    if (this.#held.length > 0) {
      this.#held.append(chunk, start, end);
      event = this.#held.take();
    }
    this.#hasDropped = !this.#mayPass(event);
    if (!this.#hasDropped) addPiece(out, event);
  }

  #mayPass(event: Buffer): boolean {
    if (this.hasContent && !this.#hasNeedle(event.toString('latin1'))) {
      if (event[0] !== COMMENT) this.contentEvents += 1;
      return true;
    }
    let mayPass = true;
    this.#parser.push(event, (_event, data) => {
      mayPass = this.#note(this.#protocol.inspect(data), event);
    });
    return mayPass;
  }

  #note(finding: TapFinding, event: Buffer): boolean {
    if (finding.usage !== undefined) {
      this.usage = this.usage === null ? finding.usage : this.#protocol.joinUsage(this.usage, finding.usage);
    }
    if (finding.finishReason !== undefined) this.finishReason = finding.finishReason;
    if (finding.model !== undefined) this.model = finding.model;
    if (finding.hasContent) {
      this.hasContent = true;
      this.contentEvents += 1;
    }
    if (finding.failure !== undefined) {
      this.failure = finding.failure;
      return false;
    }
    if (finding.isTerminal === true) {
      this.#terminal = event;
      return false;
    }
    return !(finding.isUsageOnly === true && this.#options.dropUsageOnly);
  }
}

/** Joins neighbours of one chunk again, so that the usual case stays one piece. */
export function addPiece(out: Buffer[], piece: Buffer): void {
  const last = out.at(-1);
  if (
    last !== undefined &&
    last.buffer === piece.buffer &&
    last.byteOffset + last.length === piece.byteOffset
  ) {
    out[out.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + piece.length);
  } else {
    out.push(piece);
  }
}

function skipLineFeeds(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) === 0x0a) at += 1;
  return at;
}

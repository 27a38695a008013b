/**
 * A frame holds the records of (at most) one turn of the event loop under one checksum:
 *
 *   u32le length of the body | u32le CRC-32 of the body | body
 *
 * The body is text. Its first line says which calls of this boot have begun and which have ended,
 * `<numbers>;<numbers>`, each list separated by commas; then comes a line for each begun call and one for each
 * ended, in this order. A begun call's line is the first columns of the row, an ended one's the whole row. Calls are numbered
 * by the writer, so that the drain finds what is still running without looking into the lines.
 */

/** Length and checksum. */
export const FRAME_HEAD_BYTES = 8;
export const ID_CHARS = 36;
/** One number, the semicolon, the line's end, and the shortest line: an id and its end. */
export const FRAME_BODY_BYTES_MIN = 3 + ID_CHARS + 1;

const LF = 0x0a;

/** Collects records for one frame. */
export class FrameText {
  #begun = '';
  #ended = '';
  #begunLines = '';
  #endedLines = '';
  #lineChars = 0;

  /** Characters of all lines. */
  get lineChars(): number {
    return this.#lineChars;
  }

  /** The line, with its line end, of a call that begins. */
  begin(number: number, line: string): void {
    this.#begun = this.#begun === '' ? `${number}` : `${this.#begun},${number}`;
    this.#begunLines += line;
    this.#lineChars += line.length;
  }

  end(number: number, line: string): void {
    this.#ended = this.#ended === '' ? `${number}` : `${this.#ended},${number}`;
    this.#endedLines += line;
    this.#lineChars += line.length;
  }

  /** The body; empty if there is nothing. The next frame begins afterwards. */
  take(): string {
    if (this.#lineChars === 0) return '';
    const body = `${this.#begun};${this.#ended}\n${this.#begunLines}${this.#endedLines}`;
    this.#begun = '';
    this.#ended = '';
    this.#begunLines = '';
    this.#endedLines = '';
    this.#lineChars = 0;
    return body;
  }
}

/** Where a begun call's line is: bytes of the frame's body. */
export interface BegunLine {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

export interface FrameContent {
  readonly begun: readonly BegunLine[];
  /** Numbers of calls. */
  readonly ended: readonly number[];
  /** Where the lines of the ended calls start; they go to the end of the body. */
  readonly endedStart: number;
}

/** Reads a body whose checksum fits: the bytes of `source` from `start` to before `end`. Null where it is none. */
export function readFrame(source: Buffer, start: number, end: number): FrameContent | null {
  const lines = lineEnd(source, start, end);
  const [begunText, endedText] = source.toString('latin1', start, lines - 1).split(';');
  if (lines > end || begunText === undefined || endedText === undefined) return null;
  const begun: BegunLine[] = [];
  let at = lines;
  for (const number of numbersOf(begunText)) {
    const next = lineEnd(source, at, end);
    if (next > end) return null;
    begun.push({ number, start: at, end: next });
    at = next;
  }
  return { begun, ended: numbersOf(endedText), endedStart: at };
}

/** Behind the line's end; behind `end` where there is none. */
export function lineEnd(source: Buffer, start: number, end: number): number {
  const at = source.indexOf(LF, start);
  return at === -1 || at >= end ? end + 1 : at + 1;
}

function numbersOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map(Number);
}

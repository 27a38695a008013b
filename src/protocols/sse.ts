import { LIMITS } from '../limits.ts';
import { ByteHold } from './byte-hold.ts';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const BOM = [0xef, 0xbb, 0xbf] as const;

export type OnEvent = (event: string, data: string) => void;

/**
 * Incremental parser of `text/event-stream` (WHATWG HTML 9.2.6, "interpreting an event stream").
 *
 * Any chunking of the same bytes gives the same events, in time linear in their number. `id` and `retry`
 * mean nothing to a gateway and are passed over. An event that has no blank line behind it is not dispatched.
 */
export class SseParser {
  readonly #eventBytesMax: number;
  readonly #line = new ByteHold();
  #afterCr = false;
  #isFirstLine = true;
  #event = '';
  #data = '';
  #hasData = false;
  #isOversized = false;

  /** `eventBytesMax` bounds one line and the data of one event. */
  constructor(eventBytesMax: number = LIMITS.eventBytesMax) {
    this.#eventBytesMax = eventBytesMax;
  }

  /** An event was larger than the bound; nothing more is parsed. */
  get isOversized(): boolean {
    return this.#isOversized;
  }

  /** Calls back for each event that is complete with this chunk. The type is `message` where none was given. */
  push(chunk: Buffer, onEvent: OnEvent): void {
    let start = 0;
    if (this.#afterCr && chunk.length > 0) {
      this.#afterCr = false;
      if (chunk[0] === LF) start = 1;
    }
    let lf = chunk.indexOf(LF, start);
    let cr = chunk.indexOf(CR, start);
    while ((lf !== -1 || cr !== -1) && !this.#isOversized) {
      const isCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = isCr ? cr : lf;
      this.#endLine(chunk, start, end, onEvent);
      start = end + 1;
      if (!isCr) {
        lf = chunk.indexOf(LF, start);
        continue;
      }
      if (start === chunk.length) this.#afterCr = true;
      else if (lf === start) {
        start += 1;
        lf = chunk.indexOf(LF, start);
      }
      cr = chunk.indexOf(CR, start);
    }
    if (start < chunk.length && !this.#isOversized) {
      this.#line.append(chunk, start, chunk.length);
      if (this.#line.length > this.#eventBytesMax) this.#isOversized = true;
    }
  }

  #endLine(chunk: Buffer, start: number, end: number, onEvent: OnEvent): void {
    if (this.#line.length === 0) {
      this.#readLine(chunk, start, end, onEvent);
      return;
    }
    this.#line.append(chunk, start, end);
    const line = this.#line.take();
    this.#readLine(line, 0, line.length, onEvent);
  }

  #readLine(bytes: Buffer, lineStart: number, end: number, onEvent: OnEvent): void {
    let start = lineStart;
    if (this.#isFirstLine) {
      this.#isFirstLine = false;
      if (BOM.every((byte, at) => start + at < end && bytes[start + at] === byte)) start += BOM.length;
    }
    if (start === end) {
      this.#dispatch(onEvent);
      return;
    }
    if (end - start > this.#eventBytesMax) {
      this.#isOversized = true;
      return;
    }
    if (isField(bytes, start, end, DATA)) this.#addData(fieldValue(bytes, start + DATA.length, end));
    else if (isField(bytes, start, end, EVENT)) this.#event = fieldValue(bytes, start + EVENT.length, end);
  }

  #addData(value: string): void {
    this.#data = this.#hasData ? `${this.#data}\n${value}` : value;
    this.#hasData = true;
    if (this.#data.length > this.#eventBytesMax) this.#isOversized = true;
  }

  #dispatch(onEvent: OnEvent): void {
    const event = this.#event;
    const data = this.#data;
    const hasData = this.#hasData;
    this.#event = '';
    this.#data = '';
    this.#hasData = false;
    if (hasData) onEvent(event === '' ? 'message' : event, data);
  }
}

const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');

/** The line's field name is exactly `name`: it is followed by a colon or by the end of the line. */
function isField(bytes: Buffer, start: number, end: number, name: Buffer): boolean {
  const after = start + name.length;
  if (after > end || (after < end && bytes[after] !== COLON)) return false;
  for (let at = 0; at < name.length; at += 1) {
    if (bytes[start + at] !== name[at]) return false;
  }
  return true;
}

function fieldValue(bytes: Buffer, colon: number, end: number): string {
  const start = bytes[colon + 1] === SPACE && colon + 1 < end ? colon + 2 : colon + 1;
  return start >= end ? '' : bytes.toString('utf8', start, end);
}

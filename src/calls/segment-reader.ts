/**
 * Reads the frames of one segment, also while it is being written.
 *
 * A frame whose checksum does not fit is skipped: reading goes on at the next place that holds a valid frame
 * (lines are text, so binary lengths inside them are implausible and a false one still has to pass the
 * checksum). While the segment is not final, damage at its very end may be a write in progress and is looked
 * at again; in a final one it is a torn tail.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FRAME_BODY_BYTES_MIN, FRAME_HEAD_BYTES } from './frame.ts';
import { parseSegmentHeader, SEGMENT_HEADER_BYTES_MAX } from './segment-file.ts';
import { LINE_COLUMNS } from './spool-line.ts';

/** A frame whose checksum fits. */
export interface Frame {
  /** Where the frame begins in the segment. */
  readonly offset: number;
  /** Where its body is: bytes that are overwritten by the next read. */
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
}

const CHUNK_BYTES = 256 * 1024;

export class SegmentReader {
  readonly columns: readonly string[];
  /** Damaged places skipped, and incomplete ends of final segments. */
  corrupt = 0;
  torn = 0;
  readonly #fd: number;
  readonly #bodyBytesMax: number;
  readonly #buffer: Buffer;
  /** File position of the buffer's first byte, and how much of it is filled. */
  #bufferStart = 0;
  #bufferBytes = 0;
  #offset: number;

  /** `offset` is where to go on, 0 for the start. Throws where the file cannot be read. */
  constructor(path: string, offset: number, recordBytesMax: number) {
    // The last record of a frame may be one of the largest.
    this.#bodyBytesMax = recordBytesMax * 2;
    this.#buffer = Buffer.allocUnsafe(CHUNK_BYTES + FRAME_HEAD_BYTES + this.#bodyBytesMax);
    this.#fd = openSync(path, 'r');
    const head = Buffer.alloc(SEGMENT_HEADER_BYTES_MAX);
    const parsed = parseSegmentHeader(head.subarray(0, readSync(this.#fd, head, 0, head.length, 0)));
    // Without a readable header the frames are looked for as after any damage, in today's form.
    this.columns = parsed?.header.columns ?? LINE_COLUMNS;
    this.#offset = Math.max(offset, parsed?.bytes ?? 0);
  }

  /** Where the next frame begins. */
  get offset(): number {
    return this.#offset;
  }

  /** The next frame, or null when there is none (yet). `isFinal`: nothing will be appended any more. */
  next(isFinal: boolean): Frame | null {
    let length = this.#validAt(this.#offset);
    if (length === null) length = this.#skipDamage(isFinal);
    if (length === null) {
      // What was read may change until the next look.
      this.#bufferBytes = 0;
      return null;
    }
    const offset = this.#offset;
    this.#offset += FRAME_HEAD_BYTES + length;
    return this.#frame(offset, length);
  }

  /** A copy of bytes of the frame at this offset; null if it is not there any more. */
  bytesOf(frameOffset: number, offset: number, length: number): Buffer | null {
    if (this.#validAt(frameOffset) === null) return null;
    const start = offset - this.#bufferStart;
    return Buffer.from(this.#buffer.subarray(start, start + length));
  }

  /** The place in the file of a byte of the last frame that was read. */
  offsetOf(at: number): number {
    return this.#bufferStart + at;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #frame(offset: number, length: number): Frame {
    const start = offset - this.#bufferStart + FRAME_HEAD_BYTES;
    return { offset, source: this.#buffer, start, end: start + length };
  }

  /** The length of the body of the frame at this offset; null if there is no whole and sound one. */
  #validAt(offset: number): number | null {
    if (!this.#load(offset, FRAME_HEAD_BYTES)) return null;
    let at = offset - this.#bufferStart;
    const length = this.#buffer.readUInt32LE(at);
    if (length < FRAME_BODY_BYTES_MIN || length > this.#bodyBytesMax) return null;
    if (!this.#load(offset, FRAME_HEAD_BYTES + length)) return null;
    at = offset - this.#bufferStart;
    const body = this.#buffer.subarray(at + FRAME_HEAD_BYTES, at + FRAME_HEAD_BYTES + length);
    return crc32(body) === this.#buffer.readUInt32LE(at + 4) ? length : null;
  }

  /** Moves on to the next valid frame and gives its length; null if there is none. */
  #skipDamage(isFinal: boolean): number | null {
    if (!this.#load(this.#offset, 1)) return null;
    const isCutShort = this.#isCutShort();
    for (let offset = this.#offset + 1; this.#load(offset, 1); offset += 1) {
      const length = this.#validAt(offset);
      if (length === null) continue;
      // The search has read on in a file that grows: what was half-written when it was first looked at, and
      // made the search start, is whole by now.
      const completed = isFinal ? null : this.#validAt(this.#offset);
      if (completed !== null) return completed;
      this.corrupt += 1;
      this.#offset = offset;
      return length;
    }
    if (!isFinal) return null;
    if (isCutShort) this.torn += 1;
    else this.corrupt += 1;
    this.#offset = this.#bufferStart + this.#bufferBytes;
    return null;
  }

  /** True if the file ends before the frame that begins here does. */
  #isCutShort(): boolean {
    if (!this.#load(this.#offset, FRAME_HEAD_BYTES)) return true;
    const length = this.#buffer.readUInt32LE(this.#offset - this.#bufferStart);
    return length <= this.#bodyBytesMax && !this.#load(this.#offset, FRAME_HEAD_BYTES + length);
  }

  /** Makes these bytes of the file available in the buffer; false if the file ends before. */
  #load(offset: number, length: number): boolean {
    if (offset < this.#bufferStart || offset > this.#bufferStart + this.#bufferBytes) {
      this.#bufferStart = offset;
      this.#bufferBytes = 0;
    }
    const end = offset + length;
    if (end <= this.#bufferStart + this.#bufferBytes) return true;
    if (end > this.#bufferStart + this.#buffer.length) {
      const from = offset - this.#bufferStart;
      this.#buffer.copy(this.#buffer, 0, from, this.#bufferBytes);
      this.#bufferStart = offset;
      this.#bufferBytes -= from;
    }
    while (this.#bufferStart + this.#bufferBytes < end) {
      const room = this.#buffer.length - this.#bufferBytes;
      const position = this.#bufferStart + this.#bufferBytes;
      const read = readSync(this.#fd, this.#buffer, this.#bufferBytes, room, position);
      if (read === 0) return false;
      this.#bufferBytes += read;
    }
    return true;
  }
}

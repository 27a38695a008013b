import type { Limits } from '../limits.ts';
import { ID_CHARS, lineEnd } from './frame.ts';

/** Where a record is in its spool. */
export interface Place {
  /** Number of the segment. */
  readonly number: number;
  readonly offset: number;
}

export interface BatchRow extends Place {
  readonly id: string;
  readonly line: Buffer;
}

/** Lines that go to Postgres together, of one boot and with the same columns. Kept in one piece of memory. */
export class DrainBatch {
  readonly #recordsMax: number;
  readonly #bytes: Buffer;
  readonly #bytesMax: number;
  readonly #ends: number[] = [];
  /** Where each line is in its spool. */
  readonly #numbers: number[] = [];
  readonly #offsets: number[] = [];
  #used = 0;
  columns: readonly string[] = [];

  /** @param addedBytesMax of lines that are added at a time, which may take it over its bound. */
  constructor(limits: Pick<Limits, 'drainBatchRecords' | 'drainBatchBytes'>, addedBytesMax: number) {
    this.#recordsMax = limits.drainBatchRecords;
    this.#bytesMax = limits.drainBatchBytes;
    this.#bytes = Buffer.allocUnsafe(limits.drainBatchBytes + addedBytesMax);
  }

  get length(): number {
    return this.#ends.length;
  }

  /** `recordsMax` may be lower than the limit for a while. */
  isFull(recordsMax: number): boolean {
    return this.length >= Math.min(recordsMax, this.#recordsMax) || this.#used >= this.#bytesMax;
  }

  /** Copies whole lines, which are in the file one after the other from `offset` on. Not when full. */
  add(lines: Buffer, number: number, offset: number): void {
    const before = this.#used;
    this.#used += lines.copy(this.#bytes, before);
    for (let start = before; start < this.#used; ) {
      const end = lineEnd(this.#bytes, start, this.#used);
      this.#ends.push(end);
      this.#numbers.push(number);
      this.#offsets.push(offset + start - before);
      start = end;
    }
  }

  clear(): void {
    this.#used = 0;
    this.#ends.length = 0;
    this.#numbers.length = 0;
    this.#offsets.length = 0;
  }

  /** The lines of the rows from `from` up to `to`, which is not included. A view. */
  lines(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#start(from), this.#start(to));
  }

  row(index: number): BatchRow {
    const line = this.lines(index, index + 1);
    const number = this.#numbers[index] ?? 0;
    return { number, offset: this.#offsets[index] ?? 0, id: line.toString('latin1', 0, ID_CHARS), line };
  }

  #start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? this.#used);
  }
}

import type { Limits } from '../limits.ts';

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
  readonly #places: Place[] = [];
  #used = 0;
  columns: readonly string[] = [];

  constructor(limits: Pick<Limits, 'drainBatchRecords' | 'drainBatchBytes'>, recordBytesMax: number) {
    this.#recordsMax = limits.drainBatchRecords;
    this.#bytesMax = limits.drainBatchBytes;
    this.#bytes = Buffer.allocUnsafe(limits.drainBatchBytes + recordBytesMax);
  }

  get length(): number {
    return this.#ends.length;
  }

  /** `recordsMax` may be lower than the limit for a while. */
  isFull(recordsMax: number): boolean {
    return this.length >= Math.min(recordsMax, this.#recordsMax) || this.#used >= this.#bytesMax;
  }

  /** Copies the line. Not when full. */
  add(line: Buffer, place: Place): void {
    this.#used += line.copy(this.#bytes, this.#used);
    this.#ends.push(this.#used);
    this.#places.push(place);
  }

  clear(): void {
    this.#used = 0;
    this.#ends.length = 0;
    this.#places.length = 0;
  }

  /** The lines of the rows from `from` up to `to`, which is not included. A view. */
  lines(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#start(from), this.#start(to));
  }

  row(index: number): BatchRow {
    const line = this.lines(index, index + 1);
    const place = this.#places[index] ?? { number: 0, offset: 0 };
    return { ...place, id: line.toString('latin1', 0, 36), line };
  }

  #start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? this.#used);
  }
}

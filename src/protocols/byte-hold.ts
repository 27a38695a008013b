import { NO_BYTES } from './no-bytes.ts';

const FIRST_BYTES = 1024;

/**
 * Bytes that wait for the rest of their line or event. Grows by doubling, so that any number of small
 * pieces costs time and memory in proportion to their bytes.
 */
export class ByteHold {
  #bytes: Buffer = NO_BYTES;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(source: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, needed, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    source.copy(this.#bytes, this.#length, start, end);
    this.#length = needed;
  }

  /** All that is held, as a buffer of its own; the hold is empty afterwards. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = NO_BYTES;
    this.#length = 0;
    return taken;
  }
}

import { LIMITS } from '../../limits.ts';
import { ByteHold } from '../byte-hold.ts';

/** Two lengths, their checksum, and the checksum of all. */
const FRAME_BYTES_MIN = 16;
const LENGTH_BYTES = 4;

/**
 * Cuts an event stream into its frames, each of which begins with its own length: any chunking of the same
 * bytes gives the same frames, in time linear in their number.
 */
export class FrameCuts {
  readonly #frameBytesMax: number;
  readonly #held = new ByteHold();
  /** Of the frame being read, as far as the bytes of its length have come. */
  #length = 0;
  #lengthBytes = 0;
  /** A length is impossible or above the bound; nothing more is read. */
  isBroken = false;
  /** Behind the frame that `next` gave last, in its chunk. */
  end = 0;

  constructor(frameBytesMax: number = LIMITS.eventBytesMax) {
    this.#frameBytesMax = frameBytesMax;
  }

  /**
   * The frame that is complete with the bytes from `from` on; a part of the chunk where all of it is in there.
   * Null when its end has not come: then the rest of the chunk is kept.
   */
  next(chunk: Buffer, from: number): Buffer | null {
    if (this.isBroken || !this.#readLength(chunk, from)) return null;
    const missing = this.#length - this.#held.length;
    if (chunk.length - from < missing) {
      this.#held.append(chunk, from, chunk.length);
      return null;
    }
    this.end = from + missing;
    this.#length = 0;
    this.#lengthBytes = 0;
    if (this.#held.length === 0) return chunk.subarray(from, this.end);
    this.#held.append(chunk, from, this.end);
    return this.#held.take();
  }

  /** False while the length is not known, or cannot be right. */
  #readLength(chunk: Buffer, from: number): boolean {
    if (this.#lengthBytes === LENGTH_BYTES) return true;
    let at = from;
    while (this.#lengthBytes < LENGTH_BYTES) {
      const byte = chunk[at];
      if (byte === undefined) {
        this.#held.append(chunk, from, chunk.length);
        return false;
      }
      this.#length = this.#length * 256 + byte;
      this.#lengthBytes += 1;
      at += 1;
    }
    this.isBroken = this.#length < FRAME_BYTES_MIN || this.#length > this.#frameBytesMax;
    return !this.isBroken;
  }
}

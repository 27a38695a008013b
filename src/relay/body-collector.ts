import { CallError } from '../errors.ts';

/** Chunks of a body that must be whole before anything is done with it, up to a bound. */
export class BodyCollector {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Returns an error when the body has grown over its bound. */
  add(chunk: Buffer): CallError | null {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) return new CallError('upstream_response_too_large');
    this.#chunks.push(chunk);
    return null;
  }

  take(): Buffer {
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    this.#chunks = [];
    return body;
  }
}

import type { KeptBody } from './record.ts';

/** Keeps the beginning of a body that comes in pieces. */
export class BodyKeeper {
  readonly #bytesMax: number;
  readonly #pieces: Buffer[] = [];
  #kept = 0;
  #size = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The piece must not change afterwards. */
  add(piece: Buffer): void {
    this.#size += piece.length;
    const room = this.#bytesMax - this.#kept;
    if (room <= 0 || piece.length === 0) return;
    this.#pieces.push(piece.length <= room ? piece : piece.subarray(0, room));
    this.#kept += Math.min(piece.length, room);
  }

  body(): KeptBody {
    return { bytes: Buffer.concat(this.#pieces), size: this.#size };
  }
}

/** The beginning of a body that is there as a whole. */
export function keepBody(bytes: Buffer, bytesMax: number): KeptBody {
  return { bytes: bytes.subarray(0, bytesMax), size: bytes.length };
}

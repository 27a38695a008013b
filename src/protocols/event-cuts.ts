const LF = 0x0a;
const CR = 0x0d;

/**
 * Finds where events end in a byte stream of server-sent events: behind each blank line, for all three line
 * ends and any chunking.
 */
export class EventCuts {
  #isLineEmpty = true;
  #isEventEmpty = true;
  #afterCr = false;

  /** Nothing of an event has been seen since the last cut. */
  get isAtCut(): boolean {
    return this.#isEventEmpty && this.#isLineEmpty && !this.#afterCr;
  }

  /** The last event ended with a CR, of which the LF may still come. */
  get isAtHalfCut(): boolean {
    return this.#isEventEmpty && this.#isLineEmpty && this.#afterCr;
  }

  /** Takes the next bytes from `from` on; returns the offset behind the next event's end, or -1 without one. */
  next(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) {
        this.#isLineEmpty = false;
        this.#isEventEmpty = false;
        this.#afterCr = false;
        continue;
      }
      const endsCrLf = byte === LF && this.#afterCr;
      this.#afterCr = byte === CR;
      if (endsCrLf) continue;
      if (!this.#isLineEmpty) {
        this.#isLineEmpty = true;
        continue;
      }
      if (this.#isEventEmpty) continue;
      this.#isEventEmpty = true;
      if (byte === CR && chunk[at + 1] === LF) {
        this.#afterCr = false;
        return at + 2;
      }
      return at + 1;
    }
    return -1;
  }
}

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

  /** Between two events, and the LF of a CRLF is not still to come. */
  get isAtCut(): boolean {
    return this.#isEventEmpty && !this.#afterCr;
  }

  /** Between two events, right behind a CR of which the LF may still come. */
  get isAtHalfCut(): boolean {
    return this.#isEventEmpty && this.#afterCr;
  }

  /** Takes the blank lines between two events; returns the offset of the next event's first byte. */
  skipBlank(chunk: Buffer, from: number): number {
    if (!this.#isEventEmpty) return from;
    let at = from;
    while (chunk[at] === LF || chunk[at] === CR) at += 1;
    if (at > from) this.#afterCr = chunk[at - 1] === CR;
    return at;
  }

  /** Takes the bytes of an event from `from` on; returns the offset behind its end, or -1 without one. */
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
      this.#isEventEmpty = true;
      if (byte !== CR || chunk[at + 1] !== LF) return at + 1;
      this.#afterCr = false;
      return at + 2;
    }
    return -1;
  }
}

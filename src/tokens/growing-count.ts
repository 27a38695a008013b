/** What is left to wait for the rest of its word; more is counted as it is. */
const TAIL_CHARS_MAX = 512;

/** Counts a text that comes in pieces as if it came whole: a word is counted when it has ended. */
export class GrowingCount {
  readonly #count: (text: string) => number;
  #counted = 0;
  #tail = '';

  constructor(count: (text: string) => number) {
    this.#count = count;
  }

  /** Tokens of the text so far. */
  add(piece: string): number {
    const text = this.#tail + piece;
    const cut =
      text.length > TAIL_CHARS_MAX
        ? Math.max(lastWordAt(text), text.length - TAIL_CHARS_MAX)
        : lastWordAt(text);
    if (cut > 0) this.#counted += this.#count(text.slice(0, cut));
    this.#tail = text.slice(cut);
    return this.#tail === '' ? this.#counted : this.#counted + this.#count(this.#tail);
  }
}

/** Where the last word begins, with the blanks before it, which belong to its token; 0 for the first. */
function lastWordAt(text: string): number {
  let at = text.length;
  while (at > 0 && isSpace(text, at - 1)) at -= 1;
  while (at > 0 && !isSpace(text, at - 1)) at -= 1;
  while (at > 0 && isSpace(text, at - 1) && !isLineEnd(text, at - 1)) at -= 1;
  return at;
}

const isSpace = (text: string, at: number) => /\s/.test(text.charAt(at));
/** Belongs to the token before it. */
const isLineEnd = (text: string, at: number) => /[\r\n]/.test(text.charAt(at));

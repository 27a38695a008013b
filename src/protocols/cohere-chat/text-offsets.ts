import { LIMITS } from '../../limits.ts';

const SURROGATE = /[\ud800-\udfff]/;

/**
 * Offsets in a text that comes in pieces, in characters (code points) and in UTF-16 units. Only the places of
 * characters with two units are kept, not the text: there are few of them.
 */
export class TextOffsets {
  /** Where the text begins in the whole answer, in UTF-16 units. */
  readonly begin: number;
  /** Offsets in characters, ascending. */
  readonly #pairs: number[] = [];
  #characters = 0;
  /** UTF-16 units so far. */
  length = 0;

  constructor(begin: number) {
    this.begin = begin;
  }

  /** Above the bound no offset behind is right. */
  get isExact(): boolean {
    return this.#pairs.length <= LIMITS.citationPairsMax;
  }

  add(text: string): void {
    this.length += text.length;
    if (!SURROGATE.test(text)) {
      this.#characters += text.length;
      return;
    }
    // A pair may be cut in two: its first half makes the character, the second none.
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit >= 0xdc00 && unit <= 0xdfff) continue;
      if (unit >= 0xd800 && unit <= 0xdbff && this.isExact) this.#pairs.push(this.#characters);
      this.#characters += 1;
    }
  }

  /** UTF-16 units before a character, in this text. */
  units(characters: number): number {
    return Math.min(characters + this.#pairsBefore((place) => place < characters), this.length);
  }

  /** Characters before a unit; one inside of a pair counts as its start. */
  characters(units: number): number {
    return Math.min(units - this.#pairsBefore((place, count) => place + count < units), this.#characters);
  }

  #pairsBefore(isBefore: (place: number, count: number) => boolean): number {
    let low = 0;
    let high = this.#pairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#pairs[middle] ?? 0, middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

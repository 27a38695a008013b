/**
 * Parsed documents (or syntax errors) by their text, the least recently used given up first. Bounded by the
 * texts' size: callers choose the documents, and a document may be as long as a request body.
 */
export class DocumentCache<T> {
  readonly #charsMax: number;
  readonly #entries = new Map<string, T>();
  #chars = 0;

  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  get(text: string): T | undefined {
    const entry = this.#entries.get(text);
    if (entry === undefined) return undefined;
    this.#entries.delete(text);
    this.#entries.set(text, entry);
    return entry;
  }

  set(text: string, entry: T): void {
    // One long document must not displace a hundred short ones.
    if (text.length > this.#charsMax / 64) return;
    this.#forget(text);
    this.#entries.set(text, entry);
    this.#chars += text.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#chars <= this.#charsMax) break;
      this.#forget(oldest);
    }
  }

  #forget(text: string): void {
    if (this.#entries.delete(text)) this.#chars -= text.length;
  }
}

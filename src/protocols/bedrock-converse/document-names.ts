/** AWS, API reference, "DocumentBlock": at most 200 letters, digits, single spaces, hyphens and brackets. */
const OTHERS = /[^a-zA-Z0-9\s()[\]-]+/g;
const NAME_CHARS_MAX = 200;
/** Room for the number that tells equal names apart. */
const BASE_CHARS_MAX = NAME_CHARS_MAX - 8;

/** Names of documents as the target takes them, each given once in a request. */
export class DocumentNames {
  readonly #used = new Set<string>();

  /** The same documents in the same order always get the same names. */
  fit(name: string | undefined): string {
    const base = cleaned(name ?? '');
    let fitting = base;
    for (let count = 2; this.#used.has(fitting); count += 1) fitting = `${base} (${count})`;
    this.#used.add(fitting);
    return fitting;
  }
}

/** Without the ending: the format is said beside the name. */
function cleaned(name: string): string {
  const plain = name
    .replace(/\.[a-z]{2,5}$/i, '')
    .replace(OTHERS, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, BASE_CHARS_MAX)
    .trim();
  return plain === '' ? 'document' : plain;
}

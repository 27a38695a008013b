/*
 * Google counts text in UTF-8 bytes, OpenAI in UTF-16 units. Both walks take one pass over the text for all
 * offsets; one that lies inside of a character counts as its start.
 */

/** UTF-16 offset for each offset in UTF-8 bytes. */
export function utf16Offsets(text: string, byteOffsets: readonly number[]): ReadonlyMap<number, number> {
  return walk(text, byteOffsets, utf8Bytes, utf16Units);
}

/** UTF-8 byte offset for each offset in UTF-16 units. */
export function utf8Offsets(text: string, unitOffsets: readonly number[]): ReadonlyMap<number, number> {
  return walk(text, unitOffsets, utf16Units, utf8Bytes);
}

type Measure = (codePoint: number) => number;

const utf16Units: Measure = (codePoint) => (codePoint > 0xffff ? 2 : 1);

function utf8Bytes(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

function walk(
  text: string,
  offsets: readonly number[],
  given: Measure,
  wanted: Measure,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  let at = 0;
  let from = 0;
  let to = 0;
  for (const offset of [...new Set(offsets)].sort((one, other) => one - other)) {
    while (from < offset && at < text.length) {
      const codePoint = text.codePointAt(at) ?? 0;
      if (from + given(codePoint) > offset) break;
      from += given(codePoint);
      to += wanted(codePoint);
      at += utf16Units(codePoint);
    }
    found.set(offset, to);
  }
  return found;
}

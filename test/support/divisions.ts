/** The same numbers for the same seed (Marsaglia's xorshift32); between 0 and 1. */
export function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Byte by byte above this would take most of the time of all tests. */
const BYTEWISE_BYTES_MAX = 24_000;
const SEEDS = [1, 77, 4_242];

/** The bytes in pieces, in several ways, by the names of the ways. */
export function divisionsOf(bytes: Buffer): readonly (readonly [how: string, chunks: readonly Buffer[]])[] {
  const random = SEEDS.map((seed) => [`divided by seed ${seed}`, divided(bytes, seed)] as const);
  return bytes.length > BYTEWISE_BYTES_MAX
    ? random
    : [['byte by byte', Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))], ...random];
}

/** Pieces of every size from one byte to some events, more small ones than large ones. */
export function divided(bytes: Buffer, seed: number): readonly Buffer[] {
  const random = seeded(seed);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + Math.ceil(2 ** (random() * 11));
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

/** Of the numbers below `count` all, or where they are many the first, the last and some between. */
export function sampled(count: number, most: number): readonly number[] {
  const all = Array.from({ length: count }, (_, at) => at);
  if (count <= most) return all;
  const random = seeded(count);
  const edge = Math.floor(most / 3);
  const odds = (most - 2 * edge) / (count - 2 * edge);
  return all.filter((at) => at < edge || at >= count - edge || random() < odds);
}

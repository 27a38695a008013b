/** The vendors' rule of thumb for English text; other languages take more tokens a byte. */
export const ROUGH_TOKENS_PER_BYTE = 1 / 4;
/** Values of a request that are looked at; a request with more is nearly all numbers. */
const VALUES_MAX = 10_000;
/** Base64 of images and files, with or without the head of a data URI: its bytes are no text. */
const MEDIA = /^(data:[^,]{0,200},|[A-Za-z0-9+/_-]{400})/;

/** About how many tokens a text has. */
export function roughTokens(text: string, tokensPerByte: number = ROUGH_TOKENS_PER_BYTE): number {
  return Math.ceil(Buffer.byteLength(text) * tokensPerByte);
}

/**
 * About how many tokens a request has, in whatever protocol: of all its texts, without media. It must cost little,
 * for it stands in where there is no time to count.
 */
export function roughRequestTokens(request: unknown): number {
  const open: unknown[] = [request];
  let bytes = 0;
  for (let seen = 0; open.length > 0 && seen < VALUES_MAX; seen += 1) {
    const value = open.pop();
    if (typeof value === 'string') {
      if (!MEDIA.test(value)) bytes += Buffer.byteLength(value);
    } else if (Array.isArray(value)) {
      for (const one of value) open.push(one);
    } else if (typeof value === 'object' && value !== null) {
      for (const one of Object.values(value)) open.push(one);
    }
  }
  return Math.ceil(bytes * ROUGH_TOKENS_PER_BYTE);
}

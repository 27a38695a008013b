import { LIMITS } from '../limits.ts';

/** What looks like a credential of any of the usual vendors. */
const KEY_SHAPES =
  /\b(?:sk|pk|rk|gsk|xai|key|api|AIza|hf|r8)[-_][A-Za-z0-9_\-*]{8,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+[A-Za-z0-9._~+/=-]{8,}/g;

/**
 * Makes an upstream's text fit to be shown or kept: without the connection's own secret, without anything
 * shaped like a key, without control characters, and short.
 */
export function scrub(text: string, secret: string | null): string {
  let clean = text.slice(0, LIMITS.errorTextCharsMax * 2);
  if (secret !== null && secret !== '') clean = clean.replaceAll(secret, '[removed]');
  return clean
    .replace(KEY_SHAPES, '[removed]')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ')
    .slice(0, LIMITS.errorTextCharsMax);
}

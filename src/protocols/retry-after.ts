import { LIMITS } from '../limits.ts';

export type ResponseHeaders = Readonly<Record<string, string | undefined>>;

/**
 * How long an upstream asks to wait, in ms: `retry-after-ms`, or `retry-after` as seconds or as an HTTP date
 * (RFC 9110, 10.2.3), which is compared with the answer's own `date`. Null when absent, negative or nonsense;
 * never above `retryAfterMaxMs`.
 */
export function readRetryAfter(headers: ResponseHeaders): number | null {
  const ms = readNumber(headers['retry-after-ms']);
  if (ms !== null) return bounded(ms);
  const after = headers['retry-after'];
  const seconds = readNumber(after);
  if (seconds !== null) return bounded(seconds * 1000);
  const until = readDate(after);
  const sent = readDate(headers['date']);
  return until === null || sent === null ? null : bounded(until - sent);
}

/** Headers that tell a caller to wait: whole seconds, and the ms that both vendors' SDKs prefer. */
export function retryAfterHeaders(retryAfterMs: number | null): Readonly<Record<string, string>> {
  if (retryAfterMs === null) return {};
  const ms = Math.max(0, Math.ceil(retryAfterMs));
  return { 'retry-after': String(Math.ceil(ms / 1000)), 'retry-after-ms': String(ms) };
}

function readNumber(text: string | undefined): number | null {
  return text !== undefined && /^\s*\d+(\.\d+)?(e\d+)?\s*$/i.test(text) ? Number(text) : null;
}

function readDate(text: string | undefined): number | null {
  if (text === undefined || !/[a-z]{3}/i.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

const bounded = (ms: number) => (ms < 0 ? null : Math.min(Math.ceil(ms), LIMITS.retryAfterMaxMs));

import type { FinishReason } from '../blocks.ts';

/** Gemini API reference, "FinishReason" and "BlockReason"; what is not here reads as `other`. */
const READ: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  JAILBREAK: 'content_filter',
  MALFORMED_FUNCTION_CALL: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MISSING_THOUGHT_SIGNATURE: 'error',
  MALFORMED_RESPONSE: 'error',
};

/** Gemini has no word for "call these tools": it stops. */
export function readFinish(raw: string | null, hasCalls: boolean): FinishReason {
  const reason = raw === null ? 'other' : (READ[raw] ?? 'other');
  return hasCalls && (reason === 'stop' || reason === 'other') ? 'tool_calls' : reason;
}

/** A prompt that was blocked has no candidate; whatever the reason is called, nothing was said because of it. */
export const BLOCKED: FinishReason = 'content_filter';

/** Gemini's own words come back as they were. */
export function writeFinish(reason: FinishReason, raw: string | null, hasRefusal: boolean): string {
  if (raw !== null && READ[raw] !== undefined && readFinish(raw, reason === 'tool_calls') === reason)
    return raw;
  if (hasRefusal || reason === 'content_filter') return 'SAFETY';
  if (reason === 'length') return 'MAX_TOKENS';
  return reason === 'error' || reason === 'other' ? 'OTHER' : 'STOP';
}

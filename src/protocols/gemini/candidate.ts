import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

/** Non-empty text, or null. */
export const readText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** The first candidate; no hop asks for more. Null for none, which Google sends with a prompt that it blocks. */
export function candidateOf(body: JsonObject): JsonObject | null {
  const list: readonly unknown[] = Array.isArray(body['candidates']) ? body['candidates'] : [];
  const found = list.find((one) => isJsonObject(one) && (one['index'] ?? 0) === 0);
  return isJsonObject(found) ? found : null;
}

export function partsOf(candidate: JsonObject): readonly JsonObject[] {
  const { content } = candidate;
  const parts: unknown = isJsonObject(content) ? content['parts'] : undefined;
  return Array.isArray(parts) ? parts.filter(isJsonObject) : [];
}

/** `FINISH_REASON_UNSPECIFIED` is proto's word for nothing said. */
export function finishOf(candidate: JsonObject): string | null {
  const raw = readText(candidate['finishReason']);
  return raw === 'FINISH_REASON_UNSPECIFIED' ? null : raw;
}

/** Why the prompt was refused; null when it was not. */
export function blockOf(
  body: JsonObject,
): { readonly reason: string; readonly message: string | null } | null {
  const feedback = body['promptFeedback'];
  if (!isJsonObject(feedback)) return null;
  const reason = readText(feedback['blockReason']);
  if (reason === null || reason === 'BLOCKED_REASON_UNSPECIFIED') return null;
  return { reason, message: readText(feedback['blockReasonMessage']) };
}

/** The part is more than an empty text, which carries a signature or nothing. */
export function saysSomething(part: JsonObject): boolean {
  return typeof part['text'] !== 'string' || part['text'] !== '';
}

/** Compatible servers send a text instead of an object, or null for none. */
export function isError(value: unknown): boolean {
  return typeof value === 'string' ? value !== '' : isJsonObject(value);
}

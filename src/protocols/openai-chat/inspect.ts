import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, TapFinding } from '../protocol.ts';
import { readErrorObject } from '../upstream-error.ts';
import { contentPieces } from './content.ts';
import { readFinish } from './finish.ts';
import { isError, readText } from './response-reader.ts';
import { usageOf } from './usage.ts';

const NOTHING: TapFinding = { hasContent: false };

/**
 * Every usage object has a member that ends in `_tokens`, whatever space its server puts between the tokens; the
 * finish reason is `null` in nearly every chunk, so that only a value can be looked for. Needles begin with a
 * rare character, because the search looks for that first: `rror"` instead of `"error"` takes a quarter.
 */
export const tapNeedles: readonly Buffer[] = [
  Buffer.from('_tokens"'),
  Buffer.from('_reason":"'),
  Buffer.from('_reason": "'),
  Buffer.from('[DONE]'),
  Buffer.from('rror"'),
];

/** What one event's data says; nothing for data that is no chunk, which passes as it is. */
export function inspect(data: string): TapFinding {
  if (data === '[DONE]') return { hasContent: false, isTerminal: true };
  const chunk = parseJson(data);
  if (!isJsonObject(chunk)) return NOTHING;
  if (isError(chunk['error'])) return { hasContent: false, failure: readErrorObject(chunk['error']) };
  const choices: readonly unknown[] = Array.isArray(chunk['choices']) ? chunk['choices'] : [];
  const [choice] = choices;
  const usage = usageOf(chunk);
  const raw = isJsonObject(choice) ? readText(choice['finish_reason']) : null;
  return {
    hasContent: choices.some(hasContent),
    usage,
    isUsageOnly: choices.length === 0 && usage !== undefined,
    finishReason: raw === null ? undefined : readFinish(raw, false),
    model: readText(chunk['model']) ?? undefined,
  };
}

function hasContent(choice: unknown): boolean {
  const delta: unknown = isJsonObject(choice) ? (choice['delta'] ?? choice['message']) : undefined;
  return isJsonObject(delta) && (hasCalls(delta) || contentPieces(delta).length > 0);
}

function hasCalls(delta: JsonObject): boolean {
  const calls = delta['tool_calls'];
  const isList = Array.isArray(calls) && calls.length > 0;
  return isList || isJsonObject(delta['function_call']) || isJsonObject(delta['audio']);
}

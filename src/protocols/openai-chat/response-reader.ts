import {
  type Block,
  type ChatResponse,
  type Origin,
  UNKNOWN_USAGE,
  type UpstreamFailure,
} from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject, TapFinding } from '../protocol.ts';
import { mintToolId } from '../tool-ids.ts';
import { malformedAnswer, readErrorObject } from '../upstream-error.ts';
import { argumentText, contentPieces } from './content.ts';
import { readFinish } from './finish.ts';
import { usageOf } from './usage.ts';

/** A `chat.completion`. Of several choices the first counts: no hop asks for more. */
export function readResponse(body: unknown, origin: Origin): ChatResponse | UpstreamFailure {
  if (!isJsonObject(body)) return malformedAnswer('The answer is no JSON object.');
  if (isError(body['error'])) return readErrorObject(body['error']);
  const choice: unknown = Array.isArray(body['choices']) ? body['choices'][0] : undefined;
  const message = isJsonObject(choice) ? choice['message'] : undefined;
  if (!isJsonObject(choice) || !isJsonObject(message)) return malformedAnswer('The answer has no choice.');
  const id = readText(body['id']);
  const calls = readCalls(message, id);
  const raw = readText(choice['finish_reason']);
  return {
    id,
    model: readText(body['model']),
    blocks: [...readTexts(message, origin), ...readAudio(message, origin), ...calls],
    finishReason: readFinish(raw, calls.length > 0),
    rawFinishReason: raw,
    stopSequence: null,
    usage: usageOf(body) ?? UNKNOWN_USAGE,
  };
}

/** Usage, model and finish reason alone, for the byte lane. */
export function inspectResponse(body: JsonObject): Pick<TapFinding, 'usage' | 'model' | 'finishReason'> {
  const choice: unknown = Array.isArray(body['choices']) ? body['choices'][0] : undefined;
  const raw = isJsonObject(choice) ? readText(choice['finish_reason']) : null;
  const message = isJsonObject(choice) ? choice['message'] : undefined;
  const calls = isJsonObject(message) ? message['tool_calls'] : undefined;
  return {
    usage: usageOf(body),
    model: readText(body['model']) ?? undefined,
    finishReason: raw === null ? undefined : readFinish(raw, Array.isArray(calls) && calls.length > 0),
  };
}

/** `error: null` is what some servers send beside a good answer. */
export const isError = (value: unknown) => value !== undefined && value !== null && value !== false;

/** Non-empty text, or null. */
export const readText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

function readTexts(message: JsonObject, origin: Origin): readonly Block[] {
  const citations = message['annotations'];
  const cited =
    Array.isArray(citations) && citations.length > 0 ? { citations: { raw: citations, origin } } : {};
  return contentPieces(message).map(({ type, text }) => {
    if (type === 'reasoning') return { type, text, origin };
    return type === 'text' ? { type, text, ...cited } : { type, text };
  });
}

function readAudio(message: JsonObject, origin: Origin): readonly Block[] {
  const audio = message['audio'];
  return isJsonObject(audio) ? [{ type: 'unknown', raw: { audio }, origin }] : [];
}

function readCalls(message: JsonObject, answerId: string | null): readonly Block[] {
  const calls = message['tool_calls'];
  const legacy = message['function_call'];
  const list: readonly unknown[] = Array.isArray(calls)
    ? calls
    : isJsonObject(legacy)
      ? [{ function: legacy }]
      : [];
  const blocks: Block[] = [];
  for (const call of list) {
    const target = isJsonObject(call) ? call['function'] : undefined;
    if (!isJsonObject(call) || !isJsonObject(target)) continue;
    const name = readText(target['name']) ?? '';
    const id = readText(call['id']) ?? mintToolId(answerId, blocks.length, name);
    blocks.push({ type: 'toolCall', id, name, arguments: argumentText(target['arguments']) || '{}' });
  }
  return blocks;
}

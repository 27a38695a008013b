import type { ChatRequest } from '../blocks.ts';
import type { JsonObject, TargetContext } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { ModelTraits } from './model-traits.ts';
import { responseSchema } from './schema-writer.ts';
import { thinkingConfigOf } from './thinking-writer.ts';

/** Most stop sequences that Google takes. */
const STOPS_MAX = 5;
const INT32_MAX = 2 ** 31 - 1;

/** `generationConfig`; undefined for an empty one. */
export function configOf(
  request: ChatRequest,
  target: TargetContext,
  traits: ModelTraits,
  book: ReceiptBook,
): JsonObject | undefined {
  const config: JsonObject = {
    ...samplingMembers(request, target, traits, book),
    ...limitMembers(request, target, book),
    ...formatMembers(request, traits, book),
    thinkingConfig: thinkingConfigOf(request, target, traits, book),
  };
  return Object.values(config).every((value) => value === undefined) ? undefined : config;
}

const SAMPLING = ['temperature', 'topP', 'topK', 'presencePenalty', 'frequencyPenalty'] as const;

function samplingMembers(
  request: ChatRequest,
  target: TargetContext,
  traits: ModelTraits,
  book: ReceiptBook,
): JsonObject {
  const members: JsonObject = {};
  const isOwn = request.protocol === 'gemini';
  for (const field of SAMPLING) {
    if (request[field] === undefined) continue;
    const isPenalty = field === 'presencePenalty' || field === 'frequencyPenalty';
    const isTaken = target.capabilities?.sampling !== false && (!isPenalty || traits.takesPenalties);
    book.apply(field, isTaken || isOwn ? undefined : 'noSampling');
    if (isTaken || isOwn) members[field] = request[field];
  }
  const { seed } = request;
  if (seed !== undefined) {
    const isShort = Math.abs(seed) <= INT32_MAX || isOwn;
    book.apply('seed', isShort ? undefined : 'outOfRange');
    // The low bits, so that the same seed stays the same one.
    members['seed'] = isShort ? seed : seed | 0;
  }
  return members;
}

function limitMembers(request: ChatRequest, target: TargetContext, book: ReceiptBook): JsonObject {
  const { maxOutputTokens, stop } = request;
  const members: JsonObject = {};
  if (maxOutputTokens !== undefined) {
    const most = target.maxOutputTokens ?? maxOutputTokens;
    const isTooMuch = maxOutputTokens > most;
    book.apply('maxOutputTokens', isTooMuch ? 'overMax' : undefined, isTooMuch ? String(most) : undefined);
    members['maxOutputTokens'] = Math.min(maxOutputTokens, most);
  }
  if (stop !== undefined) {
    const kept = request.protocol === 'gemini' ? stop : stop.slice(0, STOPS_MAX);
    book.apply('stop', kept.length < stop.length ? 'tooMany' : undefined);
    if (kept.length > 0) members['stopSequences'] = kept;
  }
  return members;
}

/** A format stands beside tools only in newer models, and beside a forced call in none. */
export function wantsInstruction(request: ChatRequest, traits: ModelTraits): boolean {
  const isJson = request.responseFormat !== undefined && request.responseFormat.type !== 'text';
  if (!isJson || request.protocol === 'gemini' || request.tools.every((tool) => tool.raw !== undefined))
    return false;
  const { mode } = request.toolChoice ?? {};
  return !traits.takesFormatWithTools || mode === 'required' || mode === 'tool';
}

function formatMembers(request: ChatRequest, traits: ModelTraits, book: ReceiptBook): JsonObject {
  const format = request.responseFormat;
  if (format === undefined) return {};
  if (wantsInstruction(request, traits)) {
    book.apply('responseFormat', 'instruction');
    return {};
  }
  const responseMimeType = format.type === 'text' ? 'text/plain' : 'application/json';
  if (format.type !== 'jsonSchema') {
    const isOwn = request.protocol === 'gemini';
    book.apply('responseFormat', isOwn ? undefined : format.type === 'text' ? 'text' : 'object');
    return format.type === 'text' && !isOwn ? {} : { responseMimeType };
  }
  if (request.protocol === 'gemini') {
    book.apply('responseFormat');
    return { responseMimeType, responseJsonSchema: format.schema };
  }
  const { schema, moved } = responseSchema(format.schema, traits.takesJsonSchema);
  book.apply('responseFormat', moved.length > 0 ? 'keywords' : undefined, moved.join(', ') || undefined);
  return { responseMimeType, [traits.takesJsonSchema ? 'responseJsonSchema' : 'responseSchema']: schema };
}

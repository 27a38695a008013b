import {
  type Block,
  type ChatResponse,
  type Origin,
  UNKNOWN_USAGE,
  type UpstreamFailure,
} from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject, TapFinding } from '../protocol.ts';
import { malformedAnswer } from '../upstream-error.ts';
import { citedText } from './readable-text.ts';
import { readStopReason, readStopSequence } from './stop-reason.ts';
import { readUsage } from './usage.ts';

/** A `ConverseResponse`. It has no id, and names a model only where a router has chosen one. */
export function readResponse(body: unknown, origin: Origin): ChatResponse | UpstreamFailure {
  if (!isJsonObject(body)) return malformedAnswer('The answer is no JSON object.');
  const output = body['output'];
  const message = isJsonObject(output) ? output['message'] : undefined;
  if (!isJsonObject(message) || !Array.isArray(message['content'])) {
    return malformedAnswer('The answer has no message.');
  }
  const raw = readText(body['stopReason']);
  return {
    id: null,
    model: invokedModel(body),
    blocks: message['content'].filter(isJsonObject).map((block) => readBlock(block, origin)),
    finishReason: readStopReason(raw),
    rawFinishReason: raw,
    stopSequence: readStopSequence(body['additionalModelResponseFields']),
    usage: readUsage(body['usage']) ?? UNKNOWN_USAGE,
  };
}

/** Usage, model and finish reason alone, for the byte lane. */
export function inspectResponse(body: JsonObject): Pick<TapFinding, 'usage' | 'model' | 'finishReason'> {
  const raw = readText(body['stopReason']);
  return {
    usage: readUsage(body['usage']),
    model: invokedModel(body) ?? undefined,
    finishReason: raw === null ? undefined : readStopReason(raw),
  };
}

/** Non-empty text, or null. */
export const readText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** The model that a prompt router has chosen, as an answer or a stream's metadata tells it. */
export function invokedModel({ trace }: JsonObject): string | null {
  const router = isJsonObject(trace) ? trace['promptRouter'] : undefined;
  return isJsonObject(router) ? readText(router['invokedModelId']) : null;
}

function readBlock(block: JsonObject, origin: Origin): Block {
  if (typeof block['text'] === 'string') return { type: 'text', text: block['text'] };
  const { toolUse, reasoningContent, citationsContent } = block;
  // A use with a type was made and answered at the provider.
  if (isJsonObject(toolUse) && (toolUse['type'] ?? null) === null) return readToolUse(toolUse);
  if (isJsonObject(reasoningContent)) return readReasoning(block, reasoningContent, origin);
  if (isJsonObject(citationsContent)) {
    const { citations } = citationsContent;
    const raw = Array.isArray(citations) ? citations : [];
    return { type: 'text', text: citedText(citationsContent), citations: { raw, origin } };
  }
  return { type: 'unknown', raw: block, origin };
}

function readToolUse(use: JsonObject): Block {
  return {
    type: 'toolCall',
    id: readText(use['toolUseId']) ?? '',
    name: readText(use['name']) ?? '',
    // Without arguments some models give an empty text.
    arguments: JSON.stringify(use['input'] === '' ? {} : (use['input'] ?? {})),
  };
}

function readReasoning(block: JsonObject, content: JsonObject, origin: Origin): Block {
  const redacted = readText(content['redactedContent']);
  if (redacted !== null) return { type: 'reasoning', text: '', redacted, origin };
  const value = content['reasoningText'];
  if (!isJsonObject(value)) return { type: 'unknown', raw: block, origin };
  const signature = readText(value['signature']) ?? undefined;
  return { type: 'reasoning', text: readText(value['text']) ?? '', signature, origin };
}

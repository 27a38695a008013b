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
import { malformedAnswer } from '../upstream-error.ts';
import { isOwnCitation, urlCitations } from './citations.ts';
import { readFinish } from './finish.ts';
import { TextOffsets } from './text-offsets.ts';
import { readUsage } from './usage.ts';

/** An answer of `POST /v2/chat`. It does not say which model gave it. */
export function readResponse(body: unknown, origin: Origin): ChatResponse | UpstreamFailure {
  if (!isJsonObject(body)) return malformedAnswer('The answer is no JSON object.');
  const message = body['message'];
  if (!isJsonObject(message)) return malformedAnswer('The answer has no message.');
  const id = readText(body['id']);
  const calls = readCalls(message['tool_calls'], id);
  const raw = readText(body['finish_reason']);
  return {
    id,
    model: null,
    blocks: [...readPlan(message, origin), ...readContent(message, origin), ...calls],
    finishReason: readFinish(raw, calls.length > 0),
    rawFinishReason: raw,
    stopSequence: null,
    usage: readUsage(body['usage']) ?? UNKNOWN_USAGE,
  };
}

/** Usage and finish reason alone, for the byte lane. */
export function inspectResponse(body: JsonObject): Pick<TapFinding, 'usage' | 'model' | 'finishReason'> {
  const raw = readText(body['finish_reason']);
  const message = isJsonObject(body['message']) ? body['message'] : {};
  const calls = message['tool_calls'];
  return {
    usage: readUsage(body['usage']),
    model: undefined,
    finishReason: raw === null ? undefined : readFinish(raw, Array.isArray(calls) && calls.length > 0),
  };
}

/** Non-empty text, or null. */
export const readText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** Arguments are JSON text; a call without any has none, or the text `null`. */
export function argumentText(value: unknown): string {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  return text.trim() === '' || text.trim() === 'null' ? '{}' : text;
}

function readPlan(message: JsonObject, origin: Origin): readonly Block[] {
  const text = readText(message['tool_plan']);
  return text === null ? [] : [{ type: 'reasoning', text, isPlan: true, origin }];
}

function readContent(message: JsonObject, origin: Origin): readonly Block[] {
  const content = message['content'];
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  const items: readonly unknown[] = Array.isArray(content) ? content : [];
  const citations: readonly unknown[] = Array.isArray(message['citations']) ? message['citations'] : [];
  const blocks: Block[] = [];
  let begin = 0;
  let isFirstText = true;
  for (const [place, item] of items.entries()) {
    if (!isJsonObject(item)) continue;
    const thinking = readText(item['thinking']);
    if (thinking !== null) blocks.push({ type: 'reasoning', text: thinking, origin });
    const text = readText(item['text']);
    if (text === null) continue;
    const own = citations.filter((citation) => isOf(citation, place, isFirstText));
    const raw = own.length === 0 ? own : withAddresses(own, text, begin);
    blocks.push(
      raw.length === 0 ? { type: 'text', text } : { type: 'text', text, citations: { raw, origin } },
    );
    isFirstText = false;
    begin += text.length;
  }
  return blocks;
}

/** `content_index` tells the place of the text; where it is absent there is one text. */
function isOf(citation: unknown, place: number, isFirstText: boolean): boolean {
  const index = isJsonObject(citation) ? citation['content_index'] : undefined;
  return typeof index === 'number' ? index === place : isFirstText;
}

function withAddresses(citations: readonly unknown[], text: string, begin: number): readonly unknown[] {
  const offsets = new TextOffsets(begin);
  offsets.add(text);
  return [...citations, ...citations.filter(isOwnCitation).flatMap((one) => urlCitations(one, offsets))];
}

function readCalls(value: unknown, answerId: string | null): readonly Block[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const blocks: Block[] = [];
  for (const call of list) {
    const target = isJsonObject(call) ? call['function'] : undefined;
    if (!isJsonObject(call) || !isJsonObject(target)) continue;
    const name = readText(target['name']) ?? '';
    const id = readText(call['id']) ?? mintToolId(answerId, blocks.length, name);
    blocks.push({ type: 'toolCall', id, name, arguments: argumentText(target['arguments']) });
  }
  return blocks;
}

import {
  type Block,
  type ChatResponse,
  type Origin,
  UNKNOWN_USAGE,
  type UpstreamFailure,
} from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject, TapFinding } from '../protocol.ts';
import { malformedAnswer, readErrorObject } from '../upstream-error.ts';
import { readStopReason } from './stop-reason.ts';
import { readUsage } from './usage.ts';

/** A `message`. */
export function readResponse(body: unknown, origin: Origin): ChatResponse | UpstreamFailure {
  if (!isJsonObject(body)) return malformedAnswer('The answer is no JSON object.');
  if (body['type'] === 'error') return readErrorObject(body['error']);
  if (!Array.isArray(body['content'])) return malformedAnswer('The answer has no content.');
  const blocks: Block[] = body['content'].filter(isJsonObject).map((block) => readBlock(block, origin));
  const refusal = readRefusal(body);
  if (refusal !== null) blocks.push({ type: 'refusal', text: refusal });
  const raw = readText(body['stop_reason']);
  return {
    id: readText(body['id']),
    model: readText(body['model']),
    blocks,
    finishReason: readStopReason(raw),
    rawFinishReason: raw,
    stopSequence: readText(body['stop_sequence']),
    usage: readUsage(body['usage']) ?? UNKNOWN_USAGE,
  };
}

/** Usage, model and finish reason alone, for the byte lane. */
export function inspectResponse(body: JsonObject): Pick<TapFinding, 'usage' | 'model' | 'finishReason'> {
  const raw = readText(body['stop_reason']);
  return {
    usage: readUsage(body['usage']),
    model: readText(body['model']) ?? undefined,
    finishReason: raw === null ? undefined : readStopReason(raw),
  };
}

/** Non-empty text, or null. */
export const readText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** Why the model refused: the only words of an answer without content. */
export function readRefusal(stop: JsonObject): string | null {
  const details = stop['stop_details'];
  return isJsonObject(details) && details['type'] === 'refusal' ? readText(details['explanation']) : null;
}

/**
 * A call that code in the vendor's sandbox has made: its result must go back into that sandbox, which only this
 * protocol can say. For others it would look like a call by the model.
 */
export function isProgrammatic(block: JsonObject): boolean {
  const caller = block['caller'];
  return isJsonObject(caller) && caller['type'] !== 'direct';
}

function readBlock(block: JsonObject, origin: Origin): Block {
  switch (isProgrammatic(block) ? null : block['type']) {
    case 'text': {
      const citations = block['citations'];
      const cited =
        Array.isArray(citations) && citations.length > 0 ? { citations: { raw: citations, origin } } : {};
      return { type: 'text', text: readText(block['text']) ?? '', ...cited };
    }
    case 'thinking': {
      const signature = readText(block['signature']) ?? undefined;
      return { type: 'reasoning', text: readText(block['thinking']) ?? '', signature, origin };
    }
    case 'redacted_thinking':
      return { type: 'reasoning', text: '', redacted: readText(block['data']) ?? '', origin };
    case 'tool_use':
      return {
        type: 'toolCall',
        id: readText(block['id']) ?? '',
        name: readText(block['name']) ?? '',
        arguments: JSON.stringify(block['input'] ?? {}),
      };
    default:
      return { type: 'unknown', raw: block, origin };
  }
}

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
import { readFailure } from './errors.ts';
import { readFinish } from './finish.ts';
import { isClientCall, readItem } from './item-reader.ts';
import { readUsage } from './usage.ts';
import { objectsIn, readText } from './values.ts';

/** States of a response that is not the answer yet, or never will be. */
const UNFINISHED = new Set(['queued', 'in_progress', 'cancelled']);

/** A `response`. */
export function readResponse(body: unknown, origin: Origin): ChatResponse | UpstreamFailure {
  if (!isJsonObject(body)) return malformedAnswer('The answer is no JSON object.');
  if (isJsonObject(body['error']) || body['status'] === 'failed') return readFailure(body['error']);
  if (!Array.isArray(body['output'])) return malformedAnswer('The answer has no output.');
  const status = readText(body['status']);
  if (status !== null && UNFINISHED.has(status)) return malformedAnswer(`The response is "${status}".`);
  const blocks: Block[] = [];
  for (const item of objectsIn(body['output'])) blocks.push(...readItem(item, origin, blocks.length));
  const end = readFinish(
    body,
    blocks.some((block) => block.type === 'toolCall'),
  );
  return {
    id: readText(body['id']),
    model: readText(body['model']),
    blocks,
    finishReason: end.reason,
    rawFinishReason: end.raw,
    stopSequence: null,
    usage: readUsage(body['usage']) ?? UNKNOWN_USAGE,
  };
}

/** Usage, model and finish reason alone, for the byte lane. */
export function inspectResponse(body: JsonObject): Pick<TapFinding, 'usage' | 'model' | 'finishReason'> {
  return {
    usage: readUsage(body['usage']),
    model: readText(body['model']) ?? undefined,
    finishReason: readFinish(body, objectsIn(body['output']).some(isClientCall)).reason,
  };
}

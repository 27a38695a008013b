import type { Block, Origin } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { mintToolId } from '../tool-ids.ts';
import { unwrapCalls } from './parallel-calls.ts';
import { objectsIn, readText } from './values.ts';

/** Between two parts of a summary, which have no other separation. */
export const PART_BREAK = '\n\n';

/** The blocks of one whole output item. Items without internal form are kept with their origin. */
export function readItem(item: JsonObject, origin: Origin, place: number): readonly Block[] {
  switch (item['type']) {
    case 'message':
      return objectsIn(item['content']).flatMap((part) => readPart(part, origin));
    case 'reasoning':
      return readReasoning(item, origin);
    case 'function_call':
      return isProgrammatic(item) ? [{ type: 'unknown', raw: item, origin }] : readCalls(item, place);
    default:
      return [{ type: 'unknown', raw: item, origin }];
  }
}

/**
 * A call that a program in the vendor's sandbox has made: its result must go back there, which only this protocol
 * can say. For others it would look like a call by the model.
 */
export function isProgrammatic(item: JsonObject): boolean {
  const caller = item['caller'];
  return isJsonObject(caller) && caller['type'] !== 'direct';
}

/** The calls that the caller is to run. */
export function isClientCall(item: JsonObject): boolean {
  return item['type'] === 'function_call' && !isProgrammatic(item);
}

/** The pairing id; an item's own `id` names it for the vendor alone. */
export function callIdOf(item: JsonObject, place: number): string {
  return (
    readText(item['call_id']) ?? readText(item['id']) ?? mintToolId(null, place, readText(item['name']) ?? '')
  );
}

function readPart(part: JsonObject, origin: Origin): readonly Block[] {
  if (part['type'] === 'refusal') return [{ type: 'refusal', text: readText(part['refusal']) ?? '' }];
  if (part['type'] !== 'output_text') return [{ type: 'unknown', raw: part, origin }];
  const raw = objectsIn(part['annotations']);
  const text = readText(part['text']) ?? '';
  return [raw.length === 0 ? { type: 'text', text } : { type: 'text', text, citations: { raw, origin } }];
}

function readReasoning(item: JsonObject, origin: Origin): readonly Block[] {
  const parts = [...objectsIn(item['summary']), ...objectsIn(item['content'])];
  const texts = parts.map((part) => readText(part['text'])).filter((text) => text !== null);
  const encrypted = readText(item['encrypted_content']) ?? undefined;
  if (texts.length > 0) {
    return [{ type: 'reasoning', text: texts.join(PART_BREAK), signature: encrypted, origin }];
  }
  return encrypted === undefined ? [] : [{ type: 'reasoning', text: '', redacted: encrypted, origin }];
}

function readCalls(item: JsonObject, place: number): readonly Block[] {
  const call = {
    id: callIdOf(item, place),
    name: readText(item['name']) ?? '',
    arguments: readText(item['arguments']) ?? '{}',
  };
  return (unwrapCalls(call) ?? [call]).map((one) => ({ type: 'toolCall', ...one }));
}

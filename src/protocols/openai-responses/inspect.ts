import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, TapFinding } from '../protocol.ts';
import { readFailure } from './errors.ts';
import { inspectResponse } from './response-reader.ts';
import { readText } from './values.ts';

const NOTHING: TapFinding = { hasContent: false };
const CONTENT: TapFinding = { hasContent: true };

/** Ends of the types of the terminal events, and failures. `rror"` finds `"error"` faster. */
export const tapNeedles: readonly Buffer[] = [
  Buffer.from('mpleted"'),
  Buffer.from('mplete"'),
  Buffer.from('.failed"'),
  Buffer.from('rror"'),
];

/** What opens an item or a part before anything is in it. */
const OPENERS = new Set(['response.content_part.added', 'response.reasoning_summary_part.added']);
const BEGINNINGS = new Set(['response.created', 'response.in_progress', 'response.queued']);

/** What one event's data says; nothing for data that is no event, which passes as it is. */
export function inspect(data: string): TapFinding {
  const event = parseJson(data);
  if (!isJsonObject(event)) return NOTHING;
  const type = readText(event['type']) ?? '';
  const response = isJsonObject(event['response']) ? event['response'] : {};
  if (BEGINNINGS.has(type)) return { hasContent: false, model: readText(response['model']) ?? undefined };
  if (OPENERS.has(type)) return NOTHING;
  switch (type) {
    case 'response.output_item.added':
      return opensWithContent(event) ? CONTENT : NOTHING;
    case 'response.completed':
    case 'response.incomplete':
      return { hasContent: false, isTerminal: true, ...inspectResponse(response) };
    case 'response.failed':
      return { hasContent: false, failure: readFailure(response['error']) };
    case 'error':
      return { hasContent: false, failure: readFailure(event['error'] ?? event) };
    case '':
      return isJsonObject(event['error'])
        ? { hasContent: false, failure: readFailure(event['error']) }
        : NOTHING;
    default:
      return CONTENT;
  }
}

/** A message or reasoning begins empty; a call has at least its name. */
function opensWithContent(event: JsonObject): boolean {
  const item = isJsonObject(event['item']) ? event['item'] : {};
  return item['type'] !== 'message' && item['type'] !== 'reasoning';
}

import { isJsonObject, parseJson } from '../json-parse.ts';
import type { TapFinding } from '../protocol.ts';
import { readErrorObject } from '../upstream-error.ts';
import { readText } from './response-reader.ts';
import { readStopReason } from './stop-reason.ts';
import { readUsage } from './usage.ts';

const NOTHING: TapFinding = { hasContent: false };

/** Event types; a ping is no content. `rror"` finds `"error"` faster: few characters in JSON are as frequent as `"`. */
export const tapNeedles: readonly Buffer[] = [
  Buffer.from('message_delta"'),
  Buffer.from('message_stop"'),
  Buffer.from('message_start"'),
  Buffer.from('ping"'),
  Buffer.from('rror"'),
];

/** What one event's data says; nothing for data that is no event, which passes as it is. */
export function inspect(data: string): TapFinding {
  const event = parseJson(data);
  if (!isJsonObject(event)) return NOTHING;
  switch (event['type']) {
    case 'message_start': {
      const message = isJsonObject(event['message']) ? event['message'] : {};
      return {
        hasContent: false,
        usage: readUsage(message['usage']),
        model: readText(message['model']) ?? undefined,
      };
    }
    case 'content_block_start': {
      const block = isJsonObject(event['content_block']) ? event['content_block'] : {};
      return { hasContent: block['type'] !== 'text' && block['type'] !== 'thinking' };
    }
    case 'content_block_delta':
      return { hasContent: true };
    case 'message_delta': {
      const delta = isJsonObject(event['delta']) ? event['delta'] : {};
      const raw = readText(delta['stop_reason']);
      const finishReason = raw === null ? undefined : readStopReason(raw);
      return { hasContent: false, usage: readUsage(event['usage']), finishReason };
    }
    case 'message_stop':
      return { hasContent: false, isTerminal: true };
    case 'error':
      return { hasContent: false, failure: readErrorObject(event['error']) };
    default:
      return NOTHING;
  }
}

import { isJsonObject, parseJson } from '../json-parse.ts';
import type { TapFinding } from '../protocol.ts';
import { readErrorObject } from '../upstream-error.ts';
import { readFinish } from './finish.ts';
import { readText } from './response-reader.ts';
import { type EventError, errorOf } from './stream-error.ts';
import { readUsage } from './usage.ts';

const NOTHING: TapFinding = { hasContent: false };

/** Types of events; `rror"` finds `"error"` faster: few characters in JSON are as frequent as `"`. */
export const tapNeedles: readonly Buffer[] = [Buffer.from('message-end"'), Buffer.from('rror"')];

/** What one event's data says; nothing for data that is no event, which passes as it is. */
export function inspect(data: string): TapFinding {
  const event = parseJson(data);
  if (!isJsonObject(event)) return NOTHING;
  const error: EventError | null = errorOf(event);
  if (error !== null) {
    return { hasContent: false, usage: readUsage(error.usage), failure: readErrorObject(error.value) };
  }
  switch (event['type']) {
    case 'content-delta':
    case 'tool-plan-delta':
    case 'tool-call-start':
    case 'tool-call-delta':
      return { hasContent: true };
    case 'message-end': {
      const delta = isJsonObject(event['delta']) ? event['delta'] : {};
      const raw = readText(delta['finish_reason']);
      const finishReason = raw === null ? undefined : readFinish(raw, false);
      return { hasContent: false, isTerminal: true, usage: readUsage(delta['usage']), finishReason };
    }
    default:
      return NOTHING;
  }
}

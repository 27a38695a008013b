import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, TapFinding } from '../protocol.ts';
import type { Frame } from './frames.ts';
import { readException } from './read-error.ts';
import { invokedModel, readText } from './response-reader.ts';
import { readStopReason } from './stop-reason.ts';
import { readUsage } from './usage.ts';

const NOTHING: TapFinding = { hasContent: false };
const CONTENT: TapFinding = { hasContent: true };

/** What one frame says. A delta is content whatever is in it: it needs no look inside. */
export function inspectFrame({ kind, type, payload }: Frame): TapFinding {
  if (kind === 'exception') return { hasContent: false, failure: readException(type, payload.toString()) };
  if (type === 'contentBlockDelta') return CONTENT;
  const event = parseJson(payload.toString());
  return isJsonObject(event) ? inspectEvent(type, event) : NOTHING;
}

/** An event as the SDKs show it: its type is the one member, its payload the value. */
export function inspect(data: string): TapFinding {
  const event = parseJson(data);
  const [[type, payload] = ['', null]] = isJsonObject(event) ? Object.entries(event) : [];
  const kind = type.endsWith('Exception') ? 'exception' : 'event';
  return inspectFrame({ kind, type, payload: Buffer.from(JSON.stringify(payload)) });
}

function inspectEvent(type: string, event: JsonObject): TapFinding {
  switch (type) {
    case 'contentBlockStart':
      return isJsonObject(event['start']) && Object.keys(event['start']).length > 0 ? CONTENT : NOTHING;
    case 'messageStop': {
      const raw = readText(event['stopReason']);
      return { hasContent: false, finishReason: raw === null ? undefined : readStopReason(raw) };
    }
    case 'metadata': {
      const usage = readUsage(event['usage']);
      return { hasContent: false, usage, model: invokedModel(event) ?? undefined };
    }
    default:
      return NOTHING;
  }
}

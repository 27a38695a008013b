import { isJsonObject } from '../json-parse.ts';
import type { ScanResult } from '../json-scan.ts';
import { type MemberEdit, splice } from '../json-splice.ts';
import type { JsonObject, Protocol, RewrittenRequest } from '../protocol.ts';
import { listError } from '../shape.ts';
import { readErrorAnswer } from '../upstream-error.ts';
import { laterUsage } from '../usage.ts';
import { writeError } from './errors.ts';
import { inspect, tapNeedles } from './inspect.ts';
import type { ChatQuirks } from './quirks.ts';
import { readRequest } from './request-reader.ts';
import { writeRequest } from './request-writer.ts';
import { inspectResponse, readResponse } from './response-reader.ts';
import { writeResponse } from './response-writer.ts';
import { OpenaiStreamReader } from './stream-reader.ts';
import { OpenaiStreamWriter } from './stream-writer.ts';

/** OpenAI's Chat Completions, and what many servers have made of it. */
export const openaiChat: Protocol = {
  name: 'openai-chat',

  shapeError: (body) => listError(body, 'messages'),
  readRequest,
  writeResponse,
  streamWriter: (context) => new OpenaiStreamWriter(context),
  writeError,
  heartbeat: Buffer.from(': keep-alive\n\n'),
  streamContentType: 'text/event-stream; charset=utf-8',

  path: () => '/chat/completions',
  writeRequest,
  readResponse,
  streamReader: (origin) => new OpenaiStreamReader(origin),
  readError: readErrorAnswer,

  rewriteRequest,
  joinUsage: laterUsage,
  tapNeedles,
  inspect,
  inspectResponse,
};

function rewriteRequest(
  bytes: Buffer,
  scan: ScanResult,
  json: JsonObject,
  model: string,
  quirks?: ChatQuirks | null,
): RewrittenRequest {
  const edits: MemberEdit[] = [];
  if (json['model'] !== model) edits.push({ key: 'model', json: JSON.stringify(model) });
  const options = json['stream_options'];
  const isAsked = isJsonObject(options) && options['include_usage'] === true;
  const addsUsage =
    json['stream'] === true &&
    !isAsked &&
    quirks?.streamOptions !== false &&
    (isJsonObject(options) || (options ?? null) === null);
  if (addsUsage) {
    const merged = isJsonObject(options) ? { ...options, include_usage: true } : { include_usage: true };
    edits.push({ key: 'stream_options', json: JSON.stringify(merged) });
  }
  return { body: edits.length === 0 ? bytes : splice(bytes, scan, edits), addsUsage };
}

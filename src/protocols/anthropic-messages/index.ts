import { splice } from '../json-splice.ts';
import type { Protocol } from '../protocol.ts';
import { listError } from '../shape.ts';
import { readErrorAnswer } from '../upstream-error.ts';
import { writeError } from './errors.ts';
import { inspect, tapNeedles } from './inspect.ts';
import { readRequest } from './request-reader.ts';
import { writeRequest } from './request-writer.ts';
import { inspectResponse, readResponse } from './response-reader.ts';
import { writeResponse } from './response-writer.ts';
import { AnthropicStreamReader } from './stream-reader.ts';
import { AnthropicStreamWriter } from './stream-writer.ts';
import { joinUsage } from './usage.ts';

/** Anthropic's Messages. */
export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',

  shapeError: (body) => listError(body, 'messages'),
  readRequest,
  writeResponse,
  streamWriter: (context) => new AnthropicStreamWriter(context),
  writeError,
  heartbeat: Buffer.from('event: ping\ndata: {"type":"ping"}\n\n'),
  streamContentType: 'text/event-stream; charset=utf-8',

  path: () => '/v1/messages',
  writeRequest,
  readResponse,
  streamReader: (origin) => new AnthropicStreamReader(origin),
  readError: readErrorAnswer,

  rewriteRequest: (bytes, scan, json, model) => ({
    body:
      json['model'] === model ? bytes : splice(bytes, scan, [{ key: 'model', json: JSON.stringify(model) }]),
    addsUsage: false,
  }),
  joinUsage,
  tapNeedles,
  inspect,
  inspectResponse,
};

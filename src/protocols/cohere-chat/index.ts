import { splice } from '../json-splice.ts';
import type { Protocol } from '../protocol.ts';
import { listError } from '../shape.ts';
import { readError, writeError } from './errors.ts';
import { inspect, tapNeedles } from './inspect.ts';
import { readRequest } from './request-reader.ts';
import { writeRequest } from './request-writer.ts';
import { inspectResponse, readResponse } from './response-reader.ts';
import { writeResponse } from './response-writer.ts';
import { CohereStreamReader } from './stream-reader.ts';
import { CohereStreamWriter } from './stream-writer.ts';

/** Cohere's Chat, version 2. */
export const cohereChat: Protocol = {
  name: 'cohere-chat',

  shapeError: (body) => listError(body, 'messages'),
  readRequest,
  writeResponse,
  streamWriter: (context) => new CohereStreamWriter(context),
  writeError,
  heartbeat: Buffer.from(': keep-alive\n\n'),
  streamContentType: 'text/event-stream; charset=utf-8',

  path: () => '/v2/chat',
  writeRequest,
  readResponse,
  streamReader: (origin) => new CohereStreamReader(origin),
  readError,

  rewriteRequest: (bytes, scan, json, model) => ({
    body:
      json['model'] === model ? bytes : splice(bytes, scan, [{ key: 'model', json: JSON.stringify(model) }]),
    addsUsage: false,
  }),
  // Usage comes once, whole, with the end of the message.
  joinUsage: (_earlier, later) => later,
  tapNeedles,
  inspect,
  inspectResponse,
};

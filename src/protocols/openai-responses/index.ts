import { LIMITS } from '../../limits.ts';
import { writeError } from '../openai-chat/errors.ts';
import type { Protocol } from '../protocol.ts';
import { SseTap } from '../tap.ts';
import { laterUsage } from '../usage.ts';
import { readError } from './errors.ts';
import { inspect, tapNeedles } from './inspect.ts';
import { readRequest } from './request-reader.ts';
import { writeRequest } from './request-writer.ts';
import { inspectResponse, readResponse } from './response-reader.ts';
import { writeResponse } from './response-writer.ts';
import { rewriteRequest } from './rewrite.ts';
import { shapeError } from './stateless.ts';
import { ResponsesStreamReader } from './stream-reader.ts';
import { ResponsesStreamWriter } from './stream-writer.ts';

/** OpenAI's Responses, without what needs stored ones. */
export const openaiResponses: Protocol = {
  name: 'openai-responses',

  shapeError,
  readRequest,
  writeResponse,
  streamWriter: (context) => new ResponsesStreamWriter(context),
  writeError,
  heartbeat: Buffer.from(': keep-alive\n\n'),
  streamContentType: 'text/event-stream; charset=utf-8',

  path: () => '/responses',
  writeRequest,
  readResponse,
  streamReader: (origin) => new ResponsesStreamReader(origin),
  readError,

  rewriteRequest,
  joinUsage: laterUsage,
  // The last event repeats the whole answer: it must be seen, and held, however long it is.
  streamTap: (options) =>
    new SseTap(openaiResponses, {
      ...options,
      holdBytesMax: Math.max(options.holdBytesMax, LIMITS.eventBytesMax),
    }),
  tapNeedles,
  inspect,
  inspectResponse,
};

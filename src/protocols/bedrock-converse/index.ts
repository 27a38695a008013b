import type { Protocol } from '../protocol.ts';
import { listError } from '../shape.ts';
import { laterUsage } from '../usage.ts';
import { writeError } from './errors.ts';
import { inspect } from './inspect.ts';
import { readErrorAnswer } from './read-error.ts';
import { readRequest } from './request-reader.ts';
import { writeRequest } from './request-writer.ts';
import { inspectResponse, readResponse } from './response-reader.ts';
import { writeResponse } from './response-writer.ts';
import { BedrockStreamReader } from './stream-reader.ts';
import { BedrockStreamWriter } from './stream-writer.ts';
import { BedrockTap } from './tap.ts';

/** Amazon Bedrock's Converse and ConverseStream. */
export const bedrockConverse: Protocol = {
  name: 'bedrock-converse',

  // A prompt of the account's own may stand in the model's place and hold the messages.
  shapeError: (body) => (body['messages'] === undefined ? null : listError(body, 'messages')),
  readRequest,
  writeResponse,
  streamWriter: (context) => new BedrockStreamWriter(context),
  writeError,
  heartbeat: null,
  streamContentType: 'application/vnd.amazon.eventstream',

  path: (model, stream) => `/model/${encodeModel(model)}/converse${stream ? '-stream' : ''}`,
  writeRequest,
  readResponse,
  streamReader: (origin) => new BedrockStreamReader(origin),
  readError: readErrorAnswer,

  rewriteRequest: (bytes) => ({ body: bytes, addsUsage: false }),
  joinUsage: laterUsage,
  streamTap: () => new BedrockTap(),
  tapNeedles: [],
  inspect,
  inspectResponse,
};

/** Ids may be ARNs with colons and slashes; one of dots alone would be taken for a step in the path. */
function encodeModel(model: string): string {
  const encoded = encodeURIComponent(model);
  return /^\.{1,2}$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

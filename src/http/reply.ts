import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallError } from '../errors.ts';
import { anthropicMessages } from '../protocols/anthropic-messages/index.ts';
import { bedrockConverse } from '../protocols/bedrock-converse/index.ts';
import { cohereChat } from '../protocols/cohere-chat/index.ts';
import { gemini } from '../protocols/gemini/index.ts';
import { openaiChat } from '../protocols/openai-chat/index.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { callHeaders, type HeaderMap } from './answer-headers.ts';

/** A request body that was not read is swallowed up to this size; beyond it the connection is closed. */
const SWALLOWED_BYTES_MAX = 256 * 1024;

/** Sends a complete answer. */
export function reply(
  request: IncomingMessage,
  response: ServerResponse,
  callId: string,
  status: number,
  headers: HeaderMap,
  body: Buffer | string,
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const all: HeaderMap = { ...callHeaders(callId), ...headers, 'content-length': bytes.length };
  if (!request.complete && mustClose(request)) all['connection'] = 'close';
  response.writeHead(status, all);
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

export function replyJson(
  request: IncomingMessage,
  response: ServerResponse,
  callId: string,
  status: number,
  value: unknown,
): void {
  reply(request, response, callId, status, { 'content-type': 'application/json' }, JSON.stringify(value));
}

/** Sends an error in the envelope of the protocol that the path belongs to. */
export function replyError(
  request: IncomingMessage,
  response: ServerResponse,
  callId: string,
  error: CallError,
  protocol: Protocol = protocolOfPath(request.url ?? ''),
): void {
  const rendered = protocol.writeError(error, callId);
  reply(request, response, callId, error.status, rendered.headers, rendered.body);
}

/** Whose envelope fits a path that no endpoint has taken: OpenAI's, except below the paths of others. */
export function protocolOfPath(path: string): Protocol {
  if (path.startsWith('/model/')) return bedrockConverse;
  if (path.startsWith('/v2/')) return cohereChat;
  if (/^\/v1beta\/|^\/v1\/models\/[^?]*:/.test(path)) return gemini;
  return path.startsWith('/v1/messages') ? anthropicMessages : openaiChat;
}

/** Left-over body bytes must never be read as the next request; a large or endless rest is not worth reading. */
function mustClose(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  if (length !== undefined) return !(Number(length) <= SWALLOWED_BYTES_MAX);
  return request.headers['transfer-encoding'] !== undefined;
}

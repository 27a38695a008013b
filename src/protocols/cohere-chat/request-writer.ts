import type { CallError } from '../../errors.ts';
import type { ChatRequest } from '../blocks.ts';
import { crossProtocolRefusal, extraFor } from '../cross-protocol.ts';
import { catchingRefusal } from '../expect.ts';
import type { JsonObject, TargetContext, WrittenRequest } from '../protocol.ts';
import { ReceiptBook } from '../receipt.ts';
import { fitToolNames } from '../tool-names.ts';
import { formatOf } from './format-writer.ts';
import { writeMessages } from './message-writer.ts';
import { thinkingOf } from './reasoning-writer.ts';
import { toolMembers } from './tool-writer.ts';

/** Most stop sequences that Cohere takes. */
const STOPS_MAX = 5;
const K_MAX = 500;

/** The body of `POST /v2/chat` for a request from anywhere. */
export function writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError {
  return crossProtocolRefusal(request, 'cohere-chat') ?? catchingRefusal(() => write(request, target));
}

function write(given: ChatRequest, target: TargetContext): WrittenRequest {
  const book = new ReceiptBook(given, 'cohere-chat');
  const { request, toolNames } = fitToolNames(given, 'cohere-chat', book);
  for (const field of ['model', 'stream', 'streamUsage'] as const) book.apply(field);
  for (const field of ['user', 'metadata', 'serviceTier'] as const) book.apply(field);
  const documents: unknown[] = [];
  const messages = writeMessages(request, { book, documents });
  const tools = toolMembers(request, book);
  const isAlone = documents.length === 0 && tools['tools'] === undefined;
  const format = formatOf(request, messages, isAlone, book);
  const body: JsonObject = {
    model: target.model,
    messages,
    ...tools,
    documents: documents.length === 0 ? undefined : documents,
    response_format: format,
    ...limitMembers(request, target, book),
    ...samplingMembers(request, book),
    thinking: thinkingOf(request, target, book),
    ...extraFor(request, 'cohere-chat', book),
    stream: request.stream,
  };
  return { body: Buffer.from(JSON.stringify(body)), receipt: book.close(), toolNames };
}

function limitMembers(request: ChatRequest, target: TargetContext, book: ReceiptBook): JsonObject {
  const { maxOutputTokens, stop } = request;
  const members: JsonObject = {};
  if (maxOutputTokens !== undefined) {
    const most = target.maxOutputTokens ?? maxOutputTokens;
    members['max_tokens'] = Math.min(maxOutputTokens, most);
    if (maxOutputTokens > most) book.apply('maxOutputTokens', 'overMax', String(most));
    else book.apply('maxOutputTokens');
  }
  if (stop !== undefined) {
    const kept = request.protocol === 'cohere-chat' ? stop : stop.slice(0, STOPS_MAX);
    if (kept.length > 0) members['stop_sequences'] = kept;
    book.apply('stop', kept.length < stop.length ? 'tooMany' : undefined);
  }
  return members;
}

const SAMPLING = [
  ['temperature', 'temperature', 0, 1, 'aboveMax'],
  ['topP', 'p', 0.01, 0.99, 'outOfRange'],
  ['topK', 'k', 0, K_MAX, 'outOfRange'],
  ['presencePenalty', 'presence_penalty', 0, 1, 'outOfRange'],
  ['frequencyPenalty', 'frequency_penalty', 0, 1, 'outOfRange'],
] as const;

/** The vendor's ranges are narrower than others'; what its own callers send is theirs to answer for. */
function samplingMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const members: JsonObject = {};
  for (const [field, name, least, most, caseName] of SAMPLING) {
    const value = request[field];
    if (value === undefined) continue;
    const fitting = request.protocol === 'cohere-chat' ? value : Math.min(Math.max(value, least), most);
    book.apply(field, fitting === value ? undefined : caseName);
    members[name] = fitting;
  }
  if (request.seed !== undefined) {
    members['seed'] = request.seed;
    book.apply('seed');
  }
  return members;
}

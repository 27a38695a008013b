import type { CallError } from '../../errors.ts';
import type { ChatRequest } from '../blocks.ts';
import { crossProtocolRefusal, extraFor } from '../cross-protocol.ts';
import { catchingRefusal } from '../expect.ts';
import { NO_FIELD } from '../fields.ts';
import { isJsonObject } from '../json-parse.ts';
import { isStrictSchema } from '../openai-chat/format-writer.ts';
import type { JsonObject, TargetContext, WrittenRequest } from '../protocol.ts';
import { ReceiptBook } from '../receipt.ts';
import { fitToolNames } from '../tool-names.ts';
import { writeInput } from './input-writer.ts';
import { traitsOf } from './model-traits.ts';
import { ENCRYPTED_REASONING } from './rewrite.ts';
import { accountMembers, effortOf, limitOf, samplingMembers } from './setting-writer.ts';
import { toolMembers } from './tool-writer.ts';

/**
 * The body of `POST /responses` for a request from anywhere. Nothing is stored; where the model reasons, its
 * encrypted reasoning is asked for instead, so that the caller can bring it back.
 */
export function writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError {
  return crossProtocolRefusal(request, 'openai-responses') ?? catchingRefusal(() => write(request, target));
}

function write(given: ChatRequest, target: TargetContext): WrittenRequest {
  const book = new ReceiptBook(given, 'openai-responses');
  const { request, toolNames } = fitToolNames(given, 'openai-responses', book);
  const traits = traitsOf(target);
  book.apply('model');
  const { instructions, input } = writeInput(request, book);
  const effort = effortOf(request, traits, book);
  const body: JsonObject = {
    model: target.model,
    instructions,
    input,
    ...toolMembers(request, book),
    text: textOf(request, book),
    max_output_tokens: limitOf(request, target, book),
    ...samplingMembers(request, traits, effort, book),
    reasoning: effort === undefined ? undefined : { effort },
    ...accountMembers(request, book),
    store: false,
    include: traits.reasons === true ? [ENCRYPTED_REASONING] : undefined,
    stream: request.stream ? true : undefined,
  };
  book.apply('stream');
  book.apply('streamUsage');
  addExtra(body, request, book);
  return { body: Buffer.from(JSON.stringify(body)), receipt: book.close(), toolNames };
}

function textOf(request: ChatRequest, book: ReceiptBook): JsonObject | undefined {
  const format = request.responseFormat;
  if (format === undefined) return undefined;
  book.apply('responseFormat');
  if (format.type !== 'jsonSchema') {
    return { format: { type: format.type === 'text' ? 'text' : 'json_object' } };
  }
  const { name, schema, description } = format;
  const isOwn = request.protocol === 'openai-responses';
  const strict = format.strict === true && !isOwn ? isStrictSchema(schema) : format.strict;
  if (strict !== format.strict) book.apply('responseFormat', 'notStrict');
  return { format: { type: 'json_schema', name, description, schema, strict } };
}

/** What Chat Completions calls by the same name, or by one a level higher, and means the same by. */
const SHARED_WITH_CHAT: Readonly<Record<string, string>> = {
  prompt_cache_key: 'prompt_cache_key',
  prompt_cache_options: 'prompt_cache_options',
  prompt_cache_retention: 'prompt_cache_retention',
  safety_identifier: 'safety_identifier',
  verbosity: 'text.verbosity',
  'stream_options.include_obfuscation': 'stream_options.include_obfuscation',
};

/** Nested fields are kept under their dotted path. */
function addExtra(body: JsonObject, request: ChatRequest, book: ReceiptBook): void {
  if (request.protocol !== 'openai-chat') {
    const extra = extraFor(request, 'openai-responses', book);
    for (const [path, value] of Object.entries(extra)) setMember(body, path, value);
    return;
  }
  for (const [name, value] of Object.entries(request.extra)) {
    const path = SHARED_WITH_CHAT[name];
    if (path === undefined) book.extra(name, 'dropped', NO_FIELD);
    else {
      if (request.stream || !path.startsWith('stream_options')) setMember(body, path, value);
      book.extra(name, 'carried');
    }
  }
}

function setMember(body: JsonObject, path: string, value: unknown): void {
  if (path === 'include') {
    const own = Array.isArray(body['include']) ? (body['include'] as unknown[]) : [];
    body['include'] = [...own, ...(value as unknown[])]; // the reader took it for an array
    return;
  }
  const dot = path.indexOf('.');
  if (dot === -1) {
    body[path] = value;
    return;
  }
  const known = body[path.slice(0, dot)];
  body[path.slice(0, dot)] = { ...(isJsonObject(known) ? known : {}), [path.slice(dot + 1)]: value };
}

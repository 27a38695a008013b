import type { CallError } from '../../errors.ts';
import type { ChatRequest } from '../blocks.ts';
import { crossProtocolRefusal, extraFor } from '../cross-protocol.ts';
import { catchingRefusal } from '../expect.ts';
import { isJsonObject } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import type { JsonObject, TargetContext, WrittenRequest } from '../protocol.ts';
import { ReceiptBook } from '../receipt.ts';
import { fitToolNames } from '../tool-names.ts';
import { safeSchema } from './json-schema.ts';
import { writeConversation } from './message-writer.ts';
import { type ModelTraits, traitsOf } from './model-traits.ts';
import { type ThinkingMembers, thinkingOf } from './reasoning-writer.ts';
import { toolMembers } from './tool-writer.ts';

/** The body of `POST /v1/messages` for a request from anywhere. */
export function writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError {
  return crossProtocolRefusal(request, 'anthropic-messages') ?? catchingRefusal(() => write(request, target));
}

function write(given: ChatRequest, target: TargetContext): WrittenRequest {
  const book = new ReceiptBook(given, 'anthropic-messages');
  const { request, toolNames } = fitToolNames(given, 'anthropic-messages', book);
  const traits = traitsOf(target.model);
  book.apply('model');
  const thinking = thinkingOf(request, target, traits, book);
  const { system, messages } = writeConversation(request, book);
  const members: JsonObject = {
    ...toolMembers(request, traits, book),
    ...samplingMembers(request, traits, thinking, book),
    stop_sequences: stopOf(request, book),
    thinking: thinking.thinking,
    output_config: outputConfigOf(request, thinking, book),
    ...accountMembers(request, book),
    stream: request.stream ? true : undefined,
  };
  addExtra(members, request, book);
  book.apply('stream');
  book.apply('streamUsage');
  const texts = Object.entries(members).map(([name, value]) => [name, JSON.stringify(value)] as const);
  const text = objectText([
    ['model', JSON.stringify(target.model)],
    ['max_tokens', String(thinking.maxTokens)],
    ['system', system],
    ['messages', messages],
    ...texts,
  ]);
  return { body: Buffer.from(text), receipt: book.close(), toolNames };
}

function samplingMembers(
  request: ChatRequest,
  traits: ModelTraits,
  { thinking }: ThinkingMembers,
  book: ReceiptBook,
): JsonObject {
  for (const field of ['seed', 'presencePenalty', 'frequencyPenalty'] as const) {
    if (request[field] !== undefined) book.apply(field);
  }
  const { temperature, topP, topK } = request;
  const isThinking = thinking !== undefined && thinking['type'] !== 'disabled';
  if ((!traits.takesSampling || isThinking) && request.protocol !== 'anthropic-messages') {
    for (const field of ['temperature', 'topP', 'topK'] as const) {
      if (request[field] !== undefined) book.apply(field, isThinking ? 'thinking' : 'noSampling');
    }
    return {};
  }
  const isTooMuch =
    !traits.takesBothSampling && temperature !== undefined && request.protocol !== 'anthropic-messages';
  book.apply('temperature', temperature !== undefined && temperature > 1 ? 'aboveMax' : undefined);
  book.apply('topP', isTooMuch && topP !== undefined ? 'both' : undefined);
  book.apply('topK');
  return {
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    top_p: isTooMuch ? undefined : topP,
    top_k: topK,
  };
}

/** Sequences of white space alone are refused. */
function stopOf(request: ChatRequest, book: ReceiptBook): readonly string[] | undefined {
  if (request.stop === undefined) return undefined;
  const kept = request.stop.filter((sequence) => sequence.trim() !== '');
  if (kept.length === request.stop.length) book.apply('stop');
  else book.apply('stop', kept.length === 0 ? 'allBlank' : 'blank');
  return kept.length === 0 ? undefined : kept;
}

function outputConfigOf(
  request: ChatRequest,
  { effort }: ThinkingMembers,
  book: ReceiptBook,
): JsonObject | undefined {
  const format = request.responseFormat;
  const config: JsonObject = {};
  if (effort !== undefined) config['effort'] = effort;
  if (format?.type === 'jsonSchema') {
    const isOwn = request.protocol === 'anthropic-messages';
    const { schema, moved } = isOwn ? { schema: format.schema, moved: [] } : safeSchema(format.schema);
    config['format'] = { type: 'json_schema', schema };
    if (moved.length === 0) book.apply('responseFormat');
    else book.apply('responseFormat', 'keywords', moved.join(', '));
  } else if (format !== undefined) {
    book.apply('responseFormat', format.type === 'jsonObject' ? 'object' : 'text');
  }
  return Object.keys(config).length === 0 ? undefined : config;
}

const TIERS: Readonly<Record<string, string>> = { auto: 'auto', default: 'standard_only' };

function accountMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const members: JsonObject = {};
  if (request.user !== undefined) {
    members['metadata'] = { user_id: request.user };
    book.apply('user');
  }
  if (request.metadata !== undefined) book.apply('metadata');
  const tier = request.serviceTier;
  if (tier === undefined) return members;
  const own = request.protocol === 'anthropic-messages' ? tier : TIERS[tier];
  if (own === undefined) book.apply('serviceTier', 'unknown', `"${tier}"`);
  else {
    members['service_tier'] = own;
    if (own === tier) book.apply('serviceTier');
    else book.apply('serviceTier', 'other', `"${tier}" is "${own}"`);
  }
  return members;
}

/** Nested fields are kept under their dotted path. */
function addExtra(members: JsonObject, request: ChatRequest, book: ReceiptBook): void {
  for (const [path, value] of Object.entries(extraFor(request, 'anthropic-messages', book))) {
    const dot = path.indexOf('.');
    const parent = path.slice(0, dot);
    if (dot === -1 || !['thinking', 'output_config', 'metadata'].includes(parent)) {
      members[path] = value;
      continue;
    }
    const known = members[parent];
    members[parent] = { ...(isJsonObject(known) ? known : {}), [path.slice(dot + 1)]: value };
  }
}

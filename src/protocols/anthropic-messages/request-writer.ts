import type { CallError } from '../../errors.ts';
import type { ChatRequest } from '../blocks.ts';
import { crossProtocolRefusal, extraFor } from '../cross-protocol.ts';
import { catchingRefusal } from '../expect.ts';
import { isJsonObject } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import type { JsonObject, TargetContext, WrittenRequest } from '../protocol.ts';
import { ReceiptBook } from '../receipt.ts';
import { safeSchema } from './json-schema.ts';
import { writeConversation } from './message-writer.ts';
import { type ModelTraits, traitsOf } from './model-traits.ts';
import { type ThinkingMembers, thinkingOf } from './reasoning-writer.ts';
import { toolMembers } from './tool-writer.ts';

/** The body of `POST /v1/messages` for a request from anywhere. */
export function writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError {
  return crossProtocolRefusal(request, 'anthropic-messages') ?? catchingRefusal(() => write(request, target));
}

function write(request: ChatRequest, target: TargetContext): WrittenRequest {
  const book = new ReceiptBook(request, 'anthropic-messages');
  const traits = traitsOf(target.model);
  book.carried('model', 'model');
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
  book.carried('stream', 'stream');
  book.converted('streamUsage', 'stream', 'usage always comes with the stream');
  const texts = Object.entries(members).map(([name, value]) => [name, JSON.stringify(value)] as const);
  const text = objectText([
    ['model', JSON.stringify(target.model)],
    ['max_tokens', String(thinking.maxTokens)],
    ['system', system],
    ['messages', messages],
    ...texts,
  ]);
  return { body: Buffer.from(text), receipt: book.close('anthropic-messages') };
}

function samplingMembers(
  request: ChatRequest,
  traits: ModelTraits,
  { thinking }: ThinkingMembers,
  book: ReceiptBook,
): JsonObject {
  for (const field of ['seed', 'presencePenalty', 'frequencyPenalty'] as const) {
    if (request[field] !== undefined) book.dropped(field, 'anthropic-messages has no such field');
  }
  const { temperature, topP, topK } = request;
  const isThinking = thinking !== undefined && thinking['type'] !== 'disabled';
  if ((!traits.takesSampling || isThinking) && request.protocol !== 'anthropic-messages') {
    const reason = isThinking ? 'not possible with thinking' : 'the model takes no sampling settings';
    for (const field of ['temperature', 'topP', 'topK'] as const) {
      if (request[field] !== undefined) book.dropped(field, reason);
    }
    return {};
  }
  const isTooMuch =
    !traits.takesBothSampling && temperature !== undefined && request.protocol !== 'anthropic-messages';
  if (temperature !== undefined && temperature > 1) book.converted('temperature', 'temperature', 'at most 1');
  else book.carried('temperature', 'temperature');
  if (isTooMuch && topP !== undefined) book.dropped('topP', 'the model takes temperature or top_p, not both');
  else book.carried('topP', 'top_p');
  book.carried('topK', 'top_k');
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
  if (kept.length === request.stop.length) book.carried('stop', 'stop_sequences');
  else if (kept.length === 0) book.dropped('stop', 'white space is no stop sequence');
  else book.converted('stop', 'stop_sequences', 'without those of white space');
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
    const reason =
      moved.length === 0 ? 'as a schema without name' : `${moved.join(', ')} moved to descriptions`;
    if (isOwn) book.carried('responseFormat', book.nameOf('responseFormat'));
    else book.converted('responseFormat', 'output_config.format', reason);
  } else if (format?.type === 'jsonObject') {
    book.converted('responseFormat', 'system', 'as an instruction');
  } else {
    book.carried('responseFormat', book.nameOf('responseFormat'));
  }
  return Object.keys(config).length === 0 ? undefined : config;
}

const TIERS: Readonly<Record<string, string>> = { auto: 'auto', default: 'standard_only' };

function accountMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const members: JsonObject = {};
  if (request.user !== undefined) {
    members['metadata'] = { user_id: request.user };
    book.carried('user', 'metadata.user_id');
  }
  if (request.metadata !== undefined) book.dropped('metadata', 'anthropic-messages takes a user_id only');
  const tier = request.serviceTier;
  if (tier === undefined) return members;
  const own = request.protocol === 'anthropic-messages' ? tier : TIERS[tier];
  if (own === undefined) book.dropped('serviceTier', `anthropic-messages has no tier "${tier}"`);
  else {
    members['service_tier'] = own;
    if (own === tier) book.carried('serviceTier', 'service_tier');
    else book.converted('serviceTier', 'service_tier', `"${tier}" is "${own}"`);
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

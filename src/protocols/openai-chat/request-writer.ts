import type { CallError } from '../../errors.ts';
import type { ChatRequest } from '../blocks.ts';
import { crossProtocolRefusal, extraFor } from '../cross-protocol.ts';
import { catchingRefusal } from '../expect.ts';
import type { TabledField } from '../fields.ts';
import type { JsonObject, TargetContext, WrittenRequest } from '../protocol.ts';
import { ReceiptBook } from '../receipt.ts';
import { fitToolNames } from '../tool-names.ts';
import { type Dialect, dialectOf } from './dialect.ts';
import { effortOf } from './effort.ts';
import { formatOf, jsonInstruction } from './format-writer.ts';
import { writeMessages } from './message-writer.ts';
import type { RefusedMember } from './quirks.ts';
import { toolMembers } from './tool-writer.ts';

/** The body of `POST /chat/completions` for a request from anywhere. A stream always asks for usage. */
export function writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError {
  return crossProtocolRefusal(request, 'openai-chat') ?? catchingRefusal(() => write(request, target));
}

function write(given: ChatRequest, target: TargetContext): WrittenRequest {
  const book = new ReceiptBook(given, 'openai-chat');
  const { request, toolNames } = fitToolNames(given, 'openai-chat', book);
  const dialect = dialectOf(target);
  book.apply('model');
  const messages = writeMessages(request, dialect, book);
  const instruction = jsonInstruction(request, dialect);
  if (instruction !== null) messages.unshift({ role: 'system', content: instruction });
  const body: JsonObject = {
    model: target.model,
    messages,
    ...toolMembers(request, dialect, book),
    response_format: formatOf(request, dialect, book),
    ...limitMembers(request, target, dialect, book),
    ...samplingMembers(request, dialect, book),
    reasoning_effort: effortOf(request, dialect, book),
    ...accountMembers(request, book),
    ...streamMembers(request, dialect, book),
  };
  const extra = extraFor(request, 'openai-chat', book);
  for (const [name, value] of Object.entries(extra)) {
    if (!name.startsWith('stream_options.')) body[name] = value;
  }
  withoutRefused(body, dialect, book);
  return { body: Buffer.from(JSON.stringify(body)), receipt: book.close(), toolNames };
}

function limitMembers(
  request: ChatRequest,
  target: TargetContext,
  dialect: Dialect,
  book: ReceiptBook,
): JsonObject {
  const { maxOutputTokens, stop } = request;
  const members: JsonObject = {};
  if (maxOutputTokens !== undefined) {
    const name = request.protocol === 'openai-chat' ? book.nameOf('maxOutputTokens') : dialect.maxTokensField;
    const most = target.maxOutputTokens ?? maxOutputTokens;
    members[name] = Math.min(maxOutputTokens, most);
    const isOld = name === 'max_tokens';
    if (maxOutputTokens > most) {
      book.apply('maxOutputTokens', isOld ? 'oldNameOverMax' : 'overMax', String(most));
    } else book.apply('maxOutputTokens', isOld ? 'oldName' : undefined);
  }
  if (stop !== undefined) {
    const most = dialect.stopsMax;
    const kept = request.protocol === 'openai-chat' ? stop : stop.slice(0, most);
    if (kept.length > 0) members['stop'] = kept;
    if (kept.length < stop.length) book.apply('stop', 'tooMany', `the first ${most}`);
    else book.apply('stop');
  }
  return members;
}

const SAMPLING = [
  ['temperature', 'temperature'],
  ['topP', 'top_p'],
  ['presencePenalty', 'presence_penalty'],
  ['frequencyPenalty', 'frequency_penalty'],
] as const;

function samplingMembers(request: ChatRequest, dialect: Dialect, book: ReceiptBook): JsonObject {
  const members: JsonObject = {};
  const isIdle = request.reasoning?.effort === 'none';
  const isTaken = dialect.sampling === 'always' || (dialect.sampling === 'idle' && isIdle);
  const isRefused = !isTaken && request.protocol !== 'openai-chat';
  for (const [field, name] of SAMPLING) {
    const value = request[field];
    if (value === undefined) continue;
    book.apply(field, isRefused ? 'noSampling' : undefined);
    if (!isRefused) members[name] = value;
  }
  const { temperature, seed, topK } = request;
  if (temperature !== undefined && temperature > dialect.temperatureMax && !isRefused) {
    members['temperature'] = dialect.temperatureMax;
    book.apply('temperature', 'aboveMax', `at most ${dialect.temperatureMax}`);
  }
  if (seed !== undefined) {
    members[dialect.seedField] = seed;
    book.apply('seed', dialect.seedField === 'seed' ? undefined : 'otherName');
  }
  if (topK !== undefined) {
    if (dialect.takesTopK) members['top_k'] = topK;
    book.apply('topK', dialect.takesTopK ? 'taken' : undefined);
  }
  return members;
}

const TIERS: Readonly<Record<string, string>> = { auto: 'auto', standard_only: 'default' };

function accountMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const members: JsonObject = {};
  if (request.user !== undefined) {
    members['user'] = request.user;
    book.apply('user');
  }
  if (request.metadata !== undefined) {
    members['metadata'] = request.metadata;
    book.apply('metadata');
  }
  const tier = request.serviceTier;
  if (tier === undefined) return members;
  const own = request.protocol === 'openai-chat' ? tier : TIERS[tier];
  if (own === undefined) book.apply('serviceTier', 'unknown', `"${tier}"`);
  else {
    members['service_tier'] = own;
    if (own === tier) book.apply('serviceTier');
    else book.apply('serviceTier', 'other', `"${tier}" is "${own}"`);
  }
  return members;
}

function streamMembers(request: ChatRequest, dialect: Dialect, book: ReceiptBook): JsonObject {
  book.apply('stream');
  book.apply('streamUsage');
  if (!request.stream) return {};
  if (!dialect.hasStreamOptions) return { stream: true };
  const options: JsonObject = { include_usage: true };
  const obfuscation = request.extra['stream_options.include_obfuscation'];
  if (obfuscation !== undefined && request.protocol === 'openai-chat')
    options['include_obfuscation'] = obfuscation;
  return { stream: true, stream_options: options };
}

/** Members of the body, and the fields that they were made from. */
const MEMBER_FIELDS = {
  user: 'user',
  metadata: 'metadata',
  service_tier: 'serviceTier',
  parallel_tool_calls: 'parallelToolCalls',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
  seed: 'seed',
  stop: 'stop',
} as const satisfies Partial<Record<RefusedMember, TabledField>>;

/** The token limit has its name from the dialect, and has been written under it. */
function withoutRefused(body: JsonObject, dialect: Dialect, book: ReceiptBook): void {
  for (const member of dialect.refuses) {
    if (body[member] === undefined || member === 'max_tokens' || member === 'max_completion_tokens') continue;
    delete body[member];
    const fields: Readonly<Record<string, TabledField | undefined>> = MEMBER_FIELDS;
    const field = fields[member];
    if (field !== undefined) book.apply(field, 'refused');
    else book.extra(member, 'dropped', 'the target refuses it');
  }
}

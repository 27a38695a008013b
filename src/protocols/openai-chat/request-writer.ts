import type { CallError } from '../../errors.ts';
import type { ChatRequest, ReasoningEffort } from '../blocks.ts';
import { crossProtocolRefusal, extraFor } from '../cross-protocol.ts';
import { catchingRefusal } from '../expect.ts';
import type { JsonObject, TargetContext, WrittenRequest } from '../protocol.ts';
import { ReceiptBook } from '../receipt.ts';
import { type Dialect, dialectOf } from './dialect.ts';
import { formatOf, wantsJsonWord } from './format-writer.ts';
import { writeMessages } from './message-writer.ts';
import { toolMembers } from './tool-writer.ts';

/** Most stop sequences that OpenAI takes. */
const STOPS_MAX = 4;

/** The body of `POST /chat/completions` for a request from anywhere. A stream always asks for usage. */
export function writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError {
  return crossProtocolRefusal(request, 'openai-chat') ?? catchingRefusal(() => write(request, target));
}

function write(request: ChatRequest, target: TargetContext): WrittenRequest {
  const book = new ReceiptBook(request, 'openai-chat');
  const dialect = dialectOf(target);
  book.carried('model', 'model');
  const messages = writeMessages(request, dialect, book);
  if (wantsJsonWord(request)) messages.unshift({ role: 'system', content: 'Answer in JSON.' });
  const body: JsonObject = {
    model: target.model,
    messages,
    ...toolMembers(request, book),
    response_format: formatOf(request, book),
    ...limitMembers(request, target, dialect, book),
    ...samplingMembers(request, dialect, book),
    reasoning_effort: effortOf(request, dialect, book),
    ...accountMembers(request, book),
    ...streamMembers(request, book),
  };
  const extra = extraFor(request, 'openai-chat', book);
  for (const [name, value] of Object.entries(extra)) {
    if (!name.startsWith('stream_options.')) body[name] = value;
  }
  return { body: Buffer.from(JSON.stringify(body)), receipt: book.close('openai-chat') };
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
    if (maxOutputTokens > most) book.converted('maxOutputTokens', name, `the model gives at most ${most}`);
    else book.carried('maxOutputTokens', name);
  }
  if (stop !== undefined) {
    const kept = request.protocol === 'openai-chat' ? stop : stop.slice(0, STOPS_MAX);
    if (kept.length > 0) members['stop'] = kept;
    if (kept.length < stop.length) book.converted('stop', 'stop', `only the first ${STOPS_MAX} are taken`);
    else book.carried('stop', 'stop');
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
  const isRefused = !dialect.takesSampling && request.protocol !== 'openai-chat';
  for (const [field, name] of SAMPLING) {
    const value = request[field];
    if (value === undefined) continue;
    if (isRefused) {
      book.dropped(field, 'the model takes no sampling settings');
      continue;
    }
    members[name] = value;
    book.carried(field, name);
  }
  if (request.seed !== undefined) {
    members['seed'] = request.seed;
    book.carried('seed', 'seed');
  }
  if (request.topK !== undefined) book.dropped('topK', 'openai-chat has no such field');
  return members;
}

/** Thinking budgets as efforts; the reverse of what the Anthropic writer does with efforts. */
function effortOfBudget(budgetTokens: number): ReasoningEffort {
  if (budgetTokens <= 2_048) return 'low';
  return budgetTokens <= 8_192 ? 'medium' : 'high';
}

function effortOf(request: ChatRequest, dialect: Dialect, book: ReceiptBook): ReasoningEffort | undefined {
  const { reasoning } = request;
  if (reasoning === undefined) return undefined;
  const isOwn = request.protocol === 'openai-chat';
  if (!dialect.takesEffort && !isOwn) return dropReasoning(book, 'the model does not reason');
  if (reasoning.effort !== undefined) {
    if (book.nameOf('reasoning') === 'thinking')
      book.converted('reasoning', 'reasoning_effort', 'as an effort');
    else book.carried('reasoning', 'reasoning_effort');
    book.carried('reasoning.effort', 'reasoning_effort');
    return reasoning.effort;
  }
  if (reasoning.budgetTokens === undefined) return dropReasoning(book, "the model's own default stands");
  const effort = effortOfBudget(reasoning.budgetTokens);
  book.converted(
    'reasoning',
    'reasoning_effort',
    `a budget of ${reasoning.budgetTokens} tokens as "${effort}"`,
  );
  return effort;
}

function dropReasoning(book: ReceiptBook, reason: string): undefined {
  book.dropped('reasoning', reason);
  book.dropped('reasoning.effort', reason);
  return undefined;
}

const TIERS: Readonly<Record<string, string>> = { auto: 'auto', standard_only: 'default' };

function accountMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const members: JsonObject = {};
  if (request.user !== undefined) {
    members['user'] = request.user;
    book.carried('user', 'user');
  }
  if (request.metadata !== undefined) {
    members['metadata'] = request.metadata;
    book.carried('metadata', 'metadata');
  }
  const tier = request.serviceTier;
  if (tier === undefined) return members;
  const own = request.protocol === 'openai-chat' ? tier : TIERS[tier];
  if (own === undefined) book.dropped('serviceTier', `openai-chat has no tier "${tier}"`);
  else {
    members['service_tier'] = own;
    if (own === tier) book.carried('serviceTier', 'service_tier');
    else book.converted('serviceTier', 'service_tier', `"${tier}" is "${own}"`);
  }
  return members;
}

function streamMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  book.carried('stream', 'stream');
  book.carried('streamUsage', 'stream_options');
  if (!request.stream) return {};
  const options: JsonObject = { include_usage: true };
  const obfuscation = request.extra['stream_options.include_obfuscation'];
  if (obfuscation !== undefined && request.protocol === 'openai-chat')
    options['include_obfuscation'] = obfuscation;
  return { stream: true, stream_options: options };
}

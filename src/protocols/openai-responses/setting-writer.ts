import type { ChatRequest, ReasoningEffort } from '../blocks.ts';
import type { JsonObject, TargetContext } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { ModelTraits } from './model-traits.ts';

/** The least that OpenAI takes. */
const OUTPUT_TOKENS_MIN = 16;

export function limitOf(request: ChatRequest, target: TargetContext, book: ReceiptBook): number | undefined {
  const wanted = request.maxOutputTokens;
  if (wanted === undefined) return undefined;
  const most = target.maxOutputTokens ?? wanted;
  const limit = Math.max(Math.min(wanted, most), OUTPUT_TOKENS_MIN);
  if (limit > wanted) book.apply('maxOutputTokens', 'underMin');
  else if (limit < wanted) book.apply('maxOutputTokens', 'overMax', String(most));
  else book.apply('maxOutputTokens');
  return limit;
}

export function samplingMembers(
  request: ChatRequest,
  traits: ModelTraits,
  effort: ReasoningEffort | undefined,
  book: ReceiptBook,
): JsonObject {
  for (const field of ['topK', 'seed', 'presencePenalty', 'frequencyPenalty', 'stop'] as const) {
    if (request[field] !== undefined) book.apply(field);
  }
  const members: JsonObject = {};
  const isTaken = traits.sampling === 'always' || (traits.sampling === 'idle' && effort === 'none');
  const isRefused = !isTaken && request.protocol !== 'openai-responses';
  for (const [field, name] of [['temperature', 'temperature'] as const, ['topP', 'top_p'] as const]) {
    if (request[field] === undefined) continue;
    book.apply(field, isRefused ? 'noSampling' : undefined);
    if (!isRefused) members[name] = request[field];
  }
  return members;
}

/** Thinking budgets as efforts; the reverse of what Anthropic's writer does with efforts. */
function effortOfBudget(budgetTokens: number): ReasoningEffort {
  if (budgetTokens <= 2_048) return 'low';
  return budgetTokens <= 8_192 ? 'medium' : 'high';
}

export function effortOf(
  request: ChatRequest,
  traits: ModelTraits,
  book: ReceiptBook,
): ReasoningEffort | undefined {
  const { reasoning } = request;
  if (reasoning === undefined) return undefined;
  if (traits.reasons === false && request.protocol !== 'openai-responses') {
    book.apply('reasoning', 'noReasoning');
    book.apply('reasoning.effort', 'noReasoning');
    return undefined;
  }
  if (reasoning.effort !== undefined) {
    book.apply('reasoning');
    book.apply('reasoning.effort');
    return reasoning.effort;
  }
  if (reasoning.budgetTokens === undefined) {
    book.apply('reasoning', 'noSetting');
    return undefined;
  }
  const effort = effortOfBudget(reasoning.budgetTokens);
  book.apply('reasoning', 'budget', `${reasoning.budgetTokens} tokens as "${effort}"`);
  return effort;
}

/** Anthropic's tiers; OpenAI's two protocols have the same words. */
const TIERS: Readonly<Record<string, string>> = { auto: 'auto', standard_only: 'default' };

export function accountMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const members: JsonObject = {};
  for (const field of ['user', 'metadata'] as const) {
    if (request[field] === undefined) continue;
    members[field] = request[field];
    book.apply(field);
  }
  const tier = request.serviceTier;
  if (tier === undefined) return members;
  const own = request.protocol.startsWith('openai-') ? tier : TIERS[tier];
  if (own === undefined) book.apply('serviceTier', 'unknown', `"${tier}"`);
  else {
    members['service_tier'] = own;
    if (own === tier) book.apply('serviceTier');
    else book.apply('serviceTier', 'other', `"${tier}" is "${own}"`);
  }
  return members;
}

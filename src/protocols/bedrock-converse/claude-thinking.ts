import type { ModelTraits } from '../anthropic-messages/model-traits.ts';
import type { ChatRequest, ReasoningEffort } from '../blocks.ts';
import type { JsonObject, TargetContext } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { noteReasoning } from './reasoning-note.ts';

/** Beside a budget the target needs a number of output tokens: what every Claude since 3 can give. */
const OUTPUT_TOKENS_DEFAULT = 4_096;
/** Anthropic's least budget. */
const BUDGET_TOKENS_MIN = 1_024;

const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 32_768,
};

export interface Thinking {
  readonly maxTokens: number | undefined;
  readonly isThinking: boolean;
  readonly fields: JsonObject;
}

/** `thinking` and `output_config.effort` of Anthropic's models, which go through the API as they are. */
export function claudeThinking(
  request: ChatRequest,
  target: TargetContext,
  traits: ModelTraits,
  isForced: boolean,
  maxTokens: number | undefined,
  book: ReceiptBook,
): Thinking {
  const { reasoning } = request;
  const none = { maxTokens, isThinking: false, fields: {} };
  if (reasoning === undefined) return none;
  if (target.capabilities?.reasoning === false) {
    noteReasoning(request, book, 'noReasoning');
    return none;
  }
  if (reasoning.effort === 'none') return { ...none, ...off(request, traits, book) };
  const isOwn = request.protocol === 'bedrock-converse';
  if (isForced && traits.thinking === 'budget' && !isOwn) {
    noteReasoning(request, book, 'forcedTool');
    return none;
  }
  const isAdaptive = isOwn ? reasoning.adaptive === true : traits.thinking === 'adaptive';
  return isAdaptive ? adaptive(request, maxTokens, book) : budgeted(request, target, maxTokens, book);
}

function off(request: ChatRequest, traits: ModelTraits, book: ReceiptBook): Pick<Thinking, 'fields'> {
  if (traits.thinkingOff === 'effort') {
    noteReasoning(request, book, 'alwaysOn');
    return { fields: { output_config: { effort: 'low' } } };
  }
  noteReasoning(request, book, 'off');
  return { fields: { thinking: { type: traits.thinkingOff } } };
}

function adaptive(request: ChatRequest, maxTokens: number | undefined, book: ReceiptBook): Thinking {
  const { effort, budgetTokens } = request.reasoning ?? {};
  noteReasoning(request, book, 'adaptive');
  const level = effort === 'minimal' ? 'low' : (effort ?? effortOf(budgetTokens));
  const fields: JsonObject = { thinking: { type: 'adaptive' } };
  if (level !== undefined) fields['output_config'] = { effort: level };
  return { maxTokens, isThinking: true, fields };
}

function effortOf(budgetTokens: number | undefined): ReasoningEffort | undefined {
  if (budgetTokens === undefined) return undefined;
  if (budgetTokens <= BUDGETS.low) return 'low';
  return budgetTokens <= BUDGETS.medium ? 'medium' : 'high';
}

/**
 * The budget is part of the output tokens. A caller who names the budget has counted it into the limit; of a
 * limit without one at most half is given away; without a limit the budget comes on top of the default.
 */
function budgeted(
  request: ChatRequest,
  target: TargetContext,
  maxTokens: number | undefined,
  book: ReceiptBook,
): Thinking {
  const { effort, budgetTokens } = request.reasoning ?? {};
  const wanted = budgetTokens ?? BUDGETS[effort === undefined || effort === 'none' ? 'medium' : effort];
  const most = target.maxOutputTokens ?? Number.POSITIVE_INFINITY;
  const limit = maxTokens ?? Math.min(wanted + OUTPUT_TOKENS_DEFAULT, most);
  const half = Math.ceil(limit / 2);
  const kept =
    maxTokens === undefined ? Math.min(OUTPUT_TOKENS_DEFAULT, half) : budgetTokens === undefined ? half : 1;
  const budget = Math.min(wanted, limit - kept);
  const isOwn = request.protocol === 'bedrock-converse';
  if (budget < BUDGET_TOKENS_MIN && !isOwn) {
    noteReasoning(request, book, 'noRoom');
    return { maxTokens, isThinking: false, fields: {} };
  }
  noteReasoning(request, book, 'budget');
  if (maxTokens === undefined) book.added('maxOutputTokens', 'default');
  const given = isOwn ? wanted : budget;
  return {
    maxTokens: limit,
    isThinking: true,
    fields: { thinking: { type: 'enabled', budget_tokens: given } },
  };
}

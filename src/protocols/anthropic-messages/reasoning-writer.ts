import type { ChatRequest, ReasoningEffort } from '../blocks.ts';
import type { JsonObject, TargetContext } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { ModelTraits } from './model-traits.ts';

/** Output tokens where neither the caller nor the catalogue says a number: what every Claude since 3 can give. */
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

export interface ThinkingMembers {
  readonly maxTokens: number;
  readonly thinking?: JsonObject | undefined;
  readonly effort?: string | undefined;
}

/** `max_tokens`, `thinking` and `output_config.effort`, which depend on each other. */
export function thinkingOf(
  request: ChatRequest,
  target: TargetContext,
  traits: ModelTraits,
  book: ReceiptBook,
): ThinkingMembers {
  const maxTokens = maxTokensOf(request, target, book);
  const { reasoning } = request;
  if (reasoning === undefined) return { maxTokens };
  if (request.protocol === 'anthropic-messages') return { maxTokens, ...ownThinking(request, book) };
  if (request.toolChoice?.mode === 'required' || request.toolChoice?.mode === 'tool') {
    if (traits.thinking === 'budget') return dropThinking(maxTokens, 'forcedTool', book);
  }
  if (reasoning.effort === 'none') return { maxTokens, ...thinkingOff(traits, book) };
  if (traits.thinking === 'adaptive') return { maxTokens, ...adaptive(request, book) };
  return budgeted(request, target, maxTokens, book);
}

function maxTokensOf(request: ChatRequest, target: TargetContext, book: ReceiptBook): number {
  const most = target.maxOutputTokens;
  if (request.maxOutputTokens === undefined) {
    book.added('maxOutputTokens', 'default');
    return most ?? OUTPUT_TOKENS_DEFAULT;
  }
  if (most === null || request.maxOutputTokens <= most) {
    book.apply('maxOutputTokens');
    return request.maxOutputTokens;
  }
  book.apply('maxOutputTokens', 'overMax', String(most));
  return most;
}

/** The caller's own words; what has no internal form comes back out of `extra`. */
function ownThinking(request: ChatRequest, book: ReceiptBook): Omit<ThinkingMembers, 'maxTokens'> {
  const { effort, budgetTokens, adaptive: isAdaptive } = request.reasoning ?? {};
  book.apply('reasoning');
  book.apply('reasoning.effort');
  const thinking =
    budgetTokens !== undefined
      ? { type: 'enabled', budget_tokens: budgetTokens }
      : isAdaptive === true
        ? { type: 'adaptive' }
        : effort === 'none'
          ? { type: 'disabled' }
          : undefined;
  return { thinking, effort: effort === 'none' ? undefined : effort };
}

function thinkingOff(traits: ModelTraits, book: ReceiptBook): Omit<ThinkingMembers, 'maxTokens'> {
  if (traits.thinkingOff === 'effort') {
    say(book, 'alwaysOn');
    return { effort: 'low' };
  }
  say(book, 'off', `"${traits.thinkingOff}"`);
  return { thinking: { type: traits.thinkingOff } };
}

function adaptive(request: ChatRequest, book: ReceiptBook): Omit<ThinkingMembers, 'maxTokens'> {
  const { effort, budgetTokens } = request.reasoning ?? {};
  const own = effort === 'minimal' ? 'low' : (effort ?? effortOfBudget(budgetTokens));
  say(book, 'adaptive', own === undefined ? undefined : `effort "${own}"`);
  return { thinking: { type: 'adaptive' }, effort: own };
}

function effortOfBudget(budgetTokens: number | undefined): ReasoningEffort | undefined {
  if (budgetTokens === undefined) return undefined;
  if (budgetTokens <= BUDGETS.low) return 'low';
  return budgetTokens <= BUDGETS.medium ? 'medium' : 'high';
}

/**
 * The budget is part of `max_tokens`. A caller's own limit also counts reasoning, so at most half of it is
 * given away; where the limit is the default, it grows by the budget.
 */
function budgeted(
  request: ChatRequest,
  target: TargetContext,
  maxTokens: number,
  book: ReceiptBook,
): ThinkingMembers {
  const { effort, budgetTokens } = request.reasoning ?? {};
  const wanted = budgetTokens ?? BUDGETS[effort === undefined || effort === 'none' ? 'medium' : effort];
  const isDefault = request.maxOutputTokens === undefined;
  const most = target.maxOutputTokens ?? Number.POSITIVE_INFINITY;
  const limit = isDefault ? Math.min(maxTokens + wanted, most) : maxTokens;
  const kept = isDefault ? Math.min(maxTokens, Math.ceil(limit / 2)) : Math.ceil(limit / 2);
  const budget = Math.min(wanted, limit - kept);
  if (budget < BUDGET_TOKENS_MIN) return dropThinking(maxTokens, 'noRoom', book);
  say(book, 'budget', String(budget));
  return { maxTokens: limit, thinking: { type: 'enabled', budget_tokens: budget } };
}

function dropThinking(maxTokens: number, caseName: string, book: ReceiptBook): ThinkingMembers {
  say(book, caseName);
  return { maxTokens };
}

/** Setting and effort are one here, whichever the caller named. */
function say(book: ReceiptBook, caseName: string, detail?: string): void {
  book.apply('reasoning', caseName, detail);
  book.apply('reasoning.effort', caseName, detail);
}

import type { ChatRequest, ReasoningEffort } from '../blocks.ts';
import type { JsonObject, TargetContext } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { ModelTraits } from './model-traits.ts';

/** What Google's own OpenAI-compatible endpoint makes of an effort; above it, as much as the model gives. */
const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: 512,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
};

/**
 * `thinkingConfig`: a level for the models that have levels, else a budget; a request with both is refused. Thoughts
 * are asked for, because whoever sets the reasoning reads it.
 */
export function thinkingConfigOf(
  request: ChatRequest,
  target: TargetContext,
  traits: ModelTraits,
  book: ReceiptBook,
): JsonObject | undefined {
  const { reasoning } = request;
  if (reasoning === undefined) return undefined;
  if (request.protocol === 'gemini') return ownThinking(request, book);
  if (traits.thinking === 'none' || target.capabilities?.reasoning === false) {
    return say(request, book, 'noReasoning');
  }
  return traits.thinking === 'level' ? levelOf(request, traits, book) : budgetOf(request, traits, book);
}

/** The caller's own words; what has no internal form comes back out of `extra`. */
function ownThinking({ reasoning }: ChatRequest, book: ReceiptBook): JsonObject {
  book.apply('reasoning');
  if (reasoning?.adaptive === true) return { thinkingBudget: -1 };
  if (reasoning?.budgetTokens !== undefined) return { thinkingBudget: reasoning.budgetTokens };
  return reasoning?.effort === 'none' ? { thinkingBudget: 0 } : { thinkingLevel: reasoning?.effort };
}

/** Without an effort the model chooses by itself, which is its default. */
function levelOf(request: ChatRequest, traits: ModelTraits, book: ReceiptBook): JsonObject | undefined {
  const { effort, budgetTokens } = request.reasoning ?? {};
  const wanted = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens));
  if (wanted === undefined) {
    say(request, book, 'noSetting');
    return { includeThoughts: true };
  }
  const thinkingLevel = nearestLevel(wanted, traits);
  say(request, book, undefined, `level "${thinkingLevel}"`);
  return wanted === 'none' ? { thinkingLevel } : { thinkingLevel, includeThoughts: true };
}

function nearestLevel(effort: ReasoningEffort, traits: ModelTraits): string {
  if (effort === 'none' || effort === 'minimal') return traits.levelMin;
  if (effort === 'medium') return traits.takesMediumLevel ? 'medium' : 'high';
  return effort === 'low' ? 'low' : 'high';
}

/** Thinking budgets as efforts, as the other writers have them. */
function effortOfBudget(budgetTokens: number): ReasoningEffort {
  if (budgetTokens <= 2_048) return 'low';
  return budgetTokens <= 8_192 ? 'medium' : 'high';
}

function budgetOf(request: ChatRequest, traits: ModelTraits, book: ReceiptBook): JsonObject {
  const { effort, budgetTokens, adaptive } = request.reasoning ?? {};
  if (effort === 'none') {
    const least = traits.canRest ? 0 : traits.budgetMin;
    say(request, book, undefined, `a budget of ${least} tokens`);
    return { thinkingBudget: least };
  }
  const wanted = budgetTokens ?? (effort === undefined ? undefined : BUDGETS[effort]);
  if (wanted === undefined || (adaptive === true && effort === undefined)) {
    say(request, book, undefined, 'a budget that the model chooses');
    return { thinkingBudget: -1, includeThoughts: true };
  }
  const thinkingBudget = Math.min(Math.max(wanted, traits.budgetMin), traits.budgetMax);
  say(request, book, undefined, `a budget of ${thinkingBudget} tokens`);
  return { thinkingBudget, includeThoughts: true };
}

/** Setting and effort are one here, whichever the caller named. */
function say(
  request: ChatRequest,
  book: ReceiptBook,
  caseName: 'noReasoning' | 'noSetting' | undefined,
  detail?: string,
): undefined {
  if (request.fields['reasoning'] !== undefined) book.apply('reasoning', caseName, detail);
  if (request.fields['reasoning.effort'] !== undefined) book.apply('reasoning.effort', caseName, detail);
  return undefined;
}

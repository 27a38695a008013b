import { type ChatRequest, REASONING_EFFORTS, type ReasoningEffort } from '../blocks.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { Dialect } from './dialect.ts';

/** `reasoning_effort` for the request; undefined for none. */
export function effortOf(
  request: ChatRequest,
  dialect: Dialect,
  book: ReceiptBook,
): ReasoningEffort | undefined {
  const { reasoning } = request;
  if (reasoning === undefined) return undefined;
  const isOwn = request.protocol === 'openai-chat';
  if (!dialect.takesReasoning && !isOwn) return dropReasoning(book, 'noReasoning');
  if (dialect.efforts?.length === 0 && !isOwn) return dropReasoning(book, 'noEffort');
  if (reasoning.effort !== undefined) {
    const effort = isOwn ? reasoning.effort : nearest(reasoning.effort, dialect.efforts);
    if (effort === reasoning.effort) {
      const isEffort = /effort$/i.test(book.nameOf('reasoning'));
      book.apply('reasoning', isEffort ? undefined : 'setting');
      book.apply('reasoning.effort');
      return effort;
    }
    const detail = `"${reasoning.effort}" as "${effort}"`;
    book.apply('reasoning', 'nearest', detail);
    book.apply('reasoning.effort', 'nearest', detail);
    return effort;
  }
  if (reasoning.budgetTokens === undefined) return dropReasoning(book, 'noSetting');
  const effort = nearest(effortOfBudget(reasoning.budgetTokens), dialect.efforts);
  book.apply('reasoning', 'budget', `${reasoning.budgetTokens} tokens as "${effort}"`);
  return effort;
}

/** Thinking budgets as efforts; the reverse of what the Anthropic writer does with efforts. */
function effortOfBudget(budgetTokens: number): ReasoningEffort {
  if (budgetTokens <= 2_048) return 'low';
  return budgetTokens <= 8_192 ? 'medium' : 'high';
}

/** The effort itself where it is taken, else the nearest that is; of two as near the higher. */
function nearest(effort: ReasoningEffort, taken: readonly ReasoningEffort[] | null): ReasoningEffort {
  if (taken === null || taken.includes(effort)) return effort;
  const distance = (one: ReasoningEffort) =>
    Math.abs(REASONING_EFFORTS.indexOf(one) - REASONING_EFFORTS.indexOf(effort));
  return taken.reduce((best, one) => (distance(one) <= distance(best) ? one : best), taken[0] ?? effort);
}

function dropReasoning(book: ReceiptBook, caseName: 'noReasoning' | 'noEffort' | 'noSetting'): undefined {
  book.apply('reasoning', caseName);
  book.apply('reasoning.effort', caseName);
  return undefined;
}

import type { ChatRequest, ReasoningEffort } from '../blocks.ts';
import type { JsonObject, TargetContext } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';

const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 32_768,
};
/** Room for the answer itself inside of the token limit (Cohere, "Reasoning", token budgets). */
const ANSWER_TOKENS_MIN = 1_000;
/** `thinking` for the request; undefined for none. */
export function thinkingOf(
  request: ChatRequest,
  target: TargetContext,
  book: ReceiptBook,
): JsonObject | undefined {
  const { reasoning } = request;
  if (reasoning === undefined) return undefined;
  const isOwn = request.protocol === 'cohere-chat';
  // The vendor refuses the setting for models that do not reason.
  if (!isOwn && target.capabilities?.reasoning === false) {
    book.apply('reasoning', 'noReasoning');
    book.apply('reasoning.effort', 'noReasoning');
    return undefined;
  }
  const { effort, budgetTokens } = reasoning;
  if (effort === 'none') {
    book.apply('reasoning', isOwn ? undefined : 'off');
    book.apply('reasoning.effort', 'off');
    return { type: 'disabled' };
  }
  const wanted = budgetTokens ?? (effort === undefined ? undefined : BUDGETS[effort]);
  if (wanted === undefined) {
    book.apply('reasoning', isOwn ? undefined : 'on');
    return { type: 'enabled' };
  }
  const budget = isOwn ? wanted : Math.min(wanted, roomFor(request.maxOutputTokens));
  book.apply('reasoning', undefined, isOwn ? undefined : String(budget));
  book.apply('reasoning.effort', undefined, String(budget));
  return { type: 'enabled', token_budget: budget };
}

/** Thinking counts towards the token limit: some of it is kept for the answer. */
function roomFor(maxOutputTokens: number | undefined): number {
  if (maxOutputTokens === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(1, maxOutputTokens - Math.min(ANSWER_TOKENS_MIN, Math.ceil(maxOutputTokens / 2)));
}

import type { ChatRequest } from '../blocks.ts';
import type { ReceiptBook } from '../receipt.ts';

type ReasoningCase =
  | 'adaptive'
  | 'alwaysOn'
  | 'budget'
  | 'effort'
  | 'forcedTool'
  | 'noReasoning'
  | 'noRoom'
  | 'noSetting'
  | 'off';

/** A caller may have said it in two fields; one of the same protocol has said it in the model's own words. */
export function noteReasoning(request: ChatRequest, book: ReceiptBook, caseName: ReasoningCase): void {
  const own = request.protocol === 'bedrock-converse' ? undefined : caseName;
  book.apply('reasoning', own);
  book.apply('reasoning.effort', own);
}

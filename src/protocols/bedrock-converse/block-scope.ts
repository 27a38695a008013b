import type { ChatRequest } from '../blocks.ts';
import type { ReceiptBook } from '../receipt.ts';
import { fitToolId, MISTRAL_TOOL_IDS, type ToolIdRule } from '../tool-ids.ts';
import type { DocumentNames } from './document-names.ts';
import type { BedrockModel } from './model-family.ts';

/** AWS, API reference, "ToolUseBlock". */
export const BEDROCK_TOOL_IDS: ToolIdRule = {
  pattern: /^[a-zA-Z0-9_-]{1,64}$/,
  chars: 24,
  prefix: 'tooluse_',
};

export interface BlockScope {
  readonly request: ChatRequest;
  readonly book: ReceiptBook;
  readonly model: BedrockModel;
  readonly documents: DocumentNames;
  /** Path of the message, and the block's place in it. */
  readonly path: string;
  readonly place?: number;
  /** The text ends the conversation as a prefill, which may not end in white space. */
  readonly trimsText: boolean;
  /** Text stands beside signed reasoning: it stays, also where it is blank. */
  readonly keepsBlank: boolean;
  /** There is no `toolConfig`, without which calls and results are refused. */
  readonly toolsAsText: boolean;
}

/** Only OpenAI's messages are counted as the internal ones are. */
export function pathOf({ request, path, place }: BlockScope): string {
  return request.protocol === 'openai-chat' ? `${path}.content[${place ?? 0}]` : 'messages';
}

export function fitId(id: string, { model, book }: BlockScope): string {
  const fitting = fitToolId(id, model.family === 'mistral' ? MISTRAL_TOOL_IDS : BEDROCK_TOOL_IDS);
  book.apply('toolCall.id', fitting === id ? undefined : 'other');
  return fitting;
}

import type { Block, ChatRequest, Message, ToolResultBlock } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import {
  contentOf,
  documentOf,
  imagePart,
  joinedText,
  noteLost,
  type PartScope,
  userParts,
} from './part-writer.ts';

/** The whole conversation as Cohere's messages; files of the user are put into `scope.documents`. */
export function writeMessages(request: ChatRequest, scope: PartScope): JsonObject[] {
  const written: JsonObject[] = [];
  /** Images out of tool results: they must wait until the last result of the turn has been written. */
  let images: JsonObject[] = [];
  for (const message of request.messages) {
    if (message.role !== 'tool' && images.length > 0) {
      written.push({ role: 'user', content: images });
      images = [];
    }
    if (message.name !== undefined) scope.book.apply('message.name');
    if (message.role === 'tool') {
      for (const block of message.blocks) {
        if (block.type === 'toolResult') written.push(writeResult(block, request, scope, images));
      }
      continue;
    }
    const one = message.role === 'assistant' ? writeAssistant(message, scope) : writeGiven(message, scope);
    if (one !== null) written.push(one);
  }
  if (images.length > 0) written.push({ role: 'user', content: images });
  scope.book.apply('messages');
  scope.book.apply('system');
  return written;
}

function writeGiven(message: Message, scope: PartScope): JsonObject | null {
  if (message.role === 'developer') scope.book.apply('messages', 'developer');
  const isUser = message.role === 'user';
  const content = isUser
    ? contentOf(userParts(message.blocks, scope))
    : joinedText(message.blocks, scope, '\n\n');
  return content === null ? null : { role: isUser ? 'user' : 'system', content };
}

function writeAssistant({ blocks }: Message, scope: PartScope): JsonObject | null {
  const plans: string[] = [];
  const parts: JsonObject[] = [];
  const calls: JsonObject[] = [];
  const citations: unknown[] = [];
  for (const block of blocks) {
    if (block.type === 'toolCall') calls.push(writeCall(block, scope));
    else if (block.type === 'reasoning') writeReasoning(block, plans, parts, scope);
    else if (block.type === 'unknown') writeUnknown(block, citations, scope);
    else if (block.type === 'refusal') {
      scope.book.apply('message.refusal');
      parts.push({ type: 'text', text: block.text });
    } else if (block.type === 'text') {
      noteLost(block, scope);
      // Texts beside tool calls may be empty, and no other empty one is taken.
      if (block.text !== '') parts.push({ type: 'text', text: block.text });
      addCitations(block, citations, scope);
    }
  }
  if (plans.length + parts.length + calls.length === 0) return null;
  return {
    role: 'assistant',
    tool_plan: plans.length === 0 ? undefined : plans.join(''),
    content: contentOf(parts) ?? undefined,
    tool_calls: calls.length === 0 ? undefined : calls,
    citations: citations.length === 0 ? undefined : citations,
  };
}

function writeCall(block: Extract<Block, { type: 'toolCall' }>, scope: PartScope): JsonObject {
  noteLost(block, scope);
  const text = block.arguments.trim();
  const isNone = text === '' || text === 'null';
  return {
    id: block.id,
    type: 'function',
    function: { name: block.name, arguments: isNone ? '{}' : block.arguments },
  };
}

/** Reasoning goes back only to its own vendor: another's model would take it for text that somebody wrote. */
function writeReasoning(
  block: Extract<Block, { type: 'reasoning' }>,
  plans: string[],
  parts: JsonObject[],
  { book }: PartScope,
): void {
  if (block.origin.protocol !== 'cohere-chat') {
    book.apply('message.reasoning', 'otherOrigin');
    return;
  }
  book.apply('message.reasoning');
  if (block.isPlan === true) plans.push(block.text);
  else parts.push({ type: 'thinking', thinking: block.text });
}

function addCitations(
  { citations }: Extract<Block, { type: 'text' }>,
  written: unknown[],
  { book }: PartScope,
): void {
  if (citations === undefined) return;
  const isOwn = citations.origin.protocol === 'cohere-chat';
  book.apply('message.citations', isOwn ? undefined : 'other');
  if (isOwn) written.push(...citations.raw);
}

/** What this protocol's own reader kept whole: citations of a plan. */
function writeUnknown(
  block: Extract<Block, { type: 'unknown' }>,
  citations: unknown[],
  { book }: PartScope,
): void {
  const { raw, origin } = block;
  if (origin.protocol === 'cohere-chat' && isJsonObject(raw) && Array.isArray(raw['raw'])) {
    citations.push(...raw['raw']);
    book.apply('message.citations');
  } else book.raw('message', raw, 'cohere-chat');
}

function writeResult(
  block: ToolResultBlock,
  request: ChatRequest,
  scope: PartScope,
  images: JsonObject[],
): JsonObject {
  const { book } = scope;
  noteLost(block, scope);
  const parts: JsonObject[] = [];
  const moved: JsonObject[] = [];
  for (const one of block.content) {
    if (one.type === 'image') moved.push(imagePart(one, scope));
    else if (one.type === 'file') parts.push({ type: 'document', document: documentOf(one, scope) });
    else parts.push(...userParts([one], scope));
  }
  if (moved.length > 0) {
    book.apply('toolResult.content', 'media');
    images.push({ type: 'text', text: `From the result of tool call ${block.toolCallId}:` }, ...moved);
  }
  if (block.isError) markError(parts, book);
  const isOwn = request.protocol === 'cohere-chat';
  const hasDocuments = parts.some((part) => part['type'] === 'document');
  if (hasDocuments && !isOwn) book.apply('toolResult.content', 'documents');
  const content = hasDocuments || isOwn ? contentOf(parts) : parts.map((part) => part['text']).join('\n');
  return { role: 'tool', tool_call_id: block.toolCallId, content: content ?? '' };
}

/** There is no flag for it. */
function markError(parts: JsonObject[], book: PartScope['book']): void {
  const first = parts.find((part) => part['type'] === 'text');
  if (first === undefined) parts.unshift({ type: 'text', text: 'Error' });
  else if (!/^error/i.test(String(first['text']))) first['text'] = `Error: ${String(first['text'])}`;
  book.apply('toolResult.isError');
}

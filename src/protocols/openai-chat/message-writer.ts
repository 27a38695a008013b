import type { Block, ChatRequest, Message, ToolResultBlock } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { fitToolId } from '../tool-ids.ts';
import type { Dialect } from './dialect.ts';
import { contentOf, joinedText, noteLost, type PartScope, partsOf } from './part-writer.ts';

/** The whole conversation as OpenAI's messages. */
export function writeMessages(request: ChatRequest, dialect: Dialect, book: ReceiptBook): JsonObject[] {
  const scope: PartScope = { protocol: request.protocol, book };
  const written: JsonObject[] = [];
  /** Media out of tool results: they must wait until the last result of the turn has been written. */
  let media: JsonObject[] = [];
  for (const message of request.messages) {
    if (message.role !== 'tool' && media.length > 0) {
      written.push({ role: 'user', content: media });
      media = [];
    }
    if (message.role === 'tool') {
      for (const block of message.blocks) {
        if (block.type === 'toolResult') written.push(writeResult(block, dialect, scope, media));
      }
      continue;
    }
    const one =
      message.role === 'assistant'
        ? writeAssistant(message, dialect, scope)
        : writeGiven(message, dialect, scope);
    if (one !== null) written.push(one);
  }
  if (media.length > 0) written.push({ role: 'user', content: media });
  book.apply('messages');
  book.apply('system');
  return written;
}

function writeGiven(message: Message, dialect: Dialect, scope: PartScope): JsonObject | null {
  const role = message.role === 'developer' && !dialect.hasDeveloperRole ? 'system' : message.role;
  if (role !== message.role) scope.book.apply('messages', 'developer');
  const content =
    role === 'user'
      ? contentOf(partsOf(message.blocks, scope), dialect.takesTextParts)
      : joinedText(message.blocks, scope, '\n\n');
  if (content === null) return null;
  return { role, content, ...nameOf(message, dialect, scope) };
}

function nameOf(message: Message, dialect: Dialect, scope: PartScope): JsonObject {
  if (message.name === undefined) return {};
  if (dialect.refuses.includes('messages[].name')) {
    scope.book.apply('message.name', 'refused');
    return {};
  }
  scope.book.apply('message.name');
  return { name: message.name };
}

function writeAssistant(message: Message, dialect: Dialect, scope: PartScope): JsonObject | null {
  const { blocks } = message;
  const written: JsonObject = { role: 'assistant', content: joinedText(blocks, scope, '') };
  const calls: unknown[] = [];
  for (const block of blocks) {
    if (block.type === 'toolCall') calls.push(writeCall(block, dialect, scope));
    else if (block.type === 'reasoning') writeReasoning(block, written, dialect, scope);
    else if (block.type === 'refusal') {
      written['refusal'] = block.text;
      scope.book.apply('message.refusal');
    } else if (block.type === 'unknown') writeUnknown(block, written, calls, scope);
  }
  if (calls.length > 0) written['tool_calls'] = calls;
  const isEmpty = written['content'] === null && Object.keys(written).length === 2;
  return isEmpty ? null : { ...written, ...nameOf(message, dialect, scope) };
}

function writeCall(
  block: Extract<Block, { type: 'toolCall' }>,
  dialect: Dialect,
  scope: PartScope,
): JsonObject {
  const id = fitToolId(block.id, dialect.toolIds);
  if (id !== block.id) scope.book.apply('toolCall.id', 'other');
  noteLost(block, scope);
  return {
    id,
    type: 'function',
    function: { name: block.name, arguments: block.arguments === '' ? '{}' : block.arguments },
  };
}

/**
 * Reasoning goes back only to the protocol that it came from: elsewhere a model would take it for text that
 * somebody wrote.
 */
function writeReasoning(
  block: Extract<Block, { type: 'reasoning' }>,
  written: JsonObject,
  dialect: Dialect,
  scope: PartScope,
): void {
  if (block.origin.protocol !== 'openai-chat') {
    scope.book.apply('message.reasoning', 'otherOrigin');
    return;
  }
  if (dialect.refuses.includes('messages[].reasoning_content')) {
    scope.book.apply('message.reasoning', 'refused');
    return;
  }
  const earlier = written['reasoning_content'];
  written['reasoning_content'] = typeof earlier === 'string' ? earlier + block.text : block.text;
  scope.book.apply('message.reasoning');
}

/** What this protocol's own reader kept whole: an audio answer, a call of a free-text tool. */
function writeUnknown(
  block: Extract<Block, { type: 'unknown' }>,
  written: JsonObject,
  calls: unknown[],
  scope: PartScope,
): void {
  if (block.origin.protocol !== 'openai-chat') {
    scope.book.raw('message', block.raw, 'openai-chat');
    return;
  }
  const raw = block.raw as JsonObject; // made by this protocol's reader
  if (raw['tool_call'] !== undefined) calls.push(raw['tool_call']);
  if (raw['audio'] !== undefined) written['audio'] = raw['audio'];
  scope.book.raw('message', raw, null);
}

function writeResult(
  block: ToolResultBlock,
  dialect: Dialect,
  scope: PartScope,
  media: JsonObject[],
): JsonObject {
  const text = joinedText(block.content, scope, '\n') ?? '';
  const others = partsOf(
    block.content.filter((one) => one.type !== 'text'),
    scope,
  );
  if (others.length > 0) {
    scope.book.apply('toolResult.content', 'media');
    media.push({ type: 'text', text: `From the result of tool call ${block.toolCallId}:` }, ...others);
  }
  noteLost(block, scope);
  const content = block.isError && !/^error/i.test(text) ? `Error: ${text}` : text;
  if (block.isError) scope.book.apply('toolResult.isError');
  return { role: 'tool', tool_call_id: fitToolId(block.toolCallId, dialect.toolIds), content };
}

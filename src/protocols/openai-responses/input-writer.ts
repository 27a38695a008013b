import type {
  Block,
  ChatRequest,
  Message,
  ReasoningBlock,
  ToolCallBlock,
  ToolResultBlock,
} from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { fitToolId, OPENAI_TOOL_IDS } from '../tool-ids.ts';
import { contentOf, type PartScope, partsOf } from './part-writer.ts';

export interface WrittenInput {
  readonly instructions: string | undefined;
  readonly input: readonly JsonObject[];
}

/**
 * `instructions` and `input`. A system prompt with a place of its own stays there; system messages among the others
 * stay among them.
 */
export function writeInput(request: ChatRequest, book: ReceiptBook): WrittenInput {
  const scope: PartScope = { request, book };
  const instructions = instructionsOf(request, scope);
  const input: JsonObject[] = [];
  for (const message of instructions === undefined ? request.messages : request.messages.slice(1)) {
    if (message.name !== undefined) book.apply('message.name');
    if (message.role === 'assistant') writeAssistant(message.blocks, input, scope);
    else if (message.role === 'tool') writeResults(message.blocks, input, scope);
    else writeGiven(message, input, scope);
  }
  book.apply('messages');
  if (wantsJsonWord(request, input)) {
    input.unshift({ type: 'message', role: 'system', content: 'Answer in JSON.' });
    book.apply('responseFormat', 'jsonWord');
  }
  return { instructions, input };
}

function instructionsOf(request: ChatRequest, scope: PartScope): string | undefined {
  const [first] = request.messages;
  if (request.fields['system'] === undefined || first?.role !== 'system') return undefined;
  const parts = partsOf(first.blocks, 'input', scope);
  scope.book.apply('system');
  return parts.map((part) => String(part['text'] ?? '')).join('\n\n');
}

function writeGiven(message: Message, input: JsonObject[], scope: PartScope): void {
  const parts = partsOf(message.blocks, 'input', scope);
  if (parts.length === 0) return;
  input.push({ type: 'message', role: message.role, content: contentOf(parts) });
}

function writeAssistant(blocks: readonly Block[], input: JsonObject[], scope: PartScope): void {
  let said: Block[] = [];
  const flush = () => {
    if (said.length > 0) input.push(...writeSaid(said, scope));
    said = [];
  };
  for (const block of blocks) {
    if (block.type === 'text' || block.type === 'refusal') {
      if (said.length > 0 && phaseOf(said[0]) !== phaseOf(block)) flush();
      if (block.text !== '') said.push(block);
      continue;
    }
    flush();
    const item = itemOf(block, scope);
    if (item !== null) input.push(item);
  }
  flush();
}

const phaseOf = (block: Block | undefined) => (block?.type === 'text' ? block.extra?.['phase'] : undefined);

function writeSaid(blocks: readonly Block[], scope: PartScope): JsonObject[] {
  const content = partsOf(blocks, 'output', scope);
  const phase = scope.request.protocol === 'openai-responses' ? phaseOf(blocks[0]) : undefined;
  return [{ type: 'message', role: 'assistant', content, ...(phase === undefined ? {} : { phase }) }];
}

function itemOf(block: Block, scope: PartScope): JsonObject | null {
  const { book } = scope;
  if (block.type === 'toolCall') return writeCall(block, scope);
  if (block.type === 'reasoning') return writeReasoning(block, book);
  if (block.type === 'unknown' && block.origin.protocol === 'openai-responses') {
    book.raw('message', block.raw, null);
    return block.raw as JsonObject; // the reader took it for an object
  }
  book.raw('message', block.type === 'unknown' ? block.raw : { type: block.type }, 'openai-responses');
  return null;
}

function fitId(id: string, book: ReceiptBook): string {
  const fitting = fitToolId(id, OPENAI_TOOL_IDS);
  if (fitting !== id) book.apply('toolCall.id', 'other');
  return fitting;
}

/** Calls and results pair by `call_id`; an item's own `id` would name something stored. */
function writeCall(block: ToolCallBlock, { request, book }: PartScope): JsonObject {
  const isOwn = request.protocol === 'openai-responses';
  if (block.cacheControl !== undefined) book.apply('message.cacheControl');
  if (block.extra !== undefined) book.apply('message.extra', isOwn ? undefined : 'other');
  return {
    type: 'function_call',
    call_id: isOwn ? block.id : fitId(block.id, book),
    name: block.name,
    arguments: block.arguments === '' ? '{}' : block.arguments,
    ...(isOwn ? block.extra : {}),
  };
}

/** A provider takes back only what it has encrypted itself, and without that it looks for a stored item. */
function writeReasoning(block: ReasoningBlock, book: ReceiptBook): JsonObject | null {
  const encrypted = block.redacted ?? block.signature;
  if (block.origin.protocol !== 'openai-responses') book.apply('message.reasoning', 'otherOrigin');
  else if (encrypted === undefined || encrypted === '') book.apply('message.reasoning', 'unsigned');
  else {
    book.apply('message.reasoning');
    const summary = block.text === '' ? [] : [{ type: 'summary_text', text: block.text }];
    return { type: 'reasoning', summary, encrypted_content: encrypted };
  }
  return null;
}

function writeResults(blocks: readonly Block[], input: JsonObject[], scope: PartScope): void {
  for (const block of blocks) {
    if (block.type === 'toolResult') input.push(writeResult(block, scope));
  }
}

function writeResult(block: ToolResultBlock, scope: PartScope): JsonObject {
  const { book, request } = scope;
  if (block.cacheControl !== undefined) book.apply('message.cacheControl');
  if (block.isError) book.apply('toolResult.isError');
  const parts = partsOf(block.content, 'input', scope);
  const isText = parts.every((part) => part['type'] === 'input_text' && Object.keys(part).length === 2);
  const texts = parts.map((part) => String(part['text'] ?? ''));
  const isSaid = !block.isError || /^error/i.test(texts[0] ?? '');
  const mark = { type: 'input_text', text: 'Error:' };
  const output = isText ? `${isSaid ? '' : 'Error: '}${texts.join('\n')}` : isSaid ? parts : [mark, ...parts];
  const callId = request.protocol === 'openai-responses' ? block.toolCallId : fitId(block.toolCallId, book);
  return { type: 'function_call_output', call_id: callId, output };
}

/**
 * `json_object` is refused unless the word JSON is somewhere in the input; the instructions do not count. Callers
 * of this protocol know that; others are helped.
 */
function wantsJsonWord(request: ChatRequest, input: readonly JsonObject[]): boolean {
  if (request.responseFormat?.type !== 'jsonObject' || request.protocol === 'openai-responses') return false;
  return !input.some((item) => item['type'] === 'message' && /json/i.test(JSON.stringify(item['content'])));
}

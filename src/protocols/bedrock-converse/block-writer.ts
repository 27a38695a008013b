import type { Block, ReasoningBlock, TextBlock, ToolCallBlock } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import { readableText } from '../openai-chat/readable-text.ts';
import type { ReceiptBook } from '../receipt.ts';
import { type BlockScope, fitId } from './block-scope.ts';
import { cachePoint } from './cache-point.ts';
import { writeAudio, writeDocument, writeImage } from './media-writer.ts';
import { writeToolResult } from './result-writer.ts';

/**
 * One block as JSON texts: itself, and the cache point behind it. None for one that has no form, which the receipt
 * then says. Throws `invalid_request` for a medium without a form.
 */
export function writeBlock(block: Block, scope: BlockScope): readonly string[] {
  if ('extra' in block && block.extra !== undefined) scope.book.apply('message.extra');
  const text = textOf(block, scope);
  if (text === null) return [];
  const points = cachePoint(markOf(block), scope.model, 'message.cacheControl', scope.book);
  return [text, ...points.map((point) => JSON.stringify(point))];
}

/** The parts of a result have no cache points: a mark inside counts for the whole result. */
function markOf(block: Block): unknown {
  const own = 'cacheControl' in block ? block.cacheControl : undefined;
  return block.type === 'toolResult' ? (own ?? block.content.map(markOf).find(Boolean)) : own;
}

function textOf(block: Block, scope: BlockScope): string | null {
  switch (block.type) {
    case 'text':
      return writeText(block, scope);
    case 'refusal':
      scope.book.apply('message.refusal');
      return plainText(block.text, scope);
    case 'image':
      return writeImage(block, scope);
    case 'file':
      return writeDocument(block, scope);
    case 'audio':
      return writeAudio(block, scope);
    case 'toolCall':
      return writeToolCall(block, scope);
    case 'toolResult':
      return writeToolResult(block, scope);
    case 'reasoning':
      return writeReasoning(block, scope.book);
    case 'unknown':
      return writeUnknown(block, scope);
  }
}

function writeText({ text, citations }: TextBlock, scope: BlockScope): string | null {
  if (citations === undefined) return plainText(text, scope);
  const isOwn = citations.origin.protocol === 'bedrock-converse';
  scope.book.apply('message.citations', isOwn ? undefined : 'otherOrigin');
  if (!isOwn) return plainText(text, scope);
  return JSON.stringify({ citationsContent: { content: [{ text }], citations: citations.raw } });
}

/** Empty text is refused; OpenAI's callers send it beside tool calls. */
function plainText(text: string, { trimsText, keepsBlank }: BlockScope): string | null {
  const kept = trimsText ? text.trimEnd() : text;
  return kept.trim() === '' && !keepsBlank ? null : JSON.stringify({ text: kept });
}

/** The arguments go over as they were written: parsing and printing would change large numbers and key order. */
function writeToolCall(block: ToolCallBlock, scope: BlockScope): string {
  const { book } = scope;
  if (scope.toolsAsText) {
    book.apply('messages', 'toolText');
    return JSON.stringify({ text: `<tool_call name="${block.name}">\n${block.arguments}\n</tool_call>` });
  }
  book.apply('toolCall.name');
  const use = objectText([
    ['toolUseId', JSON.stringify(fitId(block.id, scope))],
    ['name', JSON.stringify(block.name)],
    ['input', inputText(block.arguments, book)],
  ]);
  return `{"toolUse":${use}}`;
}

function inputText(text: string, book: ReceiptBook): string {
  if (text.trim() === '') return '{}';
  const isObject = isJsonObject(parseJson(text));
  book.apply('toolCall.arguments', isObject ? undefined : 'noObject');
  return isObject ? text : JSON.stringify({ invalid_arguments: text });
}

/** Reasoning that the target takes back: its own, with the proof that it is. */
export function isSignedReasoning(block: Block): boolean {
  if (block.type !== 'reasoning' || block.origin.protocol !== 'bedrock-converse') return false;
  return block.redacted !== undefined || (block.signature !== undefined && block.signature !== '');
}

/** Without a signature it would come out as text of the answer. */
function writeReasoning(block: ReasoningBlock, book: ReceiptBook): string | null {
  if (!isSignedReasoning(block)) {
    const isOwn = block.origin.protocol === 'bedrock-converse';
    book.apply('message.reasoning', isOwn ? 'unsigned' : 'otherOrigin');
    return null;
  }
  book.apply('message.reasoning');
  const { text, signature, redacted } = block;
  const content =
    redacted === undefined ? { reasoningText: { text, signature } } : { redactedContent: redacted };
  return JSON.stringify({ reasoningContent: content });
}

function writeUnknown(block: Extract<Block, { type: 'unknown' }>, scope: BlockScope): string | null {
  const { book } = scope;
  const text = readableText(block.raw);
  if (block.origin.protocol === 'bedrock-converse') {
    if (text === null) book.raw('message', block.raw, null);
    else book.apply('message.readable');
    return JSON.stringify(block.raw);
  }
  if (text === null) {
    book.raw('message', block.raw, 'bedrock-converse');
    return null;
  }
  book.apply('message.readable');
  return plainText(text, scope);
}

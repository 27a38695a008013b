import type {
  Block,
  ChatRequest,
  FileBlock,
  MediaSource,
  ToolCallBlock,
  ToolResultBlock,
} from '../blocks.ts';
import { mediumRefusal } from '../cross-protocol.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { ANTHROPIC_TOOL_IDS, fitToolId } from '../tool-ids.ts';

export interface BlockScope {
  readonly request: ChatRequest;
  readonly book: ReceiptBook;
  /** Path of the message, and the block's place in it. */
  readonly path: string;
  readonly place?: number;
  /** The text ends the conversation as a prefill, which may not end in white space. */
  readonly trimsText: boolean;
}

/**
 * One block as JSON text; null for one that has no form, which the receipt then says.
 * Throws `invalid_request` for a medium without a form.
 */
export function writeBlock(block: Block, scope: BlockScope): string | null {
  const { book } = scope;
  switch (block.type) {
    case 'text':
      return writeText(block.text, block.cacheControl, scope);
    case 'refusal':
      book.converted('message.refusal', 'messages[].content[].text', 'as text');
      return writeText(block.text, undefined, scope);
    case 'image':
      if (block.detail !== undefined)
        book.dropped('message.imageDetail', 'anthropic-messages has no such field');
      book.carried('message.image', 'messages[].content[].image');
      return marked(
        { type: 'image', source: sourceOf(block.source, scope, 'image') },
        block.cacheControl,
        book,
      );
    case 'file':
      return writeFile(block, scope);
    case 'toolCall':
      return writeToolCall(block, book);
    case 'toolResult':
      return writeToolResult(block, scope);
    case 'reasoning':
      return writeReasoning(block, book);
    case 'unknown':
      return writeUnknown(block, book);
    case 'audio':
      throw mediumRefusal(pathOf(scope), 'audio');
  }
}

/** Only OpenAI's messages are counted as the internal ones are. */
function pathOf({ request, path, place }: BlockScope): string {
  return request.protocol === 'openai-chat' ? `${path}.content[${place ?? 0}]` : 'messages';
}

/** Empty text is refused; OpenAI's callers send it beside tool calls. */
function writeText(text: string, cacheControl: unknown, scope: BlockScope): string | null {
  const kept = scope.trimsText ? text.trimEnd() : text;
  return kept.trim() === '' ? null : marked({ type: 'text', text: kept }, cacheControl, scope.book);
}

function marked(block: JsonObject, cacheControl: unknown, book: ReceiptBook): string {
  if (cacheControl === undefined) return JSON.stringify(block);
  book.carried('message.cacheControl', 'messages[].content[].cache_control');
  return JSON.stringify({ ...block, cache_control: cacheControl });
}

function sourceOf(source: MediaSource, scope: BlockScope, medium: string): JsonObject {
  if (source.kind === 'url') return { type: 'url', url: source.url };
  if (source.kind === 'base64') return { type: 'base64', media_type: source.mediaType, data: source.data };
  if (scope.request.protocol === 'anthropic-messages') return { type: 'file', file_id: source.id };
  throw mediumRefusal(pathOf(scope), `${medium} that another vendor keeps`);
}

function writeFile(block: FileBlock, scope: BlockScope): string {
  const { source, name, cacheControl } = block;
  scope.book.carried('message.file', 'messages[].content[].document');
  if (block.raw?.origin.protocol === 'anthropic-messages') return JSON.stringify(block.raw.value);
  const title = name === undefined ? {} : { title: name };
  if (source.kind !== 'base64' || source.mediaType === 'application/pdf') {
    return marked(
      { type: 'document', source: sourceOf(source, scope, 'file'), ...title },
      cacheControl,
      scope.book,
    );
  }
  if (!source.mediaType.startsWith('text/'))
    throw mediumRefusal(pathOf(scope), `file of type ${source.mediaType}`);
  const data = Buffer.from(source.data, 'base64').toString();
  const text = { type: 'text', media_type: 'text/plain', data };
  return marked({ type: 'document', source: text, ...title }, cacheControl, scope.book);
}

/** The arguments go over as they were written: parsing and printing would change large numbers and key order. */
function writeToolCall(block: ToolCallBlock, book: ReceiptBook): string {
  const id = fitId(block.id, book);
  return objectText([
    ['type', '"tool_use"'],
    ['id', JSON.stringify(id)],
    ['name', JSON.stringify(block.name)],
    ['input', inputText(block.arguments, book)],
    ['cache_control', block.cacheControl === undefined ? undefined : JSON.stringify(block.cacheControl)],
  ]);
}

function inputText(text: string, book: ReceiptBook): string {
  if (text.trim() === '') return '{}';
  if (isJsonObject(parseJson(text))) return text;
  book.converted('toolCall.arguments', 'input.invalid_arguments', 'they are no JSON object');
  return JSON.stringify({ invalid_arguments: text });
}

function fitId(id: string, book: ReceiptBook): string {
  const fitting = fitToolId(id, ANTHROPIC_TOOL_IDS);
  if (fitting !== id) book.converted('toolCall.id', 'messages[].content[].id', 'the target takes other ids');
  return fitting;
}

function writeToolResult(block: ToolResultBlock, scope: BlockScope): string {
  const inner: BlockScope = { ...scope, trimsText: false };
  const parts = block.content.map((one) => writeBlock(one, inner)).filter((part) => part !== null);
  if (block.isError) scope.book.carried('toolResult.isError', 'messages[].content[].is_error');
  const { cacheControl } = block;
  if (cacheControl !== undefined)
    scope.book.carried('message.cacheControl', 'messages[].content[].cache_control');
  return objectText([
    ['type', '"tool_result"'],
    ['tool_use_id', JSON.stringify(fitId(block.toolCallId, scope.book))],
    ['content', parts.length === 0 ? undefined : `[${parts.join(',')}]`],
    ['is_error', block.isError ? 'true' : undefined],
    ['cache_control', cacheControl === undefined ? undefined : JSON.stringify(cacheControl)],
  ]);
}

function writeUnknown(block: Extract<Block, { type: 'unknown' }>, book: ReceiptBook): string | null {
  const isOwn = block.origin.protocol === 'anthropic-messages';
  book.raw('message', block.raw, isOwn ? null : 'anthropic-messages');
  return isOwn ? JSON.stringify(block.raw) : null;
}

/** Anthropic takes back only what it has signed itself. */
function writeReasoning(block: Extract<Block, { type: 'reasoning' }>, book: ReceiptBook): string | null {
  if (block.origin.protocol === 'anthropic-messages') {
    const field = 'messages[].content[].thinking';
    if (block.redacted !== undefined) {
      book.carried('message.reasoning', field);
      return JSON.stringify({ type: 'redacted_thinking', data: block.redacted });
    }
    if (block.signature !== undefined && block.signature !== '') {
      book.carried('message.reasoning', field);
      return JSON.stringify({ type: 'thinking', thinking: block.text, signature: block.signature });
    }
  }
  book.dropped('message.reasoning', 'reasoning without a signature of the target');
  return null;
}

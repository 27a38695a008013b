import type {
  Block,
  BlockExtra,
  ChatRequest,
  FileBlock,
  ImageBlock,
  MediaSource,
  TextBlock,
  ToolCallBlock,
  ToolResultBlock,
} from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import { readableText } from '../openai-chat/readable-text.ts';
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
      return writeText(block, scope);
    case 'refusal':
      book.apply('message.refusal');
      return writeText({ type: 'text', text: block.text }, scope);
    case 'image':
      return writeImage(block, scope);
    case 'file':
      return writeFile(block, scope);
    case 'toolCall':
      return writeToolCall(block, scope);
    case 'toolResult':
      return writeToolResult(block, scope);
    case 'reasoning':
      return writeReasoning(block, book);
    case 'unknown':
      return writeUnknown(block, book);
    case 'audio':
      throw book.refusal('message.audio', undefined, pathOf(scope));
  }
}

/** Only OpenAI's messages are counted as the internal ones are. */
function pathOf({ request, path, place }: BlockScope): string {
  return request.protocol === 'openai-chat' ? `${path}.content[${place ?? 0}]` : 'messages';
}

/** Empty text is refused; OpenAI's callers send it beside tool calls. */
function writeText({ text, citations, cacheControl }: TextBlock, scope: BlockScope): string | null {
  const kept = scope.trimsText ? text.trimEnd() : text;
  if (kept.trim() === '') return null;
  const isOwn = citations?.origin.protocol === 'anthropic-messages';
  if (citations !== undefined) scope.book.apply('message.citations', isOwn ? undefined : 'otherOrigin');
  const cited = isOwn ? { citations: citations.raw } : {};
  return marked({ type: 'text', text: kept, ...cited }, cacheControl, scope.book);
}

function writeImage(block: ImageBlock, scope: BlockScope): string {
  const { book } = scope;
  if (block.detail !== undefined) book.apply('message.imageDetail');
  book.apply('message.image');
  const source = sourceOf(block.source, scope, 'message.image');
  return marked({ type: 'image', source, ...extraOf(block.extra, scope) }, block.cacheControl, book);
}

/** Members that only Anthropic documents, for a caller of its own protocol. */
function extraOf(extra: BlockExtra | undefined, { request, book }: BlockScope): BlockExtra {
  if (extra === undefined || request.protocol !== 'anthropic-messages') return {};
  book.apply('message.extra');
  if (extra['caller'] !== undefined) book.apply('toolCall.caller');
  return extra;
}

function marked(block: JsonObject, cacheControl: unknown, book: ReceiptBook): string {
  if (cacheControl === undefined) return JSON.stringify(block);
  book.apply('message.cacheControl');
  return JSON.stringify({ ...block, cache_control: cacheControl });
}

function sourceOf(
  source: MediaSource,
  scope: BlockScope,
  field: 'message.image' | 'message.file',
): JsonObject {
  if (source.kind === 'url') return { type: 'url', url: source.url };
  if (source.kind === 'base64') return { type: 'base64', media_type: source.mediaType, data: source.data };
  if (scope.request.protocol === 'anthropic-messages') return { type: 'file', file_id: source.id };
  throw scope.book.refusal(field, 'fileId', pathOf(scope));
}

function writeFile(block: FileBlock, scope: BlockScope): string {
  const { source, name, cacheControl } = block;
  scope.book.apply('message.file');
  if (block.raw !== undefined && block.raw.origin.protocol !== 'anthropic-messages') {
    scope.book.apply('message.fileOptions', 'other');
  }
  if (block.raw?.origin.protocol === 'anthropic-messages') {
    scope.book.apply('message.fileOptions');
    return JSON.stringify(block.raw.value);
  }
  const title = name === undefined ? {} : { title: name };
  if (source.kind !== 'base64' || source.mediaType === 'application/pdf') {
    return marked(
      { type: 'document', source: sourceOf(source, scope, 'message.file'), ...title },
      cacheControl,
      scope.book,
    );
  }
  if (!source.mediaType.startsWith('text/')) {
    throw scope.book.refusal('message.file', 'noForm', pathOf(scope), source.mediaType);
  }
  const data = Buffer.from(source.data, 'base64').toString();
  const text = { type: 'text', media_type: 'text/plain', data };
  return marked({ type: 'document', source: text, ...title }, cacheControl, scope.book);
}

/** The arguments go over as they were written: parsing and printing would change large numbers and key order. */
function writeToolCall(block: ToolCallBlock, scope: BlockScope): string {
  const { book } = scope;
  const id = fitId(block.id, book);
  return objectText([
    ['type', '"tool_use"'],
    ['id', JSON.stringify(id)],
    ['name', JSON.stringify(block.name)],
    ['input', inputText(block.arguments, book)],
    ['cache_control', markText(block.cacheControl, book)],
    ...textsOf(extraOf(block.extra, scope)),
  ]);
}

function inputText(text: string, book: ReceiptBook): string {
  if (text.trim() === '') return '{}';
  if (isJsonObject(parseJson(text))) return text;
  book.apply('toolCall.arguments', 'noObject');
  return JSON.stringify({ invalid_arguments: text });
}

function fitId(id: string, book: ReceiptBook): string {
  const fitting = fitToolId(id, ANTHROPIC_TOOL_IDS);
  if (fitting !== id) book.apply('toolCall.id', 'other');
  return fitting;
}

function writeToolResult(block: ToolResultBlock, scope: BlockScope): string {
  const inner: BlockScope = { ...scope, trimsText: false };
  const parts = block.content.map((one) => writeBlock(one, inner)).filter((part) => part !== null);
  if (block.isError) scope.book.apply('toolResult.isError');
  return objectText([
    ['type', '"tool_result"'],
    ['tool_use_id', JSON.stringify(fitId(block.toolCallId, scope.book))],
    ['content', parts.length === 0 ? undefined : `[${parts.join(',')}]`],
    ['is_error', block.isError ? 'true' : undefined],
    ['cache_control', markText(block.cacheControl, scope.book)],
    ...textsOf(extraOf(block.extra, scope)),
  ]);
}

function markText(cacheControl: unknown, book: ReceiptBook): string | undefined {
  if (cacheControl === undefined) return undefined;
  book.apply('message.cacheControl');
  return JSON.stringify(cacheControl);
}

const textsOf = (extra: BlockExtra) =>
  Object.entries(extra).map(([name, value]) => [name, JSON.stringify(value)] as const);

function writeUnknown(block: Extract<Block, { type: 'unknown' }>, book: ReceiptBook): string | null {
  const isOwn = block.origin.protocol === 'anthropic-messages';
  const text = isOwn ? null : readableText(block.raw);
  if (text !== null) {
    book.apply('message.readable');
    return JSON.stringify({ type: 'text', text });
  }
  book.raw('message', block.raw, isOwn ? null : 'anthropic-messages');
  return isOwn ? JSON.stringify(block.raw) : null;
}

/** Anthropic takes back only what it has signed itself. */
function writeReasoning(block: Extract<Block, { type: 'reasoning' }>, book: ReceiptBook): string | null {
  const isOwn = block.origin.protocol === 'anthropic-messages';
  if (isOwn) {
    if (block.redacted !== undefined) {
      book.apply('message.reasoning');
      return JSON.stringify({ type: 'redacted_thinking', data: block.redacted });
    }
    if (block.signature !== undefined && block.signature !== '') {
      book.apply('message.reasoning');
      return JSON.stringify({ type: 'thinking', thinking: block.text, signature: block.signature });
    }
  }
  book.apply('message.reasoning', isOwn ? 'unsigned' : 'otherOrigin');
  return null;
}

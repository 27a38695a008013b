import type { Block, ChatRequest, FileBlock, ImageBlock, TextBlock } from '../blocks.ts';
import { dataUri } from '../data-uri.ts';
import { readableText } from '../openai-chat/readable-text.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';

export interface PartScope {
  readonly request: ChatRequest;
  readonly book: ReceiptBook;
}

/** Who speaks decides on the name of a text: what goes into the model, or what came out of it. */
export type Side = 'input' | 'output';

/**
 * Content of a message as parts; blocks without a form are left out and reported.
 * Throws `invalid_request` for a medium without a form: answering without it would be answering something else.
 */
export function partsOf(blocks: readonly Block[], side: Side, scope: PartScope): JsonObject[] {
  return blocks.map((block) => partOf(block, side, scope)).filter((part) => part !== null);
}

/** One plain text stays a string. */
export function contentOf(parts: readonly JsonObject[]): string | readonly JsonObject[] {
  const [first] = parts;
  const isPlain = parts.length === 1 && first?.['type'] === 'input_text' && Object.keys(first).length === 2;
  return isPlain ? String(first['text']) : parts;
}

function partOf(block: Block, side: Side, scope: PartScope): JsonObject | null {
  const { book } = scope;
  switch (block.type) {
    case 'text':
      return textPart(block, side, scope);
    case 'refusal':
      book.apply('message.refusal');
      return side === 'output'
        ? { type: 'refusal', refusal: block.text }
        : { type: 'input_text', text: block.text };
    case 'image':
      return imagePart(block, scope);
    case 'file':
      return filePart(block, scope);
    case 'audio':
      book.apply('message.audio');
      return null;
    case 'unknown':
      return unknownPart(block.raw, scope);
    default:
      book.raw('message', { type: block.type }, 'openai-responses');
      return null;
  }
}

function textPart(block: TextBlock, side: Side, scope: PartScope): JsonObject {
  const { citations, extra, text } = block;
  noteMark(block, scope);
  const part: JsonObject = { type: side === 'output' ? 'output_text' : 'input_text', text };
  const isOwn = scope.request.protocol === 'openai-responses';
  if (citations !== undefined) scope.book.apply('message.citations', isOwn ? undefined : 'otherOrigin');
  if (citations !== undefined && isOwn) part['annotations'] = citations.raw;
  return { ...part, ...partExtra(extra, scope) };
}

/** The phase is the message's; what is left of `extra` belongs to the part. */
function partExtra(extra: TextBlock['extra'], { request, book }: PartScope): JsonObject {
  const isOwn = request.protocol === 'openai-responses';
  if (extra !== undefined) book.apply('message.extra', isOwn ? undefined : 'other');
  if (extra === undefined || !isOwn) return {};
  const { phase: _, ...own } = extra;
  return own;
}

function noteMark(block: { readonly cacheControl?: unknown }, { book }: PartScope): void {
  if (block.cacheControl !== undefined) book.apply('message.cacheControl');
}

/** What the user gave to read is kept as text; anything else is another vendor's own. */
function unknownPart(raw: unknown, { book }: PartScope): JsonObject | null {
  const text = readableText(raw);
  if (text === null) {
    book.raw('message', raw, 'openai-responses');
    return null;
  }
  book.apply('message.readable');
  return { type: 'input_text', text };
}

function imagePart(block: ImageBlock, scope: PartScope): JsonObject {
  const { source, detail, extra } = block;
  noteMark(block, scope);
  const isOwn = scope.request.protocol === 'openai-responses';
  if (source.kind === 'file' && !isOwn) throw scope.book.refusal('message.image', 'fileId', 'messages');
  scope.book.apply('message.image');
  if (detail !== undefined) scope.book.apply('message.imageDetail');
  const address =
    source.kind === 'file'
      ? { file_id: source.id }
      : { image_url: source.kind === 'url' ? source.url : dataUri(source.mediaType, source.data) };
  const detailed = detail === undefined ? {} : { detail };
  return { type: 'input_image', ...address, ...detailed, ...partExtra(extra, scope) };
}

function filePart(block: FileBlock, scope: PartScope): JsonObject {
  const { source, name, raw, extra } = block;
  const { book, request } = scope;
  const isOwn = request.protocol === 'openai-responses';
  noteMark(block, scope);
  if (raw !== undefined) book.apply('message.fileOptions');
  if (source.kind === 'base64' && source.mediaType.startsWith('text/') && !isOwn) {
    return textOfFile(source.data, name, book);
  }
  if (source.kind === 'file' && !isOwn) throw book.refusal('message.file', 'fileId', 'messages');
  book.apply('message.file');
  const more = { ...(name === undefined ? {} : { filename: name }), ...partExtra(extra, scope) };
  if (source.kind === 'file') return { type: 'input_file', file_id: source.id, ...more };
  if (source.kind === 'url') return { type: 'input_file', file_url: source.url, ...more };
  const data = dataUri(source.mediaType, source.data);
  return { type: 'input_file', filename: 'file', file_data: data, ...more };
}

/** Not every model takes text files; a plain text reads as well inside of the message. */
function textOfFile(data: string, name: string | undefined, book: ReceiptBook): JsonObject {
  book.apply('message.file', 'text');
  const text = Buffer.from(data, 'base64').toString();
  return { type: 'input_text', text: name === undefined ? text : `${name}:\n${text}` };
}

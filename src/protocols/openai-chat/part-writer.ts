import type { Block, CallerProtocol, FileBlock, ImageBlock } from '../blocks.ts';
import { mediumRefusal } from '../cross-protocol.ts';
import { dataUri } from '../data-uri.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { readableText } from './readable-text.ts';

export interface PartScope {
  /** The caller's protocol: file ids mean something to it alone. */
  readonly protocol: CallerProtocol;
  readonly book: ReceiptBook;
}

/** The text blocks as one string, because compatible servers often take no parts; null where there is none. */
export function joinedText(blocks: readonly Block[], scope: PartScope, separator: string): string | null {
  const texts: string[] = [];
  for (const block of blocks) {
    if (block.type !== 'text') continue;
    noteTextDetails(block, scope);
    texts.push(block.text);
  }
  return texts.length === 0 ? null : texts.join(separator);
}

/** One text alone stays a string; null for no parts at all. */
export function contentOf(parts: readonly JsonObject[]): string | readonly JsonObject[] | null {
  const [first] = parts;
  if (first === undefined) return null;
  return parts.length === 1 && typeof first['text'] === 'string' ? first['text'] : parts;
}

/**
 * Content of a user message as parts; blocks without a form are left out and reported.
 * Throws `invalid_request` for a medium without a form: answering without it would be answering something else.
 */
export function partsOf(blocks: readonly Block[], scope: PartScope): JsonObject[] {
  return blocks.map((block) => partOf(block, scope)).filter((part) => part !== null);
}

function partOf(block: Block, scope: PartScope): JsonObject | null {
  switch (block.type) {
    case 'text':
      noteTextDetails(block, scope);
      return { type: 'text', text: block.text };
    case 'image':
      return imagePart(block, scope);
    case 'audio':
      return { type: 'input_audio', input_audio: { data: block.data, format: block.format } };
    case 'file':
      return filePart(block, scope);
    case 'unknown':
      return unknownPart(block.raw, scope);
    default:
      scope.book.raw('message', { type: block.type }, 'openai-chat');
      return null;
  }
}

/** What the user gave to read is kept as text; anything else is another vendor's own. */
function unknownPart(raw: unknown, scope: PartScope): JsonObject | null {
  const text = readableText(raw);
  if (text === null) {
    scope.book.raw('message', raw, 'openai-chat');
    return null;
  }
  scope.book.converted('message.readable', 'messages[].content[].text', 'as text');
  return { type: 'text', text };
}

function noteTextDetails(block: Extract<Block, { type: 'text' }>, scope: PartScope): void {
  if (block.cacheControl !== undefined) scope.book.dropped('message.cacheControl', 'caching is automatic');
  if (block.citations !== undefined)
    scope.book.dropped('message.citations', 'openai-chat takes none in requests');
}

function imagePart(block: ImageBlock, scope: PartScope): JsonObject {
  const { source, detail, cacheControl } = block;
  if (cacheControl !== undefined) scope.book.dropped('message.cacheControl', 'caching is automatic');
  if (source.kind === 'file') throw mediumRefusal('messages', 'image that another vendor keeps');
  const url = source.kind === 'url' ? source.url : dataUri(source.mediaType, source.data);
  scope.book.carried('message.image', 'messages[].content[].image_url');
  if (detail !== undefined)
    scope.book.carried('message.imageDetail', 'messages[].content[].image_url.detail');
  return { type: 'image_url', image_url: detail === undefined ? { url } : { url, detail } };
}

function filePart(block: FileBlock, scope: PartScope): JsonObject {
  const { source, name, cacheControl } = block;
  if (cacheControl !== undefined) scope.book.dropped('message.cacheControl', 'caching is automatic');
  if (block.raw !== undefined) scope.book.dropped('message.fileOptions', 'openai-chat has no such field');
  if (source.kind === 'base64') {
    if (source.mediaType.startsWith('text/')) return textOfFile(source.data, name, scope);
    scope.book.carried('message.file', 'messages[].content[].file');
    const file = { filename: name ?? 'file', file_data: dataUri(source.mediaType, source.data) };
    return { type: 'file', file };
  }
  if (source.kind === 'file' && scope.protocol === 'openai-chat') {
    scope.book.carried('message.file', 'messages[].content[].file');
    return { type: 'file', file: { file_id: source.id } };
  }
  const medium = source.kind === 'url' ? 'file by its address' : 'file that another vendor keeps';
  throw mediumRefusal('messages', medium);
}

/** OpenAI takes PDF files only; a plain text reads as well inside of the message. */
function textOfFile(data: string, name: string | undefined, scope: PartScope): JsonObject {
  scope.book.converted('message.file', 'messages[].content[].text', 'a text file as text');
  const text = Buffer.from(data, 'base64').toString();
  return { type: 'text', text: name === undefined ? text : `${name}:\n${text}` };
}

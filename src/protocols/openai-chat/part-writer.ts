import type { Block, CallerProtocol, FileBlock, ImageBlock } from '../blocks.ts';
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

/**
 * One text alone stays a string, and several become one where the target takes no parts of text; null for no
 * parts at all.
 */
export function contentOf(
  parts: readonly JsonObject[],
  takesTextParts: boolean,
): string | readonly JsonObject[] | null {
  const [first] = parts;
  if (first === undefined) return null;
  const texts = parts.map((part) => part['text']);
  const isText = texts.every((text) => typeof text === 'string');
  return isText && (parts.length === 1 || !takesTextParts) ? texts.join('\n\n') : parts;
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
      scope.book.apply('message.audio');
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
  scope.book.apply('message.readable');
  return { type: 'text', text };
}

function noteTextDetails(block: Extract<Block, { type: 'text' }>, scope: PartScope): void {
  noteLost(block, scope);
  if (block.citations !== undefined) scope.book.apply('message.citations');
}

/** What no part of OpenAI's has a place for. */
export function noteLost(block: { readonly cacheControl?: unknown }, { book }: PartScope): void {
  if (block.cacheControl !== undefined) book.apply('message.cacheControl');
}

function imagePart(block: ImageBlock, scope: PartScope): JsonObject {
  const { source, detail } = block;
  noteLost(block, scope);
  if (source.kind === 'file') throw scope.book.refusal('message.image', 'fileId', 'messages');
  const url = source.kind === 'url' ? source.url : dataUri(source.mediaType, source.data);
  scope.book.apply('message.image');
  if (detail !== undefined) scope.book.apply('message.imageDetail');
  return { type: 'image_url', image_url: detail === undefined ? { url } : { url, detail } };
}

function filePart(block: FileBlock, scope: PartScope): JsonObject {
  const { source, name } = block;
  noteLost(block, scope);
  if (block.raw !== undefined) scope.book.apply('message.fileOptions');
  if (source.kind === 'base64') {
    if (source.mediaType.startsWith('text/')) return textOfFile(source.data, name, scope);
    scope.book.apply('message.file');
    const file = { filename: name ?? 'file', file_data: dataUri(source.mediaType, source.data) };
    return { type: 'file', file };
  }
  if (source.kind === 'file' && scope.protocol === 'openai-chat') {
    scope.book.apply('message.file');
    return { type: 'file', file: { file_id: source.id } };
  }
  throw scope.book.refusal('message.file', source.kind === 'url' ? 'url' : 'fileId', 'messages');
}

/** OpenAI takes PDF files only; a plain text reads as well inside of the message. */
function textOfFile(data: string, name: string | undefined, scope: PartScope): JsonObject {
  scope.book.apply('message.file', 'text');
  const text = Buffer.from(data, 'base64').toString();
  return { type: 'text', text: name === undefined ? text : `${name}:\n${text}` };
}

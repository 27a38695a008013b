import type { Block, FileBlock, ImageBlock } from '../blocks.ts';
import { dataUri } from '../data-uri.ts';
import { readableText } from '../openai-chat/readable-text.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { writeDocument } from './document.ts';

export interface PartScope {
  readonly book: ReceiptBook;
  /** Takes the files of user messages: they stand beside the messages. */
  readonly documents: unknown[];
}

/** The text blocks as one string; null where there is none. */
export function joinedText(blocks: readonly Block[], scope: PartScope, separator: string): string | null {
  const texts: string[] = [];
  for (const block of blocks) {
    if (block.type !== 'text') continue;
    noteLost(block, scope);
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
 * Content of a user message as parts; files go to the documents, and blocks without a form are left out and
 * reported. Throws `invalid_request` for a medium without a form.
 */
export function userParts(blocks: readonly Block[], scope: PartScope): JsonObject[] {
  const parts: JsonObject[] = [];
  for (const block of blocks) {
    if (block.type === 'file') scope.documents.push(documentOf(block, scope));
    else {
      const part = partOf(block, scope);
      if (part !== null) parts.push(part);
    }
  }
  return parts;
}

function partOf(block: Exclude<Block, FileBlock>, scope: PartScope): JsonObject | null {
  const { book } = scope;
  switch (block.type) {
    case 'text':
      noteLost(block, scope);
      return { type: 'text', text: block.text };
    case 'image':
      return imagePart(block, scope);
    case 'audio':
      throw book.refusal('message.audio', undefined, book.nameOf('message.audio'));
    case 'unknown': {
      const text = readableText(block.raw);
      if (text === null) book.raw('message', block.raw, 'cohere-chat');
      else book.apply('message.readable');
      return text === null ? null : { type: 'text', text };
    }
    default:
      book.raw('message', { type: block.type }, 'cohere-chat');
      return null;
  }
}

export function imagePart(block: ImageBlock, scope: PartScope): JsonObject {
  const { source, detail } = block;
  const { book } = scope;
  noteLost(block, scope);
  if (source.kind === 'file') {
    throw book.refusal('message.image', 'fileId', book.nameOf('message.image'));
  }
  const url = source.kind === 'url' ? source.url : dataUri(source.mediaType, source.data);
  book.apply('message.image');
  if (detail !== undefined) book.apply('message.imageDetail');
  return { type: 'image_url', image_url: detail === undefined ? { url } : { url, detail } };
}

/** A file as a document to answer from. Throws `invalid_request` for one that is no text. */
export function documentOf(block: FileBlock, scope: PartScope): unknown {
  const { book } = scope;
  const document = writeDocument(block);
  if (document === null) {
    const caseName = block.source.kind === 'file' ? 'fileId' : 'noText';
    throw book.refusal('message.file', caseName, book.nameOf('message.file'));
  }
  noteLost(block, scope);
  book.apply('message.file');
  if (block.raw !== undefined) {
    const isOwn = block.raw.origin.protocol === 'cohere-chat';
    book.apply('message.fileOptions', isOwn ? undefined : 'other');
  }
  return document;
}

/** What no part of Cohere's has a place for. */
export function noteLost(
  block: { readonly cacheControl?: unknown; readonly extra?: unknown },
  { book }: PartScope,
): void {
  if (block.cacheControl !== undefined) book.apply('message.cacheControl');
  if (block.extra !== undefined) book.apply('message.extra');
}

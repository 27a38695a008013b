import type { Block, ChatRequest, FileBlock, ImageBlock, MediaSource, ToolCallBlock } from '../blocks.ts';
import { readableText } from '../openai-chat/readable-text.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { typeOfAddress } from './media-types.ts';
import type { ModelTraits } from './model-traits.ts';
import { callPart, isObjectText } from './part-json.ts';

export interface PartScope {
  readonly request: ChatRequest;
  readonly traits: ModelTraits;
  readonly book: ReceiptBook;
}

/**
 * One block as JSON text of a part; null for one that has no form, which the receipt then says.
 * Throws `invalid_request` for a medium that Google cannot get at.
 */
export function writePart(block: Block, scope: PartScope): string | null {
  const { book } = scope;
  noteLost(block, scope);
  switch (block.type) {
    case 'text':
      return writeText(block, scope);
    case 'refusal':
      book.apply('message.refusal');
      return block.text === '' ? null : JSON.stringify({ text: block.text });
    case 'image':
    case 'file':
      return JSON.stringify({ ...mediaOf(block, scope), ...ownExtra(block, scope) });
    case 'audio':
      book.apply('message.audio');
      return JSON.stringify({ inlineData: { mimeType: `audio/${block.format}`, data: block.data } });
    case 'toolCall':
      return writeCall(block, scope);
    case 'reasoning':
      return writeReasoning(block, scope);
    case 'unknown':
      return writeUnknown(block.raw, block.origin.protocol === 'gemini', scope);
    case 'toolResult':
      return null; // a turn of its own
  }
}

const isOwn = ({ request }: PartScope) => request.protocol === 'gemini';

/** What no part of Google's has a place for. */
function noteLost(block: Block, scope: PartScope): void {
  const { book } = scope;
  if ('cacheControl' in block && block.cacheControl !== undefined) book.apply('message.cacheControl');
  if ('citations' in block && block.citations !== undefined) book.apply('message.citations');
  if ('extra' in block && block.extra !== undefined)
    book.apply('message.extra', isOwn(scope) ? undefined : 'other');
  if (block.type === 'image' && block.detail !== undefined) book.apply('message.imageDetail');
  if (block.type === 'file' && block.raw !== undefined) book.apply('message.fileOptions');
}

function ownExtra(block: Block, scope: PartScope): JsonObject {
  return isOwn(scope) && 'extra' in block ? { ...block.extra } : {};
}

/** Empty texts are refused by Vertex AI; one may carry a signature. */
function writeText(block: Extract<Block, { type: 'text' }>, scope: PartScope): string | null {
  const thoughtSignature = signatureOf(block, scope);
  if (block.text === '' && thoughtSignature === undefined) return null;
  return JSON.stringify({ text: block.text, thoughtSignature, ...ownExtra(block, scope) });
}

/** A signature goes back only to Google. */
export function signatureOf(
  { signature }: Pick<ToolCallBlock, 'signature'>,
  { book }: PartScope,
): string | undefined {
  if (signature === undefined) return undefined;
  const isGoogles = signature.origin.protocol === 'gemini';
  book.apply('message.extra', isGoogles ? undefined : 'other');
  return isGoogles ? signature.value : undefined;
}

function writeReasoning(block: Extract<Block, { type: 'reasoning' }>, { book }: PartScope): string | null {
  if (block.origin.protocol !== 'gemini') {
    book.apply('message.reasoning', 'otherOrigin');
    return null;
  }
  book.apply('message.reasoning');
  return JSON.stringify({ text: block.text, thought: true, thoughtSignature: block.signature });
}

function writeCall(block: ToolCallBlock, scope: PartScope): string {
  const { book, traits } = scope;
  const signature = signatureOf(block, scope);
  if (!isObjectText(block.arguments)) book.apply('toolCall.arguments', 'noObject');
  const id = traits.takesCallIds ? block.id : undefined;
  return callPart({ id, name: block.name, args: block.arguments }, signature);
}

function writeUnknown(raw: unknown, isGoogles: boolean, { book }: PartScope): string | null {
  const text = isGoogles ? null : readableText(raw);
  if (text !== null) {
    book.apply('message.readable');
    return JSON.stringify({ text });
  }
  book.raw('message', raw, isGoogles ? null : 'gemini');
  return isGoogles ? JSON.stringify(raw) : null;
}

/** `inlineData` or `fileData` of an image or file. */
export function mediaOf(block: ImageBlock | FileBlock, scope: PartScope): JsonObject {
  const { source, type } = block;
  const field = type === 'image' ? 'message.image' : 'message.file';
  if (source.kind === 'file' && !isOwn(scope)) throw scope.book.refusal(field, 'fileId', 'messages');
  const isNamed = type === 'file' && block.name !== undefined && !isOwn(scope);
  if (source.kind === 'url') scope.book.apply(field, 'url');
  else scope.book.apply(field, undefined, isNamed ? 'without its name' : undefined);
  if (source.kind === 'base64') return { inlineData: { mimeType: source.mediaType, data: source.data } };
  return {
    fileData: { mimeType: typeOf(source, type), fileUri: source.kind === 'url' ? source.url : source.id },
  };
}

/** A stored file tells its own type. */
function typeOf(
  source: Exclude<MediaSource, { kind: 'base64' }>,
  medium: 'image' | 'file',
): string | undefined {
  return source.mediaType ?? (source.kind === 'url' ? typeOfAddress(source.url, medium) : undefined);
}

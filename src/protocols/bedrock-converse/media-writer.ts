import type { AudioBlock, FileBlock, ImageBlock, MediaSource } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import { type BlockScope, pathOf } from './block-scope.ts';
import { documentFormat, imageFormat } from './media-types.ts';

const S3 = /^s3:\/\//;
const IMAGE_ENDINGS: Readonly<Record<string, string>> = {
  png: 'png',
  jpg: 'jpeg',
  jpeg: 'jpeg',
  gif: 'gif',
  webp: 'webp',
};

/** Bytes, or an object in a bucket of the account: nothing is fetched. */
export function writeImage({ source, detail }: ImageBlock, scope: BlockScope): string {
  const { book } = scope;
  if (detail !== undefined) book.apply('message.imageDetail');
  const written = sourceOf(source, 'message.image', scope);
  const format =
    source.kind === 'base64' ? imageFormat(source.mediaType) : IMAGE_ENDINGS[endingOf(source) ?? ''];
  if (format === undefined) throw book.refusal('message.image', 'noForm', pathOf(scope));
  book.apply('message.image', source.kind === 'url' ? 's3' : undefined);
  return JSON.stringify({ image: { format, source: written } });
}

export function writeDocument(block: FileBlock, scope: BlockScope): string {
  const { book } = scope;
  const { source, name } = block;
  if (block.raw?.origin.protocol === 'bedrock-converse') {
    book.apply('message.file');
    book.apply('message.fileOptions');
    return JSON.stringify(block.raw.value);
  }
  const written = sourceOf(source, 'message.file', scope);
  const mediaType = source.kind === 'base64' ? source.mediaType : '';
  const format = documentFormat(mediaType, source.kind === 'url' ? source.url : name);
  if (format === undefined) throw book.refusal('message.file', 'noForm', pathOf(scope));
  const fitting = scope.documents.fit(name);
  book.apply('message.file', source.kind === 'url' ? 's3' : nameCase(name, fitting));
  const options = optionsOf(block);
  if (block.raw !== undefined) book.apply('message.fileOptions', optionsCase(options));
  return JSON.stringify({ document: { format, name: fitting, source: written, ...options } });
}

export function writeAudio({ format, data }: AudioBlock, { book }: BlockScope): string {
  book.apply('message.audio');
  return JSON.stringify({ audio: { format, source: { bytes: data } } });
}

function sourceOf(
  source: MediaSource,
  field: 'message.image' | 'message.file',
  scope: BlockScope,
): JsonObject {
  if (source.kind === 'base64') return { bytes: source.data };
  if (source.kind === 'file') throw scope.book.refusal(field, 'fileId', pathOf(scope));
  if (!S3.test(source.url)) throw scope.book.refusal(field, 'url', pathOf(scope));
  return { s3Location: { uri: source.url } };
}

function endingOf(source: MediaSource): string | undefined {
  return source.kind === 'url' ? /\.([a-z]+)$/i.exec(source.url)?.[1]?.toLowerCase() : undefined;
}

/** Of Anthropic's documents: their context, and that citations are wanted. */
function optionsOf({ raw }: FileBlock): JsonObject {
  if (raw?.origin.protocol !== 'anthropic-messages') return {};
  const { context, citations } = raw.value as JsonObject; // the reader took it for an object
  const enabled = (citations as JsonObject | null | undefined)?.['enabled'] === true;
  return {
    ...(typeof context === 'string' ? { context } : {}),
    ...(enabled ? { citations: { enabled: true } } : {}),
  };
}

function optionsCase(options: JsonObject): 'context' | 'unknown' | undefined {
  if ('citations' in options) return undefined;
  return 'context' in options ? 'context' : 'unknown';
}

const nameCase = (name: string | undefined, fitting: string) =>
  name === undefined || name === fitting ? undefined : 'renamed';

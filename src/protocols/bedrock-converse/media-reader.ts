import type { Block, MediaSource } from '../blocks.ts';
import { expectArray, expectName, expectObject, expectString, optional, refuse } from '../expect.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { documentType, imageType, TEXT_TYPE } from './media-types.ts';
import { ORIGIN } from './origin.ts';

/** An image in a bucket of another account, or one that says what went wrong with it, is kept whole. */
export function readImage(block: JsonObject, path: string, notes: RequestNotes): Block {
  const image = expectObject(block['image'], path);
  notes.unknownMembers(image, ['format', 'source', 'error'], path);
  const format = expectName(image['format'], `${path}.format`);
  const source = readSource(image['source'], imageType(format), `${path}.source`);
  if (source === null || (image['error'] ?? null) !== null)
    return { type: 'unknown', raw: block, origin: ORIGIN };
  notes.detail('message.image', 'messages[].content[].image');
  return { type: 'image', source };
}

export function readAudio(block: JsonObject, path: string, notes: RequestNotes): Block {
  const audio = expectObject(block['audio'], path);
  notes.unknownMembers(audio, ['format', 'source', 'error'], path);
  const format = expectName(audio['format'], `${path}.format`);
  const source = readSource(audio['source'], format, `${path}.source`);
  if (source?.kind !== 'base64') return { type: 'unknown', raw: block, origin: ORIGIN };
  notes.detail('message.audio', 'messages[].content[].audio');
  return { type: 'audio', format, data: source.data };
}

/** A document may be bytes, text, or a list of texts; and it may ask for citations. */
export function readDocument(document: JsonObject, path: string, notes: RequestNotes): Block {
  notes.unknownMembers(document, ['format', 'name', 'source', 'context', 'citations'], path);
  const name = expectName(document['name'], `${path}.name`);
  const format = optional(document['format'], (value) => expectName(value, `${path}.format`));
  const value = expectObject(document['source'], `${path}.source`);
  const text = textOf(value, `${path}.source`);
  const mediaType = format === undefined ? TEXT_TYPE : documentType(format);
  const source =
    text === null
      ? readSource(value, mediaType, `${path}.source`)
      : { kind: 'base64' as const, mediaType, data: Buffer.from(text).toString('base64') };
  const raw = { value: { document }, origin: ORIGIN };
  if (source === null) return { type: 'unknown', raw: raw.value, origin: ORIGIN };
  notes.detail('message.file', 'messages[].content[].document');
  const hasOptions = (document['citations'] ?? document['context'] ?? null) !== null;
  if (hasOptions) notes.detail('message.fileOptions', 'messages[].content[].document.citations');
  return { type: 'file', source, name, ...(hasOptions || text !== null ? { raw } : {}) };
}

function textOf(source: JsonObject, path: string): string | null {
  if ((source['text'] ?? null) !== null) return expectString(source['text'], `${path}.text`);
  if ((source['content'] ?? null) === null) return null;
  const parts = expectArray(source['content'], `${path}.content`).map((part, at) =>
    expectString(expectObject(part, `${path}.content[${at}]`)['text'], `${path}.content[${at}].text`),
  );
  return parts.join('\n');
}

/** Null for an object in the bucket of another account. */
function readSource(value: unknown, mediaType: string, path: string): MediaSource | null {
  const source = expectObject(value, path);
  const data = optional(source['bytes'], (bytes) => expectString(bytes, `${path}.bytes`));
  if (data !== undefined) return { kind: 'base64', mediaType, data };
  const location = optional(source['s3Location'], (one) => expectObject(one, `${path}.s3Location`));
  if (location === undefined) return refuse(path, 'bytes or s3Location is expected.');
  if ((location['bucketOwner'] ?? null) !== null) return null;
  return { kind: 'url', url: expectName(location['uri'], `${path}.s3Location.uri`) };
}

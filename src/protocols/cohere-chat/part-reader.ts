import type { Block, Role } from '../blocks.ts';
import { parseDataUri } from '../data-uri.ts';
import {
  expectArray,
  expectName,
  expectObject,
  expectOneOf,
  expectString,
  optional,
  refuse,
} from '../expect.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { readDocument } from './document.ts';

/** Which parts a message of each role may hold (Cohere API reference, "Chat"). */
const TYPES = {
  system: ['text'],
  user: ['text', 'image_url'],
  assistant: ['text', 'thinking'],
  tool: ['text', 'document'],
} as const;

/** `content` of a message: a string, or a list of parts. */
export function readContent(
  value: unknown,
  role: Exclude<Role, 'developer'>,
  path: string,
  notes: RequestNotes,
): readonly Block[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value)) return refuse(path, 'a string or an array of parts is expected.');
  return expectArray(value, path).map((part, at) => {
    const partPath = `${path}[${at}]`;
    return readPart(expectObject(part, partPath), TYPES[role], partPath, notes);
  });
}

function readPart(
  part: JsonObject,
  types: readonly ('text' | 'image_url' | 'thinking' | 'document')[],
  path: string,
  notes: RequestNotes,
): Block {
  const type = expectOneOf(part['type'], `${path}.type`, types);
  notes.unknownMembers(part, ['type', type], path);
  switch (type) {
    case 'text':
      return { type, text: expectString(part['text'], `${path}.text`) };
    case 'thinking':
      notes.detail('message.reasoning', 'messages[].content[].thinking');
      return {
        type: 'reasoning',
        text: expectString(part['thinking'], `${path}.thinking`),
        origin: { protocol: 'cohere-chat' },
      };
    case 'image_url':
      return readImage(part['image_url'], `${path}.image_url`, notes);
    case 'document':
      notes.detail('message.file', 'messages[].content[].document');
      notes.detail('message.fileOptions', 'messages[].content[].document.data');
      return readDocument(part['document'], `${path}.document`);
  }
}

function readImage(value: unknown, path: string, notes: RequestNotes): Block {
  const image = expectObject(value, path);
  notes.unknownMembers(image, ['url', 'detail'], path);
  const url = expectName(image['url'], `${path}.url`);
  const detail = optional(image['detail'], (text) => expectString(text, `${path}.detail`));
  notes.detail('message.image', 'messages[].content[].image_url');
  if (detail !== undefined) notes.detail('message.imageDetail', 'messages[].content[].image_url.detail');
  const source = /^data:/i.test(url) ? parseDataUri(url) : { kind: 'url' as const, url };
  if (source === null) return refuse(`${path}.url`, 'this data URI is not base64.');
  return detail === undefined ? { type: 'image', source } : { type: 'image', source, detail };
}

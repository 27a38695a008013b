import type { Block, MediaSource, Role, TextBlock } from '../blocks.ts';
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

const PART_TYPES = ['text', 'image_url', 'input_audio', 'file', 'refusal'] as const;

/** `content` of a message: a string, or a list of parts. */
export function readContent(value: unknown, role: Role, path: string, notes: RequestNotes): readonly Block[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value)) return refuse(path, 'a string or an array of parts is expected.');
  return expectArray(value, path).map((part, at) => {
    const partPath = `${path}[${at}]`;
    const block = readPart(expectObject(part, partPath), partPath, notes);
    return allowed(block, role) ? block : refuse(`${partPath}.type`, `is not allowed for role "${role}".`);
  });
}

function allowed(block: Block, role: Role): boolean {
  if (block.type === 'text' || role === 'user') return block.type !== 'refusal' || role !== 'user';
  return role === 'assistant' && block.type === 'refusal';
}

function readPart(part: JsonObject, path: string, notes: RequestNotes): Block {
  const type = expectOneOf(part['type'], `${path}.type`, PART_TYPES);
  notes.unknownMembers(part, ['type', type, 'cache_control', 'annotations'], path);
  const mark = readCacheControl(part, notes);
  if (type === 'text') {
    const cited = readAnnotations(part, 'messages[].content[].annotations', notes);
    return { type: 'text', text: expectString(part['text'], `${path}.text`), ...mark, ...cited };
  }
  if (type === 'refusal') {
    notes.detail('message.refusal', 'messages[].content[].refusal');
    return { type: 'refusal', text: expectString(part['refusal'], `${path}.refusal`) };
  }
  if (type === 'image_url') return { ...readImage(part['image_url'], `${path}.image_url`, notes), ...mark };
  if (type === 'file') return { ...readFile(part['file'], `${path}.file`, notes), ...mark };
  const audio = expectObject(part['input_audio'], `${path}.input_audio`);
  notes.detail('message.audio', 'messages[].content[].input_audio');
  return {
    type: 'audio',
    format: expectName(audio['format'], `${path}.input_audio.format`),
    data: expectName(audio['data'], `${path}.input_audio.data`),
  };
}

/** They come back in the history of an answer; no request of this protocol documents a place for them. */
export function readAnnotations(
  value: JsonObject,
  word: string,
  notes: RequestNotes,
): Pick<TextBlock, 'citations'> {
  const raw: unknown = value['annotations'];
  if (!Array.isArray(raw) || raw.length === 0) return {};
  notes.detail('message.citations', word);
  return { citations: { raw, origin: { protocol: 'openai-chat' } } };
}

/** Not OpenAI's: callers who expect an Anthropic model behind this protocol mark cache breakpoints so. */
function readCacheControl(part: JsonObject, notes: RequestNotes): { cacheControl?: unknown } {
  const cacheControl = part['cache_control'];
  if (cacheControl === undefined || cacheControl === null) return {};
  notes.detail('message.cacheControl', 'messages[].content[].cache_control');
  return { cacheControl };
}

function readImage(value: unknown, path: string, notes: RequestNotes): Block {
  const image = expectObject(value, path);
  const url = expectName(image['url'], `${path}.url`);
  const detail = optional(image['detail'], (text) => expectString(text, `${path}.detail`));
  notes.detail('message.image', 'messages[].content[].image_url');
  if (detail !== undefined) notes.detail('message.imageDetail', 'messages[].content[].image_url.detail');
  const source = readSource(url, `${path}.url`);
  return detail === undefined ? { type: 'image', source } : { type: 'image', source, detail };
}

function readSource(url: string, path: string): MediaSource {
  if (!/^data:/i.test(url)) {
    return /^https?:\/\//i.test(url)
      ? { kind: 'url', url }
      : refuse(path, 'an http(s) address or a base64 data URI is expected.');
  }
  return parseDataUri(url) ?? refuse(path, 'this data URI is not base64.');
}

function readFile(value: unknown, path: string, notes: RequestNotes): Block {
  const file = expectObject(value, path);
  notes.detail('message.file', 'messages[].content[].file');
  const id = optional(file['file_id'], (text) => expectName(text, `${path}.file_id`));
  const name = optional(file['filename'], (text) => expectString(text, `${path}.filename`));
  const source: MediaSource =
    id === undefined ? readFileData(file['file_data'], `${path}.file_data`) : { kind: 'file', id };
  return name === undefined ? { type: 'file', source } : { type: 'file', source, name };
}

/** A data URI; bare base64 is taken for the only type that OpenAI documents, PDF. */
function readFileData(value: unknown, path: string): MediaSource {
  const data = expectName(value, path);
  if (!/^data:/i.test(data)) return { kind: 'base64', mediaType: 'application/pdf', data };
  return parseDataUri(data) ?? refuse(path, 'this data URI is not base64.');
}

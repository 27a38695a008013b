import type { Block, BlockExtra, MediaSource } from '../blocks.ts';
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
import { objectsIn } from './values.ts';

const PART_TYPES = [
  'input_text',
  'output_text',
  'refusal',
  'input_image',
  'input_file',
  'input_audio',
] as const;
const MEMBERS: Readonly<Record<(typeof PART_TYPES)[number], readonly string[]>> = {
  input_text: ['text'],
  output_text: ['text', 'annotations', 'logprobs'],
  refusal: ['refusal'],
  input_image: ['image_url', 'file_id', 'detail'],
  input_file: ['file_data', 'file_id', 'file_url', 'filename', 'detail'],
  input_audio: ['input_audio'],
};
const BREAKPOINT = 'prompt_cache_breakpoint';

/** `content` of a message, or `output` of a call: a string, or a list of parts. */
export function readContent(value: unknown, path: string, notes: RequestNotes): readonly Block[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value)) return refuse(path, 'a string or an array of parts is expected.');
  return expectArray(value, path).map((part, at) => {
    const partPath = `${path}[${at}]`;
    return readPart(expectObject(part, partPath), partPath, notes);
  });
}

function readPart(part: JsonObject, path: string, notes: RequestNotes): Block {
  const type = expectOneOf(part['type'], `${path}.type`, PART_TYPES);
  notes.unknownMembers(part, ['type', BREAKPOINT, ...MEMBERS[type]], path);
  const extra = readExtra(part, notes);
  switch (type) {
    case 'input_text':
      return { type: 'text', text: expectString(part['text'], `${path}.text`), ...extra };
    case 'output_text':
      return {
        type: 'text',
        text: expectString(part['text'], `${path}.text`),
        ...readCitations(part, notes),
        ...extra,
      };
    case 'refusal':
      notes.detail('message.refusal', 'input[].content[].refusal');
      return { type: 'refusal', text: expectString(part['refusal'], `${path}.refusal`) };
    case 'input_image':
      return readImage(part, extra, path, notes);
    case 'input_file':
      return readFile(part, extra, path, notes);
    case 'input_audio':
      return readAudio(part['input_audio'], `${path}.input_audio`, notes);
  }
}

interface Extra {
  readonly extra?: BlockExtra;
}

function readExtra(part: JsonObject, notes: RequestNotes): Extra {
  const breakpoint = part[BREAKPOINT] ?? null;
  if (breakpoint === null) return {};
  notes.detail('message.extra', `input[].content[].${BREAKPOINT}`);
  return { extra: { [BREAKPOINT]: breakpoint } };
}

function readCitations(part: JsonObject, notes: RequestNotes): Pick<Block & { type: 'text' }, 'citations'> {
  const raw = objectsIn(part['annotations']);
  if (raw.length === 0) return {};
  notes.detail('message.citations', 'input[].content[].annotations');
  return { citations: { raw, origin: { protocol: 'openai-responses' } } };
}

function readImage(part: JsonObject, extra: Extra, path: string, notes: RequestNotes): Block {
  notes.detail('message.image', 'input[].content[].input_image');
  const detail = optional(part['detail'], (text) => expectString(text, `${path}.detail`));
  if (detail !== undefined) notes.detail('message.imageDetail', 'input[].content[].detail');
  const id = optional(part['file_id'], (text) => expectName(text, `${path}.file_id`));
  const source = id === undefined ? readUrl(part['image_url'], `${path}.image_url`) : fileOf(id);
  return { type: 'image', source, ...(detail === undefined ? {} : { detail }), ...extra };
}

function readFile(part: JsonObject, extra: Extra, path: string, notes: RequestNotes): Block {
  notes.detail('message.file', 'input[].content[].input_file');
  const name = optional(part['filename'], (text) => expectString(text, `${path}.filename`));
  const detail = part['detail'] ?? undefined;
  if (detail !== undefined) notes.detail('message.extra', 'input[].content[].detail');
  const own = detail === undefined ? extra : { extra: { ...extra.extra, detail } };
  const source = readFileSource(part, path);
  return { type: 'file', source, ...(name === undefined ? {} : { name }), ...own };
}

function readFileSource(part: JsonObject, path: string): MediaSource {
  const id = optional(part['file_id'], (text) => expectName(text, `${path}.file_id`));
  if (id !== undefined) return fileOf(id);
  const url = optional(part['file_url'], (text) => expectName(text, `${path}.file_url`));
  if (url !== undefined) return readUrl(url, `${path}.file_url`);
  const data = expectName(part['file_data'], `${path}.file_data`);
  // Bare base64 is taken for the type that OpenAI documents first.
  if (!/^data:/i.test(data)) return { kind: 'base64', mediaType: 'application/pdf', data };
  return readUrl(data, `${path}.file_data`);
}

const fileOf = (id: string): MediaSource => ({ kind: 'file', id });

function readUrl(value: unknown, path: string): MediaSource {
  const url = expectName(value, path);
  if (/^data:/i.test(url)) return parseDataUri(url) ?? refuse(path, 'this data URI is not base64.');
  return /^https?:\/\//i.test(url)
    ? { kind: 'url', url }
    : refuse(path, 'an http(s) address or a base64 data URI is expected.');
}

function readAudio(value: unknown, path: string, notes: RequestNotes): Block {
  const audio = expectObject(value, path);
  notes.detail('message.audio', 'input[].content[].input_audio');
  return {
    type: 'audio',
    format: expectName(audio['format'], `${path}.format`),
    data: expectName(audio['data'], `${path}.data`),
  };
}

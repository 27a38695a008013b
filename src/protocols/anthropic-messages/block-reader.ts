import type { Block, BlockExtra, MediaSource, Origin } from '../blocks.ts';
import {
  expectArray,
  expectBoolean,
  expectName,
  expectObject,
  expectOneOf,
  expectString,
  optional,
  refuse,
} from '../expect.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { isProgrammatic } from './response-reader.ts';

const ORIGIN: Origin = { protocol: 'anthropic-messages' };

/** `content` or `system`: a string, or a list of blocks. */
export function readBlocks(value: unknown, path: string, notes: RequestNotes): readonly Block[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value)) return refuse(path, 'a string or an array of blocks is expected.');
  return expectArray(value, path).map((block, at) => {
    const blockPath = `${path}[${at}]`;
    return readBlock(expectObject(block, blockPath), blockPath, notes);
  });
}

/** Blocks without internal form (server tools, search results …) are kept whole with their origin. */
function readBlock(block: JsonObject, path: string, notes: RequestNotes): Block {
  const type = expectName(block['type'], `${path}.type`);
  switch (type) {
    case 'text':
      return readText(block, path, notes);
    case 'image': {
      known(block, ['source', 'transformations'], path, notes);
      notes.detail('message.image', 'messages[].content[].image');
      const source = readSource(block['source'], `${path}.source`, notes);
      return {
        type: 'image',
        source,
        ...readMark(block, notes),
        ...readExtra(block, ['transformations'], notes),
      };
    }
    case 'document':
      return readDocument(block, path, notes);
    case 'tool_use':
      return readToolUse(block, path, notes);
    case 'tool_result':
      return readToolResult(block, path, notes);
    case 'thinking':
    case 'redacted_thinking':
      return readThinking(type, block, path, notes);
    default:
      return { type: 'unknown', raw: block, origin: ORIGIN };
  }
}

function known(block: JsonObject, members: readonly string[], path: string, notes: RequestNotes): void {
  notes.unknownMembers(block, ['type', 'cache_control', ...members], path);
}

function readMark(block: JsonObject, notes: RequestNotes): { cacheControl?: unknown } {
  const cacheControl = block['cache_control'];
  if (cacheControl === undefined || cacheControl === null) return {};
  notes.detail('message.cacheControl', 'messages[].content[].cache_control');
  return { cacheControl };
}

/** Documented members that no other protocol has a word for. */
function readExtra(
  block: JsonObject,
  members: readonly string[],
  notes: RequestNotes,
): { extra?: BlockExtra } {
  const entries = members.filter((name) => (block[name] ?? null) !== null).map((name) => [name, block[name]]);
  const [first] = entries;
  if (first === undefined) return {};
  if (first[0] !== 'caller') notes.detail('message.extra', `messages[].content[].${String(first[0])}`);
  return { extra: Object.fromEntries(entries) as BlockExtra };
}

function readText(block: JsonObject, path: string, notes: RequestNotes): Block {
  known(block, ['text', 'citations'], path, notes);
  const text = expectString(block['text'], `${path}.text`);
  const raw = optional(block['citations'], (value) => expectArray(value, `${path}.citations`)) ?? [];
  if (raw.length > 0) notes.detail('message.citations', 'messages[].content[].citations');
  const cited = raw.length === 0 ? {} : { citations: { raw, origin: ORIGIN } };
  return { type: 'text', text, ...readMark(block, notes), ...cited };
}

function readSource(value: unknown, path: string, notes: RequestNotes): MediaSource {
  const source = expectObject(value, path);
  const type = expectOneOf(source['type'], `${path}.type`, ['base64', 'url', 'file', 'text']);
  notes.unknownMembers(source, ['type', 'media_type', 'data', 'url', 'file_id'], path);
  if (type === 'url') return { kind: 'url', url: expectName(source['url'], `${path}.url`) };
  if (type === 'file') return { kind: 'file', id: expectName(source['file_id'], `${path}.file_id`) };
  const mediaType = expectName(source['media_type'], `${path}.media_type`);
  const data = expectString(source['data'], `${path}.data`);
  return { kind: 'base64', mediaType, data: type === 'base64' ? data : Buffer.from(data).toString('base64') };
}

/** A document may hold blocks of content instead of a file, and ask for citations. */
function readDocument(block: JsonObject, path: string, notes: RequestNotes): Block {
  known(block, ['source', 'title', 'context', 'citations'], path, notes);
  const source = expectObject(block['source'], `${path}.source`);
  if (source['type'] === 'content') return { type: 'unknown', raw: block, origin: ORIGIN };
  notes.detail('message.file', 'messages[].content[].document');
  const name = optional(block['title'], (value) => expectString(value, `${path}.title`));
  const media = readSource(source, `${path}.source`, notes);
  const options = ['citations', 'context'].filter((member) => (block[member] ?? null) !== null);
  if (options[0] !== undefined) notes.detail('message.fileOptions', `messages[].content[].${options[0]}`);
  return {
    type: 'file',
    source: media,
    ...(name === undefined ? {} : { name }),
    ...readMark(block, notes),
    ...(options.length === 0 ? {} : { raw: { value: block, origin: ORIGIN } }),
  };
}

function readToolUse(block: JsonObject, path: string, notes: RequestNotes): Block {
  known(block, ['id', 'name', 'input', 'caller', 'toolset_name'], path, notes);
  if (isProgrammatic(block)) notes.detail('toolCall.caller', 'messages[].content[].caller');
  return {
    type: 'toolCall',
    id: expectName(block['id'], `${path}.id`),
    name: expectName(block['name'], `${path}.name`),
    arguments: JSON.stringify(expectObject(block['input'], `${path}.input`)),
    ...readMark(block, notes),
    ...readExtra(block, isProgrammatic(block) ? ['toolset_name', 'caller'] : ['toolset_name'], notes),
  };
}

function readToolResult(block: JsonObject, path: string, notes: RequestNotes): Block {
  known(block, ['tool_use_id', 'content', 'is_error', 'toolset_name'], path, notes);
  const isError = optional(block['is_error'], (value) => expectBoolean(value, `${path}.is_error`)) ?? false;
  if (isError) notes.detail('toolResult.isError', 'messages[].content[].is_error');
  return {
    type: 'toolResult',
    toolCallId: expectName(block['tool_use_id'], `${path}.tool_use_id`),
    content: optional(block['content'], (value) => readBlocks(value, `${path}.content`, notes)) ?? [],
    isError,
    ...readMark(block, notes),
    ...readExtra(block, ['toolset_name'], notes),
  };
}

/** A signature that is empty was written by this gateway: the block never was Anthropic's. */
function readThinking(type: string, block: JsonObject, path: string, notes: RequestNotes): Block {
  notes.detail('message.reasoning', 'messages[].content[].thinking');
  if (type === 'redacted_thinking') {
    return {
      type: 'reasoning',
      text: '',
      redacted: expectString(block['data'], `${path}.data`),
      origin: ORIGIN,
    };
  }
  const text = expectString(block['thinking'], `${path}.thinking`);
  const signature = optional(block['signature'], (value) => expectString(value, `${path}.signature`));
  return { type: 'reasoning', text, signature, origin: ORIGIN };
}

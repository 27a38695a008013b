import type { Block } from '../blocks.ts';
import {
  expectArray,
  expectName,
  expectObject,
  expectOneOf,
  expectString,
  optional,
  refuse,
} from '../expect.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { readAudio, readDocument, readImage } from './media-reader.ts';
import { ORIGIN } from './origin.ts';
import { citedText, readableText } from './readable-text.ts';

/** The members of a ContentBlock, SystemContentBlock or ToolResultContentBlock; each block has one of them. */
const KINDS = [
  ...['text', 'image', 'document', 'video', 'audio', 'toolUse', 'toolResult', 'json', 'guardContent'],
  ...['cachePoint', 'reasoningContent', 'citationsContent', 'searchResult', 'toolAddition', 'toolRemoval'],
] as const;

/** Blocks without internal form (videos, search results, changes of the tools …) are kept whole with their origin. */
export function readBlocks(values: readonly unknown[], path: string, notes: RequestNotes): readonly Block[] {
  const blocks: Block[] = [];
  for (const [at, value] of values.entries()) {
    const blockPath = `${path}[${at}]`;
    const block = expectObject(value, blockPath);
    const kind = KINDS.find((name) => block[name] !== undefined);
    if (kind === undefined) return refuse(blockPath, `must have one of ${KINDS.join(', ')}.`);
    notes.unknownMembers(block, [kind], blockPath);
    if (kind === 'cachePoint') markLast(blocks, block, notes);
    else blocks.push(readBlock(kind, block, `${blockPath}.${kind}`, notes));
  }
  return blocks;
}

/** Which blocks can carry a breakpoint inside. */
const MARKABLE: ReadonlySet<Block['type']> = new Set(['text', 'image', 'file', 'toolCall', 'toolResult']);

/** A cache point belongs to what stands before it. */
function markLast(blocks: Block[], block: JsonObject, notes: RequestNotes): void {
  const last = blocks.at(-1);
  if (last === undefined || !MARKABLE.has(last.type)) {
    blocks.push({ type: 'unknown', raw: block, origin: ORIGIN });
    return;
  }
  notes.detail('message.cacheControl', 'messages[].content[].cachePoint');
  const marked = { ...last, cacheControl: cacheControlOf(block['cachePoint']) };
  blocks[blocks.length - 1] = marked as Block; // of a type that has the member
}

/** In Anthropic's words, which are the internal ones. */
export function cacheControlOf(point: unknown): object {
  const ttl = isJsonObject(point) ? point['ttl'] : undefined;
  return typeof ttl === 'string' ? { type: 'ephemeral', ttl } : { type: 'ephemeral' };
}

function readBlock(kind: string, block: JsonObject, path: string, notes: RequestNotes): Block {
  const value = block[kind];
  switch (kind) {
    case 'text':
      return { type: 'text', text: expectString(value, path) };
    case 'image':
      return readImage(block, path, notes);
    case 'document':
      return readDocument(expectObject(value, path), path, notes);
    case 'audio':
      return readAudio(block, path, notes);
    case 'toolUse':
      return readToolUse(block, expectObject(value, path), path, notes);
    case 'toolResult':
      return readToolResult(block, expectObject(value, path), path, notes);
    case 'reasoningContent':
      return readReasoning(expectObject(value, path), path, notes);
    case 'citationsContent':
      return readCited(expectObject(value, path), path, notes);
    case 'json':
      return { type: 'text', text: JSON.stringify(value) };
    default:
      if (readableText(block) !== null) notes.detail('message.readable', `messages[].content[].${kind}`);
      return { type: 'unknown', raw: block, origin: ORIGIN };
  }
}

function readCited(cited: JsonObject, path: string, notes: RequestNotes): Block {
  notes.unknownMembers(cited, ['content', 'citations'], path);
  notes.detail('message.citations', 'messages[].content[].citationsContent');
  const raw = optional(cited['citations'], (list) => expectArray(list, `${path}.citations`)) ?? [];
  return { type: 'text', text: citedText(cited), citations: { raw, origin: ORIGIN } };
}

/** A call with a `type` was made at the provider: its result is there too, and no caller answers it. */
function readToolUse(block: JsonObject, use: JsonObject, path: string, notes: RequestNotes): Block {
  if ((use['type'] ?? null) !== null) return { type: 'unknown', raw: block, origin: ORIGIN };
  notes.unknownMembers(use, ['toolUseId', 'name', 'input'], path);
  return {
    type: 'toolCall',
    id: expectName(use['toolUseId'], `${path}.toolUseId`),
    name: expectName(use['name'], `${path}.name`),
    arguments: JSON.stringify(use['input'] ?? {}),
  };
}

function readToolResult(block: JsonObject, result: JsonObject, path: string, notes: RequestNotes): Block {
  if ((result['type'] ?? null) !== null) return { type: 'unknown', raw: block, origin: ORIGIN };
  notes.unknownMembers(result, ['toolUseId', 'content', 'status'], path);
  const status = optional(result['status'], (value) =>
    expectOneOf(value, `${path}.status`, ['success', 'error']),
  );
  if (status === 'error') notes.detail('toolResult.isError', 'messages[].content[].toolResult.status');
  const content = expectArray(result['content'] ?? [], `${path}.content`);
  return {
    type: 'toolResult',
    toolCallId: expectName(result['toolUseId'], `${path}.toolUseId`),
    content: readBlocks(content, `${path}.content`, notes),
    isError: status === 'error',
  };
}

function readReasoning(content: JsonObject, path: string, notes: RequestNotes): Block {
  notes.detail('message.reasoning', 'messages[].content[].reasoningContent');
  notes.unknownMembers(content, ['reasoningText', 'redactedContent'], path);
  const redacted = optional(content['redactedContent'], (data) =>
    expectString(data, `${path}.redactedContent`),
  );
  if (redacted !== undefined) return { type: 'reasoning', text: '', redacted, origin: ORIGIN };
  const value = expectObject(content['reasoningText'], `${path}.reasoningText`);
  notes.unknownMembers(value, ['text', 'signature'], `${path}.reasoningText`);
  const text = expectString(value['text'], `${path}.reasoningText.text`);
  const signature = optional(value['signature'], (one) =>
    expectString(one, `${path}.reasoningText.signature`),
  );
  return { type: 'reasoning', text, signature, origin: ORIGIN };
}

import type { Block, Message, ReasoningBlock, TextBlock } from '../blocks.ts';
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
import { checkToolPairs } from '../tool-pairs.ts';
import { readDocument } from './document.ts';
import { readContent } from './part-reader.ts';

const ROLES = ['system', 'user', 'assistant', 'tool'] as const;
const MEMBERS: Readonly<Record<(typeof ROLES)[number], readonly string[]>> = {
  system: ['role', 'content'],
  user: ['role', 'content'],
  assistant: ['role', 'content', 'tool_plan', 'tool_calls', 'citations'],
  tool: ['role', 'content', 'tool_call_id'],
};
const ORIGIN = { protocol: 'cohere-chat' as const };

/** One message in, one message out: paths in errors and receipts keep the caller's counting. */
export function readMessages(values: readonly unknown[], notes: RequestNotes): readonly Message[] {
  if (values.length === 0) refuse('messages', 'must hold at least one message.');
  const messages = values.map((value, at) => {
    const path = `messages[${at}]`;
    return readMessage(expectObject(value, path), path, notes);
  });
  checkToolPairs(messages, (message, block) =>
    messages[message]?.role === 'tool'
      ? `messages[${message}].tool_call_id`
      : `messages[${message}].tool_calls[${block}].id`,
  );
  return messages;
}

/** `documents` belong to what the user last asked, and stand before it. */
export function withDocuments(
  messages: readonly Message[],
  value: unknown,
  notes: RequestNotes,
): readonly Message[] {
  const documents = expectArray(value, 'documents').map((one, at) => readDocument(one, `documents[${at}]`));
  if (documents.length === 0) return messages;
  notes.detail('message.file', 'documents');
  notes.detail('message.fileOptions', 'documents[].data');
  const last = messages.findLastIndex((message) => message.role === 'user');
  if (last === -1) return [...messages, { role: 'user', blocks: documents }];
  return messages.map((message, at) =>
    at === last ? { role: 'user', blocks: [...documents, ...message.blocks] } : message,
  );
}

function readMessage(value: JsonObject, path: string, notes: RequestNotes): Message {
  const role = expectOneOf(value['role'], `${path}.role`, ROLES);
  notes.unknownMembers(value, MEMBERS[role], path);
  if (role === 'assistant') return { role, blocks: readAssistant(value, path, notes) };
  const content = readContent(value['content'], role, `${path}.content`, notes);
  if (role !== 'tool') return { role, blocks: content };
  const toolCallId = expectName(value['tool_call_id'], `${path}.tool_call_id`);
  return { role, blocks: [{ type: 'toolResult', toolCallId, content, isError: false }] };
}

function readAssistant(value: JsonObject, path: string, notes: RequestNotes): readonly Block[] {
  const blocks: Block[] = [];
  const plan = optional(value['tool_plan'], (text) => expectString(text, `${path}.tool_plan`));
  if (plan !== undefined && plan !== '') {
    notes.detail('message.reasoning', 'messages[].tool_plan');
    blocks.push({ type: 'reasoning', text: plan, isPlan: true, origin: ORIGIN } satisfies ReasoningBlock);
  }
  const content = optional(value['content'], (one) =>
    readContent(one, 'assistant', `${path}.content`, notes),
  );
  blocks.push(...withCitations(content ?? [], value['citations'], `${path}.citations`, notes));
  const calls = optional(value['tool_calls'], (list) => expectArray(list, `${path}.tool_calls`)) ?? [];
  for (const [at, call] of calls.entries()) blocks.push(readCall(call, `${path}.tool_calls[${at}]`, notes));
  return blocks;
}

/**
 * All citations of a message go with its first text: `content_index` in each says which part it means. Those of a
 * plan alone have no text to go with.
 */
function withCitations(
  content: readonly Block[],
  value: unknown,
  path: string,
  notes: RequestNotes,
): readonly Block[] {
  const raw = optional(value, (list) => expectArray(list, path)) ?? [];
  const first = content.findIndex((block) => block.type === 'text');
  if (raw.length === 0) return content;
  notes.detail('message.citations', 'messages[].citations');
  if (first === -1) return [...content, { type: 'unknown', raw: { type: 'citations', raw }, origin: ORIGIN }];
  const text = content[first] as TextBlock; // found by its type
  return content.with(first, { ...text, citations: { raw, origin: ORIGIN } });
}

function readCall(value: unknown, path: string, notes: RequestNotes): Block {
  const call = expectObject(value, path);
  notes.unknownMembers(call, ['id', 'type', 'function'], path);
  expectOneOf(call['type'] ?? 'function', `${path}.type`, ['function']);
  const target = expectObject(call['function'], `${path}.function`);
  return {
    type: 'toolCall',
    id: expectName(call['id'], `${path}.id`),
    name: expectName(target['name'], `${path}.function.name`),
    arguments: expectString(target['arguments'] ?? '', `${path}.function.arguments`),
  };
}

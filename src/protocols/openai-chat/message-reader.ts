import type { Block, Message, Role, ToolCallBlock } from '../blocks.ts';
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
import { mintToolId } from '../tool-ids.ts';
import { checkToolPairs } from '../tool-pairs.ts';
import { readAnnotations, readContent } from './part-reader.ts';

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const;
/** `reasoning_content` is not OpenAI's: this gateway and many compatible servers send it, so it comes back. */
const MEMBERS: Readonly<Record<(typeof ROLES)[number], readonly string[]>> = {
  system: ['role', 'content', 'name'],
  developer: ['role', 'content', 'name'],
  user: ['role', 'content', 'name'],
  assistant: [
    ...['role', 'content', 'name', 'refusal', 'audio', 'tool_calls', 'function_call', 'annotations'],
    ...['reasoning_content', 'reasoning'],
  ],
  tool: ['role', 'content', 'tool_call_id', 'name'],
  function: ['role', 'content', 'name'],
};

/** One message in, one message out: paths in errors and receipts keep the caller's counting. */
export function readMessages(values: readonly unknown[], notes: RequestNotes): readonly Message[] {
  if (values.length === 0) refuse('messages', 'must hold at least one message.');
  const messages: Message[] = [];
  for (const [at, value] of values.entries()) {
    const path = `messages[${at}]`;
    messages.push(readMessage(expectObject(value, path), path, messages, notes));
  }
  checkToolPairs(messages, (message, block) =>
    messages[message]?.role === 'tool'
      ? `messages[${message}].tool_call_id`
      : `messages[${message}].tool_calls[${block}].id`,
  );
  return messages;
}

function readMessage(
  value: JsonObject,
  path: string,
  earlier: readonly Message[],
  notes: RequestNotes,
): Message {
  const role = expectOneOf(value['role'], `${path}.role`, ROLES);
  notes.unknownMembers(value, MEMBERS[role], path);
  if (role === 'tool') return readToolResult(value, path, notes);
  if (role === 'function') return readFunctionResult(value, path, earlier, notes);
  const name = optional(value['name'], (text) => expectString(text, `${path}.name`));
  if (name !== undefined) notes.detail('message.name', 'messages[].name');
  const blocks =
    role === 'assistant' ? readAssistant(value, path, notes) : readGiven(role, value, path, notes);
  return name === undefined ? { role, blocks } : { role, blocks, name };
}

function readGiven(role: Role, value: JsonObject, path: string, notes: RequestNotes): readonly Block[] {
  const content = value['content'];
  if (content === undefined || content === null)
    return refuse(`${path}.content`, `is required for role "${role}".`);
  return readContent(content, role, `${path}.content`, notes);
}

function readAssistant(value: JsonObject, path: string, notes: RequestNotes): readonly Block[] {
  const blocks: Block[] = [];
  const origin = { protocol: 'openai-chat' as const };
  const thoughts = value['reasoning_content'] ?? value['reasoning'];
  if (typeof thoughts === 'string' && thoughts !== '') {
    const word = value['reasoning_content'] === undefined ? 'reasoning' : 'reasoning_content';
    notes.detail('message.reasoning', `messages[].${word}`);
    blocks.push({ type: 'reasoning', text: thoughts, origin });
  }
  const content = optional(value['content'], (one) =>
    readContent(one, 'assistant', `${path}.content`, notes),
  );
  const cited = readAnnotations(value, 'messages[].annotations', notes);
  for (const block of content ?? []) blocks.push(block.type === 'text' ? { ...block, ...cited } : block);
  const refusal = optional(value['refusal'], (text) => expectString(text, `${path}.refusal`));
  if (refusal !== undefined) {
    notes.detail('message.refusal', 'messages[].refusal');
    blocks.push({ type: 'refusal', text: refusal });
  }
  if (value['audio'] !== undefined && value['audio'] !== null) {
    blocks.push({ type: 'unknown', raw: { audio: value['audio'] }, origin });
  }
  blocks.push(...readCalls(value, path, notes));
  return blocks;
}

function readCalls(value: JsonObject, path: string, notes: RequestNotes): readonly Block[] {
  const legacy = optional(value['function_call'], (call) => expectObject(call, `${path}.function_call`));
  if (legacy !== undefined) return [readLegacyCall(legacy, path)];
  const calls = optional(value['tool_calls'], (list) => expectArray(list, `${path}.tool_calls`)) ?? [];
  return calls.map((call, at) => readCall(call, `${path}.tool_calls[${at}]`, notes));
}

function readCall(value: unknown, path: string, notes: RequestNotes): Block {
  const call = expectObject(value, path);
  const id = expectName(call['id'], `${path}.id`);
  if (expectOneOf(call['type'] ?? 'function', `${path}.type`, ['function', 'custom']) === 'custom') {
    return { type: 'unknown', raw: { tool_call: call }, origin: { protocol: 'openai-chat' } };
  }
  notes.unknownMembers(call, ['id', 'type', 'function', 'index'], path);
  const target = expectObject(call['function'], `${path}.function`);
  return {
    type: 'toolCall',
    id,
    name: expectName(target['name'], `${path}.function.name`),
    arguments: expectString(target['arguments'] ?? '', `${path}.function.arguments`),
  };
}

/** A `function_call` has no id; its message's place in the history gives it one. */
function readLegacyCall(call: JsonObject, path: string): ToolCallBlock {
  const name = expectName(call['name'], `${path}.function_call.name`);
  const text = expectString(call['arguments'] ?? '', `${path}.function_call.arguments`);
  return { type: 'toolCall', id: mintToolId(path, 0, name), name, arguments: text };
}

function readToolResult(value: JsonObject, path: string, notes: RequestNotes): Message {
  const toolCallId = expectName(value['tool_call_id'], `${path}.tool_call_id`);
  const content = readContent(value['content'], 'tool', `${path}.content`, notes);
  return { role: 'tool', blocks: [{ type: 'toolResult', toolCallId, content, isError: false }] };
}

function readFunctionResult(
  value: JsonObject,
  path: string,
  earlier: readonly Message[],
  notes: RequestNotes,
): Message {
  const name = expectName(value['name'], `${path}.name`);
  const calls = earlier.at(-1)?.blocks.filter((block) => block.type === 'toolCall') ?? [];
  const call = calls.find((one) => one.name === name);
  if (call === undefined)
    return refuse(`${path}.name`, 'names no function that the message before it calls.');
  const content = readContent(value['content'] ?? '', 'tool', `${path}.content`, notes);
  return { role: 'tool', blocks: [{ type: 'toolResult', toolCallId: call.id, content, isError: false }] };
}

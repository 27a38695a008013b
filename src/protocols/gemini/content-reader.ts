import type { Block, Message, ToolCallBlock, ToolResultBlock } from '../blocks.ts';
import { expectArray, expectObject, expectOneOf, refuse } from '../expect.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { checkToolPairs } from '../tool-pairs.ts';
import { camelNames } from './camel-names.ts';
import { readFunctionResponse } from './function-response-reader.ts';
import { readPart } from './part-reader.ts';

const ROLES = ['user', 'model', 'function', 'tool'] as const;

interface Turn {
  readonly role: 'user' | 'assistant' | 'tool';
  readonly blocks: Block[];
  /** Of the caller's contents, the one that it began with. */
  readonly place: number;
}

/**
 * The turns of a conversation. Contents of the model that follow each other are one: clients keep each event of a
 * stream as a content. Function responses leave the user's turn and become a turn of role `tool`.
 */
export function readContents(values: readonly unknown[], notes: RequestNotes): readonly Message[] {
  if (values.length === 0) refuse('contents', 'must hold at least one content.');
  const turns: Turn[] = [];
  const add = (role: Turn['role'], place: number, block: Block) => {
    const last = turns.at(-1);
    if (last?.role === role && (role !== 'user' || last.place === place)) last.blocks.push(block);
    else turns.push({ role, place, blocks: [block] });
  };
  for (const [place, value] of values.entries()) readContent(value, place, turns, add, notes);
  checkToolPairs(turns, (message) => `contents[${turns[message]?.place ?? 0}].parts`);
  return turns.map(({ role, blocks }) => ({ role, blocks }));
}

function readContent(
  value: unknown,
  place: number,
  turns: readonly Turn[],
  add: (role: Turn['role'], place: number, block: Block) => void,
  notes: RequestNotes,
): void {
  const path = `contents[${place}]`;
  const content = camelNames(expectObject(value, path));
  notes.unknownMembers(content, ['role', 'parts'], path);
  const role = expectOneOf(content['role'] ?? 'user', `${path}.role`, ROLES);
  const parts = expectArray(content['parts'] ?? [], `${path}.parts`).map((part, at) =>
    camelNames(expectObject(part, `${path}.parts[${at}]`)),
  );
  const open = role === 'model' ? [] : openCalls(turns);
  // Results first: they answer the turn before, what else is said comes after them.
  const isResult = (part: JsonObject) => (part['functionResponse'] ?? null) !== null;
  for (const [at, part] of parts.entries()) {
    if (isResult(part)) add('tool', place, readResult(part, `${path}.parts[${at}]`, open, notes));
  }
  for (const [at, part] of parts.entries()) {
    if (isResult(part)) continue;
    const block = readPart(part, `${path}.parts[${at}]`, notes);
    add(role === 'model' ? 'assistant' : 'user', place, block);
  }
}

/** The calls of the turn before that have no result yet, in their order. */
function openCalls(turns: readonly Turn[]): ToolCallBlock[] {
  const answered = new Set<string>();
  const last = turns.at(-1);
  for (const block of last?.role === 'tool' ? last.blocks : []) {
    if (block.type === 'toolResult') answered.add(block.toolCallId);
  }
  const calling = last?.role === 'tool' ? turns.at(-2) : last;
  const calls: ToolCallBlock[] = [];
  for (const block of calling?.role === 'assistant' ? calling.blocks : []) {
    if (block.type === 'toolCall' && !answered.has(block.id)) calls.push(block);
  }
  return calls;
}

/** By id where there is one, else the results of one function answer its calls in their order. */
function readResult(
  part: JsonObject,
  path: string,
  open: ToolCallBlock[],
  notes: RequestNotes,
): ToolResultBlock {
  const response = readFunctionResponse(part, path, notes);
  const byId = open.findIndex(({ id }) => id === response.id);
  const at = byId === -1 ? open.findIndex(({ name }) => name === response.name) : byId;
  const [call] = at === -1 ? [] : open.splice(at, 1);
  if (call === undefined) {
    return refuse(
      `${path}.functionResponse`,
      `"${response.name}" answers no function call of the turn before.`,
    );
  }
  const { content, isError } = response;
  return { type: 'toolResult', toolCallId: call.id, content, isError };
}

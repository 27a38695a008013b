import type { Block, BlockExtra, Message, Origin, ReasoningBlock, Role, ToolCallBlock } from '../blocks.ts';
import { expectArray, expectName, expectObject, expectOneOf, expectString, optional } from '../expect.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { checkToolPairs } from '../tool-pairs.ts';
import { PART_BREAK } from './item-reader.ts';
import { readContent } from './part-reader.ts';
import { unseal } from './reasoning-seal.ts';
import { objectsIn, readText } from './values.ts';

const ORIGIN: Origin = { protocol: 'openai-responses' };
const ROLES = ['user', 'assistant', 'system', 'developer'] as const;

/** `input`: a text of the user, or a list of items. `item_reference` has been refused before. */
export function readInput(value: unknown, notes: RequestNotes): readonly Message[] {
  if (typeof value === 'string') return [{ role: 'user', blocks: [{ type: 'text', text: value }] }];
  const turns = new Turns();
  for (const [at, item] of expectArray(value, 'input').entries()) {
    const path = `input[${at}]`;
    readItem(expectObject(item, path), path, turns, notes);
  }
  checkToolPairs(turns.messages, (message, place) => `${turns.pathOf(message, place)}.call_id`);
  return turns.messages;
}

/**
 * Messages made of items: what the assistant said, thought and called is one turn, and so are the results, however
 * many items there are. Other messages stay each by itself.
 */
class Turns {
  readonly messages: { readonly role: Role; readonly blocks: Block[] }[] = [];
  /** For each message, the paths of its calls or results. */
  readonly #paths: string[][] = [];

  add(role: Role, blocks: readonly Block[], path: string): void {
    const last = this.messages.at(-1);
    if (last?.role === role && (role === 'assistant' || role === 'tool')) last.blocks.push(...blocks);
    else {
      this.messages.push({ role, blocks: [...blocks] });
      this.#paths.push([]);
    }
    const isPaired = blocks.some((block) => block.type === 'toolCall' || block.type === 'toolResult');
    if (isPaired) this.#paths.at(-1)?.push(path);
  }

  pathOf(message: number, place: number): string {
    return this.#paths[message]?.[place] ?? 'input';
  }
}

/** Items without internal form (the vendor's tools, compaction …) are kept whole with their origin. */
function readItem(item: JsonObject, path: string, turns: Turns, notes: RequestNotes): void {
  const type = optional(item['type'], (value) => expectName(value, `${path}.type`)) ?? 'message';
  switch (type) {
    case 'message':
      return readMessage(item, path, turns, notes);
    case 'function_call':
      return turns.add('assistant', [readCall(item, path, notes)], path);
    case 'function_call_output':
      return turns.add('tool', [readResult(item, path, notes)], path);
    case 'reasoning':
      return turns.add('assistant', readReasoning(item, path, notes), path);
    default:
      return turns.add('assistant', [{ type: 'unknown', raw: item, origin: ORIGIN }], path);
  }
}

/** Ids and states of items only repeat what an answer said: nothing is stored that they could name. */
const ECHOED = ['type', 'id', 'status'] as const;

function readMessage(item: JsonObject, path: string, turns: Turns, notes: RequestNotes): void {
  const role = expectOneOf(item['role'], `${path}.role`, ROLES);
  notes.unknownMembers(item, [...ECHOED, 'role', 'content', 'phase'], path);
  const blocks = readContent(item['content'], `${path}.content`, notes);
  const phase = optional(item['phase'], (value) => expectString(value, `${path}.phase`));
  if (phase === undefined) return turns.add(role, blocks, path);
  notes.detail('message.extra', 'input[].phase');
  const withPhase = (block: Block): Block =>
    block.type === 'text' ? { ...block, extra: { ...block.extra, phase } } : block;
  turns.add(role, blocks.map(withPhase), path);
}

const CALL_EXTRA = ['namespace', 'caller'] as const;

function readCall(item: JsonObject, path: string, notes: RequestNotes): ToolCallBlock {
  notes.unknownMembers(item, [...ECHOED, 'call_id', 'name', 'arguments', 'created_by', ...CALL_EXTRA], path);
  return {
    type: 'toolCall',
    id: expectName(item['call_id'], `${path}.call_id`),
    name: expectName(item['name'], `${path}.name`),
    arguments: expectString(item['arguments'], `${path}.arguments`),
    ...readCallExtra(item, notes),
  };
}

function readCallExtra(item: JsonObject, notes: RequestNotes): { extra?: BlockExtra } {
  const names = CALL_EXTRA.filter((name) => (item[name] ?? null) !== null);
  if (names.length === 0) return {};
  for (const name of names) notes.detail('message.extra', `input[].${name}`);
  return { extra: Object.fromEntries(names.map((name) => [name, item[name]])) };
}

function readResult(item: JsonObject, path: string, notes: RequestNotes): Block {
  notes.unknownMembers(item, [...ECHOED, 'call_id', 'output', 'caller', 'created_by'], path);
  return {
    type: 'toolResult',
    toolCallId: expectName(item['call_id'], `${path}.call_id`),
    content: readContent(item['output'], `${path}.output`, notes),
    isError: false,
  };
}

/** Reasoning without content was only a reference to what a provider had stored; nothing of it can be carried. */
function readReasoning(item: JsonObject, path: string, notes: RequestNotes): readonly ReasoningBlock[] {
  notes.unknownMembers(item, [...ECHOED, 'summary', 'content', 'encrypted_content'], path);
  const parts = [...objectsIn(item['summary']), ...objectsIn(item['content'])];
  const texts = parts.map((part) => readText(part['text'])).filter((text) => text !== null);
  const text = texts.join(PART_BREAK);
  const encrypted = optional(item['encrypted_content'], (value) =>
    expectString(value, `${path}.encrypted_content`),
  );
  if (text === '' && !encrypted) return [];
  notes.detail('message.reasoning', 'input[].reasoning');
  const sealed = unseal(encrypted ?? '');
  if (sealed !== null) return [{ type: 'reasoning', text, ...sealed }];
  if (text === '') return [{ type: 'reasoning', text, redacted: encrypted, origin: ORIGIN }];
  return [{ type: 'reasoning', text, signature: encrypted, origin: ORIGIN }];
}

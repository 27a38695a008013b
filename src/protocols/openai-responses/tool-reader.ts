import type { ChatRequest, Origin, Tool, ToolChoice } from '../blocks.ts';
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
import { OWN_TOOL_FIELDS } from '../own-fields.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { readText } from './values.ts';

type ToolSettings = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;

const ORIGIN: Origin = { protocol: 'openai-responses' };
const MODES = ['none', 'auto', 'required'] as const;
const KEPT_RAW = OWN_TOOL_FIELDS['openai-responses'] ?? [];

/** `tools`, `tool_choice` and `parallel_tool_calls`. */
export function readToolSettings(notes: RequestNotes): ToolSettings {
  const tools =
    optional(notes.take('tools', 'tools'), (value) =>
      expectArray(value, 'tools').map((one, at) => {
        const path = `tools[${at}]`;
        return readTool(expectObject(one, path), path, notes);
      }),
    ) ?? [];
  const parallelToolCalls = optional(notes.take('parallelToolCalls', 'parallel_tool_calls'), (value) =>
    expectBoolean(value, 'parallel_tool_calls'),
  );
  return { tools, parallelToolCalls, ...readChoice(notes, tools) };
}

/** Only functions have an internal form: other tools run at the vendor, or take free text. */
function readTool(tool: JsonObject, path: string, notes: RequestNotes): Tool {
  const type = expectName(tool['type'], `${path}.type`);
  if (type !== 'function') return { name: nameOf(tool), raw: { value: tool, origin: ORIGIN } };
  const members = ['type', 'name', 'description', 'parameters', 'strict', ...KEPT_RAW];
  notes.unknownMembers(tool, members, path);
  const strict = optional(tool['strict'], (flag) => expectBoolean(flag, `${path}.strict`));
  if (strict !== undefined) notes.detail('tools.strict', 'tools[].strict');
  return {
    name: expectName(tool['name'], `${path}.name`),
    description: optional(tool['description'], (text) => expectString(text, `${path}.description`)),
    parameters: optional(tool['parameters'], (schema) => expectObject(schema, `${path}.parameters`)),
    strict,
    ...readExtra(tool, notes),
  };
}

/** What a tool without internal form is called by a choice: its name, its server's, or its type. */
const nameOf = (tool: JsonObject): string =>
  readText(tool['name']) ?? readText(tool['server_label']) ?? readText(tool['type']) ?? '';

function readExtra(tool: JsonObject, notes: RequestNotes): { extra?: JsonObject } {
  const names = KEPT_RAW.filter((name) => (tool[name] ?? null) !== null);
  const [first] = names;
  if (first === undefined) return {};
  notes.detail('tools.extra', `tools[].${first}`);
  return { extra: Object.fromEntries(names.map((name) => [name, tool[name]])) };
}

function readChoice(notes: RequestNotes, tools: readonly Tool[]): Partial<ToolSettings> {
  const value = notes.value('tool_choice') ?? undefined;
  if (typeof value === 'object') {
    const choice = expectObject(value, 'tool_choice');
    const type = expectName(choice['type'], 'tool_choice.type');
    // A choice among the vendor's own tools means nothing elsewhere; it goes to the same protocol as it is.
    if (type !== 'function' && type !== 'allowed_tools') {
      notes.keep('tool_choice');
      return {};
    }
    notes.take('toolChoice', 'tool_choice');
    if (type === 'allowed_tools') return readAllowed(choice, tools, notes);
    notes.unknownMembers(choice, ['type', 'name'], 'tool_choice');
    return { toolChoice: chosen(choice, 'tool_choice.name', tools) };
  }
  notes.take('toolChoice', 'tool_choice');
  return value === undefined ? {} : { toolChoice: { mode: expectOneOf(value, 'tool_choice', MODES) } };
}

function chosen(choice: JsonObject, path: string, tools: readonly Tool[]): ToolChoice {
  const name = expectName(choice['name'], path);
  const isThere = tools.some((tool) => tool.name === name && tool.raw === undefined);
  return isThere ? { mode: 'tool', name } : refuse(path, 'is not in the list of tools.');
}

/** Offering only the allowed tools means the same, in a form that every protocol has. */
function readAllowed(choice: JsonObject, tools: readonly Tool[], notes: RequestNotes): Partial<ToolSettings> {
  notes.unknownMembers(choice, ['type', 'mode', 'tools'], 'tool_choice');
  const mode = expectOneOf(choice['mode'], 'tool_choice.mode', ['auto', 'required']);
  const allowed = expectArray(choice['tools'], 'tool_choice.tools').map((one, at) => {
    const path = `tool_choice.tools[${at}]`;
    const name = nameOf(expectObject(one, path));
    return tools.some((tool) => tool.name === name) ? name : refuse(path, 'is not in the list of tools.');
  });
  return { toolChoice: { mode }, tools: tools.filter((tool) => allowed.includes(tool.name)) };
}

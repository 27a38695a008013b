import type { ChatRequest, Tool } from '../blocks.ts';
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

const MEMBERS = ['type', 'name', 'description', 'input_schema', 'strict', 'cache_control'] as const;
const ownMembers = () => OWN_TOOL_FIELDS['anthropic-messages'] ?? [];

type ToolSettings = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;

/** `tools` and `tool_choice`. */
export function readToolSettings(notes: RequestNotes): ToolSettings {
  const tools =
    optional(notes.take('tools', 'tools'), (value) =>
      expectArray(value, 'tools').map((tool, at) =>
        readTool(expectObject(tool, `tools[${at}]`), `tools[${at}]`, notes),
      ),
    ) ?? [];
  return { tools, ...readChoice(notes, tools) };
}

function readTool(tool: JsonObject, path: string, notes: RequestNotes): Tool {
  const type = optional(tool['type'], (value) => expectString(value, `${path}.type`)) ?? 'custom';
  if (type !== 'custom') {
    const name = optional(tool['name'], (value) => expectString(value, `${path}.name`)) ?? type;
    return { name, raw: { value: tool, origin: { protocol: 'anthropic-messages' } } };
  }
  notes.unknownMembers(tool, [...MEMBERS, ...ownMembers()], path);
  const strict = optional(tool['strict'], (value) => expectBoolean(value, `${path}.strict`));
  if (strict !== undefined) notes.detail('tools.strict', 'tools[].strict');
  const cacheControl = tool['cache_control'] ?? undefined;
  if (cacheControl !== undefined) notes.detail('tools.cacheControl', 'tools[].cache_control');
  return {
    name: expectName(tool['name'], `${path}.name`),
    description: optional(tool['description'], (value) => expectString(value, `${path}.description`)),
    parameters: expectObject(tool['input_schema'], `${path}.input_schema`),
    strict,
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...readExtra(tool, notes),
  };
}

function readExtra(tool: JsonObject, notes: RequestNotes): { extra?: JsonObject } {
  const entries = ownMembers()
    .filter((name) => (tool[name] ?? null) !== null)
    .map((name) => [name, tool[name]] as const);
  const [first] = entries;
  if (first === undefined) return {};
  notes.detail('tools.extra', `tools[].${first[0]}`);
  return { extra: Object.fromEntries(entries) };
}

function readChoice(notes: RequestNotes, tools: readonly Tool[]): Partial<ToolSettings> {
  const choice = optional(notes.take('toolChoice', 'tool_choice'), (value) =>
    expectObject(value, 'tool_choice'),
  );
  if (choice === undefined) return {};
  const type = expectOneOf(choice['type'], 'tool_choice.type', ['auto', 'any', 'tool', 'none']);
  notes.unknownMembers(choice, ['type', 'name', 'disable_parallel_tool_use'], 'tool_choice');
  const path = 'tool_choice.disable_parallel_tool_use';
  const isSerial = optional(choice['disable_parallel_tool_use'], (value) => expectBoolean(value, path));
  if (isSerial !== undefined) notes.detail('parallelToolCalls', path);
  const parallel = isSerial === undefined ? {} : { parallelToolCalls: !isSerial };
  if (type !== 'tool') return { toolChoice: { mode: type === 'any' ? 'required' : type }, ...parallel };
  const name = expectName(choice['name'], 'tool_choice.name');
  if (!tools.some((tool) => tool.name === name)) refuse('tool_choice.name', 'is not in the list of tools.');
  return { toolChoice: { mode: 'tool', name }, ...parallel };
}

import type { ChatRequest, Tool, ToolChoice } from '../blocks.ts';
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

type ToolSettings = Pick<ChatRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;
const MODES = ['none', 'auto', 'required'] as const;

/** `tools`, `tool_choice`, `parallel_tool_calls`, and their forerunners `functions` and `function_call`. */
export function readToolSettings(notes: RequestNotes): ToolSettings {
  const isLegacy = notes.has('functions') && !notes.has('tools');
  const tools = isLegacy
    ? readFunctions(notes.take('tools', 'functions'))
    : (optional(notes.take('tools', 'tools'), (value) => readTools(value, notes)) ?? []);
  const parallelToolCalls = optional(notes.take('parallelToolCalls', 'parallel_tool_calls'), (value) =>
    expectBoolean(value, 'parallel_tool_calls'),
  );
  const choice = readChoice(notes, tools);
  notes.keep('functions');
  notes.keep('function_call');
  return { tools, parallelToolCalls, ...choice };
}

function readTools(value: unknown, notes: RequestNotes): readonly Tool[] {
  return expectArray(value, 'tools').map((one, at) => {
    const path = `tools[${at}]`;
    const tool = expectObject(one, path);
    if (expectOneOf(tool['type'], `${path}.type`, ['function', 'custom']) === 'function') {
      notes.unknownMembers(tool, ['type', 'function', 'cache_control'], path);
      return readTool(expectObject(tool['function'], `${path}.function`), tool, `${path}.function`, notes);
    }
    const custom = expectObject(tool['custom'], `${path}.custom`);
    const name = expectName(custom['name'], `${path}.custom.name`);
    return { name, raw: { value: tool, origin: { protocol: 'openai-chat' } } };
  });
}

function readFunctions(value: unknown): readonly Tool[] {
  return expectArray(value, 'functions').map((one, at) => {
    const path = `functions[${at}]`;
    return readFunction(expectObject(one, path), path);
  });
}

function readTool(spec: JsonObject, tool: JsonObject, path: string, notes: RequestNotes): Tool {
  notes.unknownMembers(spec, ['name', 'description', 'parameters', 'strict'], path);
  const strict = optional(spec['strict'], (flag) => expectBoolean(flag, `${path}.strict`));
  if (strict !== undefined) notes.detail('tools.strict', 'tools[].function.strict');
  const cacheControl = tool['cache_control'] ?? undefined;
  if (cacheControl !== undefined) notes.detail('tools.cacheControl', 'tools[].cache_control');
  return { ...readFunction(spec, path), strict, ...(cacheControl === undefined ? {} : { cacheControl }) };
}

function readFunction(spec: JsonObject, path: string): Tool {
  return {
    name: expectName(spec['name'], `${path}.name`),
    description: optional(spec['description'], (text) => expectString(text, `${path}.description`)),
    parameters: optional(spec['parameters'], (schema) => expectObject(schema, `${path}.parameters`)),
  };
}

function readChoice(notes: RequestNotes, tools: readonly Tool[]): Partial<ToolSettings> {
  if (notes.has('function_call') && !notes.has('tool_choice')) {
    const value = notes.take('toolChoice', 'function_call');
    if (typeof value === 'string')
      return { toolChoice: { mode: expectOneOf(value, 'function_call', MODES) } };
    const call = expectObject(value, 'function_call');
    return { toolChoice: named(call['name'], 'function_call.name', tools) };
  }
  const value = notes.take('toolChoice', 'tool_choice');
  if (value === undefined || value === null) return {};
  if (typeof value === 'string') return { toolChoice: { mode: expectOneOf(value, 'tool_choice', MODES) } };
  const choice = expectObject(value, 'tool_choice');
  const type = expectOneOf(choice['type'], 'tool_choice.type', ['function', 'custom', 'allowed_tools']);
  if (type === 'allowed_tools') return readAllowed(choice['allowed_tools'], tools);
  const target = expectObject(choice[type], `tool_choice.${type}`);
  return { toolChoice: named(target['name'], `tool_choice.${type}.name`, tools) };
}

function named(value: unknown, path: string, tools: readonly Tool[]): ToolChoice {
  const name = expectName(value, path);
  return tools.some((tool) => tool.name === name)
    ? { mode: 'tool', name }
    : refuse(path, 'is not in the list of tools.');
}

/** Offering only the allowed tools means the same, in a form that every protocol has. */
function readAllowed(value: unknown, tools: readonly Tool[]): Partial<ToolSettings> {
  const path = 'tool_choice.allowed_tools';
  const spec = expectObject(value, path);
  const mode = expectOneOf(spec['mode'], `${path}.mode`, ['auto', 'required']);
  const names = expectArray(spec['tools'], `${path}.tools`).map((one, at) => {
    const tool = expectObject(one, `${path}.tools[${at}]`);
    const target = expectObject(tool['function'] ?? tool['custom'], `${path}.tools[${at}].function`);
    return named(target['name'], `${path}.tools[${at}].function.name`, tools);
  });
  const allowed = new Set(names.map((one) => (one.mode === 'tool' ? one.name : '')));
  return { toolChoice: { mode }, tools: tools.filter((tool) => allowed.has(tool.name)) };
}

import type { ChatRequest, Tool } from '../blocks.ts';
import {
  expectArray,
  expectBoolean,
  expectName,
  expectObject,
  expectOneOf,
  expectString,
  optional,
} from '../expect.ts';
import type { RequestNotes } from '../request-notes.ts';

type ToolSettings = Pick<ChatRequest, 'tools' | 'toolChoice'>;

/** `tools`, `strict_tools`, which holds for all of them, and `tool_choice`. */
export function readToolSettings(notes: RequestNotes): ToolSettings {
  const list = optional(notes.take('tools', 'tools'), (value) => expectArray(value, 'tools')) ?? [];
  const strict = optional(notes.value('strict_tools'), (value) => expectBoolean(value, 'strict_tools'));
  if (list.length === 0) notes.keep('strict_tools');
  else if (strict !== undefined) notes.detail('tools.strict', 'strict_tools');
  notes.skip('strict_tools');
  const tools = list.map((tool, at) => readTool(tool, `tools[${at}]`, strict, notes));
  const choice = optional(notes.take('toolChoice', 'tool_choice'), (value) =>
    expectOneOf(value, 'tool_choice', ['REQUIRED', 'NONE']),
  );
  if (choice === undefined) return { tools };
  return { tools, toolChoice: { mode: choice === 'NONE' ? 'none' : 'required' } };
}

function readTool(value: unknown, path: string, strict: boolean | undefined, notes: RequestNotes): Tool {
  const tool = expectObject(value, path);
  notes.unknownMembers(tool, ['type', 'function'], path);
  expectOneOf(tool['type'] ?? 'function', `${path}.type`, ['function']);
  const spec = expectObject(tool['function'], `${path}.function`);
  notes.unknownMembers(spec, ['name', 'description', 'parameters'], `${path}.function`);
  return {
    name: expectName(spec['name'], `${path}.function.name`),
    description: optional(spec['description'], (text) => expectString(text, `${path}.function.description`)),
    parameters: optional(spec['parameters'], (schema) => expectObject(schema, `${path}.function.parameters`)),
    strict,
  };
}

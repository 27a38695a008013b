import type { ChatRequest, Tool, ToolChoice } from '../blocks.ts';
import {
  expectArray,
  expectBoolean,
  expectName,
  expectObject,
  expectString,
  optional,
  refuse,
} from '../expect.ts';
import type { JsonObject } from '../protocol.ts';
import type { RequestNotes } from '../request-notes.ts';
import { cacheControlOf } from './block-reader.ts';
import { ORIGIN } from './origin.ts';

/** `toolConfig`. */
export function readToolConfig(notes: RequestNotes): Pick<ChatRequest, 'tools' | 'toolChoice'> {
  const config = optional(notes.value('toolConfig'), (value) => expectObject(value, 'toolConfig'));
  notes.skip('toolConfig');
  if (config === undefined) return { tools: [] };
  notes.unknownMembers(config, ['tools', 'toolChoice'], 'toolConfig');
  notes.detail('tools', 'toolConfig.tools');
  const tools = readTools(expectArray(config['tools'], 'toolConfig.tools'), notes);
  const toolChoice = optional(config['toolChoice'], (value) =>
    readChoice(expectObject(value, 'toolConfig.toolChoice'), tools, notes),
  );
  return toolChoice === undefined ? { tools } : { tools, toolChoice };
}

function readTools(values: readonly unknown[], notes: RequestNotes): readonly Tool[] {
  const tools: Tool[] = [];
  for (const [at, value] of values.entries()) {
    const path = `toolConfig.tools[${at}]`;
    const entry = expectObject(value, path);
    notes.unknownMembers(entry, ['toolSpec', 'systemTool', 'cachePoint'], path);
    const last = tools.at(-1);
    if ((entry['toolSpec'] ?? null) !== null)
      tools.push(readSpec(entry['toolSpec'], `${path}.toolSpec`, notes));
    else if ((entry['systemTool'] ?? null) !== null) tools.push(readSystemTool(entry, `${path}.systemTool`));
    else if ((entry['cachePoint'] ?? null) === null)
      refuse(path, 'toolSpec, systemTool or cachePoint is expected.');
    else if (last === undefined) refuse(path, 'no tool stands before the cache point.');
    else {
      notes.detail('tools.cacheControl', 'toolConfig.tools[].cachePoint');
      tools[tools.length - 1] = { ...last, cacheControl: cacheControlOf(entry['cachePoint']) };
    }
  }
  return tools;
}

function readSpec(value: unknown, path: string, notes: RequestNotes): Tool {
  const spec = expectObject(value, path);
  notes.unknownMembers(spec, ['name', 'description', 'inputSchema', 'strict'], path);
  const schema = expectObject(spec['inputSchema'], `${path}.inputSchema`);
  const strict = optional(spec['strict'], (flag) => expectBoolean(flag, `${path}.strict`));
  if (strict !== undefined) notes.detail('tools.strict', 'toolConfig.tools[].toolSpec.strict');
  return {
    name: expectName(spec['name'], `${path}.name`),
    description: optional(spec['description'], (text) => expectString(text, `${path}.description`)),
    parameters: expectObject(schema['json'], `${path}.inputSchema.json`),
    strict,
  };
}

function readSystemTool(entry: JsonObject, path: string): Tool {
  const tool = expectObject(entry['systemTool'], path);
  return { name: expectName(tool['name'], `${path}.name`), raw: { value: entry, origin: ORIGIN } };
}

function readChoice(choice: JsonObject, tools: readonly Tool[], notes: RequestNotes): ToolChoice {
  const path = 'toolConfig.toolChoice';
  notes.detail('toolChoice', path);
  notes.unknownMembers(choice, ['auto', 'any', 'tool'], path);
  if ((choice['auto'] ?? null) !== null) return { mode: 'auto' };
  if ((choice['any'] ?? null) !== null) return { mode: 'required' };
  const name = expectName(expectObject(choice['tool'], `${path}.tool`)['name'], `${path}.tool.name`);
  if (!tools.some((tool) => tool.name === name)) refuse(`${path}.tool.name`, 'is not in the list of tools.');
  return { mode: 'tool', name };
}

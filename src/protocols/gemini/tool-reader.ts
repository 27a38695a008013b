import type { ChatRequest, Tool, ToolChoice } from '../blocks.ts';
import {
  expectArray,
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
import { camelNames } from './camel-names.ts';
import { readSchema } from './schema-reader.ts';

type ToolSettings = Pick<ChatRequest, 'tools' | 'toolChoice'>;

const ownMembers = () => OWN_TOOL_FIELDS['gemini'] ?? [];

/** `tools` and `toolConfig`. */
export function readToolSettings(notes: RequestNotes): ToolSettings {
  const value = notes.take('tools', 'tools');
  // A single one may stand without its list, as everywhere in Google's clients.
  const list = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  const tools = list.flatMap((one: unknown, at) => readTool(expectObject(one, `tools[${at}]`), at, notes));
  return readChoice(notes, tools);
}

/** Declarations of functions and, beside them or alone, the provider's own tools (`googleSearch`, `codeExecution`). */
function readTool(value: JsonObject, at: number, notes: RequestNotes): readonly Tool[] {
  const { functionDeclarations, ...others } = camelNames(value);
  const path = `tools[${at}].functionDeclarations`;
  const declarations = optional(functionDeclarations, (list) => expectArray(list, path)) ?? [];
  const functions = declarations.map((one, place) =>
    readDeclaration(camelNames(expectObject(one, `${path}[${place}]`)), `${path}[${place}]`, notes),
  );
  const own = Object.entries(others).filter(([, settings]) => settings !== null);
  return [
    ...functions,
    ...own.map(([name, settings]) => ({
      name,
      raw: { value: { [name]: settings }, origin: { protocol: 'gemini' as const } },
    })),
  ];
}

function readDeclaration(value: JsonObject, path: string, notes: RequestNotes): Tool {
  const members = ['name', 'description', 'parameters', 'parametersJsonSchema', ...ownMembers()];
  notes.unknownMembers(value, members, path);
  const own = optional(value['parameters'], (schema) => expectObject(schema, `${path}.parameters`));
  const json = optional(value['parametersJsonSchema'], (schema) =>
    expectObject(schema, `${path}.parametersJsonSchema`),
  );
  const parameters = json ?? (own === undefined ? undefined : readSchema(own));
  return {
    name: expectName(value['name'], `${path}.name`),
    description: optional(value['description'], (text) => expectString(text, `${path}.description`)),
    parameters,
    ...readExtra(value, notes),
  };
}

function readExtra(value: JsonObject, notes: RequestNotes): { extra?: JsonObject } {
  const names = ownMembers().filter((name) => (value[name] ?? null) !== null);
  const [first] = names;
  if (first === undefined) return {};
  notes.detail('tools.extra', `tools[].functionDeclarations[].${first}`);
  return { extra: Object.fromEntries(names.map((name) => [name, value[name]])) };
}

const CONFIG = 'toolConfig.functionCallingConfig';
const MODES = ['MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED'] as const;

function readChoice(notes: RequestNotes, tools: readonly Tool[]): ToolSettings {
  const value = optional(notes.value('toolConfig'), (one) => expectObject(one, 'toolConfig'));
  notes.skip('toolConfig');
  const { functionCallingConfig, ...others } = camelNames(value ?? {});
  keep('toolConfig', others, ['retrievalConfig', 'includeServerSideToolInvocations'], notes);
  if ((functionCallingConfig ?? null) === null) return { tools };
  const config = camelNames(expectObject(functionCallingConfig, CONFIG));
  const { mode: given, allowedFunctionNames, ...rest } = config;
  keep(CONFIG, rest, ['streamFunctionCallArguments'], notes);
  const mode = expectOneOf(given ?? 'MODE_UNSPECIFIED', `${CONFIG}.mode`, MODES);
  const names = optional(allowedFunctionNames, (list) => namesIn(list, tools)) ?? [];
  if (mode === 'MODE_UNSPECIFIED' && names.length === 0) return { tools };
  notes.detail('toolChoice', CONFIG);
  // What the model calls is checked against its schema: no other protocol has that as a mode.
  if (mode === 'VALIDATED') notes.keepValue(`${CONFIG}.mode`, mode);
  const [only] = names;
  if (mode === 'ANY' && names.length === 1 && only !== undefined) {
    return { tools, toolChoice: { mode: 'tool', name: only } };
  }
  return { tools: names.length === 0 ? tools : allowed(tools, names), toolChoice: { mode: wordOf(mode) } };
}

function wordOf(mode: (typeof MODES)[number]): Exclude<ToolChoice['mode'], 'tool'> {
  if (mode === 'ANY') return 'required';
  return mode === 'NONE' ? 'none' : 'auto';
}

function namesIn(value: unknown, tools: readonly Tool[]): readonly string[] {
  const path = `${CONFIG}.allowedFunctionNames`;
  return expectArray(value, path).map((one, at) => {
    const name = expectName(one, `${path}[${at}]`);
    const isThere = tools.some((tool) => tool.name === name && tool.raw === undefined);
    return isThere ? name : refuse(`${path}[${at}]`, 'is not in the list of tools.');
  });
}

/** Offering only the allowed tools means the same, in a form that every protocol has. */
const allowed = (tools: readonly Tool[], names: readonly string[]) =>
  tools.filter((tool) => tool.raw !== undefined || names.includes(tool.name));

function keep(path: string, members: JsonObject, documented: readonly string[], notes: RequestNotes): void {
  for (const [name, value] of Object.entries(members)) {
    if (value === null) continue;
    notes.keepValue(`${path}.${name}`, value);
    if (!documented.includes(name)) notes.unknown(`${path}.${name}`);
  }
}

import type { ChatRequest, Tool, ToolChoice } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { safeSchema } from './json-schema.ts';
import type { ModelTraits } from './model-traits.ts';

/** `tools` and `tool_choice`; `parallel_tool_calls` is a part of the latter here. */
export function toolMembers(request: ChatRequest, traits: ModelTraits, book: ReceiptBook): JsonObject {
  const tools = request.tools.map((tool) => writeTool(tool, request, book)).filter((tool) => tool !== null);
  if (tools.length === 0) {
    if (request.tools.length === 0) book.carried('tools', 'tools');
    else book.dropped('tools', 'none of them has a form in anthropic-messages');
    book.dropped('toolChoice', 'there are no tools');
    book.dropped('parallelToolCalls', 'there are no tools');
    return {};
  }
  if (request.protocol === 'anthropic-messages') book.carried('tools', 'tools');
  else book.converted('tools', 'tools', 'parameters as input_schema');
  return { tools, tool_choice: choiceOf(request, tools, traits, book) };
}

function writeTool(tool: Tool, request: ChatRequest, book: ReceiptBook): JsonObject | null {
  if (tool.raw !== undefined) {
    const isOwn = tool.raw.origin.protocol === 'anthropic-messages';
    book.raw('tools', tool.raw.value, isOwn ? null : 'anthropic-messages');
    return isOwn ? (tool.raw.value as JsonObject) : null; // the reader took it for an object
  }
  const isOwn = request.protocol === 'anthropic-messages';
  if (tool.strict !== undefined) book.carried('tools.strict', 'tools[].strict');
  if (tool.cacheControl !== undefined) book.carried('tools.cacheControl', 'tools[].cache_control');
  if (tool.extra !== undefined && isOwn) book.carried('tools.extra', book.nameOf('tools.extra'));
  return {
    name: tool.name,
    description: tool.description,
    input_schema: isOwn ? tool.parameters : schemaOf(tool, book),
    // `strict: false` is the default, and older models do not know the field.
    strict: tool.strict === true || isOwn ? tool.strict : undefined,
    cache_control: tool.cacheControl,
    ...(isOwn ? tool.extra : {}),
  };
}

/** Anthropic needs an object schema; OpenAI takes none at all for "no parameters". */
function schemaOf(tool: Tool, book: ReceiptBook): JsonObject {
  const { parameters } = tool;
  if (parameters === undefined) {
    book.converted('tools.parameters', 'tools[].input_schema', 'an object without properties');
    return { type: 'object', properties: {} };
  }
  if (tool.strict === true) {
    const { schema, moved } = safeSchema(parameters);
    if (moved.length > 0)
      book.converted('tools.parameters', 'tools[].input_schema', `${moved.join(', ')} moved to descriptions`);
    return { ...schema, type: 'object' };
  }
  if (parameters['type'] === 'object') return parameters;
  book.converted('tools.parameters', 'tools[].input_schema', 'of type object');
  return { ...parameters, type: 'object' };
}

const MODES = { auto: 'auto', none: 'none', required: 'any', tool: 'tool' } as const;

function choiceOf(
  request: ChatRequest,
  tools: readonly JsonObject[],
  traits: ModelTraits,
  book: ReceiptBook,
): JsonObject | undefined {
  const { parallelToolCalls } = request;
  const choice = possibleChoice(request, tools, traits, book);
  if (choice === undefined && parallelToolCalls !== false) {
    if (parallelToolCalls === true) book.carried('parallelToolCalls', 'parallel_tool_calls');
    return undefined;
  }
  const written: JsonObject = { type: choice === undefined ? 'auto' : MODES[choice.mode] };
  if (choice?.mode === 'tool') written['name'] = choice.name;
  if (choice?.mode !== 'none' && parallelToolCalls !== undefined) {
    written['disable_parallel_tool_use'] = !parallelToolCalls;
  }
  if (request.protocol === 'anthropic-messages') book.carried('parallelToolCalls', 'tool_choice');
  else book.converted('parallelToolCalls', 'tool_choice.disable_parallel_tool_use', 'the other way round');
  return written;
}

function possibleChoice(
  request: ChatRequest,
  tools: readonly JsonObject[],
  traits: ModelTraits,
  book: ReceiptBook,
): ToolChoice | undefined {
  const choice = request.toolChoice;
  if (choice === undefined) return undefined;
  if (request.protocol === 'anthropic-messages') {
    book.carried('toolChoice', 'tool_choice');
    return choice;
  }
  if (choice.mode === 'tool' && !tools.some((tool) => tool['name'] === choice.name)) {
    book.dropped('toolChoice', 'the tool has no form in anthropic-messages');
    return undefined;
  }
  if (!traits.takesForcedTool && (choice.mode === 'required' || choice.mode === 'tool')) {
    book.converted('toolChoice', 'tool_choice', 'the model cannot be forced: "auto"');
    return { mode: 'auto' };
  }
  book.converted('toolChoice', 'tool_choice', `"${choice.mode}" is "${MODES[choice.mode]}"`);
  return choice;
}

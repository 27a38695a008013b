import type { ChatRequest, Tool, ToolChoice } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { safeSchema } from './json-schema.ts';
import type { ModelTraits } from './model-traits.ts';

/** `tools` and `tool_choice`; `parallel_tool_calls` is a part of the latter here. */
export function toolMembers(request: ChatRequest, traits: ModelTraits, book: ReceiptBook): JsonObject {
  const tools = request.tools.map((tool) => writeTool(tool, request, book)).filter((tool) => tool !== null);
  if (tools.length === 0) {
    book.apply('tools', request.tools.length === 0 ? 'empty' : 'noForm');
    book.apply('toolChoice', 'noTools');
    book.apply('parallelToolCalls', 'noTools');
    return {};
  }
  book.apply('tools');
  return { tools, tool_choice: choiceOf(request, tools, traits, book) };
}

function writeTool(tool: Tool, request: ChatRequest, book: ReceiptBook): JsonObject | null {
  if (tool.raw !== undefined) {
    const isOwn = tool.raw.origin.protocol === 'anthropic-messages';
    book.raw('tools', tool.raw.value, isOwn ? null : 'anthropic-messages');
    return isOwn ? (tool.raw.value as JsonObject) : null; // the reader took it for an object
  }
  const isOwn = request.protocol === 'anthropic-messages';
  if (tool.strict !== undefined) book.apply('tools.strict', tool.strict || isOwn ? undefined : 'default');
  if (tool.cacheControl !== undefined) book.apply('tools.cacheControl');
  if (tool.extra !== undefined) book.apply('tools.extra', isOwn ? undefined : 'other');
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
    book.apply('tools.parameters', 'empty');
    return { type: 'object', properties: {} };
  }
  if (tool.strict === true) {
    const { schema, moved } = safeSchema(parameters);
    if (moved.length > 0) book.apply('tools.parameters', 'keywords', moved.join(', '));
    return { ...schema, type: 'object' };
  }
  if (parameters['type'] === 'object') return parameters;
  book.apply('tools.parameters', 'notObject');
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
    if (parallelToolCalls === true) book.apply('parallelToolCalls', 'default');
    return undefined;
  }
  const written: JsonObject = { type: choice === undefined ? 'auto' : MODES[choice.mode] };
  if (choice?.mode === 'tool') written['name'] = choice.name;
  if (choice?.mode !== 'none' && parallelToolCalls !== undefined) {
    written['disable_parallel_tool_use'] = !parallelToolCalls;
  }
  book.apply('parallelToolCalls', choice?.mode === 'none' ? 'default' : undefined);
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
    book.apply('toolChoice');
    return choice;
  }
  if (choice.mode === 'tool' && !tools.some((tool) => tool['name'] === choice.name)) {
    book.apply('toolChoice', 'noForm');
    return undefined;
  }
  if (!traits.takesForcedTool && (choice.mode === 'required' || choice.mode === 'tool')) {
    book.apply('toolChoice', 'cannotForce');
    return { mode: 'auto' };
  }
  book.apply('toolChoice', undefined, `"${choice.mode}" is "${MODES[choice.mode]}"`);
  return choice;
}

import type { ChatRequest, Tool } from '../blocks.ts';
import { isStrictSchema } from '../openai-chat/format-writer.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';

/** `tools`, `tool_choice` and `parallel_tool_calls`. */
export function toolMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const tools = request.tools.map((tool) => writeTool(tool, request, book)).filter((tool) => tool !== null);
  if (tools.length === 0) {
    book.apply('tools', request.tools.length === 0 ? undefined : 'noForm');
    book.apply('toolChoice', 'noTools');
    book.apply('parallelToolCalls', 'noTools');
    return {};
  }
  book.apply('tools');
  const members: JsonObject = { tools };
  const choice = choiceOf(request, tools, book);
  if (choice !== undefined) members['tool_choice'] = choice;
  if (request.parallelToolCalls !== undefined) {
    members['parallel_tool_calls'] = request.parallelToolCalls;
    book.apply('parallelToolCalls');
  }
  return members;
}

function writeTool(tool: Tool, request: ChatRequest, book: ReceiptBook): JsonObject | null {
  if (tool.raw !== undefined) {
    const isOwn = tool.raw.origin.protocol === 'openai-responses';
    book.raw('tools', tool.raw.value, isOwn ? null : 'openai-responses');
    return isOwn ? (tool.raw.value as JsonObject) : null; // the reader took it for an object
  }
  const isOwn = request.protocol === 'openai-responses';
  if (tool.cacheControl !== undefined) book.apply('tools.cacheControl');
  if (tool.extra !== undefined) book.apply('tools.extra', isOwn ? undefined : 'other');
  const { name, description, parameters } = tool;
  if (isOwn) {
    if (tool.strict !== undefined) book.apply('tools.strict');
    return { type: 'function', name, description, parameters, strict: tool.strict, ...tool.extra };
  }
  book.apply('tools.parameters', parameters === undefined ? 'empty' : undefined);
  const schema = parameters ?? { type: 'object', properties: {} };
  return { type: 'function', name, description, parameters: schema, strict: strictOf(tool, book) };
}

/** Where nothing is said this protocol enforces the schema, all others do not: so it is always said. */
function strictOf(tool: Tool, book: ReceiptBook): boolean {
  if (tool.strict === undefined) return false;
  const isStrict = tool.strict && isStrictSchema(tool.parameters ?? {});
  book.apply('tools.strict', isStrict === tool.strict ? undefined : 'notStrict');
  return isStrict;
}

function choiceOf(request: ChatRequest, tools: readonly JsonObject[], book: ReceiptBook): unknown {
  const choice = request.toolChoice;
  if (choice === undefined) return undefined;
  if (choice.mode === 'tool') {
    const isThere = tools.some((tool) => tool['type'] === 'function' && tool['name'] === choice.name);
    book.apply('toolChoice', isThere ? undefined : 'noForm');
    return isThere ? { type: 'function', name: choice.name } : undefined;
  }
  book.apply('toolChoice');
  return choice.mode;
}

import type { ChatRequest, Tool } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { Dialect } from './dialect.ts';

/** `tools`, `tool_choice` and `parallel_tool_calls`; an empty list is left out, some servers refuse it. */
export function toolMembers(request: ChatRequest, dialect: Dialect, book: ReceiptBook): JsonObject {
  const tools = request.tools.map((tool) => writeTool(tool, dialect, book)).filter((tool) => tool !== null);
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

function writeTool(tool: Tool, dialect: Dialect, book: ReceiptBook): JsonObject | null {
  if (tool.raw !== undefined) {
    const isOwn = tool.raw.origin.protocol === 'openai-chat';
    book.raw('tools', tool.raw.value, isOwn ? null : 'openai-chat');
    return isOwn ? (tool.raw.value as JsonObject) : null; // the reader took it for an object
  }
  if (tool.cacheControl !== undefined) book.apply('tools.cacheControl');
  if (tool.extra !== undefined) book.apply('tools.extra');
  const { name, description, parameters, strict } = tool;
  const isRefused = dialect.refuses.includes('tools[].function.strict');
  if (strict !== undefined) book.apply('tools.strict', isRefused ? 'refused' : undefined);
  if (parameters !== undefined) book.apply('tools.parameters');
  const own = { name, description, parameters, strict: isRefused ? undefined : strict };
  return { type: 'function', function: own };
}

function choiceOf(request: ChatRequest, tools: readonly JsonObject[], book: ReceiptBook): unknown {
  const choice = request.toolChoice;
  if (choice === undefined) return undefined;
  if (choice.mode !== 'tool') {
    book.apply('toolChoice');
    return choice.mode;
  }
  for (const type of ['function', 'custom']) {
    if (tools.some((tool) => (tool[type] as { name?: unknown } | undefined)?.name === choice.name)) {
      book.apply('toolChoice');
      return { type, [type]: { name: choice.name } };
    }
  }
  book.apply('toolChoice', 'noForm');
  return undefined;
}

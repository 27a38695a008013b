import type { ChatRequest, Tool } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';

/** `tools`, `tool_choice` and `parallel_tool_calls`; an empty list is left out, some servers refuse it. */
export function toolMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const tools = request.tools.map((tool) => writeTool(tool, request, book)).filter((tool) => tool !== null);
  if (tools.length === 0) {
    const reason = 'there are no tools';
    if (request.tools.length === 0) book.carried('tools', 'tools');
    else book.dropped('tools', 'none of them has a form in openai-chat');
    book.dropped('toolChoice', reason);
    book.dropped('parallelToolCalls', reason);
    return {};
  }
  book.carried('tools', 'tools');
  const members: JsonObject = { tools };
  const choice = choiceOf(request, tools, book);
  if (choice !== undefined) members['tool_choice'] = choice;
  if (request.parallelToolCalls !== undefined) {
    members['parallel_tool_calls'] = request.parallelToolCalls;
    book.carried('parallelToolCalls', 'parallel_tool_calls');
  }
  return members;
}

function writeTool(tool: Tool, request: ChatRequest, book: ReceiptBook): JsonObject | null {
  if (tool.raw !== undefined) {
    const isOwn = tool.raw.origin.protocol === 'openai-chat';
    book.raw('tools', tool.raw.value, isOwn ? null : 'openai-chat');
    return isOwn ? (tool.raw.value as JsonObject) : null; // the reader took it for an object
  }
  if (tool.cacheControl !== undefined) book.dropped('tools.cacheControl', 'caching is automatic');
  if (tool.extra !== undefined && request.protocol !== 'openai-chat') {
    book.dropped('tools.extra', 'openai-chat has no such field');
  }
  const { name, description, parameters, strict } = tool;
  if (strict !== undefined) book.carried('tools.strict', 'tools[].function.strict');
  if (parameters !== undefined) book.carried('tools.parameters', 'tools[].function.parameters');
  return { type: 'function', function: { name, description, parameters, strict } };
}

function choiceOf(request: ChatRequest, tools: readonly JsonObject[], book: ReceiptBook): unknown {
  const choice = request.toolChoice;
  if (choice === undefined) return undefined;
  if (choice.mode !== 'tool') {
    book.carried('toolChoice', 'tool_choice');
    return choice.mode;
  }
  for (const type of ['function', 'custom']) {
    if (tools.some((tool) => (tool[type] as { name?: unknown } | undefined)?.name === choice.name)) {
      book.carried('toolChoice', 'tool_choice');
      return { type, [type]: { name: choice.name } };
    }
  }
  book.dropped('toolChoice', 'the tool has no form in openai-chat');
  return undefined;
}

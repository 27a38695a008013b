import type { ChatRequest, Tool } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';

/** `tools`, `strict_tools` and `tool_choice`; an empty list is refused, so it is left out. */
export function toolMembers(request: ChatRequest, book: ReceiptBook): JsonObject {
  const known = request.tools.filter((tool) => isKnown(tool, book));
  if (known.length === 0) {
    book.apply('tools', request.tools.length === 0 ? undefined : 'noForm');
    book.apply('toolChoice', 'noTools');
    book.apply('parallelToolCalls', 'noTools');
    return {};
  }
  book.apply('tools');
  book.apply('parallelToolCalls');
  const { offered, choice } = choiceOf(request, known, book);
  return {
    tools: offered.map((tool) => writeTool(tool, book)),
    strict_tools: strictOf(request, offered, book),
    tool_choice: choice,
  };
}

/** Free-text and server tools of other vendors have no form. */
function isKnown(tool: Tool, book: ReceiptBook): boolean {
  if (tool.raw === undefined) return true;
  book.raw('tools', tool.raw.value, 'cohere-chat');
  return false;
}

function writeTool(tool: Tool, book: ReceiptBook): JsonObject {
  if (tool.cacheControl !== undefined) book.apply('tools.cacheControl');
  if (tool.extra !== undefined) book.apply('tools.extra');
  book.apply('tools.parameters', tool.parameters === undefined ? 'empty' : undefined);
  const { name, description } = tool;
  // The vendor needs a schema, also where there are no parameters.
  const parameters = tool.parameters ?? { type: 'object', properties: {} };
  return { type: 'function', function: { name, description, parameters } };
}

/** One switch for all tools; off is the default and said only in the vendor's own words. */
function strictOf(request: ChatRequest, tools: readonly Tool[], book: ReceiptBook): boolean | undefined {
  const said = tools.filter((tool) => tool.strict !== undefined);
  if (said.length === 0) return undefined;
  const isStrict = tools.every((tool) => tool.strict === true);
  const isPartly = !isStrict && tools.some((tool) => tool.strict === true);
  book.apply('tools.strict', isPartly ? 'some' : undefined);
  return isStrict || request.protocol === 'cohere-chat' ? isStrict : undefined;
}

interface Choice {
  readonly offered: readonly Tool[];
  readonly choice: 'REQUIRED' | 'NONE' | undefined;
}

/** The vendor knows two choices: for one tool alone, that one is offered and must be called. */
function choiceOf({ toolChoice }: ChatRequest, tools: readonly Tool[], book: ReceiptBook): Choice {
  if (toolChoice === undefined) return { offered: tools, choice: undefined };
  if (toolChoice.mode === 'tool') {
    const { name } = toolChoice;
    const offered = tools.filter((tool) => tool.name === name);
    book.apply('toolChoice', offered.length === 0 ? 'noForm' : 'oneTool');
    return offered.length === 0 ? { offered: tools, choice: undefined } : { offered, choice: 'REQUIRED' };
  }
  if (toolChoice.mode === 'auto') {
    book.apply('toolChoice', 'auto');
    return { offered: tools, choice: undefined };
  }
  book.apply('toolChoice');
  return { offered: tools, choice: toolChoice.mode === 'none' ? 'NONE' : 'REQUIRED' };
}

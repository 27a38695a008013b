import type { ChatRequest, Tool, ToolChoice } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { cachePoint } from './cache-point.ts';
import type { BedrockModel } from './model-family.ts';

export interface WrittenTools {
  /** `toolConfig`; undefined without tools. */
  readonly config: JsonObject | undefined;
  /** The model is made to call a tool. */
  readonly isForced: boolean;
  /** `tool_choice` in the words of Anthropic's models, which alone can say "one call at a time". */
  readonly claudeChoice: JsonObject | undefined;
}

const NO_TOOLS: WrittenTools = { config: undefined, isForced: false, claudeChoice: undefined };

/** `toolConfig`: the caller's tools, and the one that stands for an answer in JSON. */
export function toolConfig(
  request: ChatRequest,
  jsonTool: Tool | null,
  model: BedrockModel,
  book: ReceiptBook,
): WrittenTools {
  const isNone = request.toolChoice?.mode === 'none';
  const tools = isNone ? [] : request.tools.flatMap((tool) => writeTool(tool, request, model, book));
  noteTools(request, tools.length, book);
  const choice = isNone || tools.length === 0 ? undefined : choiceOf(request, tools, model, book);
  if (jsonTool !== null) return withJsonTool(request, tools, jsonTool, choice, book);
  if (tools.length === 0) return isNone ? NO_TOOLS : historyTools(request, book);
  const isForced = choice !== undefined && choice.mode !== 'auto';
  if (!isSerial(request, model, book)) {
    return { config: { tools, toolChoice: written(choice) }, isForced, claudeChoice: undefined };
  }
  return { config: { tools }, isForced, claudeChoice: serialChoice(choice) };
}

function noteTools(request: ChatRequest, written: number, book: ReceiptBook): void {
  if (request.toolChoice?.mode === 'none') {
    book.apply('tools', 'none');
    book.apply('toolChoice', 'none');
    book.apply('parallelToolCalls', 'noTools');
    return;
  }
  book.apply('tools', written === 0 && request.tools.length > 0 ? 'noForm' : undefined);
  if (written > 0) return;
  book.apply('toolChoice', 'noTools');
  book.apply('parallelToolCalls', 'noTools');
}

/** The tool, and its cache point behind it. */
function writeTool(tool: Tool, request: ChatRequest, model: BedrockModel, book: ReceiptBook): JsonObject[] {
  const mark = cachePoint(tool.cacheControl, model, 'tools.cacheControl', book);
  const isOwn = request.protocol === 'bedrock-converse';
  if (tool.raw !== undefined) {
    const isKnown = tool.raw.origin.protocol === 'bedrock-converse';
    book.raw('tools', tool.raw.value, isKnown ? null : 'bedrock-converse');
    return isKnown ? [tool.raw.value as JsonObject, ...mark] : []; // the reader took it for an object
  }
  if (tool.strict !== undefined)
    book.apply('tools.strict', isOwn ? undefined : tool.strict ? 'noForm' : 'default');
  if (tool.extra !== undefined) book.apply('tools.extra');
  const toolSpec = {
    name: tool.name,
    // An empty one is refused.
    description: tool.description === '' ? undefined : tool.description,
    inputSchema: { json: schemaOf(tool, book) },
    strict: isOwn ? tool.strict : undefined,
  };
  return [{ toolSpec }, ...mark];
}

/** The root must be an object's schema, also for "no parameters". */
function schemaOf({ parameters }: Tool, book: ReceiptBook): JsonObject {
  if (parameters === undefined) {
    book.apply('tools.parameters', 'empty');
    return { type: 'object', properties: {} };
  }
  if (parameters['type'] === 'object') return parameters;
  book.apply('tools.parameters', 'notObject');
  return { ...parameters, type: 'object' };
}

function choiceOf(
  request: ChatRequest,
  tools: readonly JsonObject[],
  model: BedrockModel,
  book: ReceiptBook,
): ToolChoice | undefined {
  const choice = request.toolChoice;
  if (choice === undefined) return undefined;
  if (choice.mode === 'tool' && !tools.some((tool) => nameOf(tool) === choice.name)) {
    book.apply('toolChoice', 'noForm');
    return undefined;
  }
  if (choice.mode !== 'auto' && !model.takesForcedTool) {
    book.apply('toolChoice', 'cannotForce');
    return { mode: 'auto' };
  }
  book.apply('toolChoice');
  return choice;
}

function nameOf({ toolSpec }: JsonObject): unknown {
  return (toolSpec as JsonObject | undefined)?.['name']; // as `writeTool` makes it
}

function written(choice: ToolChoice | undefined): JsonObject | undefined {
  if (choice === undefined) return undefined;
  if (choice.mode === 'tool') return { tool: { name: choice.name } };
  return choice.mode === 'required' ? { any: {} } : { auto: {} };
}

/** Beside other tools the model may call one of them first; a tool that the caller demands comes before the answer. */
function withJsonTool(
  request: ChatRequest,
  tools: readonly JsonObject[],
  jsonTool: Tool,
  choice: ToolChoice | undefined,
  book: ReceiptBook,
): WrittenTools {
  const { name, description, parameters } = jsonTool;
  const own = { toolSpec: { name, description, inputSchema: { json: parameters } } };
  const demanded = choice?.mode === 'tool' ? choice : undefined;
  if (choice?.mode === 'auto') book.apply('toolChoice', 'jsonTool');
  if (tools.length > 0 && request.parallelToolCalls !== undefined) book.apply('parallelToolCalls');
  const only: ToolChoice = tools.length === 0 ? { mode: 'tool', name } : { mode: 'required' };
  const config = { tools: [...tools, own], toolChoice: written(demanded ?? only) };
  return { config, isForced: true, claudeChoice: undefined };
}

/** Calls in the history are refused without a `toolConfig`, also where the caller offers no tools any more. */
function historyTools(request: ChatRequest, book: ReceiptBook): WrittenTools {
  const names = new Set<string>();
  for (const { blocks } of request.messages) {
    for (const block of blocks) if (block.type === 'toolCall') names.add(block.name);
  }
  if (names.size === 0) return NO_TOOLS;
  book.added('tools', 'history');
  const tools = [...names].map((name) => ({
    toolSpec: { name, inputSchema: { json: { type: 'object', properties: {} } } },
  }));
  return { ...NO_TOOLS, config: { tools } };
}

/** One call at a time was asked for, and the model has a word for it. */
function isSerial(request: ChatRequest, { family }: BedrockModel, book: ReceiptBook): boolean {
  if (request.parallelToolCalls === undefined) return false;
  if (request.parallelToolCalls) book.apply('parallelToolCalls', 'default');
  else book.apply('parallelToolCalls', family === 'claude' ? 'claude' : undefined);
  return !request.parallelToolCalls && family === 'claude';
}

/** Both ways of choosing in one request are refused. */
function serialChoice(choice: ToolChoice | undefined): JsonObject {
  const serial = { disable_parallel_tool_use: true };
  if (choice?.mode === 'tool') return { type: 'tool', name: choice.name, ...serial };
  return { type: choice?.mode === 'required' ? 'any' : 'auto', ...serial };
}

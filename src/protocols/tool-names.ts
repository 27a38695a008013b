import type { Block, BlockEvent, ChatRequest, ChatResponse, Message, ProtocolName } from './blocks.ts';
import type { ReceiptBook } from './receipt.ts';
import { hashText } from './tool-ids.ts';

/** What a protocol accepts as the name of a function. */
interface ToolNameRule {
  readonly pattern: RegExp;
  /** Every character that the pattern does not take. */
  readonly others: RegExp;
  readonly charsMax: number;
}

const DASHED = /[^a-zA-Z0-9_-]/g;
const OPENAI: ToolNameRule = { pattern: /^[a-zA-Z0-9_-]{1,64}$/, others: DASHED, charsMax: 64 };

/**
 * From the vendors' references: OpenAI "function.name", Anthropic "tools.name", Google "FunctionDeclaration.name"
 * (colons are taken by newer models alone), AWS "ToolSpecification.name". Cohere documents none; its models
 * behind other services take no dash.
 */
const RULES: Readonly<Record<ProtocolName, ToolNameRule>> = {
  'openai-chat': OPENAI,
  'openai-responses': OPENAI,
  'anthropic-messages': { pattern: /^[a-zA-Z0-9_-]{1,128}$/, others: DASHED, charsMax: 128 },
  gemini: { pattern: /^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/, others: /[^a-zA-Z0-9_.-]/g, charsMax: 64 },
  'bedrock-converse': OPENAI,
  'cohere-chat': { pattern: /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/, others: /[^a-zA-Z0-9_]/g, charsMax: 64 },
};

/** The target's name of a tool → the caller's, for those that differ. */
export type ToolNames = ReadonlyMap<string, string>;

export interface FittedTools {
  readonly request: ChatRequest;
  /** Null where every name is as the caller wrote it. */
  readonly toolNames: ToolNames | null;
}

const HASH_CHARS = 8;

/**
 * The request with tool names that the target takes, in the tools, the choice and the history. A name becomes
 * the same one in every request, so that the provider's prompt cache keeps its hits; two names never become one.
 * What it was must come back in the answer: `toolNames` goes into the WrittenRequest.
 */
export function fitToolNames(request: ChatRequest, target: ProtocolName, book: ReceiptBook): FittedTools {
  if (request.protocol === target) return { request, toolNames: null };
  const rule = RULES[target];
  const { wanted, taken } = namesIn(request, rule);
  if (wanted.size === 0) return { request, toolNames: null };
  const fitted = new Map<string, string>();
  const toolNames = new Map<string, string>();
  for (const name of wanted) {
    const other = freeName(name, rule, taken);
    taken.add(other);
    fitted.set(name, other);
    toolNames.set(other, name);
  }
  const [[name, other] = ['', '']] = fitted;
  book.apply('toolCall.name', 'other', `"${name}" is "${other}"`);
  return { request: renamed(request, fitted), toolNames };
}

/** A tool of the caller's protocol alone keeps its name: it goes nowhere else. */
function namesIn(request: ChatRequest, rule: ToolNameRule) {
  const taken = new Set<string>();
  const wanted = new Set<string>();
  const add = (name: string) => (rule.pattern.test(name) ? taken : wanted).add(name);
  for (const tool of request.tools) {
    if (tool.raw === undefined) add(tool.name);
  }
  for (const { blocks } of request.messages) {
    for (const block of blocks) if (block.type === 'toolCall') add(block.name);
  }
  return { wanted, taken };
}

function freeName(name: string, rule: ToolNameRule, taken: ReadonlySet<string>): string {
  for (let salt = 0; ; salt += 1) {
    const hash = hashText(salt === 0 ? name : `${name}\n${salt}`, HASH_CHARS);
    const readable = name.replace(rule.others, '_');
    const begun = rule.pattern.test(readable.charAt(0)) ? readable : `_${readable}`;
    const fitting = `${begun.slice(0, rule.charsMax - HASH_CHARS - 1)}_${hash}`;
    if (!taken.has(fitting)) return fitting;
  }
}

function renamed(request: ChatRequest, names: ReadonlyMap<string, string>): ChatRequest {
  const { tools, toolChoice, messages } = request;
  const isNamed = (name: string) => tools.some((tool) => tool.name === name && tool.raw === undefined);
  return {
    ...request,
    tools: tools.map((tool) =>
      tool.raw === undefined ? { ...tool, name: names.get(tool.name) ?? tool.name } : tool,
    ),
    toolChoice:
      toolChoice?.mode === 'tool' && isNamed(toolChoice.name)
        ? { mode: 'tool', name: names.get(toolChoice.name) ?? toolChoice.name }
        : toolChoice,
    messages: messages.map((message) => renamedCalls(message, names)),
  };
}

function renamedCalls(message: Message, names: ReadonlyMap<string, string>): Message {
  const isNamed = (block: Block) => block.type === 'toolCall' && names.has(block.name);
  if (!message.blocks.some(isNamed)) return message;
  const blocks = message.blocks.map((block) =>
    block.type === 'toolCall' ? { ...block, name: names.get(block.name) ?? block.name } : block,
  );
  return { ...message, blocks };
}

/** An event of a streamed answer with the caller's name of the tool. */
export function withCallersName(event: BlockEvent, names: ToolNames): BlockEvent {
  if (event.type !== 'blockStart' || event.block.type !== 'toolCall') return event;
  const name = names.get(event.block.name);
  return name === undefined ? event : { ...event, block: { ...event.block, name } };
}

/** An answer with the caller's names of the tools. */
export function withCallersNames(response: ChatResponse, names: ToolNames): ChatResponse {
  const blocks = response.blocks.map((block) =>
    block.type === 'toolCall' ? { ...block, name: names.get(block.name) ?? block.name } : block,
  );
  return { ...response, blocks };
}

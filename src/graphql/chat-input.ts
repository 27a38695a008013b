import { CallError } from '../errors.ts';
import type {
  Block,
  ChatRequest,
  Message,
  ReasoningEffort,
  ResponseFormat,
  Role,
  Tool,
  ToolChoice,
} from '../protocols/blocks.ts';
import { type ContentPartValue, readPart } from './chat-parts.ts';
import { demand, InputFault, isJsonObject } from './input-fault.ts';

type Maybe<T> = T | null | undefined;

export interface ChatMessageValue {
  readonly role: Role;
  readonly content?: Maybe<string>;
  readonly parts?: Maybe<readonly ContentPartValue[]>;
  readonly toolCalls?: Maybe<
    readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  >;
  readonly toolCallId?: Maybe<string>;
}

export interface ToolValue {
  readonly name: string;
  readonly description?: Maybe<string>;
  readonly parameters?: unknown;
  readonly strict?: Maybe<boolean>;
}

export interface ResponseFormatValue {
  readonly type: ResponseFormat['type'];
  readonly name?: Maybe<string>;
  readonly schema?: unknown;
  readonly strict?: Maybe<boolean>;
}

/** `ChatInput` after GraphQL's own coercion. */
export interface ChatInputValue {
  readonly model: string;
  readonly messages: readonly ChatMessageValue[];
  readonly temperature?: Maybe<number>;
  readonly topP?: Maybe<number>;
  readonly maxOutputTokens?: Maybe<number>;
  readonly stop?: Maybe<readonly string[]>;
  readonly seed?: Maybe<number>;
  readonly tools?: Maybe<readonly ToolValue[]>;
  readonly toolChoice?: Maybe<{ readonly mode: ToolChoice['mode']; readonly name?: Maybe<string> }>;
  readonly responseFormat?: Maybe<ResponseFormatValue>;
  readonly reasoningEffort?: Maybe<ReasoningEffort>;
  readonly metadata?: unknown;
  readonly strict?: Maybe<boolean>;
  readonly idempotencyKey?: Maybe<string>;
}

/** Longer idempotency keys are refused; a UUID has 36 characters. */
const IDEMPOTENCY_KEY_CHARS_MAX = 255;

/** Internal name → GraphQL's name, for receipts; `messages` and `model` are always there. */
const NAMES = {
  temperature: 'temperature',
  topP: 'topP',
  maxOutputTokens: 'maxOutputTokens',
  stop: 'stop',
  seed: 'seed',
  tools: 'tools',
  toolChoice: 'toolChoice',
  responseFormat: 'responseFormat',
  reasoning: 'reasoningEffort',
  metadata: 'metadata',
} as const;

/**
 * The seventh reader: a `ChatInput` as a request in the internal form.
 * Errors: `invalid_request` with `param` as a path from the argument on (`input.messages[0].content`).
 */
export function readChatInput(input: ChatInputValue, stream: boolean): ChatRequest | CallError {
  try {
    return readRequest(input, stream);
  } catch (error) {
    if (error instanceof InputFault) {
      return new CallError('invalid_request', { message: error.message, param: error.path });
    }
    throw error;
  }
}

function readRequest(input: ChatInputValue, stream: boolean): ChatRequest {
  demand(input.model !== '', 'input.model', 'must not be empty');
  demand(input.messages.length > 0, 'input.messages', 'must hold at least one message');
  readKey(input.idempotencyKey);
  const tools = (input.tools ?? []).map((tool, index) => readTool(tool, `input.tools[${index}]`));
  return {
    protocol: 'graphql',
    model: input.model,
    stream,
    streamUsage: true,
    messages: input.messages.map((message, index) => readMessage(message, `input.messages[${index}]`)),
    tools,
    toolChoice: readToolChoice(input.toolChoice, tools),
    responseFormat: readResponseFormat(input.responseFormat),
    maxOutputTokens: readCount(input.maxOutputTokens, 'input.maxOutputTokens'),
    temperature: input.temperature ?? undefined,
    topP: readFraction(input.topP, 'input.topP'),
    seed: input.seed ?? undefined,
    stop: input.stop ?? undefined,
    reasoning: input.reasoningEffort ? { effort: input.reasoningEffort } : undefined,
    metadata: readObject(input.metadata, 'input.metadata'),
    extra: {},
    unknownFields: [],
    fields: sentFields(input),
  };
}

function sentFields(input: ChatInputValue): Readonly<Record<string, string>> {
  const fields: Record<string, string> = { model: 'model', messages: 'messages' };
  for (const [internal, name] of Object.entries(NAMES)) {
    if (input[name] !== null && input[name] !== undefined) fields[internal] = name;
  }
  if (input.tools?.some((tool) => tool.strict != null)) fields['tools.strict'] = 'tools[].strict';
  for (const { parts } of input.messages) for (const part of parts ?? []) noteMedium(part, fields);
  return fields;
}

const MEDIA = {
  image: 'message.image',
  imageUrl: 'message.image',
  audio: 'message.audio',
  file: 'message.file',
} as const;

function noteMedium(part: ContentPartValue, fields: Record<string, string>): void {
  for (const [name, detail] of Object.entries(MEDIA)) {
    if (part[name as keyof typeof MEDIA] != null) fields[detail] ??= `messages[].parts[].${name}`; // a key of it
  }
}

function readMessage(message: ChatMessageValue, path: string): Message {
  const { role, content, parts, toolCallId } = message;
  demand(!(content != null && parts != null), `${path}.parts`, 'must not be given together with content');
  const calls = message.toolCalls ?? [];
  demand(calls.length === 0 || role === 'assistant', `${path}.toolCalls`, 'belongs to assistant messages');
  demand(toolCallId == null || role === 'tool', `${path}.toolCallId`, 'belongs to tool messages');
  const blocks = readContent(message, path);
  demand(blocks.length + calls.length > 0, `${path}.content`, 'must be given, or parts');
  if (role === 'tool') {
    demand(Boolean(toolCallId), `${path}.toolCallId`, 'must name the tool call that this answers');
    return {
      role,
      blocks: [{ type: 'toolResult', toolCallId: toolCallId ?? '', content: blocks, isError: false }],
    };
  }
  return { role, blocks: [...blocks, ...calls.map((call) => ({ type: 'toolCall' as const, ...call }))] };
}

function readContent({ content, parts }: ChatMessageValue, path: string): readonly Block[] {
  if (content != null) return [{ type: 'text', text: content }];
  return (parts ?? []).map((part, index) => readPart(part, `${path}.parts[${index}]`));
}

function readTool(tool: ToolValue, path: string): Tool {
  demand(tool.name !== '', `${path}.name`, 'must not be empty');
  return {
    name: tool.name,
    description: tool.description ?? undefined,
    parameters: readObject(tool.parameters, `${path}.parameters`),
    strict: tool.strict ?? undefined,
  };
}

function readToolChoice(
  choice: ChatInputValue['toolChoice'],
  tools: readonly Tool[],
): ToolChoice | undefined {
  if (choice == null) return undefined;
  const { mode, name } = choice;
  if (mode !== 'tool') {
    demand(name == null, 'input.toolChoice.name', 'belongs to mode TOOL');
    return { mode };
  }
  demand(
    tools.some((tool) => tool.name === name),
    'input.toolChoice.name',
    'must name one of the tools',
  );
  return { mode, name: name ?? '' };
}

function readResponseFormat(format: Maybe<ResponseFormatValue>): ResponseFormat | undefined {
  if (format == null) return undefined;
  const path = 'input.responseFormat';
  if (format.type !== 'jsonSchema') {
    demand(format.schema == null, `${path}.schema`, 'belongs to type JSON_SCHEMA');
    return { type: format.type };
  }
  const schema = readObject(format.schema, `${path}.schema`);
  if (schema === undefined) throw new InputFault(`${path}.schema`, 'must be given for type JSON_SCHEMA');
  return { type: 'jsonSchema', name: format.name || 'answer', schema, strict: format.strict ?? undefined };
}

function readObject(value: unknown, path: string): Readonly<Record<string, unknown>> | undefined {
  if (value === null || value === undefined) return undefined;
  if (!isJsonObject(value)) throw new InputFault(path, 'must be a JSON object');
  return value;
}

function readCount(value: Maybe<number>, path: string): number | undefined {
  if (value == null) return undefined;
  demand(value > 0, path, 'must be greater than 0');
  return value;
}

function readFraction(value: Maybe<number>, path: string): number | undefined {
  if (value == null) return undefined;
  demand(value >= 0 && value <= 1, path, 'must be between 0 and 1');
  return value;
}

function readKey(key: Maybe<string>): void {
  if (key == null) return;
  const fits = key.length > 0 && key.length <= IDEMPOTENCY_KEY_CHARS_MAX;
  demand(fits, 'input.idempotencyKey', `must have 1 to ${IDEMPOTENCY_KEY_CHARS_MAX} characters`);
}

import type { ChatRequest, Tool, ToolChoice } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { ModelTraits } from './model-traits.ts';
import { openapiSchema } from './openapi-schema.ts';
import { isEmptyObject } from './schema-writer.ts';

interface ToolMembers {
  readonly tools?: readonly JsonObject[];
  readonly toolConfig?: JsonObject;
}

/** `tools` and `toolConfig`; an empty list is left out. */
export function toolMembers(request: ChatRequest, traits: ModelTraits, book: ReceiptBook): ToolMembers {
  const declarations = request.tools
    .filter((tool) => tool.raw === undefined)
    .map((tool) => declarationOf(tool, request, traits, book));
  const own = request.tools.map((tool) => ownTool(tool, book)).filter((tool) => tool !== null);
  if (declarations.length === 0 && own.length === 0) {
    book.apply('tools', request.tools.length === 0 ? 'empty' : 'noForm');
    if (request.toolChoice !== undefined) book.apply('toolChoice', 'noTools');
    if (request.parallelToolCalls !== undefined) book.apply('parallelToolCalls', 'noTools');
    return {};
  }
  book.apply('tools');
  if (request.parallelToolCalls !== undefined) book.apply('parallelToolCalls');
  const tools = [...(declarations.length === 0 ? [] : [{ functionDeclarations: declarations }]), ...own];
  const config = choiceOf(request, declarations, book);
  return config === null ? { tools } : { tools, toolConfig: { functionCallingConfig: config } };
}

/** Google's own tools, as they came. */
function ownTool({ raw }: Tool, book: ReceiptBook): JsonObject | null {
  if (raw === undefined) return null;
  const isOwn = raw.origin.protocol === 'gemini';
  book.raw('tools', raw.value, isOwn ? null : 'gemini');
  return isOwn ? (raw.value as JsonObject) : null; // the reader took it for an object
}

function declarationOf(tool: Tool, request: ChatRequest, traits: ModelTraits, book: ReceiptBook): JsonObject {
  const isOwn = request.protocol === 'gemini';
  if (tool.strict !== undefined) book.apply('tools.strict');
  if (tool.cacheControl !== undefined) book.apply('tools.cacheControl');
  if (tool.extra !== undefined) book.apply('tools.extra', isOwn ? undefined : 'other');
  return {
    name: tool.name,
    description: tool.description,
    ...parametersOf(tool, isOwn || traits.takesJsonSchema, book),
    ...(isOwn ? tool.extra : {}),
  };
}

function parametersOf({ parameters }: Tool, takesJsonSchema: boolean, book: ReceiptBook): JsonObject {
  if (parameters === undefined) return {};
  if (isEmptyObject(parameters)) {
    book.apply('tools.parameters', 'empty');
    return {};
  }
  if (takesJsonSchema) {
    book.apply('tools.parameters');
    return { parametersJsonSchema: parameters };
  }
  const { schema, moved } = openapiSchema(parameters);
  if (moved.length === 0) book.apply('tools.parameters', 'openapi');
  else book.apply('tools.parameters', 'keywords', moved.join(', '));
  return { parameters: schema };
}

const MODES = { auto: 'AUTO', none: 'NONE', required: 'ANY', tool: 'ANY' } as const;

/** What the model may call; a specific tool is the only one that it may. */
function choiceOf(
  request: ChatRequest,
  declarations: readonly JsonObject[],
  book: ReceiptBook,
): JsonObject | null {
  const choice = request.toolChoice;
  if (choice === undefined) return null;
  if (!isPossible(choice, declarations)) {
    book.apply('toolChoice', 'noForm');
    return null;
  }
  book.apply('toolChoice', undefined, `"${choice.mode}" is "${MODES[choice.mode]}"`);
  const mode = MODES[choice.mode];
  return choice.mode === 'tool' ? { mode, allowedFunctionNames: [choice.name] } : { mode };
}

function isPossible(choice: ToolChoice, declarations: readonly JsonObject[]): boolean {
  if (declarations.length === 0) return false;
  return choice.mode !== 'tool' || declarations.some(({ name }) => name === choice.name);
}

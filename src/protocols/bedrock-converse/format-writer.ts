import type { ChatRequest, ResponseFormat, Tool } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { BedrockModel } from './model-family.ts';

/** How the answer gets its form. */
export interface WrittenFormat {
  /** The model must call it: its arguments are the answer. */
  readonly jsonTool: Tool | null;
  readonly outputConfig: JsonObject | undefined;
  readonly instruction: string | null;
}

type SchemaFormat = Extract<ResponseFormat, { type: 'jsonSchema' }>;

const NONE: WrittenFormat = { jsonTool: null, outputConfig: undefined, instruction: null };
const JSON_INSTRUCTION = 'Answer with one valid JSON object and nothing else.';
const JSON_TOOL = 'json_response';

/**
 * A schema becomes a tool that the model is made to call, which most models can; `outputConfig.textFormat`, which
 * few models take, only where a tool cannot be forced.
 */
export function formatOf(request: ChatRequest, model: BedrockModel, book: ReceiptBook): WrittenFormat {
  const format = request.responseFormat;
  if (format === undefined) return NONE;
  if (format.type !== 'jsonSchema') {
    book.apply('responseFormat', format.type === 'text' ? 'text' : 'object');
    return format.type === 'text' ? NONE : { ...NONE, instruction: JSON_INSTRUCTION };
  }
  const isOwn = request.protocol === 'bedrock-converse';
  if (isOwn || (model.takesTextFormat && !canForce(request, model))) {
    book.apply('responseFormat', isOwn ? undefined : 'textFormat');
    return { ...NONE, outputConfig: { textFormat: textFormat(format) } };
  }
  if ((format.schema['type'] ?? 'object') !== 'object' || !model.takesForcedTool) {
    book.apply('responseFormat', 'schemaText');
    const schema = JSON.stringify(format.schema);
    return {
      ...NONE,
      instruction: `Answer with JSON that follows this JSON Schema, and with nothing else:\n${schema}`,
    };
  }
  book.apply('responseFormat');
  return { ...NONE, jsonTool: jsonTool(format, request.tools) };
}

/** Thinking and a forced tool exclude each other in Anthropic's models. */
function canForce(request: ChatRequest, model: BedrockModel): boolean {
  const { reasoning } = request;
  const thinks = reasoning !== undefined && reasoning.effort !== 'none';
  return model.takesForcedTool && !(model.family === 'claude' && thinks);
}

function textFormat({ name, schema, description }: SchemaFormat): JsonObject {
  const jsonSchema = { schema: JSON.stringify(schema), name, description };
  return { type: 'json_schema', structure: { jsonSchema } };
}

function jsonTool({ schema, description }: SchemaFormat, tools: readonly Tool[]): Tool {
  let name = JSON_TOOL;
  for (let count = 2; tools.some((tool) => tool.name === name); count += 1) name = `${JSON_TOOL}_${count}`;
  const purpose = 'Gives the final answer. Call it with the whole answer once everything else is done.';
  return {
    name,
    description: description === undefined ? purpose : `${purpose} ${description}`,
    parameters: { ...schema, type: 'object' },
  };
}

import type { ChatRequest } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { Dialect } from './dialect.ts';

/** `response_format` for the request; undefined for none. */
export function formatOf(request: ChatRequest, dialect: Dialect, book: ReceiptBook): JsonObject | undefined {
  const format = request.responseFormat;
  if (format === undefined) return undefined;
  book.apply('responseFormat');
  if (format.type !== 'jsonSchema') {
    if (wantsJsonWord(request)) book.apply('responseFormat', 'jsonWord');
    return { type: format.type === 'text' ? 'text' : 'json_object' };
  }
  if (!dialect.takesJsonSchema && request.protocol !== 'openai-chat') {
    book.apply('responseFormat', 'asObject');
    return { type: 'json_object' };
  }
  const { name, schema, description } = format;
  const strict =
    format.strict === true && request.protocol !== 'openai-chat' ? isStrictSchema(schema) : format.strict;
  if (strict !== format.strict) book.apply('responseFormat', 'notStrict');
  return { type: 'json_schema', json_schema: { name, description, schema, strict } };
}

/** What must be said in words for the format to hold; null for nothing. */
export function jsonInstruction(request: ChatRequest, dialect: Dialect): string | null {
  const format = request.responseFormat;
  if (format?.type !== 'jsonSchema') return wantsJsonWord(request) ? 'Answer in JSON.' : null;
  if (dialect.takesJsonSchema || request.protocol === 'openai-chat') return null;
  return `Answer in JSON that follows this JSON Schema: ${JSON.stringify(format.schema)}`;
}

/**
 * OpenAI refuses `json_object` unless the word JSON is somewhere in the messages. Callers of its own protocol
 * know that; others are helped.
 */
function wantsJsonWord(request: ChatRequest): boolean {
  if (request.responseFormat?.type !== 'jsonObject' || request.protocol === 'openai-chat') return false;
  return !request.messages.some((message) =>
    message.blocks.some((block) => block.type === 'text' && /json/i.test(block.text)),
  );
}

/**
 * OpenAI's strict mode takes a schema only if every object lists all its properties as required and forbids
 * others (OpenAI, structured outputs, "supported schemas"); anything else is answered 400.
 */
export function isStrictSchema(root: unknown): boolean {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const schema = open.pop();
    if (Array.isArray(schema)) {
      open.push(...schema);
      continue;
    }
    if (!isJsonObject(schema)) continue;
    const properties = schema['properties'];
    if (isJsonObject(properties) || schema['type'] === 'object') {
      const required: unknown = schema['required'] ?? [];
      const names = isJsonObject(properties) ? Object.keys(properties) : [];
      if (schema['additionalProperties'] !== false || !Array.isArray(required)) return false;
      if (!names.every((name) => required.includes(name))) return false;
    }
    if (schema['oneOf'] !== undefined || schema['allOf'] !== undefined) return false;
    for (const value of [schema['items'], schema['anyOf']]) open.push(value);
    for (const group of [properties, schema['$defs'], schema['definitions']]) {
      if (isJsonObject(group)) open.push(...Object.values(group));
    }
  }
  return true;
}

import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

/** Of other objects than Google's own: names there are the caller's. */
const MAPS: ReadonlySet<string> = new Set(['properties', '$defs', 'defs']);
/** int64 in the proto, and so a text in JSON. */
const COUNTS: ReadonlySet<string> = new Set([
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'],
]);
/** Formats of numbers that say no more than the type. */
const NUMBER_FORMATS: ReadonlySet<string> = new Set(['int32', 'int64', 'float', 'double', 'enum']);

/**
 * JSON Schema for a schema of Google's, a subset of OpenAPI 3.0 with types in capitals (Gemini API reference,
 * "Schema"). What neither has changed stays as it is.
 */
export function readSchema(schema: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'nullable' || keyword === 'propertyOrdering' || keyword === 'property_ordering') continue;
    if (keyword === 'type') result['type'] = typeof value === 'string' ? value.toLowerCase() : value;
    else if (keyword === 'format' && NUMBER_FORMATS.has(String(value))) continue;
    else if (keyword === 'example') result['examples'] = [value];
    else if (keyword === 'any_of' || keyword === 'anyOf') result['anyOf'] = readEach(value);
    else if (keyword === 'items') result['items'] = readEach(value);
    else if (MAPS.has(keyword)) result[keyword] = readMap(value);
    else if (COUNTS.has(keyword)) result[keyword] = typeof value === 'string' ? Number(value) : value;
    else result[keyword] = value;
  }
  return schema['nullable'] === true ? nullable(result) : result;
}

function readEach(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => readEach(one));
  return isJsonObject(value) ? readSchema(value) : value;
}

function readMap(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, readEach(one)]));
}

function nullable(schema: JsonObject): JsonObject {
  if (typeof schema['type'] !== 'string') return { anyOf: [schema, { type: 'null' }] };
  const values: unknown = schema['enum'];
  return {
    ...schema,
    type: [schema['type'], 'null'],
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
  };
}

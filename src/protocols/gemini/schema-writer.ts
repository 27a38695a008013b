import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { openapiSchema } from './openapi-schema.ts';
import { type WrittenSchema, withHints } from './schema-hints.ts';

/** What `responseJsonSchema` takes (Gemini API reference, "GenerationConfig"). */
const KEPT: ReadonlySet<string> = new Set([
  ...['$id', '$ref', '$anchor', 'type', 'format', 'title', 'description', 'enum', 'minItems', 'maxItems'],
  ...['minimum', 'maximum', 'required', 'propertyOrdering'],
]);
const LISTS: ReadonlySet<string> = new Set([
  'anyOf',
  'oneOf',
  'prefixItems',
  'items',
  'additionalProperties',
]);
const MAPS: Readonly<Record<string, string>> = {
  properties: 'properties',
  $defs: '$defs',
  definitions: '$defs',
};
/** Only meant for tools, not for the model. */
const SILENT: ReadonlySet<string> = new Set(['$schema', '$comment', 'examples']);

/** The schema of an answer in the form that the model's generation takes. */
export function responseSchema(schema: JsonObject, takesJsonSchema: boolean): WrittenSchema {
  if (!takesJsonSchema) return openapiSchema(schema);
  const moved = new Set<string>();
  return { schema: convert(schema, moved), moved: [...moved] };
}

/**
 * What else the caller asks for moves into descriptions, where the model still reads it; the caller checks the
 * answer against its own schema.
 */
function convert(schema: JsonObject, moved: Set<string>): JsonObject {
  if (typeof schema['$ref'] === 'string') return reference(schema['$ref'], schema);
  const result: JsonObject = {};
  const hints: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    const map = MAPS[keyword];
    if (map !== undefined) result[map] = { ...asObject(result[map]), ...convertMap(value, moved) };
    else if (LISTS.has(keyword)) result[keyword] = convertAny(value, moved);
    else if (keyword === 'const') result['enum'] = [value];
    else if (KEPT.has(keyword)) result[keyword] = value;
    else if (!SILENT.has(keyword)) {
      moved.add(keyword);
      hints.push(`${keyword}: ${JSON.stringify(value)}`);
    }
  }
  if (hints.length > 0) result['description'] = withHints(result['description'], hints);
  return result;
}

/** Nothing may stand beside a reference but what begins with a dollar sign. */
function reference(target: string, schema: JsonObject): JsonObject {
  const $ref = target.replace(/^#\/definitions\//, '#/$defs/');
  const defs = asObject(schema['$defs'] ?? schema['definitions']);
  return Object.keys(defs).length === 0 ? { $ref } : { $ref, $defs: convertMap(defs, new Set()) };
}

function convertAny(value: unknown, moved: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => convertAny(one, moved));
  return isJsonObject(value) ? convert(value, moved) : value;
}

function convertMap(value: unknown, moved: Set<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(asObject(value)).map(([name, one]) => [name, convertAny(one, moved)]),
  );
}

const asObject = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

/** Google refuses an object without properties as the root of a function's parameters. */
export function isEmptyObject(schema: JsonObject): boolean {
  const { type, properties } = schema;
  const hasMembers = isJsonObject(properties) && Object.keys(properties).length > 0;
  const isOpen = isJsonObject(schema['additionalProperties']);
  const isComposed = ['anyOf', 'oneOf', 'allOf', '$ref'].some((keyword) => schema[keyword] !== undefined);
  return (type === 'object' || type === undefined) && !hasMembers && !isOpen && !isComposed;
}

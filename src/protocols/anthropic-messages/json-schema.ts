import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

/** Keywords that Anthropic's structured outputs take (its guide, "JSON Schema limitations"). */
const KEPT: ReadonlySet<string> = new Set([
  ...['$ref', '$defs', 'definitions', 'type', 'properties', 'required', 'items', 'enum', 'const'],
  ...['anyOf', 'allOf', 'title', 'description', 'default'],
]);
const FORMATS: ReadonlySet<string> = new Set([
  ...['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'],
]);
/** Only meant for tools, not for the model. */
const SILENT: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  'additionalProperties',
  'examples',
]);

export interface SafeSchema {
  readonly schema: JsonObject;
  /** Keywords that now stand in descriptions instead. */
  readonly moved: readonly string[];
}

/**
 * A schema that `output_config.format` takes: other keywords move into the description, where the model still
 * reads them; objects forbid further properties; `oneOf` becomes `anyOf`. The caller still checks the answer
 * against its own schema.
 */
export function safeSchema(schema: JsonObject): SafeSchema {
  const moved = new Set<string>();
  return { schema: convert(schema, moved), moved: [...moved] };
}

function convert(schema: JsonObject, moved: Set<string>): JsonObject {
  const result: JsonObject = {};
  const hints: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'oneOf') result['anyOf'] = convertAny(value, moved);
    else if (keyword === 'properties' || keyword === '$defs' || keyword === 'definitions') {
      result[keyword] = convertEach(value, moved);
    } else if (keyword === 'items' || keyword === 'anyOf' || keyword === 'allOf') {
      result[keyword] = convertAny(value, moved);
    } else if (KEPT.has(keyword) || isKept(keyword, value)) {
      result[keyword] = value;
    } else if (!SILENT.has(keyword)) {
      moved.add(keyword);
      hints.push(`${keyword}: ${JSON.stringify(value)}`);
    }
  }
  if (result['type'] === 'object' || isJsonObject(result['properties']))
    result['additionalProperties'] = false;
  if (hints.length > 0) result['description'] = describe(result['description'], hints);
  return result;
}

/** Of `minItems` only 0 and 1 are taken. */
function isKept(keyword: string, value: unknown): boolean {
  if (keyword === 'minItems') return value === 0 || value === 1;
  return keyword === 'format' && typeof value === 'string' && FORMATS.has(value);
}

function convertAny(value: unknown, moved: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => convertAny(one, moved));
  return isJsonObject(value) ? convert(value, moved) : value;
}

function convertEach(value: unknown, moved: Set<string>): unknown {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, convertAny(one, moved)]));
}

function describe(description: unknown, hints: readonly string[]): string {
  const hint = `(${hints.join(', ')})`;
  return typeof description === 'string' && description !== '' ? `${description} ${hint}` : hint;
}

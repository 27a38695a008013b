import { LIMITS } from '../../limits.ts';
import { refuse } from '../expect.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { type WrittenSchema, withHints } from './schema-hints.ts';

/** What a `Schema` of older models takes (Gemini API reference, "Schema") without further ado. */
const KEPT: ReadonlySet<string> = new Set([
  ...['title', 'description', 'required', 'minimum', 'maximum', 'pattern', 'propertyOrdering'],
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'],
]);
const FORMATS: ReadonlySet<string> = new Set(['date-time', 'float', 'double', 'int32', 'int64']);
/** Said elsewhere, or only meant for tools. */
const SILENT: ReadonlySet<string> = new Set([
  ...['$schema', '$id', '$anchor', '$comment', '$defs', 'definitions', 'examples', 'additionalProperties'],
]);

interface Scope {
  readonly root: JsonObject;
  readonly moved: Set<string>;
  /** References being put in their places; one that comes back to itself ends there. */
  readonly open: readonly string[];
  readonly count: { nodes: number };
}

/**
 * A JSON Schema as a subset of OpenAPI 3.0: references in their places, alternatives as `anyOf`, null as
 * `nullable`; what has no form moves into descriptions. Throws `invalid_request` for a schema that becomes too large.
 */
export function openapiSchema(schema: JsonObject): WrittenSchema {
  const moved = new Set<string>();
  const written = convert(schema, { root: schema, moved, open: [], count: { nodes: 0 } });
  return { schema: written, moved: [...moved] };
}

function convert(given: JsonObject, scope: Scope): JsonObject {
  scope.count.nodes += 1;
  if (scope.count.nodes > LIMITS.schemaNodesMax) {
    return refuse(
      'tools',
      `a schema has more than ${LIMITS.schemaNodesMax} parts once its references are resolved.`,
    );
  }
  if (typeof given['$ref'] === 'string') return resolve(given['$ref'], given, scope);
  const schema = flattened(given);
  const result: JsonObject = {};
  const hints: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (KEPT.has(keyword)) result[keyword] = value;
    else if (!writeKeyword(keyword, value, result, scope) && !SILENT.has(keyword)) {
      scope.moved.add(keyword);
      hints.push(`${keyword}: ${JSON.stringify(value)}`);
    }
  }
  if (hints.length > 0) result['description'] = withHints(result['description'], hints);
  return result;
}

/** True when the keyword has a form. */
function writeKeyword(keyword: string, value: unknown, result: JsonObject, scope: Scope): boolean {
  switch (keyword) {
    case 'type':
      writeType(value, result);
      return true;
    case 'const':
      return typeof value === 'string' && writeEnum([value], result);
    case 'enum':
      return Array.isArray(value) && writeEnum(value, result);
    case 'format':
      if (!FORMATS.has(String(value))) return false;
      result['format'] = value;
      return true;
    case 'properties':
      result['properties'] = convertMap(value, scope);
      return true;
    case 'items':
      if (!isJsonObject(value)) return false;
      result['items'] = convert(value, scope);
      return true;
    case 'anyOf':
    case 'oneOf':
      return Array.isArray(value) && writeAlternatives(value, result, scope);
    default:
      return false;
  }
}

const upper = (type: unknown) => String(type).toUpperCase();

function writeType(value: unknown, result: JsonObject): void {
  const types: readonly unknown[] = Array.isArray(value) ? value : [value];
  const others = types.filter((type) => type !== 'null');
  if (others.length < types.length) result['nullable'] = true;
  if (others.length === 1) result['type'] = upper(others[0]);
  else if (others.length > 1) result['anyOf'] = others.map((type) => ({ type: upper(type) }));
}

/** Only texts can be listed. */
function writeEnum(values: readonly unknown[], result: JsonObject): boolean {
  const texts = values.filter((value) => value !== null);
  if (!texts.every((value) => typeof value === 'string')) return false;
  if (texts.length < values.length) result['nullable'] = true;
  result['type'] ??= 'STRING';
  result['enum'] = texts;
  return true;
}

function writeAlternatives(values: readonly unknown[], result: JsonObject, scope: Scope): boolean {
  const schemas = values.filter(isJsonObject);
  const others = schemas
    .filter((schema) => schema['type'] !== 'null')
    .map((schema) => convert(schema, scope));
  if (others.length < schemas.length) result['nullable'] = true;
  const [only] = others;
  if (others.length === 1 && only !== undefined) Object.assign(result, { ...only, ...result });
  else if (others.length > 1) result['anyOf'] = others;
  return true;
}

function convertMap(value: unknown, scope: Scope): JsonObject {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, isJsonObject(one) ? convert(one, scope) : {}]),
  );
}

/** The members of `allOf` in the schema itself. */
function flattened(schema: JsonObject): JsonObject {
  const { allOf, ...own } = schema;
  if (!Array.isArray(allOf) || !allOf.every(isJsonObject)) return schema;
  return allOf.reduce<JsonObject>(merged, own);
}

function merged(into: JsonObject, part: JsonObject): JsonObject {
  const result: JsonObject = { ...part, ...into };
  for (const name of ['properties', '$defs', 'definitions']) {
    const [own, other] = [into[name], part[name]];
    if (isJsonObject(own) && isJsonObject(other)) result[name] = { ...other, ...own };
  }
  const [own, other] = [into['required'], part['required']];
  if (Array.isArray(own) && Array.isArray(other)) result['required'] = [...new Set([...other, ...own])];
  return result;
}

function resolve(ref: string, given: JsonObject, scope: Scope): JsonObject {
  const target = scope.open.includes(ref) ? null : lookUp(ref, scope.root);
  if (target === null) {
    scope.moved.add('$ref');
    return { type: 'OBJECT', description: withHints(given['description'], [`$ref: ${JSON.stringify(ref)}`]) };
  }
  const inner = convert(target, { ...scope, open: [...scope.open, ref] });
  return typeof given['description'] === 'string' ? { ...inner, description: given['description'] } : inner;
}

/** What a JSON pointer into the schema itself (RFC 6901) points to. */
function lookUp(ref: string, root: JsonObject): JsonObject | null {
  if (ref !== '#' && !ref.startsWith('#/')) return null;
  let at: unknown = root;
  for (const step of ref.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : null;
  }
  return isJsonObject(at) ? at : null;
}

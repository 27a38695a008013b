/**
 * Checks an answer in JSON against the caller's own schema, where the target got a simpler one.
 *
 * It knows what is moved or dropped on the way (JSON Schema 2020-12, validation) and never reports a breach that is
 * none: of alternatives one that fits is enough, and a keyword that it does not know counts as kept. `pattern`
 * and `format` are not run: a caller's regular expression could block the process.
 */
import { LIMITS } from '../limits.ts';
import { isJsonObject, parseJson } from './json-parse.ts';
import type { JsonObject } from './protocol.ts';
import { brokenByArray, brokenByNumber, brokenByText, isSame } from './schema-rules.ts';

const PATH_CHARS_MAX = 200;
const UNCHECKED = ['pattern', 'format'];

interface Walk {
  readonly root: JsonObject;
  steps: number;
}

class TooLarge extends Error {}

/**
 * What an answer's text breaks, as `$.age: minimum 18`; null for nothing. `not checked: …` where text or schema are
 * beyond the bounds.
 */
export function schemaBreach(schema: JsonObject, text: string): string | null {
  if (text.length > LIMITS.schemaAnswerCharsMax) return 'not checked: the answer is too long';
  const value = parseJson(text);
  if (value === undefined) return 'the answer breaks $: it is not JSON';
  try {
    const breach = check(schema, value, '$', 0, { root: schema, steps: 0 });
    return breach === null ? null : `the answer breaks ${breach}`;
  } catch (error) {
    if (error instanceof TooLarge) return 'not checked: the check takes too many steps';
    throw error;
  }
}

/** The keywords of the schema that are never run, in the order of `pattern`, `format`. */
export function uncheckedKeywords(schema: JsonObject): readonly string[] {
  const found = new Set<string>();
  const open: { value: unknown; isNames: boolean }[] = [{ value: schema, isNames: false }];
  for (let steps = 0; open.length > 0 && steps < LIMITS.schemaCheckStepsMax; steps += 1) {
    const { value, isNames } = open.pop() ?? { value: null, isNames: false };
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, one] of Object.entries(value)) {
      if (!isNames && typeof one === 'string' && UNCHECKED.includes(key)) found.add(key);
      // A property may be called `format`.
      open.push({ value: one, isNames: !isNames && (key === 'properties' || key === '$defs') });
    }
  }
  return UNCHECKED.filter((keyword) => found.has(keyword));
}

function check(schema: unknown, value: unknown, path: string, depth: number, walk: Walk): string | null {
  spendOf(walk, depth);
  if (schema === false) return `${path}: not allowed`;
  if (!isJsonObject(schema)) return null;
  return (
    brokenHere(schema, value, path, walk) ??
    referred(schema, value, path, depth, walk) ??
    combined(schema, value, path, depth, walk) ??
    (Array.isArray(value) ? items(schema, value, path, depth, walk) : null) ??
    (isJsonObject(value) ? members(schema, value, path, depth, walk) : null)
  );
}

function spendOf(walk: Walk, depth: number): void {
  walk.steps += 1;
  if (walk.steps > LIMITS.schemaCheckStepsMax || depth > LIMITS.schemaCheckDepthMax) throw new TooLarge();
}

function brokenHere(schema: JsonObject, value: unknown, path: string, walk: Walk): string | null {
  const spend = (depth: number): void => spendOf(walk, depth);
  const { type, enum: choices } = schema;
  let rule: string | null = null;
  if (type !== undefined && !isOfType(type, value)) rule = `type ${JSON.stringify(type)}`;
  else if (Array.isArray(choices) && !choices.some((choice) => isSame(choice, value, spend))) rule = 'enum';
  else if ('const' in schema && !isSame(schema['const'], value, spend)) rule = 'const';
  else if (typeof value === 'number') rule = brokenByNumber(schema, value);
  else if (typeof value === 'string') rule = brokenByText(schema, value);
  else if (Array.isArray(value)) rule = brokenByArray(schema, value, spend);
  return rule === null ? null : `${path}: ${rule.slice(0, PATH_CHARS_MAX)}`;
}

function referred(
  schema: JsonObject,
  value: unknown,
  path: string,
  depth: number,
  walk: Walk,
): string | null {
  const { $ref: ref } = schema;
  if (typeof ref !== 'string' || !/^#(?:\/|$)/.test(ref)) return null;
  let found: unknown = walk.root;
  for (const step of ref.slice(1).split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    found = isJsonObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return check(found, value, path, depth + 1, walk);
}

function combined(
  schema: JsonObject,
  value: unknown,
  path: string,
  depth: number,
  walk: Walk,
): string | null {
  const { allOf } = schema;
  for (const one of Array.isArray(allOf) ? allOf : []) {
    const breach = check(one, value, path, depth + 1, walk);
    if (breach !== null) return breach;
  }
  for (const keyword of ['anyOf', 'oneOf']) {
    const choices = schema[keyword];
    if (!Array.isArray(choices) || choices.length === 0) continue;
    if (choices.every((one) => check(one, value, path, depth + 1, walk) !== null))
      return `${path}: ${keyword}`;
  }
  return null;
}

function items(
  schema: JsonObject,
  value: readonly unknown[],
  path: string,
  depth: number,
  walk: Walk,
): string | null {
  const { items: rest, prefixItems } = schema;
  const first: readonly unknown[] = Array.isArray(prefixItems) ? prefixItems : [];
  for (const [at, one] of value.entries()) {
    const breach = check(at < first.length ? first[at] : rest, one, `${path}[${at}]`, depth + 1, walk);
    if (breach !== null) return breach;
  }
  return null;
}

function members(
  schema: JsonObject,
  value: JsonObject,
  path: string,
  depth: number,
  walk: Walk,
): string | null {
  const { required, minProperties, maxProperties } = schema;
  const names = Object.keys(value);
  for (const name of Array.isArray(required) ? required : []) {
    if (typeof name === 'string' && !Object.hasOwn(value, name)) return `${below(path, name)}: required`;
  }
  if (typeof minProperties === 'number' && names.length < minProperties)
    return `${path}: minProperties ${minProperties}`;
  if (typeof maxProperties === 'number' && names.length > maxProperties)
    return `${path}: maxProperties ${maxProperties}`;
  const known = isJsonObject(schema['properties']) ? schema['properties'] : {};
  // Which names a pattern takes is not known here.
  const others = schema['patternProperties'] === undefined ? schema['additionalProperties'] : undefined;
  for (const name of names) {
    const isKnown = Object.hasOwn(known, name);
    if (!isKnown && others === false) return `${below(path, name)}: additionalProperties false`;
    const breach = check(isKnown ? known[name] : others, value[name], below(path, name), depth + 1, walk);
    if (breach !== null) return breach;
  }
  return null;
}

const below = (path: string, name: string): string => `${path}.${name}`.slice(0, PATH_CHARS_MAX);

function isOfType(type: unknown, value: unknown): boolean {
  if (Array.isArray(type)) return type.some((one) => isOfType(one, value));
  if (type === 'integer') return typeof value === 'number' && Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isJsonObject(value);
  return type === 'number' || type === 'string' || type === 'boolean' ? typeof value === type : true;
}

/**
 * Builds a small value that a JSON Schema accepts, for the demo's structured answers and tool arguments.
 *
 * Objects get their required properties (all declared ones when none is required), arrays as few items as
 * allowed, strings and numbers a plain value within their bounds. Of alternatives the first that works is
 * taken, so recursive schemas end. A schema comes from a caller: patterns are never run (a hostile one takes
 * forever) and the size of the value is bounded.
 */
import { SchemaBudget, type SchemaObject, UnfillableSchema } from './schema-budget.ts';
import { numberInstance, stringInstance } from './schema-scalar.ts';

interface Build {
  readonly root: unknown;
  readonly budget: SchemaBudget;
}

const DEPTH_MAX = 64;

const isObject = (value: unknown): value is SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A value that `schema` (JSON Schema 2020-12, the common part) accepts. Throws {@link UnfillableSchema}. */
export function schemaInstance(schema: unknown): unknown {
  return instance({ root: schema, budget: new SchemaBudget(schema) }, schema, 0, 0);
}

/** `index` makes the items of one array differ. */
function instance(build: Build, schema: unknown, depth: number, index: number): unknown {
  if (depth > DEPTH_MAX) throw new UnfillableSchema('the schema never ends');
  build.budget.spend();
  if (schema === true) return 'demo';
  if (!isObject(schema)) throw new UnfillableSchema('a schema is neither an object nor true');

  if (typeof schema.$ref === 'string') {
    const { $ref, ...siblings } = schema;
    return instance(build, merged(siblings, resolve(build.root, schema.$ref)), depth + 1, index);
  }
  const { allOf, ...withoutAll } = schema;
  if (allOf !== undefined) {
    return instance(build, listOf(allOf).reduce<SchemaObject>(merged, withoutAll), depth + 1, index);
  }
  if ('const' in schema) return given(build, schema.const);
  if (Array.isArray(schema.enum)) {
    if (schema.enum.length === 0) throw new UnfillableSchema('an enum is empty');
    return given(build, schema.enum[index % schema.enum.length]);
  }
  const { anyOf, oneOf, ...base } = schema;
  const alternatives = listOf(anyOf ?? oneOf);
  if (alternatives.length > 0) {
    return firstThatWorks(alternatives, (branch) => instance(build, merged(base, branch), depth + 1, index));
  }
  return firstThatWorks(typesOf(schema), (type) => typedInstance(build, schema, type, depth, index));
}

/** A value that the schema spells out, or text that it may ask to be long. */
function given<T>(build: Build, value: T): T {
  build.budget.spend((JSON.stringify(value) ?? '').length);
  return value;
}

function typedInstance(
  build: Build,
  schema: SchemaObject,
  type: unknown,
  depth: number,
  index: number,
): unknown {
  switch (type) {
    case 'object':
      return objectInstance(build, schema, depth);
    case 'array':
      return arrayInstance(build, schema, depth);
    case 'string':
      return given(build, stringInstance(schema, index));
    case 'integer':
    case 'number':
      return numberInstance(schema, type === 'integer', index);
    case 'boolean':
      return index % 2 === 0;
    case 'null':
      return null;
    default:
      throw new UnfillableSchema(`there is no type ${JSON.stringify(type)}`);
  }
}

function objectInstance(build: Build, schema: SchemaObject, depth: number): unknown {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = listOf(schema.required).filter((name) => typeof name === 'string');
  const names = required.length > 0 ? required : Object.keys(properties);
  const entries: [string, unknown][] = [];
  for (const name of new Set(names)) {
    const property = Object.hasOwn(properties, name)
      ? properties[name]
      : (schema.additionalProperties ?? true);
    build.budget.spend(name.length);
    try {
      entries.push([name, instance(build, property, depth + 1, 0)]);
    } catch (error) {
      if (required.length > 0 || !(error instanceof UnfillableSchema) || build.budget.isSpent) throw error;
    }
  }
  // Not by assignment: a property may be called __proto__.
  return Object.fromEntries(entries);
}

function arrayInstance(build: Build, schema: SchemaObject, depth: number): unknown[] {
  const first = listOf(schema.prefixItems);
  const length = typeof schema.minItems === 'number' ? schema.minItems : 0;
  const items: unknown[] = [];
  while (items.length < length) {
    const index = items.length;
    items.push(instance(build, first[index] ?? schema.items ?? true, depth + 1, index));
  }
  return items;
}

/** A schema without a type says by its keywords what it is about; null comes last, it shows the least. */
function typesOf(schema: SchemaObject): readonly unknown[] {
  if (Array.isArray(schema.type))
    return [...schema.type].sort((a, b) => Number(a === 'null') - Number(b === 'null'));
  if (schema.type !== undefined) return [schema.type];
  if ('properties' in schema || 'required' in schema) return ['object'];
  if ('items' in schema || 'prefixItems' in schema) return ['array'];
  if ('minimum' in schema || 'maximum' in schema || 'multipleOf' in schema) return ['number'];
  return ['string'];
}

function firstThatWorks(choices: readonly unknown[], make: (choice: unknown) => unknown): unknown {
  let failure: unknown = new UnfillableSchema('a list of alternatives is empty');
  for (const choice of choices) {
    try {
      return make(choice);
    } catch (error) {
      if (!(error instanceof UnfillableSchema)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Both at once. Where they say the same word differently the second wins, except that objects add up. */
function merged(a: SchemaObject, b: unknown): SchemaObject {
  if (b === true) return a;
  if (!isObject(b)) throw new UnfillableSchema('a schema accepts nothing');
  return {
    ...a,
    ...b,
    ...(isObject(a.properties) &&
      isObject(b.properties) && { properties: { ...a.properties, ...b.properties } }),
    ...(Array.isArray(a.required) && { required: [...a.required, ...listOf(b.required)] }),
  };
}

/** A reference within the document: `#`, `#/$defs/name` (RFC 6901 as a URI fragment). */
function resolve(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#')) throw new UnfillableSchema(`${reference} is outside of the schema`);
  let found = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = unescaped(part);
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) {
      throw new UnfillableSchema(`${reference} is not in the schema`);
    }
    found = Object.entries(found).find(([key]) => key === name)?.[1];
  }
  return found;
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return part;
  }
}

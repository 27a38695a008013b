import { GraphQLError, Kind, type ValueNode } from 'graphql';
import { formatUsd } from '../../calls/money.ts';
import type { Builder } from '../builder.ts';

const PICO_DIGITS = 12;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

/** Decimal, JSON and DateTime. */
export function defineScalars(builder: Builder): void {
  builder.scalarType('Decimal', {
    description: 'A decimal number as text, exact.',
    serialize: formatUsd,
    parseValue: parsePico,
  });
  builder.scalarType('JSON', {
    description: 'Any JSON value.',
    serialize: (value) => value,
    parseValue: checkJson,
    parseLiteral: (node, variables) => checkJson(literalValue(node, variables ?? {})),
  });
  builder.scalarType('DateTime', {
    description: 'An instant, RFC 3339 (2026-01-31T12:00:00.000Z).',
    serialize: (atMs) => new Date(atMs).toISOString(),
    parseValue: parseInstant,
  });
}

/** Dollars as pico-dollars. Errors: GraphQLError for anything but a decimal number of at most 12 places. */
export function parsePico(value: unknown): bigint {
  const match = typeof value === 'string' ? /^(-?)(\d{1,18})(?:\.(\d{1,12}))?$/.exec(value) : null;
  if (match === null) throw new GraphQLError('Decimal must be text such as "12.5", with at most 12 places.');
  const [, sign, whole = '', fraction = ''] = match;
  const pico = BigInt(whole + fraction.padEnd(PICO_DIGITS, '0'));
  return sign === '-' ? -pico : pico;
}

/** Milliseconds since the epoch. Errors: GraphQLError for anything but RFC 3339. */
export function parseInstant(value: unknown): number {
  const atMs = typeof value === 'string' && DATE_TIME.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new GraphQLError('DateTime must be RFC 3339, such as "2026-01-31T12:00:00Z".');
  return atMs;
}

/** JSON.parse reads 1e400 as Infinity, which would be printed as null: refused rather than changed. */
function checkJson(value: unknown): unknown {
  const rest: unknown[] = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next === 'number' && !Number.isFinite(next)) {
      throw new GraphQLError('JSON holds a number that is out of range.');
    }
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) rest.push(inner);
  }
  return value;
}

function literalValue(node: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map((inner) => literalValue(inner, variables));
    case Kind.OBJECT:
      // fromEntries defines: a field named __proto__ stays a field.
      return Object.fromEntries(
        node.fields.map((field) => [field.name.value, literalValue(field.value, variables)]),
      );
    case Kind.VARIABLE:
      return variables[node.name.value];
    case Kind.NULL:
      return null;
    case Kind.ENUM:
      throw new GraphQLError(`JSON cannot hold the enum value ${node.value}.`, { nodes: node });
  }
}

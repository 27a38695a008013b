import { type SchemaObject, UnfillableSchema } from './schema-budget.ts';

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  duration: 'P1D',
  email: 'demo@example.com',
  'idn-email': 'demo@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  'uri-reference': '/demo',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/** Longest filler; above it a schema only wants to make work. */
const TEXT_CHARS_MAX = 10_000;

const bound = (schema: SchemaObject, keyword: string): number | null => {
  const value = schema[keyword];
  return typeof value === 'number' ? value : null;
};

/** A string within its length and of its format; `index` makes several differ. */
export function stringInstance(schema: SchemaObject, index: number): string {
  const known = typeof schema.format === 'string' ? FORMATS[schema.format] : undefined;
  // Schema generators write a format's pattern beside it.
  if (known !== undefined) return known;
  if (schema.pattern !== undefined)
    throw new UnfillableSchema('the demo does not fill strings with a pattern');
  const text = index === 0 ? 'demo' : `demo ${index + 1}`;
  const min = bound(schema, 'minLength') ?? 0;
  const max = bound(schema, 'maxLength') ?? TEXT_CHARS_MAX;
  if (min > max || min > TEXT_CHARS_MAX)
    throw new UnfillableSchema(`no string is at least ${min} and at most ${max} long`);
  return text.padEnd(min, '.').slice(0, max);
}

/** The number nearest to zero (from below) within the bounds; `index` moves on from there. */
export function numberInstance(schema: SchemaObject, isInteger: boolean, index: number): number {
  const step = bound(schema, 'multipleOf') ?? (isInteger ? 1 : 0);
  const low = bound(schema, 'minimum') ?? Number.NEGATIVE_INFINITY;
  const above = bound(schema, 'exclusiveMinimum') ?? Number.NEGATIVE_INFINITY;
  const high = bound(schema, 'maximum') ?? Number.POSITIVE_INFINITY;
  const below = bound(schema, 'exclusiveMaximum') ?? Number.POSITIVE_INFINITY;
  const fits = (value: number): boolean => value >= low && value > above && value <= high && value < below;

  const bottom = Math.max(low, above);
  const top = Math.min(high, below);
  const middle = Number.isFinite(bottom) && Number.isFinite(top) ? (bottom + top) / 2 : 0;
  const candidates = [index, 0, bottom, bottom + 1, top, top - 1, middle].filter(Number.isFinite);
  const stepped = step > 0 ? candidates.flatMap((value) => around(value, step)) : candidates;
  const found = stepped.find(fits);
  if (found === undefined) throw new UnfillableSchema('no number was found within the bounds');
  // -0 is written as 0 anyway.
  return found === 0 ? 0 : found;
}

const around = (value: number, step: number): number[] => [
  Math.ceil(value / step) * step,
  Math.floor(value / step) * step,
  Math.floor(value / step) * step + step,
];

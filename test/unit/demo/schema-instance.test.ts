import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UnfillableSchema } from '../../../src/demo/schema-budget.ts';
import { schemaInstance } from '../../../src/demo/schema-instance.ts';

/** As the official SDKs turn a zod schema into response_format. */
const through = (schema: z.ZodType): unknown =>
  schema.parse(schemaInstance(z.toJSONSchema(schema, { io: 'input' })));

describe('schemaInstance', () => {
  it('fills what zod schemas ask for', () => {
    const address = z.object({
      street: z.string().min(12),
      zip: z.string().max(3),
      country: z.literal('DE'),
    });
    const schema = z.object({
      id: z.uuid(),
      email: z.email(),
      site: z.url(),
      at: z.iso.datetime(),
      day: z.iso.date(),
      ip: z.ipv4(),
      role: z.enum(['admin', 'member']),
      age: z.number().int().min(18).max(99),
      share: z.number().gt(0).lt(1),
      debt: z.number().max(-5),
      even: z.number().int().min(7).multipleOf(2),
      isOn: z.boolean(),
      nothing: z.null(),
      nickname: z.string().nullable(),
      address,
      tags: z.array(z.string()).min(3),
      pair: z.tuple([z.string(), z.number()]),
      either: z.union([
        z.object({ kind: z.literal('a'), a: z.string() }),
        z.object({ kind: z.literal('b') }),
      ]),
      both: z.intersection(z.object({ left: z.string() }), z.object({ right: z.number() })),
    });
    expect(through(schema)).toMatchObject({ role: 'admin', age: 18, even: 8, debt: -5, nickname: 'demo' });
  });

  it('follows references and ends recursive schemas by another alternative', () => {
    const tree = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: {
            value: { $ref: '#/$defs/a~1b%20c' },
            left: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
            children: { type: 'array', items: { $ref: '#/$defs/node' } },
          },
          required: ['value', 'left', 'children'],
        },
        'a/b c': { type: 'integer', minimum: 3 },
      },
    };
    const [text, count] = [JSON.stringify(schemaInstance(tree)), 64];
    expect(text).toContain('{"value":3,"left":null,"children":[]}');
    expect(text.length).toBeLessThan(count * 40);
  });

  it('takes the required properties, all of them when none is required', () => {
    const properties = { a: { type: 'string' }, b: { type: 'integer' } };
    expect(schemaInstance({ type: 'object', properties, required: ['b'] })).toEqual({ b: 0 });
    expect(schemaInstance({ type: 'object', properties })).toEqual({ a: 'demo', b: 0 });
    expect(schemaInstance({ type: 'object' })).toEqual({});
  });

  it('prefers a value over null, and makes the items of an array differ', () => {
    expect(schemaInstance({ type: ['null', 'string'] })).toBe('demo');
    expect(
      schemaInstance({ type: 'array', items: { type: 'string' }, minItems: 3, uniqueItems: true }),
    ).toEqual(['demo', 'demo 2', 'demo 3']);
    expect(schemaInstance({ type: 'array', items: { enum: ['x', 'y'] }, minItems: 2 })).toEqual(['x', 'y']);
  });

  it('adds up what allOf and siblings of a reference say', () => {
    const schema = {
      $defs: { named: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
      allOf: [{ $ref: '#/$defs/named' }, { properties: { age: { type: 'integer' } }, required: ['age'] }],
    };
    expect(schemaInstance(schema)).toEqual({ name: 'demo', age: 0 });
  });

  it('gives a property called __proto__ as a property', () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"const":1}},"required":["__proto__"]}',
    );
    expect(JSON.stringify(schemaInstance(schema))).toBe('{"__proto__":1}');
  });

  it.each([
    ['accepts nothing', false],
    ['has an empty enum', { enum: [] }],
    ['has an unknown type', { type: 'colour' }],
    ['contradicts itself', { type: 'integer', minimum: 5, maximum: 4 }],
    ['refers to what is not there', { $ref: '#/$defs/none' }],
    ['refers to the outside', { $ref: 'https://example.com/schema.json' }],
    ['asks for a pattern', { type: 'string', pattern: '^(a+)+$' }],
    ['never ends', { $ref: '#' }],
    ['requires itself', { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }],
  ])('refuses a schema that %s', (_, schema) => {
    expect(() => schemaInstance(schema)).toThrow(UnfillableSchema);
  });

  it.each([
    ['minItems', { type: 'array', items: { type: 'string' }, minItems: 1e9 }],
    ['minLength', { type: 'array', items: { type: 'string', minLength: 9_999 }, minItems: 1_000 }],
    ['a long constant', { type: 'array', items: { const: 'x'.repeat(50_000) }, minItems: 1_000 }],
    [
      'references to references',
      {
        $ref: '#/$defs/r0',
        $defs: Object.fromEntries(
          Array.from({ length: 30 }, (_, n) => [
            `r${n}`,
            {
              type: 'array',
              prefixItems: [{ $ref: `#/$defs/r${n + 1}` }, { $ref: `#/$defs/r${n + 1}` }],
              minItems: 2,
            },
          ]),
        ),
      },
    ],
    ['its own size', { enum: ['x'.repeat(200_000)] }],
  ])('refuses within 100 ms a value that %s would make huge', (_, schema) => {
    const startMs = performance.now();
    expect(() => schemaInstance(schema)).toThrow(UnfillableSchema);
    expect(performance.now() - startMs).toBeLessThan(100);
  });
});

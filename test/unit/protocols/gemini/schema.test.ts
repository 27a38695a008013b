import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/limits.ts';
import { openapiSchema } from '../../../../src/protocols/gemini/openapi-schema.ts';
import { isEmptyObject, responseSchema } from '../../../../src/protocols/gemini/schema-writer.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { refusalOf } from '../translate.ts';

describe('trap 18 schemas of answers', () => {
  const write = (schema: JsonObject) => responseSchema(schema, true);

  it('keeps what the model takes, and moves the rest into descriptions', () => {
    const { schema, moved } = write({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        kind: { const: 'a' },
        name: { type: 'string', pattern: '^x', description: 'The name' },
        tags: { type: 'array', items: { type: 'string', minLength: 2 }, uniqueItems: true, maxItems: 3 },
        either: { oneOf: [{ type: 'string' }, { type: 'integer', multipleOf: 2 }] },
      },
      required: ['kind'],
      additionalProperties: false,
    });
    expect(schema).toEqual({
      type: 'object',
      properties: {
        kind: { enum: ['a'] },
        name: { type: 'string', description: 'The name (pattern: "^x")' },
        tags: {
          type: 'array',
          items: { type: 'string', description: '(minLength: 2)' },
          maxItems: 3,
          description: '(uniqueItems: true)',
        },
        either: { oneOf: [{ type: 'string' }, { type: 'integer', description: '(multipleOf: 2)' }] },
      },
      required: ['kind'],
      additionalProperties: false,
    });
    expect(moved).toEqual(['pattern', 'minLength', 'uniqueItems', 'multipleOf']);
  });

  it('lets nothing stand beside a reference, and calls all definitions $defs', () => {
    const { schema } = write({
      type: 'object',
      properties: { a: { $ref: '#/definitions/A', description: 'x' } },
      definitions: { A: { const: 1 } },
    });
    expect(schema).toEqual({
      type: 'object',
      properties: { a: { $ref: '#/$defs/A' } },
      $defs: { A: { enum: [1] } },
    });
  });

  it('takes a property that is called like a keyword for a property', () => {
    const properties = { pattern: { type: 'string' }, const: { type: 'integer' }, $ref: { type: 'string' } };
    expect(write({ type: 'object', properties })).toEqual({
      schema: { type: 'object', properties },
      moved: [],
    });
  });
});

describe('trap 17 18 schemas of older models', () => {
  const convert = (schema: JsonObject) => openapiSchema(schema).schema;

  it('writes types in capitals, null as nullable and alternatives as anyOf', () => {
    expect(convert({ type: ['string', 'null'] })).toEqual({ type: 'STRING', nullable: true });
    expect(convert({ type: ['string', 'number'] })).toEqual({
      anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }],
    });
    expect(convert({ oneOf: [{ type: 'string' }, { type: 'null' }] })).toEqual({
      type: 'STRING',
      nullable: true,
    });
    expect(convert({ anyOf: [{ type: 'string' }, { type: 'integer' }] })).toEqual({
      anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }],
    });
    expect(convert({ type: 'string', enum: ['a', null] })).toEqual({
      type: 'STRING',
      enum: ['a'],
      nullable: true,
    });
    expect(convert({ const: 'a' })).toEqual({ type: 'STRING', enum: ['a'] });
  });

  it('moves what has no form into descriptions', () => {
    const { schema, moved } = openapiSchema({
      type: 'integer',
      enum: [1, 2],
      exclusiveMinimum: 0,
      format: 'uuid',
      $schema: 'x',
    });
    expect(schema).toEqual({
      type: 'INTEGER',
      description: '(enum: [1,2], exclusiveMinimum: 0, format: "uuid")',
    });
    expect(moved).toEqual(['enum', 'exclusiveMinimum', 'format']);
    expect(convert({ type: 'string', format: 'date-time' })).toEqual({ type: 'STRING', format: 'date-time' });
  });

  it('puts references in their places, also nested ones and allOf', () => {
    const $defs = {
      city: { type: 'string' },
      place: { type: 'object', properties: { city: { $ref: '#/$defs/city' } }, required: ['city'] },
    };
    expect(convert({ $ref: '#/$defs/place', $defs })).toEqual({
      type: 'OBJECT',
      properties: { city: { type: 'STRING' } },
      required: ['city'],
    });
    expect(
      convert({
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { type: 'integer' } }, required: ['b'] },
        ],
      }),
    ).toEqual({
      type: 'OBJECT',
      properties: { a: { type: 'STRING' }, b: { type: 'INTEGER' } },
      required: ['b', 'a'],
    });
  });

  it('ends a reference that comes back to itself', () => {
    const tree = {
      type: 'object',
      properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
    };
    const { schema, moved } = openapiSchema(tree);
    expect(JSON.stringify(schema)).toContain('"items":{"type":"OBJECT"');
    expect(moved).toEqual(['$ref']);
  });

  it('refuses a schema that a few references make huge', () => {
    const $defs: Record<string, unknown> = { d0: { type: 'string' } };
    for (let at = 1; at <= 40; at += 1) {
      const one = { $ref: `#/$defs/d${at - 1}` };
      $defs[`d${at}`] = { type: 'object', properties: { a: one, b: one } };
    }
    const refusal = refusalOf(() => openapiSchema({ $ref: '#/$defs/d40', $defs }));
    expect(refusal).toMatchObject({ code: 'invalid_request' });
    expect(refusal.message).toContain(String(LIMITS.schemaNodesMax));
  });

  it('finds nothing outside of the schema and on no prototype', () => {
    for (const $ref of ['https://x.test/a', '#/constructor', '#/__proto__/x', '#/$defs/none']) {
      expect(convert({ $ref })).toMatchObject({ type: 'OBJECT' });
    }
  });
});

it('trap 17 knows an object without properties', () => {
  expect(isEmptyObject({ type: 'object' })).toBe(true);
  expect(isEmptyObject({ type: 'object', properties: {}, additionalProperties: false })).toBe(true);
  expect(isEmptyObject({})).toBe(true);
  expect(isEmptyObject({ type: 'object', properties: { a: {} } })).toBe(false);
  expect(isEmptyObject({ type: 'object', additionalProperties: { type: 'string' } })).toBe(false);
  expect(isEmptyObject({ $ref: '#/$defs/a' })).toBe(false);
  expect(isEmptyObject({ type: 'string' })).toBe(false);
});

import { describe, expect, it } from 'vitest';
import { schemaBreach, uncheckedKeywords } from '../../../src/protocols/schema-check.ts';

const breach = (schema: object, value: unknown) =>
  schemaBreach({ ...schema }, JSON.stringify(value))?.replace('the answer breaks ', '') ?? null;

describe('an answer in JSON against the schema of its caller', () => {
  it.each([
    [{ minimum: 18 }, 18, 17],
    [{ maximum: 18 }, 18, 18.5],
    [{ exclusiveMinimum: 0 }, 0.1, 0],
    [{ exclusiveMaximum: 9 }, 8, 9],
    [{ multipleOf: 0.1 }, 0.3, 0.35],
    [{ multipleOf: 3 }, 9, 10],
    [{ minLength: 2 }, '😀😀', '😀'],
    [{ maxLength: 2 }, '😀😀', 'abc'],
    [{ minItems: 2 }, [1, 2], [1]],
    [{ maxItems: 1 }, [1], [1, 2]],
    [
      { uniqueItems: true },
      [1, '1', { a: 1 }],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
    [{ enum: ['a', { b: [1] }] }, { b: [1] }, { b: [2] }],
    [{ const: null }, null, 0],
    [{ required: ['a'] }, { a: null }, { b: 1 }],
    [{ minProperties: 1 }, { a: 1 }, {}],
    [{ maxProperties: 1 }, { a: 1 }, { a: 1, b: 2 }],
    [{ properties: { a: {} }, additionalProperties: false }, { a: 1 }, { a: 1, b: 2 }],
    [{ additionalProperties: { minimum: 1 } }, { a: 1 }, { a: 0 }],
    [{ type: ['integer', 'null'] }, null, 1.5],
    [{ type: 'object' }, {}, []],
    [{ items: { minimum: 1 } }, [1], [1, 0]],
    [{ prefixItems: [{ const: 1 }], items: { const: 2 } }, [1, 2, 2], [1, 1]],
    [{ allOf: [{ minimum: 1 }, { maximum: 3 }] }, 2, 4],
    [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, 'x', 4],
    [{ oneOf: [{ const: 1 }, { minimum: 1 }] }, 1, 0],
  ])('%j takes %j and not %j', (schema, good, bad) => {
    expect(breach(schema, good)).toBeNull();
    const [keyword = ''] = Object.keys(schema).slice(-1);
    const said = breach(schema, bad);
    expect(said).not.toBeNull();
    if (!/allOf|items|prefixItems|additional/.test(keyword)) expect(said).toContain(keyword);
  });

  it('names the path and the rule', () => {
    const person = { properties: { age: { type: 'integer', minimum: 0, maximum: 150 } }, required: ['age'] };
    const schema = { properties: { people: { items: { $ref: '#/$defs/person' } } }, $defs: { person } };
    expect(breach(schema, { people: [{ age: 3 }, { age: 200 }] })).toBe('$.people[1].age: maximum 150');
    expect(breach(schema, { people: [{}] })).toBe('$.people[0].age: required');
  });

  it('says nothing of what it does not know', () => {
    expect(breach({ not: {}, if: {}, contains: { const: 9 }, $ref: 'https://x.test/y' }, [1])).toBeNull();
    expect(breach({ $ref: '#here', $defs: {} }, 1)).toBeNull();
    expect(breach({ patternProperties: { '^x': {} }, additionalProperties: false }, { xy: 1 })).toBeNull();
    expect(breach({ minimum: 5, minLength: 5, required: ['a'] }, [])).toBeNull();
    expect(breach({ minimum: '5', required: 'a', enum: 3, type: 'odd' }, 1)).toBeNull();
  });

  it('runs no expression of the caller: pattern and format are named, and their properties are not', () => {
    const schema = {
      properties: { format: { type: 'string', pattern: '^(a+)+$' }, pattern: { minimum: 1 } },
      required: ['format'],
    };
    expect(uncheckedKeywords(schema)).toEqual(['pattern']);
    expect(uncheckedKeywords({ items: { format: 'email' } })).toEqual(['format']);
    const startedMs = performance.now();
    expect(breach(schema, { format: `${'a'.repeat(50)}!` })).toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it('what is no JSON breaks every schema', () => {
    expect(schemaBreach({}, '{"a":')).toBe('the answer breaks $: it is not JSON');
  });

  it('ends on schemas and answers that would take for ever', () => {
    const self = { anyOf: Array.from({ length: 8 }, () => ({ $ref: '#' })) };
    expect(breach(self, 0)).toMatch(/^not checked/);
    expect(breach({ $ref: '#' }, 0)).toMatch(/^not checked/);
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(schemaBreach({ enum: [[1]] }, deep)).toMatch(/^not checked/);
    expect(schemaBreach({ $ref: '#/$defs/a', $defs: { a: { items: { $ref: '#' } } } }, deep)).toMatch(
      /^not checked/,
    );
    const many = JSON.stringify(Array.from({ length: 200_000 }, (_, at) => at));
    expect(schemaBreach({ uniqueItems: true }, many)).toMatch(/^not checked/);
    expect(schemaBreach({}, `"${'x'.repeat(1024 * 1024)}"`)).toMatch(/^not checked/);
  });
});

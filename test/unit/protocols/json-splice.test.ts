import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import { scanObject } from '../../../src/protocols/json-scan.ts';
import { withoutMember } from '../../../src/protocols/json-splice.ts';

function cut(text: string, key = 'strict'): string {
  const bytes = Buffer.from(text);
  const scan = scanObject(bytes);
  if (scan instanceof CallError) throw scan;
  return withoutMember(bytes, scan, key).toString();
}

describe('withoutMember', () => {
  it.each([
    ['{"strict":true}', '{}'],
    ['{ "strict" : true }', '{ }'],
    ['{"strict":true,"a":1}', '{"a":1}'],
    ['{"strict":true , "a":1}', '{ "a":1}'],
    ['{"a":1,"strict":true}', '{"a":1}'],
    ['{"a":1 ,\n "strict":[1,{"strict":2}], "b":"\\u00e9 1e21"}', '{"a":1, "b":"\\u00e9 1e21"}'],
    ['{"a":{"strict":true}}', '{"a":{"strict":true}}'],
    ['{"str\\u0069ct":"a,b","x":1}', '{"x":1}'],
  ])('%j becomes %j', (text, expected) => {
    expect(cut(text)).toBe(expected);
  });

  it('leaves JSON that says the same without the member, wherever it stands', () => {
    const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 });
    const member = fc.tuple(space, fc.string(), space, space, fc.jsonValue(), space);
    const members = fc.uniqueArray(member, {
      minLength: 1,
      maxLength: 6,
      selector: ([, key]) => key,
    });
    fc.assert(
      fc.property(members, fc.nat(), space, (list, at, inside) => {
        const written = list.map(
          ([a, key, b, c, value, d]) => `${a}${JSON.stringify(key)}${b}:${c}${JSON.stringify(value)}${d}`,
        );
        const text = `{${written.join(',')}${inside}}`;
        const [, gone = ''] = list[at % list.length] ?? [];
        const expected = Object.fromEntries(
          list.filter(([, key]) => key !== gone).map(([, key, , , value]) => [key, JSON.stringify(value)]),
        );
        const left = JSON.parse(cut(text, gone)) as Record<string, unknown>;
        const texts = Object.entries(left).map(([key, value]) => [key, JSON.stringify(value)] as const);
        expect(new Map(texts)).toEqual(new Map(Object.entries(expected)));
      }),
    );
  });
});

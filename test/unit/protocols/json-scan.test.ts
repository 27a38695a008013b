import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { parseObject, type ScanResult, scanObject, splice } from '../../../src/protocols/json-scan.ts';

const scan = (
  text: string,
  limits = LIMITS as { bodyDepthMax: number; bodyMembersMax: number },
): ScanResult => {
  const result = scanObject(Buffer.from(text), limits);
  if (result instanceof CallError) throw result;
  return result;
};
const codeOf = (result: unknown) => (result instanceof CallError ? result.code : 'none');
const values = (text: string) => {
  const bytes = Buffer.from(text);
  return Object.fromEntries(
    [...scan(text).members].map(([key, { start, end }]) => [key, bytes.toString('utf8', start, end)]),
  );
};

describe('scanObject', () => {
  it('finds the values of top-level members as they are written', () => {
    const text = ' {"a" : "x\\"}" , "b":[1,{"c":"]"}],"d":-1.5e3 ,"e": null,"f":{}}\n';
    expect(values(text)).toEqual({ a: '"x\\"}"', b: '[1,{"c":"]"}]', d: '-1.5e3', e: 'null', f: '{}' });
  });

  it('decodes escapes in keys', () => {
    expect([...scan('{"mo\\u0064el":1,"\\ud83d\\ude00":2}').members.keys()]).toEqual(['model', '😀']);
  });

  it('agrees with JSON.parse for any object', () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const found = Object.entries(values(text)).map(([key, json]) => [key, JSON.parse(json) as unknown]);
        expect(Object.fromEntries(found)).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  it('trap 133 refuses a key that comes twice, also when one is escaped', () => {
    const result = scanObject(Buffer.from('{"model":"a","mo\\u0064el":"b"}'));
    expect(result).toMatchObject({ code: 'duplicate_field', param: 'model', status: 400 });
  });

  it('takes the deepest allowed nesting and refuses one level more, without recursion', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const limits = { bodyDepthMax: 100, bodyMembersMax: 10 };
    expect(scan(nested(100), limits).members.size).toBe(1);
    expect(codeOf(scanObject(Buffer.from(nested(101)), limits))).toBe('body_too_deep');
    expect(codeOf(scanObject(Buffer.from(nested(5_000_000)), limits))).toBe('body_too_deep');
  });

  it('O11 takes the most members allowed and refuses one more', () => {
    const limits = { bodyDepthMax: 10, bodyMembersMax: 3 };
    const members = (count: number) =>
      `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(',')}}`;
    expect(scan(members(3), limits).members.size).toBe(3);
    expect(codeOf(scanObject(Buffer.from(members(4)), limits))).toBe('invalid_request');
  });

  it.each([
    ['', 'malformed_json'],
    ['{', 'malformed_json'],
    ['{"a"', 'malformed_json'],
    ['{"a":', 'malformed_json'],
    ['{"a":1', 'malformed_json'],
    ['{"a":"x', 'malformed_json'],
    ['{"a":[1', 'malformed_json'],
    ['{"a" 1}', 'malformed_json'],
    ['{"a":1,}', 'malformed_json'],
    ['{"a":1} x', 'malformed_json'],
    ['{a:1}', 'malformed_json'],
    ['hello', 'malformed_json'],
    ['[1]', 'invalid_request'],
    ['"text"', 'invalid_request'],
    ['null', 'invalid_request'],
  ])('refuses %j as %s', (text, code) => {
    expect(codeOf(scanObject(Buffer.from(text)))).toBe(code);
  });

  it('takes time linear in the body, whatever its strings hold', () => {
    for (const unit of ['\\\\', '\\"', 'x']) {
      const body = `{"a":"${unit.repeat(4_000_000)}"}`;
      const began = performance.now();
      expect(scan(body).members.size).toBe(1);
      // About 20 ms; looking back to the string's start for each quote would take hours.
      expect(performance.now() - began).toBeLessThan(3_000);
    }
  });
});

describe('splice', () => {
  const spliced = (text: string, edits: readonly { key: string; json: string }[]) =>
    splice(Buffer.from(text), scan(text), edits).toString();

  it('replaces a value and leaves every other byte', () => {
    const text = '{ "n":1e21,\t"model" :  "a\\u0062" ,"z":0.10}';
    expect(spliced(text, [{ key: 'model', json: '"up"' }])).toBe('{ "n":1e21,\t"model" :  "up" ,"z":0.10}');
  });

  it('adds a member right behind the opening brace', () => {
    expect(spliced(' {"a":1}', [{ key: 'b', json: '{"c":true}' }])).toBe(' {"b":{"c":true},"a":1}');
    expect(spliced('{ }', [{ key: 'b', json: '1' }])).toBe('{"b":1 }');
  });

  it('does several edits at once, in any order', () => {
    const edits = [
      { key: 'z', json: '9' },
      { key: 'new', json: '"é"' },
      { key: 'a', json: '8' },
    ];
    expect(spliced('{"a":1,"ü":2,"z":3}', edits)).toBe('{"new":"é","a":8,"ü":2,"z":9}');
  });
});

describe('parseObject', () => {
  it('returns the object', () => {
    expect(parseObject(Buffer.from('{"a":[1,"é"]}'))).toEqual({ a: [1, 'é'] });
  });

  it.each([
    ['{"a":tru}', 5],
    ['{"a":1,}', 7],
    ['{"a":"x', 7],
    ['{"a":1} x', 8],
    ['{"a" 1}', 5],
    ['{"a":"\\q"}', 6],
    ['{"a":[1,]}', 8],
    ['{"a":01}', 6],
    ['{"a":1]', 6],
    ['{"a":"\n"}', 6],
    ['', 0],
  ])('names the position of the fault in %j', (text, at) => {
    const result = parseObject(Buffer.from(text));
    expect(result).toMatchObject({ code: 'malformed_json', status: 400 });
    expect((result as CallError).message).toContain(`position ${at})`);
  });

  it('finds the fault of any text that JSON.parse refuses', () => {
    const text = fc.string({ unit: fc.constantFrom(...'{}[],:"\\ntrue0.5e-u1 '.split('')), maxLength: 30 });
    fc.assert(
      fc.property(text, (one) => {
        const result = parseObject(Buffer.from(one));
        if (!(result instanceof CallError) || result.code !== 'malformed_json') return;
        const at = Number(/position (\d+)/.exec(result.message)?.[1]);
        expect(at).toBeLessThanOrEqual(one.length);
        expect(() => JSON.parse(one) as unknown).toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it('finds the end of an unterminated string of many megabytes at once', () => {
    const result = parseObject(Buffer.from(`{"a":"${'x'.repeat(8_000_000)}`));
    expect(result).toMatchObject({ code: 'malformed_json' });
  });

  it('trap 133 refuses __proto__ as a key at any depth, plain or escaped, and leaves prototypes alone', () => {
    for (const text of [
      '{"__proto__":{"polluted":1}}',
      '{"a":[{"b":{"__proto__":{"polluted":1}}}]}',
      '{"\\u005f_proto__":{"polluted":1}}',
    ]) {
      expect(parseObject(Buffer.from(text))).toMatchObject({ code: 'invalid_request', param: '__proto__' });
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(parseObject(Buffer.from('{"content":"what is __proto__?"}'))).toEqual({
      content: 'what is __proto__?',
    });
  });

  it('refuses JSON that is no object', () => {
    expect(parseObject(Buffer.from('[1]'))).toMatchObject({ code: 'invalid_request' });
  });
});

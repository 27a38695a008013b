import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { hashKey, identify, presentedKey } from '../../src/tenancy/identify.ts';
import { createSnapshot, type Identity, type SnapshotKey } from '../../src/tenancy/snapshot.ts';

const KEY = `sk-sluice-${'k'.repeat(43)}`;

function snapshotOf(keys: readonly string[]) {
  const entries = keys.map((key, index): [string, SnapshotKey] => [
    hashKey(key),
    {
      id: `key-${index}`,
      tenantId: `tenant-${index}`,
      applicationId: `application-${index}`,
      isAdmin: false,
    },
  ]);
  return createSnapshot({ keys: new Map(entries) });
}

const snapshot = snapshotOf([KEY]);

type Headers = Record<string, string | string[] | undefined>;

const call = (headers: Headers): Identity | string => {
  const result = identify(snapshot, presentedKey(headers));
  if (!(result instanceof CallError)) return result;
  expect(result.status).toBe(401);
  expect(result.message).not.toContain(KEY);
  return result.code;
};

describe('a key', () => {
  it.each([
    ['authorization', `Bearer ${KEY}`],
    ['authorization', `bearer ${KEY}`],
    ['authorization', `BEARER   ${KEY} `],
    ['x-api-key', KEY],
    ['api-key', KEY],
    ['x-goog-api-key', KEY],
  ])('is taken from %s: %s', (name, value) => {
    expect(call({ [name]: value })).toMatchObject({ keyId: 'key-0', tenantId: 'tenant-0' });
  });

  it('is missing without any header, and a header that is there is never skipped for another', () => {
    expect(call({})).toBe('missing_key');
    expect(call({ authorization: 'Basic abc', 'x-api-key': KEY })).toBe('invalid_key');
    expect(call({ authorization: 'Bearer wrong', 'x-api-key': KEY })).toBe('invalid_key');
    expect(call({ 'x-api-key': '', 'api-key': KEY })).toBe('invalid_key');
  });
});

describe('A01 ten thousand values that are no key', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      '',
      ' ',
      'Bearer',
      'Bearer ',
      'Bearer \0',
      `Bearer ${KEY}\0`,
      `Bearer ${KEY.slice(0, -1)}`,
      `Bearer ${KEY}x`,
      `Bearer ${KEY},${KEY}`,
      `Bearer Bearer ${KEY}`,
      `Basic ${KEY}`,
      `Bearer "${KEY}"`,
      "Bearer ' OR 1=1 --",
      'Bearer $(id)',
      'Bearer __proto__',
      'Bearer constructor',
      'Bearer null',
      hashKey(KEY),
      `Bearer ${hashKey(KEY)}`,
      `Bearer ${KEY.toUpperCase()}`,
      `Bearer ${'x'.repeat(1024 * 1024)}`,
      `Bearer ${KEY}${' '.repeat(5000)}x`,
    ),
    fc.string({ unit: 'binary', maxLength: 100 }).map((text) => `Bearer ${text}`),
    fc.tuple(fc.nat(KEY.length - 1), fc.string({ minLength: 1, maxLength: 1 })).map(([at, other]) => {
      const changed = KEY.slice(0, at) + other + KEY.slice(at + 1);
      return `Bearer ${changed === KEY ? `${KEY}!` : changed}`;
    }),
  );
  const header = fc.constantFrom('authorization', 'x-api-key', 'api-key', 'x-goog-api-key');

  it('give 401 and nothing else', () => {
    fc.assert(
      fc.property(header, nasty, (name, value) => {
        expect(call({ [name]: value })).toBe('invalid_key');
      }),
      { numRuns: 10_000 },
    );
  });

  it('nor do headers that come as lists', () => {
    expect(call({ authorization: [`Bearer ${KEY}`, 'Bearer x'] })).toBe('missing_key');
    expect(call({ 'x-api-key': [KEY, KEY] })).toBe('missing_key');
  });

  it('are not hashed when they are absurdly long', () => {
    const started = performance.now();
    for (let i = 0; i < 1_000; i += 1) call({ 'x-api-key': 'x'.repeat(1024 * 1024) });
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('A04 keys that begin alike', () => {
  it.each([20, 64, 72, 128, 512])(
    'are different people when the first %i characters are the same',
    (length) => {
      const start = 'p'.repeat(length);
      const keys = ['a', 'b', 'bb'].map((end) => `${start}${end}`);
      const shared = snapshotOf(keys);
      keys.forEach((key, index) => {
        expect(identify(shared, key)).toMatchObject({ keyId: `key-${index}`, tenantId: `tenant-${index}` });
      });
      expect(identify(shared, start)).toMatchObject({ code: 'invalid_key' });
      expect(identify(shared, `${start}c`)).toMatchObject({ code: 'invalid_key' });
    },
  );

  it('are looked up by the whole SHA-256 of the whole key', () => {
    expect(hashKey('abc')).toBe(createHash('sha256').update('abc').digest('base64url'));
    expect(hashKey('abc')).toHaveLength(43);
  });

  it('and Unicode that looks the same are different keys', () => {
    const shared = snapshotOf(['clé-0123456789abcdef'.normalize('NFC')]);
    expect(identify(shared, 'clé-0123456789abcdef'.normalize('NFD'))).toMatchObject({ code: 'invalid_key' });
  });

  it('a key that the next snapshot does not hold is refused at once, and unknown keys leave nothing behind', () => {
    expect(identify(snapshotOf([]), KEY)).toMatchObject({ code: 'invalid_key' });
    for (let i = 0; i < 1_000; i += 1) identify(snapshot, `sk-unknown-${i}`);
    expect(snapshot.keys.size).toBe(1);
    expect(identify(snapshotOf([KEY, 'sk-unknown-1']), 'sk-unknown-1')).toMatchObject({ keyId: 'key-1' });
  });
});

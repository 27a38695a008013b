import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { readAccept } from '../../../src/graphql/accept.ts';
import { DocumentCache } from '../../../src/graphql/document-cache.ts';
import { isDocumentNestedDeeperThan } from '../../../src/graphql/guards/document-nesting.ts';
import { asksForSchema } from '../../../src/graphql/guards/introspection.ts';
import { checkVariables } from '../../../src/graphql/guards/variables.ts';

describe('isDocumentNestedDeeperThan', () => {
  it('takes a document at the bound and refuses one over it', () => {
    expect(isDocumentNestedDeeperThan('{a(b:[1]){c}}', 3)).toBe(false);
    expect(isDocumentNestedDeeperThan('{a(b:[[1]]){c}}', 3)).toBe(true);
  });

  it.each([
    '{ a(b: "[[[[") }',
    '{ a(b: "\\"[[[[") }',
    '{ a(b: """[[ " [[ \\""" [[""") }',
    '{ a # [[[[\n }',
    '{ a(b: "") }',
    '{ a(b: """""") }',
  ])('does not count brackets in strings and comments: %s', (text) => {
    expect(isDocumentNestedDeeperThan(text, 2)).toBe(false);
  });

  it.each(['{ a(b: "") [[ }', '{ a # "\n [[ }', '{ a(b: """x""") [[ }', '{ a(b: "x\\\\") [[ }'])(
    'counts brackets after strings and comments: %s',
    (text) => {
      expect(isDocumentNestedDeeperThan(text, 2)).toBe(true);
    },
  );
});

describe('asksForSchema', () => {
  it.each([
    ['{ __schema { description } }', true],
    ['query ($n: String!) { x: __type(name: $n) { name } }', true],
    ['{ ... on Query { ... { __type(name: "a") { name } } } }', true],
    ['{ ...f } fragment f on Query { __schema { description } }', true],
    ['{ __typename }', false],
    ['mutation { chat(input: {}) { __typename } }', false],
  ])('%s: %s', (text, expected) => {
    expect(asksForSchema(parse(text))).toBe(expected);
  });
});

describe('checkVariables', () => {
  it('takes values at the bound and refuses those one level deeper', () => {
    expect(checkVariables({ a: [[1]] }, 3)).toBeNull();
    expect(checkVariables({ a: [[[1]]] }, 3)?.code).toBe('body_too_deep');
  });

  it('refuses a key __proto__ at any depth, and takes absent variables', () => {
    expect(checkVariables(JSON.parse('{"a":[{"__proto__":1}]}'), 10)?.code).toBe('invalid_request');
    expect(checkVariables(undefined, 10)).toBeNull();
    expect(checkVariables(null, 10)).toBeNull();
  });

  it('survives a million levels', () => {
    expect(checkVariables(JSON.parse('['.repeat(1_000_000) + ']'.repeat(1_000_000)), 100)?.code).toBe(
      'body_too_deep',
    );
  });
});

describe('DocumentCache', () => {
  it('gives up the least recently used text when the bound is reached', () => {
    const cache = new DocumentCache<number>(640);
    const text = (name: string) => name.repeat(10);
    for (let at = 0; at < 64; at += 1) cache.set(text(String.fromCharCode(200 + at)), at);
    expect(cache.get(text(String.fromCharCode(200)))).toBe(0);
    cache.set(text('z'), 100);
    expect(cache.get(text(String.fromCharCode(200)))).toBe(0);
    expect(cache.get(text(String.fromCharCode(201)))).toBeUndefined();
    expect(cache.get(text('z'))).toBe(100);
  });

  it('does not keep a text so long that it would displace many', () => {
    const cache = new DocumentCache<number>(640);
    cache.set('x'.repeat(11), 1);
    expect(cache.get('x'.repeat(11))).toBeUndefined();
  });
});

describe('readAccept', () => {
  const GRAPHQL = 'application/graphql-response+json';
  it.each([
    [undefined, 'application/json', true],
    ['*/*', 'application/json', true],
    ['application/*', 'application/json', false],
    [GRAPHQL, GRAPHQL, false],
    [`${GRAPHQL}, application/json;q=0.9`, GRAPHQL, false],
    [`application/json;q=0.5, ${GRAPHQL};q=0.8`, GRAPHQL, false],
    ['text/event-stream', null, true],
    ['TEXT/EVENT-STREAM; charset=utf-8', null, true],
    ['application/json, text/event-stream', 'application/json', true],
    ['application/json;q=0, */*', GRAPHQL, true],
    ['text/html', null, false],
  ])('%s', (header, json, eventStream) => {
    expect(readAccept(header)).toEqual({ json, eventStream });
  });
});

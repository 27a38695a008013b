import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type RunningEndpoint, startEndpoint, WEB_KEY } from '../support/graphql-endpoint.ts';
import { CHAT_STREAM, HELLO, post } from '../support/graphql-request.ts';
import { BODY_TRANSPORTS, TRANSPORTS } from '../support/graphql-transports.ts';

let endpoint: RunningEndpoint;
beforeAll(async () => {
  // Documents of some tests are longer than Node's header bound allows for a GET: the endpoint must not rely on it.
  endpoint = await startEndpoint();
});
afterAll(() => endpoint.close());

const aliases = (count: number) =>
  `{ ${Array.from({ length: count }, (_, at) => `a${at}: __typename`).join(' ')} }`;
const aliasedModels = (count: number) =>
  `{ ${Array.from({ length: count }, (_, at) => `a${at}: models { name }`).join(' ')} }`;
const nested = (depth: number) => `${'{ a '.repeat(depth)}${'}'.repeat(depth)}`;
/** Real fields, so that only the depth is wrong: calls → edges → node → … cannot go on, so fragments do it. */
const literal = (depth: number) =>
  `mutation { chat(input: { model: "m", messages: [], metadata: ${'['.repeat(depth)}${']'.repeat(depth)} }) { text } }`;

/** Milliseconds of CPU that this process spends on it. */
async function cpuMsOf(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe.each(TRANSPORTS)('documents that cost too much, over %s', (_name, send) => {
  it.each([101, 300])('G01 %i aliases are refused before execution', async (count) => {
    const { code, data, status } = await send(endpoint, { query: aliasedModels(count) });
    expect({ code, data }).toEqual({ code: 'query_too_complex', data: undefined });
    if (_name === 'POST' || _name === 'GET') expect(status).toBe(400);
  });

  it('G01 aliases at the bound are taken', async () => {
    const { code } = await send(endpoint, { query: aliasedModels(LIMITS.graphqlAliasesMax) });
    expect(code).toBeUndefined();
  });

  it('G03 a document one level too deep is refused, also through fragments', async () => {
    const deep = (levels: number) =>
      `{ models { ${'...on Model { '.repeat(levels)}name${' }'.repeat(levels)} } }`;
    // Inline fragments are not levels: nothing gets deeper by them.
    expect((await send(endpoint, { query: deep(12) })).code).toBeUndefined();
    const { code } = await send(endpoint, { query: nested(LIMITS.graphqlDepthMax + 1) });
    expect(code).toBe('query_too_complex');
  });

  it('G03 literals nested too deeply are refused', async () => {
    const { code } = await send(endpoint, { query: literal(LIMITS.bodyDepthMax + 1) });
    // GET refuses mutations, but only after the document was found good.
    expect(code).toBe('query_too_complex');
  });

  it('G04 repeated directives are refused', async () => {
    const { code } = await send(endpoint, { query: `{ __typename ${'@a'.repeat(500)} }` });
    expect(code).toBe('query_too_complex');
  });

  it('G05 a cycle of fragments is refused', async () => {
    const query = '{ models { ...a } } fragment a on Model { ...b } fragment b on Model { ...a }';
    expect((await send(endpoint, { query })).code).toBe('graphql_validation_failed');
  });

  it('G05 fragments that each spread the one before twice are answered in no time', async () => {
    const fragments = Array.from(
      { length: 30 },
      (_, at) => `fragment f${at + 1} on Model { ...f${at} ...f${at} }`,
    );
    const query = `{ models { ...f30 } } fragment f0 on Model { name } ${fragments.join(' ')}`;
    const cpuMs = await cpuMsOf(() => send(endpoint, { query }));
    expect(cpuMs).toBeLessThan(150);
  });

  it('G07 the schema is not shown to who has no key, in no disguise', async () => {
    for (const query of [
      '{ __schema { types { name } } }',
      '{ a: __schema { types { name } } }',
      '{ ... { __schema { types { name } } } }',
      '{ ...f } fragment f on Query { ... on Query { __type(name: "Query") { name } } }',
      'query a { __typename } query b { __type(name: "Query") { name } }',
    ]) {
      const { code, text } = await send(endpoint, { query, key: null });
      expect(code).toBeDefined();
      expect(text).not.toContain('ChatCompletion');
      expect(text).not.toContain('"Query"');
    }
  });

  it('G07 circular introspection is refused for identified callers too', async () => {
    const query =
      '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }';
    expect((await send(endpoint, { query })).code).toBe('graphql_validation_failed');
  });

  it('G08 a misspelt name is not corrected', async () => {
    for (const query of ['{ model { name } }', 'mutation { cat { text } }', '{ models(nam: 1) { nane } }']) {
      const { text } = await send(endpoint, { query });
      expect(text).not.toMatch(/did you mean/i);
    }
  });

  it('G18 @defer and @stream do not exist', async () => {
    for (const query of [
      '{ ... @defer { models { name } } }',
      '{ models @stream(initialCount: 0) { name } }',
    ]) {
      expect((await send(endpoint, { query })).code).toBe('graphql_validation_failed');
    }
  });
});

describe.each(BODY_TRANSPORTS)('documents longer than a URL, over %s', (_name, send) => {
  it('G01 1,000 aliases are refused before execution', async () => {
    expect((await send(endpoint, { query: aliases(1_000) })).code).toBe('query_too_complex');
  });

  it.each([500, 50_000])('G03 depth %i is refused without overflowing the stack', async (depth) => {
    expect((await send(endpoint, { query: nested(depth) })).code).toBe('query_too_complex');
  });

  it.each(['[', '{a:'])(
    'G03 50,000 levels of %s in a literal are refused without overflowing the stack',
    async (open) => {
      const query = `{ models(filter: ${open.repeat(50_000)}) { name } }`;
      expect((await send(endpoint, { query })).code).toBe('query_too_complex');
    },
  );

  it('G04 10,000 directives and 10,000 repeated fields are refused before validation', async () => {
    for (const query of [`{ __typename ${'@a'.repeat(10_000)} }`, `{ ${'__typename '.repeat(10_000)} }`]) {
      const cpuMs = await cpuMsOf(async () => {
        expect((await send(endpoint, { query })).code).toBe('query_too_complex');
      });
      expect(cpuMs).toBeLessThan(250);
    }
  });

  it('G05 field-merge bombs within the token bound are answered in no time', async () => {
    const repeated = `{ models { ${'name '.repeat(1_900)} } }`;
    const inline = `{ models { ${`... on Model { ${'name '.repeat(20)} } `.repeat(70)} } }`;
    for (const query of [repeated, inline]) {
      const cpuMs = await cpuMsOf(() => send(endpoint, { query }));
      expect(cpuMs).toBeLessThan(250);
    }
  });

  it('G11 a live operation over a bound is refused before its call starts', async () => {
    const before = endpoint.fake.calls.length;
    const alias = CHAT_STREAM.replace(
      'chatStream',
      `${'a: chatStream(input: $input) { __typename } '.repeat(60)} chatStream`,
    );
    for (const query of [alias, CHAT_STREAM.replace('__typename', `__typename ${'@a'.repeat(500)}`)]) {
      expect((await send(endpoint, { query, variables: HELLO })).code).toBe('query_too_complex');
    }
    expect(endpoint.fake.calls).toHaveLength(before);
  });

  it('G11 a live operation with two root fields starts no call', async () => {
    const before = endpoint.fake.calls.length;
    const query = CHAT_STREAM.replace('chatStream', 'a: chatStream(input: $input) { __typename } chatStream');
    expect((await send(endpoint, { query, variables: HELLO })).code).toBe('graphql_validation_failed');
    expect(endpoint.fake.calls).toHaveLength(before);
  });

  it('the standard introspection query is answered for an identified caller', async () => {
    const { code, data } = await send(endpoint, { query: getIntrospectionQuery(), key: WEB_KEY });
    expect(code).toBeUndefined();
    expect(data).toHaveProperty('__schema.queryType.name', 'Query');
  });
});

describe('bodies that are too large', () => {
  it('G04 a 5 MB comment is refused with 413', async () => {
    const query = `# ${'x'.repeat(5 * 1024 * 1024)}\n{ __typename }`;
    const { status, json } = await post(endpoint.url, { query });
    expect([status, json.errors?.[0]?.extensions.code]).toEqual([413, 'body_too_large']);
  });

  it('a body at the bound is read, one byte more is not', async () => {
    const body = (bytes: number) => {
      const frame = JSON.stringify({ query: '{ __typename }\n#' });
      return frame.replace('#', `#${'x'.repeat(bytes - frame.length)}`);
    };
    expect((await post(endpoint.url, body(LIMITS.graphqlBodyBytesMax))).status).toBe(200);
    expect((await post(endpoint.url, body(LIMITS.graphqlBodyBytesMax + 1))).status).toBe(413);
  });

  it('introspection is public in development alone', async () => {
    const development = await startEndpoint({ isDevelopment: true });
    const { json } = await post(development.url, { query: getIntrospectionQuery() }, { key: null });
    expect(json.errors).toBeUndefined();
    await development.close();
  });
});

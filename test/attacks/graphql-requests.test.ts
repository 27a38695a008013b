import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { canariesIn, canary } from '../support/canary.ts';
import { type RunningEndpoint, startEndpoint, WEB_KEY } from '../support/graphql-endpoint.ts';
import { CHAT, CHAT_STREAM, get, HELLO, post } from '../support/graphql-request.ts';
import { BODY_TRANSPORTS } from '../support/graphql-transports.ts';

let endpoint: RunningEndpoint;
beforeAll(async () => {
  endpoint = await startEndpoint();
});
afterAll(() => endpoint.close());

const codeOf = (answer: Awaited<ReturnType<typeof post>>) => answer.json.errors?.[0]?.extensions.code;
const withMetadata = (metadata: string) =>
  `{"query":${JSON.stringify(CHAT)},"variables":{"input":{"model":"m","messages":[{"role":"USER","content":"x"}],"metadata":${metadata}}}}`;

describe('requests that are not what they should be', () => {
  it.each([1, 2, 11])('G02 a batch of %i is refused', async (count) => {
    const answer = await post(endpoint.url, Array(count).fill({ query: '{ __typename }' }));
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_request']);
  });

  it.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/plain; charset=utf-8',
    'application/graphql',
    'application/json; charset=latin1',
    '',
  ])(
    'G09 the content type "%s" is refused, so that no foreign page can post without a preflight',
    async (type) => {
      const body = type.includes('form-urlencoded')
        ? 'query=mutation{__typename}'
        : '{"query":"{__typename}"}';
      const answer = await post(endpoint.url, body, { headers: { 'content-type': type } });
      expect([answer.status, codeOf(answer)]).toEqual([415, 'unsupported_media_type']);
    },
  );

  it('G09 a mutation over GET is refused with 405 and starts no call', async () => {
    const before = endpoint.fake.calls.length;
    const answer = await get(endpoint.url, { query: CHAT, variables: JSON.stringify(HELLO) });
    expect([answer.status, codeOf(answer), answer.headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'POST',
    ]);
    expect(endpoint.fake.calls).toHaveLength(before);
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused with 405', async (method) => {
    const response = await fetch(endpoint.url, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST']);
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1.evil.example'])(
    'G10 the origin %s gets no CORS headers, also for a preflight',
    async (origin) => {
      const preflight = await fetch(endpoint.url, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      const answer = await post(endpoint.url, { query: '{ __typename }' }, { headers: { origin } });
      for (const headers of [preflight.headers, answer.headers]) {
        expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
    },
  );

  it.each([
    ['an empty body', '', 'malformed_json'],
    ['half a body', '{"query":', 'malformed_json'],
    ['a string', '"{ __typename }"', 'invalid_request'],
    ['null', 'null', 'invalid_request'],
    ['a number as document', '{"query":1}', 'invalid_request'],
    ['no document', '{}', 'invalid_request'],
    ['a parameter that does not exist', '{"query":"{ __typename }","tenantId":"x"}', 'invalid_request'],
  ])('%s is refused with 400', async (_what, body, code) => {
    const answer = await post(endpoint.url, body);
    expect([answer.status, codeOf(answer)]).toEqual([400, code]);
    expect(answer.json.errors?.[0]?.extensions['callId']).toBe(answer.headers.get('x-sluice-call-id'));
  });
});

describe('G14 variables', () => {
  it.each([
    ['a key __proto__', '{"__proto__":{"isAdmin":true}}', 400, 'invalid_request'],
    ['an escaped key __proto__', '{"\\u005f_proto__":{"isAdmin":true}}', 400, 'invalid_request'],
    ['nested 120,000 levels', '['.repeat(120_000) + ']'.repeat(120_000), 400, 'body_too_deep'],
    ['a number out of range', '{"n":1e400}', 200, 'graphql_validation_failed'],
  ])('%s are refused', async (_what, metadata, status, code) => {
    const before = endpoint.fake.calls.length;
    const answer = await post(endpoint.url, withMetadata(metadata));
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(endpoint.fake.calls).toHaveLength(before);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  it('lone surrogates, "constructor" and duplicate keys reach the call without harm', async () => {
    endpoint.fake.script = (call) => call.succeed();
    const metadata = '{"constructor":{"prototype":{"isAdmin":true}},"a":1,"a":2,"s":"\\ud800"}';
    const answer = await post(endpoint.url, withMetadata(metadata));
    expect(answer.status).toBe(200);
    expect(endpoint.fake.calls.at(-1)?.invocation.request.metadata).toEqual({
      constructor: { prototype: { isAdmin: true } },
      a: 2,
      s: '\ud800',
    });
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
    endpoint.fake.script = null;
  });

  it.each(BODY_TRANSPORTS)('a deep value and a key __proto__ are refused over %s', async (_name, send) => {
    let deep: unknown = 1;
    for (let level = 0; level < 1_000; level += 1) deep = [deep];
    for (const metadata of [deep, JSON.parse('{"__proto__":1}')]) {
      const variables = { input: { ...HELLO.input, metadata } };
      const { code } = await send(endpoint, { query: CHAT, variables });
      expect(['body_too_deep', 'invalid_request']).toContain(code);
    }
  });

  it('a value that is refused is not repeated at full length', async () => {
    const variables = { input: { ...HELLO.input, seed: 'x'.repeat(100_000) } };
    const answer = await post(endpoint.url, { query: CHAT, variables });
    expect(codeOf(answer)).toBe('graphql_validation_failed');
    expect(answer.text.length).toBeLessThan(5_000);
  });
});

describe.each(BODY_TRANSPORTS)('G12 secrets in what resolvers throw, over %s', (_name, send) => {
  it.each([
    ['chat', CHAT],
    ['chatStream', CHAT_STREAM],
  ])('an unexpected failure of %s shows its code and id, and nothing else', async (_field, query) => {
    const secret = canary('an error message');
    endpoint.fake.script = null;
    const before = endpoint.fake.calls.length;
    const answered = send(endpoint, { query, variables: HELLO });
    const call = await endpoint.fake.call(before);
    call.fail(
      new CallError('internal', { message: `at db://${secret.value}`, cause: new Error(secret.value) }),
    );
    const { code, text } = await answered;
    expect(code).toBe('internal');
    expect(canariesIn(text, [secret])).toEqual([]);
    expect(text).not.toMatch(/stack|\.ts:|node_modules/);
  });

  it('a key is not repeated in the answer to its own request', async () => {
    const { text } = await send(endpoint, { query: '{ nope }', key: WEB_KEY });
    expect(text).not.toContain(WEB_KEY);
  });
});

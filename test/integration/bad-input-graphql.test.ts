import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { APP_KEY, configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { openaiError } from '../support/fake-upstream-openai.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { CHAT } from '../support/graphql-request.ts';

const BODY_BYTES_MAX = 64 * 1024;
const UPSTREAM_SECRET = 'secret-of-lab-4f1d2c3b5a69';

let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startEchoUpstream();
  const connection = {
    name: 'lab',
    protocol: 'openai-chat',
    port: upstream.port,
    secret: UPSTREAM_SECRET,
  } as const;
  gateway = await startGateway({
    config: configText([connection], [{ name: 'fast', targets: ['lab/gpt-fake'] }]),
    limits: { graphqlBodyBytesMax: BODY_BYTES_MAX, bodyDepthMax: 20 },
  });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

interface Change {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly method?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const chat = (input: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ query: CHAT, variables: { input } });
const messages = [{ role: 'USER', content: 'Hello' }];

async function ask({ body, headers = {}, method = 'POST' }: Change): Promise<Answer> {
  const all = new Headers({
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
    authorization: `Bearer ${APP_KEY}`,
  });
  for (const [name, value] of Object.entries(headers))
    value === null ? all.delete(name) : all.set(name, value);
  const content = body ?? chat({ model: 'fast', messages });
  const response = await fetch(`${gateway.baseUrl}/graphql`, { method, headers: all, body: content });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The only error, after what must be right about every one. */
function errorOf({ headers, text }: Answer): {
  message: string;
  path?: unknown;
  extensions: Record<string, unknown>;
} {
  const callId = headers.get('x-sluice-call-id');
  expect(callId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  const { errors, data } = JSON.parse(text);
  expect(data ?? null).toBeNull();
  expect(errors).toHaveLength(1);
  expect(errors[0].extensions.callId).toBe(callId);
  expect(errors[0].message).toMatch(/\S/);
  expect(text).not.toMatch(/ {4}at |node_modules|\.ts:\d|stacktrace|originalError/);
  expect(text).not.toContain(UPSTREAM_SECRET);
  return errors[0];
}

const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

interface Bad extends Change {
  readonly what: string;
  readonly code: ErrorCode;
  readonly param?: string;
  /** What the message must name. */
  readonly names?: string;
}

const TABLE: readonly Bad[] = [
  { what: 'no body', body: '', code: 'malformed_json' },
  { what: 'half a body', body: '{"query":', code: 'malformed_json' },
  { what: 'a list', body: '[]', code: 'invalid_request' },
  { what: 'no document', body: '{"variables":{}}', code: 'invalid_request', param: 'query' },
  {
    what: 'a body too deep',
    body: JSON.stringify({ query: CHAT, variables: { input: deep(30) } }),
    code: 'body_too_deep',
    param: 'variables',
  },
  {
    what: 'a body too large',
    body: chat({ model: 'x'.repeat(BODY_BYTES_MAX), messages }),
    code: 'body_too_large',
  },
  { what: 'a wrong content type', headers: { 'content-type': 'text/plain' }, code: 'unsupported_media_type' },
  { what: 'half a document', body: JSON.stringify({ query: '{ models {' }), code: 'graphql_parse_failed' },
  {
    what: 'an unknown field',
    body: JSON.stringify({ query: '{ wibble }' }),
    code: 'graphql_validation_failed',
    names: 'wibble',
  },
  {
    what: 'an unknown input field',
    body: chat({ model: 'fast', messages, wibble: 1 }),
    code: 'graphql_validation_failed',
    names: 'wibble',
  },
  {
    what: 'an input field of a wrong type',
    body: chat({ model: 'fast', messages, temperature: 'hot' }),
    code: 'graphql_validation_failed',
    names: 'temperature',
  },
  { what: 'no model', body: chat({ messages }), code: 'graphql_validation_failed', names: 'model' },
  {
    what: 'an empty model',
    body: chat({ model: '', messages }),
    code: 'invalid_request',
    param: 'input.model',
  },
  {
    what: 'an unknown model',
    body: chat({ model: 'no-such-model', messages }),
    code: 'model_not_found',
    param: 'model',
  },
  {
    what: 'no messages',
    body: chat({ model: 'fast', messages: [] }),
    code: 'invalid_request',
    param: 'input.messages',
  },
  { what: 'no key', headers: { authorization: null }, code: 'unauthenticated' },
  { what: 'a wrong key', headers: { authorization: 'Bearer sk-wrong-0123456789' }, code: 'invalid_key' },
  { what: 'another scheme', headers: { authorization: 'Basic abc' }, code: 'invalid_key' },
  { what: 'a wrong method', method: 'PUT', code: 'method_not_allowed' },
];

describe('a GraphQL caller with bad input', () => {
  it.each(TABLE)('gets $code for $what', async (bad) => {
    const answer = await ask(bad);
    const { message, extensions } = errorOf(answer);
    expect(extensions['code']).toBe(bad.code);
    expect(extensions['param']).toBe(bad.param);
    if (bad.names !== undefined) expect(message).toContain(bad.names);
    expect(answer.status).toBe(ERRORS[bad.code].status);
    expect(answer.headers.get('content-type')).toContain('application/graphql-response+json');
    expect(upstream.requests).toEqual([]);
  });

  it('sees no secret in an error of an upstream that repeats it', async () => {
    upstream.answerNext(openaiError(401, `Incorrect API key provided: ${UPSTREAM_SECRET}`));
    const { extensions } = errorOf(await ask({}));
    expect(extensions['code']).toBe('upstream_credential');
    expect(gateway.logs.lines.join('\n')).not.toContain(UPSTREAM_SECRET);
    expect(JSON.stringify(await gateway.rows())).not.toContain(UPSTREAM_SECRET);
    upstream.requests.length = 0;
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { APP_KEY, configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, type RawClient, rawRequest } from '../support/raw-client.ts';
import type { RawResponse } from '../support/raw-client-response.ts';
import { within } from '../support/wait.ts';

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const SWALLOWED_BYTES_MAX = 256 * 1024;

let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startEchoUpstream();
  const connection = { name: 'lab', protocol: 'openai-chat', port: upstream.port } as const;
  gateway = await startGateway({
    config: configText([connection], [{ name: 'fast', targets: ['lab/gpt-fake'] }]),
    limits: { bodyBytesMax: BODY_BYTES_MAX },
  });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

const KEY = { authorization: `Bearer ${APP_KEY}` };
const JSON_TYPE = { 'content-type': 'application/json' };
const PATH = '/v1/chat/completions';
const BODY = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'hi' }] });
const GOOD = rawRequest('POST', PATH, { ...KEY, ...JSON_TYPE }, BODY);
const HEALTH = rawRequest('GET', '/healthz');

/** Bytes as they are, without the host that `rawRequest` adds. */
const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;

async function exchange(bytes: Buffer | string): Promise<{ client: RawClient; response: RawResponse }> {
  const client = await connectRaw({ port: gateway.port });
  await client.send(bytes);
  return { client, response: await client.response() };
}

async function expectClosed(client: RawClient): Promise<void> {
  expect(await within(client.closed, { what: 'the close', deadlineMs: 2_000 })).toMatch(/fin|reset/);
  client.destroy();
}

const codeOf = (response: RawResponse) => JSON.parse(response.body.toString()).error.code;

describe('targets and hosts', () => {
  const auth = `authorization: Bearer ${APP_KEY}`;
  const host = 'host: gateway.test';
  const withBody = (...lines: string[]) =>
    head(...lines, auth, 'content-type: application/json', `content-length: ${BODY.length}`) + BODY;

  it.each([
    ['an absolute target', withBody(`POST http://gateway.test${PATH} HTTP/1.1`, host)],
    ['an absolute target of another host', withBody(`POST http://evil.test${PATH} HTTP/1.1`, host)],
    ['a target without a slash', withBody('POST v1/chat/completions HTTP/1.1', host)],
    ['the asterisk', withBody('OPTIONS * HTTP/1.1', host)],
    ['no host', withBody(`POST ${PATH} HTTP/1.1`)],
    ['two hosts', withBody(`POST ${PATH} HTTP/1.1`, host, 'host: evil.test')],
    ['two equal hosts', withBody(`POST ${PATH} HTTP/1.1`, host, host)],
    ['a host with a slash', withBody(`POST ${PATH} HTTP/1.1`, 'host: a/b')],
    ['a host with a query', withBody(`POST ${PATH} HTTP/1.1`, 'host: a?b')],
    ['a host with a fragment', withBody(`POST ${PATH} HTTP/1.1`, 'host: a#b')],
    ['a host with a user', withBody(`POST ${PATH} HTTP/1.1`, 'host: a@b')],
    ['a host with a space', withBody(`POST ${PATH} HTTP/1.1`, 'host: a b')],
    ['a list of hosts', withBody(`POST ${PATH} HTTP/1.1`, 'host: a, b')],
    [
      'HTTP/1.0 with a transfer coding',
      withBody(`POST ${PATH} HTTP/1.0`, host, 'transfer-encoding: chunked'),
    ],
    ['two keys', withBody(`POST ${PATH} HTTP/1.1`, host, 'authorization: Bearer other')],
    ['two keys of another kind', withBody(`POST ${PATH} HTTP/1.1`, host, 'x-api-key: a', 'X-Api-Key: b')],
  ])('H05 %s: 400, closed, and nothing reaches the upstream', async (_what, bytes) => {
    const { client, response } = await exchange(bytes);
    expect(response.status).toBe(400);
    await expectClosed(client);
    expect(upstream.requests).toEqual([]);
  });

  it.each(['gateway.test:443', '127.0.0.1:4000'])('H05 CONNECT %s: 405 and closed', async (target) => {
    const { client, response } = await exchange(head(`CONNECT ${target} HTTP/1.1`, host, auth) + GOOD);
    expect(response.status).toBe(405);
    await expectClosed(client);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ['without keep-alive is closed', [], 'close'],
    ['with keep-alive stays', ['connection: keep-alive'], 'keep-alive'],
  ])('H05 HTTP/1.0 %s', async (_what, lines, connection) => {
    const { client, response } = await exchange(withBody(`POST ${PATH} HTTP/1.0`, host, ...lines));
    expect([response.status, response.headers['connection']]).toEqual([200, connection]);
    expect(response.framing).not.toBe('chunked');
    if (connection === 'close') await expectClosed(client);
    client.destroy();
  });

  it.each([
    [`/${PATH}`, 404],
    ['/v1//chat/completions', 404],
    ['/v1/./chat/completions', 404],
    ['/v1/x/../chat/completions', 404],
    ['/v1/chat/%63ompletions', 404],
    ['/v1/chat%2fcompletions', 404],
    ['/V1/chat/completions', 404],
    [`${PATH}/`, 404],
    [`${PATH};a`, 404],
    [`${PATH}%00`, 404],
    ['/healthz/../v1/chat/completions', 404],
    ['/v1\\chat\\completions', 404],
    [`${PATH}?x=/healthz`, 401],
    [`${PATH}?`, 401],
  ])('H07 the path %s is read in one way: %i without a key', async (path, status) => {
    const { client, response } = await exchange(rawRequest('POST', path, JSON_TYPE, BODY));
    expect(response.status).toBe(status);
    client.destroy();
    expect(upstream.requests).toEqual([]);
  });
});

describe('answers before the body was read', () => {
  /** A body that is a request itself: if it is ever taken for one, the upstream sees it. */
  const trap = (bytes: number) => Buffer.concat([GOOD, Buffer.alloc(bytes, ' ')]);

  it.each([
    ['no key', 401, rawRequest('POST', PATH, JSON_TYPE, trap(0))],
    ['a wrong key', 401, rawRequest('POST', PATH, { ...JSON_TYPE, 'x-api-key': 'wrong' }, trap(1000))],
    ['an unknown path', 404, rawRequest('POST', '/v1/nothing', KEY, trap(0))],
    ['a wrong method', 405, rawRequest('PUT', PATH, KEY, trap(0))],
    ['a wrong type', 415, rawRequest('POST', PATH, { ...KEY, 'content-type': 'text/plain' }, trap(0))],
    ['a body that nobody asked for', 200, rawRequest('GET', '/healthz', {}, trap(0))],
  ])('H06 %s: the rest is swallowed, and the next request is read cleanly', async (_what, status, bytes) => {
    const { client, response } = await exchange(Buffer.concat([bytes, HEALTH]));
    expect(response.status).toBe(status);
    expect((await client.response()).status).toBe(200);
    await client.send(GOOD);
    expect((await client.response()).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    client.destroy();
  });

  it.each([
    ['a length', (bytes: Buffer) => rawRequest('POST', PATH, JSON_TYPE, bytes)],
    [
      'chunks',
      (bytes: Buffer) =>
        Buffer.concat([
          Buffer.from(head(`POST ${PATH} HTTP/1.1`, 'host: a', 'transfer-encoding: chunked')),
          Buffer.from(`${bytes.length.toString(16)}\r\n`),
          bytes,
          Buffer.from('\r\n0\r\n\r\n'),
        ]),
    ],
  ])('H06 a refused body of unusual size with %s: the connection is closed', async (_what, request) => {
    const client = await connectRaw({ port: gateway.port });
    const sent = request(trap(SWALLOWED_BYTES_MAX + 1));
    // The first part alone: the rest comes, if at all, to a connection that is closed.
    await client.send(sent.subarray(0, 1024));
    const response = await client.response();
    expect([response.status, response.headers['connection']]).toEqual([401, 'close']);
    await client.send(Buffer.concat([sent.subarray(1024), GOOD])).catch(() => {});
    await expectClosed(client);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    [
      'says that it is',
      rawRequest('POST', PATH, { ...KEY, ...JSON_TYPE, 'content-length': String(BODY_BYTES_MAX + 1) }),
    ],
    [
      'turns out to be',
      Buffer.concat([
        Buffer.from(
          head(
            `POST ${PATH} HTTP/1.1`,
            'host: a',
            `authorization: Bearer ${APP_KEY}`,
            'transfer-encoding: chunked',
          ),
        ),
        Buffer.from(`${(BODY_BYTES_MAX * 4).toString(16)}\r\n`),
        Buffer.alloc(BODY_BYTES_MAX + 1, ' '),
      ]),
    ],
  ])('H06 a body that %s too large: 413 at the limit, and the connection is closed', async (_what, bytes) => {
    const { client, response } = await exchange(bytes);
    expect([response.status, codeOf(response)]).toEqual([413, 'body_too_large']);
    await client.send(GOOD).catch(() => {});
    await expectClosed(client);
    expect(upstream.requests).toEqual([]);
  });
});

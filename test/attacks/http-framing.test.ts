import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { APP_KEY, configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import type { RawResponse } from '../support/raw-client-response.ts';
import { until, within } from '../support/wait.ts';

let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startEchoUpstream();
  const connection = { name: 'lab', protocol: 'openai-chat', port: upstream.port } as const;
  gateway = await startGateway({
    config: configText([connection], [{ name: 'fast', targets: ['lab/gpt-fake'] }]),
  });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

const BODY = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'hi' }] });
const HEADERS = `content-type: application/json\r\nauthorization: Bearer ${APP_KEY}\r\n`;
const START = `POST /v1/chat/completions HTTP/1.1\r\nhost: gateway.test\r\n${HEADERS}`;
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
/** What an attacker hopes to have taken for a request of its own. */
const SMUGGLED = `${START}content-length: ${BODY.length}\r\n\r\n${BODY}`;

interface Answered {
  readonly responses: readonly RawResponse[];
  readonly isClosed: boolean;
}

/** Sends the bytes with a further request behind them; gives what came back until the connection was closed. */
async function attack(bytes: string, behind = SMUGGLED): Promise<Answered> {
  const client = await connectRaw({ port: gateway.port });
  await client.send(Buffer.from(bytes + behind, 'latin1')).catch(() => {});
  const isClosed = await within(client.closed, { what: 'the close', deadlineMs: 2_000 }).then(
    () => true,
    () => false,
  );
  const responses: RawResponse[] = [];
  for (;;) {
    const next = await client.response(1).catch(() => null);
    if (next === null) break;
    responses.push(next);
  }
  client.destroy();
  return { responses, isClosed };
}

async function expectRefusal(bytes: string): Promise<void> {
  const { responses, isClosed } = await attack(bytes);
  expect(isClosed).toBe(true);
  expect(responses.map(({ status }) => status)).toEqual([400]);
  const [response] = responses;
  expect(response?.headers['connection']).toBe('close');
  expect(response?.headers['x-sluice-call-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(String(response?.body)).error).toMatchObject({ code: 'invalid_request' });
  expect(upstream.connections.length).toBe(0);
}

const post = (headers: string, body = BODY) => `${START}${headers}\r\n${body}`;
const length = `content-length: ${BODY.length}\r\n`;

describe('two lengths', () => {
  it.each([
    ['CL.TE', post(`${length}transfer-encoding: chunked\r\n`, CHUNKED)],
    ['TE.CL', post(`transfer-encoding: chunked\r\n${length}`, CHUNKED)],
    ['chunked and then identity', post('transfer-encoding: chunked, identity\r\n', CHUNKED)],
    ['identity and then chunked', post('transfer-encoding: identity, chunked\r\n', CHUNKED)],
    ['gzip and then chunked', post('transfer-encoding: gzip, chunked\r\n', CHUNKED)],
    ['chunked twice in one field', post('transfer-encoding: chunked, chunked\r\n', CHUNKED)],
    ['two fields', post('transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n', CHUNKED)],
    ['two equal fields', post('transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n', CHUNKED)],
    ['a vertical tab', post('transfer-encoding: \x0bchunked\r\n', CHUNKED)],
    ['a form feed', post('transfer-encoding: chunked\x0c\r\n', CHUNKED)],
    ['a coding like it', post('transfer-encoding: xchunked\r\n', CHUNKED)],
    ['a coding with a parameter', post('transfer-encoding: chunked;q=1\r\n', CHUNKED)],
    ['a quoted coding', post('transfer-encoding: "chunked"\r\n', CHUNKED)],
    ['no coding', post('transfer-encoding: \r\n', CHUNKED)],
    ['a folded coding', post('transfer-encoding:\r\n chunked\r\n', CHUNKED)],
    ['lengths that differ', post(`content-length: 5\r\n${length}`)],
    ['lengths that are equal', post(length + length)],
    ['a list of lengths', post(`content-length: ${BODY.length}, ${BODY.length}\r\n`)],
    ['a signed length', post(`content-length: +${BODY.length}\r\n`)],
    ['a negative length', post('content-length: -1\r\n')],
    ['a hexadecimal length', post('content-length: 0x5\r\n')],
    ['a length with an underscore', post('content-length: 1_0\r\n')],
    ['a length with a space inside', post('content-length: 1 0\r\n')],
    ['no length', post('content-length: \r\n')],
    ['a length beyond 64 bits', post('content-length: 99999999999999999999\r\n')],
  ])('H01 %s: refused and closed', (_what, bytes) => expectRefusal(bytes));
});

describe('line ends and names', () => {
  it.each([
    ['bare LF', SMUGGLED.replaceAll('\r\n', '\n')],
    ['a bare LF before a header', post(`x-a: b\ncontent-length: 3\r\n${length}`)],
    ['a bare CR', post(`x-a: b\rcontent-length: 3\r\n${length}`)],
    ['a folded line', post(`x-a: b\r\n c\r\n${length}`)],
    ['a space before the colon', post(`x-a : b\r\n${length}`)],
    ['a space before the colon of the length', post(`content-length : ${BODY.length}\r\n`)],
    ['NUL in a value', post(`x-a: b\0c\r\n${length}`)],
    ['NUL in a name', post(`x-\0a: b\r\n${length}`)],
    ['a control character in a value', post(`x-a: b\x01c\r\n${length}`)],
    ['a leading space', `POST /v1/chat/completions HTTP/1.1\r\n host: a\r\n${HEADERS}${length}\r\n${BODY}`],
    ['a leading tab', post(`\tx-a: b\r\n${length}`)],
    ['an empty name', post(`: b\r\n${length}`)],
    ['a name with brackets', post(`x[a]: b\r\n${length}`)],
    ['a line without a colon', post(`x-a\r\n${length}`)],
    ['a method with a space', SMUGGLED.replace('POST', 'PO ST')],
    ['a method in lower case', SMUGGLED.replace('POST', 'post')],
    ['a method that nobody knows', SMUGGLED.replace('POST', 'SMUGGLE')],
    ['a leading space before the method', ` ${SMUGGLED}`],
    ['HTTP/1.2', SMUGGLED.replace('HTTP/1.1', 'HTTP/1.2')],
    ['HTTP/2.0', SMUGGLED.replace('HTTP/1.1', 'HTTP/2.0')],
    ['HTTP/11', SMUGGLED.replace('HTTP/1.1', 'HTTP/11')],
    ['http in lower case', SMUGGLED.replace('HTTP/1.1', 'http/1.1')],
    ['no version', SMUGGLED.replace(' HTTP/1.1', '')],
    ['something behind the version', SMUGGLED.replace('HTTP/1.1', 'HTTP/1.1 x')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS on the plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('H02 %s: refused and closed', (_what, bytes) => expectRefusal(bytes));
});

describe('chunks', () => {
  const chunked = (body: string) => post('transfer-encoding: chunked\r\n', body);
  it.each([
    ['a size beyond 64 bits', chunked(`fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a negative size', chunked(`-5\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a size with 0x', chunked(`0x5\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a size with a space', chunked(CHUNKED.replace('\r\n', ' \r\n'))],
    ['no size', chunked(`\r\n${BODY}\r\n0\r\n\r\n`)],
    ['a size that ends with LF', chunked(CHUNKED.replace('\r\n', '\n'))],
    ['data longer than its size', chunked(`5\r\n${BODY}\r\n0\r\n\r\n`)],
    ['data without its line end', chunked(`${BODY.length.toString(16)}\r\n${BODY}0\r\n\r\n`)],
    ['an extension of a megabyte', chunked(CHUNKED.replace('\r\n', `;x=${'a'.repeat(1024 * 1024)}\r\n`))],
    ['an extension with a bare CR', chunked(CHUNKED.replace('\r\n', ';a\rb\r\n'))],
    ['an extension with a bare LF', chunked(CHUNKED.replace('\r\n', ';a\nb\r\n'))],
    ['a trailer that is a length', chunked(CHUNKED.replace(/\r\n$/, 'content-length: 3\r\n\r\n'))],
    [
      'a broken chunk behind "Connection: close"',
      post('connection: close\r\ntransfer-encoding: chunked\r\n', `5\r\n${BODY}\r\n`),
    ],
    ['a trailer with NUL', chunked(CHUNKED.replace(/\r\n$/, 'x: a\0\r\n\r\n'))],
  ])('H03 %s: refused and closed', (_what, bytes) => expectRefusal(bytes));

  it('H03 trailers are dropped: none of them replaces a header or reaches the upstream', async () => {
    const trailers = 'host: evil.test\r\nauthorization: Bearer evil\r\nx-evil: 1\r\n';
    const { responses } = await attack(
      chunked(CHUNKED.replace(/\r\n$/, `${trailers}\r\n`)),
      'GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
    );
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    const seen = await until(() => upstream.requests[0], { what: 'the request' });
    expect(seen.rawHead).not.toMatch(/evil/i);
    expect(seen.body.toString()).toBe(BODY.replace('fast', 'gpt-fake'));
    for (const { wire } of upstream.connections) wire.destroy();
    upstream.connections.length = 0;
  });
});

import { expect, test } from 'vitest';
import { nonce } from '../support/canary.ts';
import { bytes, json } from '../support/fake-upstream-steps.ts';
import { rawRequest } from '../support/raw-client.ts';
import { useRig } from '../support/scenario.ts';

const rig = useRig();

const BODY = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

/** A whole answer with these lines in its head; `length` is written if it is wanted. */
const withLines = (lines: string, length = `content-length: ${BODY.length}\r\n`) =>
  bytes(
    Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${length}${lines}\r\n${BODY}`,
      'latin1',
    ),
  );

/** Headers that no reader may pass on, or that two readers could read differently. */
const REFUSED: Readonly<Record<string, ReturnType<typeof bytes>>> = {
  'a header of 64 KB': withLines(`x-long: ${'a'.repeat(64 * 1024)}\r\n`),
  '9 000 fields, more than 32 KB together': withLines('x-a: b\r\n'.repeat(9_000)),
  'NUL in a value': withLines('x-a: b\0c\r\n'),
  'CR in a value': withLines('x-a: b\rx-evil: c\r\n'),
  'a line without a colon': withLines('nonsense\r\n'),
  'a space before the colon': withLines('x-a : b\r\n'),
  'two different Content-Lengths': withLines(`content-length: ${BODY.length - 1}\r\n`),
  'the same Content-Length twice': withLines(`content-length: ${BODY.length}\r\n`),
  'Content-Length and chunked coding': withLines('transfer-encoding: chunked\r\n'),
  'a negative Content-Length': withLines('', 'content-length: -1\r\n'),
  'no HTTP at all': bytes('SSH-2.0-OpenSSH_9.6\r\n\r\n'),
};

for (const [name, answer] of Object.entries(REFUSED)) {
  test(`U21 an upstream's answer with ${name} is 502 upstream_malformed, and nothing of it is forwarded`, async () => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(answer);
      const refused = await (await s.call()).answer();
      expect(refused.status).toBe(502);
      expect(refused.errorCode).toBe('upstream_malformed');
      expect(refused.rawHead).not.toMatch(/x-evil|x-long|x-a/);
      expect((await s.record()).error_code).toBe('upstream_malformed');
    });
  });
}

/** All that an answer of the gateway may have. */
const OWN_HEADERS = [
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'request-id',
  'x-request-id',
  'x-sluice-attempts',
  'x-sluice-call-id',
  'x-sluice-cost-usd',
  'x-sluice-model',
];

test('U21 no header of the upstream reaches the client, whatever it is called', async () => {
  await rig.run('openai-chat', async (s) => {
    const hostile = [
      ...['set-cookie: a=b', 'x-evil: 1', 'connection: x-evil, keep-alive', 'keep-alive: timeout=1'],
      ...['x-sluice-call-id: stolen', 'x-request-id: stolen', 'location: http://evil.test/', 'via: evil'],
      ...['access-control-allow-origin: *', 'strict-transport-security: max-age=1', 'x-latin: \xe9\xff'],
      ...Array.from({ length: 1_000 }, (_, at) => `x-field-${at}: v`),
    ];
    s.main.answer(withLines(`${hostile.join('\r\n')}\r\n`));
    const answer = await (await s.call()).answer();
    expect(answer.read).toMatchObject({ isComplete: true, text: 'hi' });
    expect(OWN_HEADERS).toEqual(expect.arrayContaining(Object.keys(answer.headers)));
    expect(answer.rawHead).not.toMatch(/stolen|evil/);
    expect(answer.headers['x-sluice-call-id']).toBe((await s.record()).id);
  });
});

test.each([
  { type: 'a\u2603b', passes: false },
  { type: 'text/html; x=\u00e9', passes: false },
  { type: 'text/html', passes: false },
  { type: 'application/json; x=\u2603', passes: false },
  { type: 'application/json; charset=utf-8', passes: true },
])(
  'U21 an error answer whose Content-Type is $type reaches the client as JSON only',
  async ({ type, passes }) => {
    await rig.run('openai-chat', async (s) => {
      const error = { message: 'too long', type: 'odd_error', param: null, code: null };
      const body = JSON.stringify({ error });
      const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`;
      s.main.answer(bytes(`${head}${body}`));
      const answer = await (await s.call()).answer();
      expect(answer.status).toBe(400);
      expect(answer.text === body).toBe(passes);
      expect(JSON.parse(answer.text).error.message).toBe('too long');
      expect(answer.rawHead).toMatch(/^[\x20-\x7e\r\n]*$/);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
    });
  },
);

/** All that an upstream gets to see. */
const SENT_HEADERS = [
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'host',
  'user-agent',
];

test('U21 no header of the client reaches the upstream, and none can take the credential away', async () => {
  await rig.run('openai-chat', async (s) => {
    const headers = {
      connection: 'authorization, content-type, keep-alive',
      cookie: 'session=secret',
      'x-forwarded-for': '10.0.0.1',
      'x-sluice-anything': '1',
      'idempotency-key': 'k',
      'proxy-authorization': 'Basic abc',
      te: 'trailers',
      'openai-organization': 'org-evil',
    };
    await (await s.call({ headers })).answer();
    const seen = await s.main.seen();
    expect(Object.keys(seen.headers).sort()).toEqual(SENT_HEADERS);
    expect(seen.headers['authorization']).toMatch(/^Bearer sk-canary/);
    expect(seen.path).toBe('/v1/chat/completions');
  });
});

test.each(['anthropic-beta: a\x01b', 'anthropic-beta: a\0b', 'anthropic-beta: a\rx-evil: 1'])(
  'U21 a request whose header is %j is refused before any upstream sees it',
  async (line) => {
    await rig.run('anthropic-messages', async (s) => {
      const client = await s.connect();
      const request = s.bytes(nonce(), { caller: 'anthropic-messages' }).toString('latin1');
      await client.send(Buffer.from(request.replace('\r\n', `\r\n${line}\r\n`), 'latin1'));
      expect((await client.response()).status).toBe(400);
      expect(s.main.requests).toHaveLength(0);
    });
  },
);

test('U21 a carried header with bytes above ASCII arrives as it was sent', async () => {
  await rig.run('anthropic-messages', async (s) => {
    const headers = { 'anthropic-beta': 'tools-\u00e9,\tother' };
    const answer = await (await s.call({ caller: 'anthropic-messages', headers })).answer();
    expect(answer.status).toBe(200);
    const seen = await s.main.seen();
    expect(Buffer.from(seen.headers['anthropic-beta'] ?? '', 'latin1').toString()).toBe(
      'tools-\u00e9,\tother',
    );
  });
});

test('U21 a model name with line ends can neither split the answer’s head nor the upstream’s request', async () => {
  await rig.run('openai-chat', async (s) => {
    const model = 'openai-chat-main/a\r\nx-evil: 1\r\n\r\n\u2603\0';
    const sent = nonce();
    const client = await s.connect();
    const request = s.bytes(sent, { body: { model } });
    await client.send(request);
    const answer = await client.response();
    s.checker.http(sent, answer);
    expect(answer.status).toBe(200);
    expect(answer.headers['x-evil']).toBeUndefined();
    expect(answer.headers['x-sluice-model']).toMatch(/^[\x21-\x7e]+$/);
    const seen = await s.main.seen();
    expect(seen.headers['x-evil']).toBeUndefined();
    expect(seen.json()['model']).toBe('a\r\nx-evil: 1\r\n\r\n\u2603\0');
    expect((await s.record()).outcome).toBe('succeeded');
  });
});

test('U21 a Retry-After of the upstream is a number for the client, or nothing', async () => {
  await rig.run('openai-chat', async (s) => {
    for (const value of ['7', '-1', 'soon', '1e9', 'x; evil=1']) {
      const error = { message: 'slow down', type: 'rate_limit_error', param: null, code: null };
      s.main.answer(json({ error }, 429, { 'retry-after': value }));
      const answer = await (await s.call()).answer();
      expect(answer.status).toBe(429);
      expect(answer.headers['retry-after'] ?? '0').toMatch(/^\d{1,3}$/);
    }
  });
});

test('U21 a request with a header of 64 KB is refused with 431', async () => {
  await rig.run('openai-chat', async (s) => {
    const client = await s.connect();
    await client.send(rawRequest('POST', '/v1/chat/completions', { 'x-long': 'a'.repeat(64 * 1024) }, '{}'));
    expect((await client.response()).status).toBe(431);
  });
});

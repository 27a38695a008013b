import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { LIMITS } from '../../src/limits.ts';
import { FakeClock } from '../support/clock.ts';
import type { FakeCall } from '../support/fake-invoke.ts';
import {
  ADMIN_KEY,
  type EndpointOptions,
  OTHER_APPLICATION_ID,
  OTHER_KEY,
  type RunningEndpoint,
  startEndpoint,
  TENANT_ID,
  WEB_APPLICATION_ID,
  WEB_KEY,
} from '../support/graphql-endpoint.ts';
import { CHAT, CHAT_STREAM, eventsOf, get, HELLO, post } from '../support/graphql-request.ts';
import { until } from '../support/wait.ts';

const CANCEL_WITHIN_MS = 50;
const SSE = { accept: 'text/event-stream' };
const GRAPHQL_JSON = { accept: 'application/graphql-response+json' };

let running: RunningEndpoint | null = null;
async function start(options: EndpointOptions = {}): Promise<RunningEndpoint> {
  running = await startEndpoint(options);
  return running;
}
afterEach(async () => {
  await running?.close();
  running = null;
});

describe('chat over HTTP', () => {
  it('gives the whole answer, and the id of the call in the header too', async () => {
    const { url, fake } = await start();
    fake.script = (call) => {
      call.start();
      call.succeed({
        blocks: [
          { type: 'reasoning', text: 'Hm.', origin: { protocol: 'openai-chat' } },
          { type: 'text', text: 'It is ' },
          { type: 'text', text: 'sunny.' },
          { type: 'toolCall', id: 'c1', name: 'weather', arguments: '{"n":1e2}' },
        ],
        usage: { ...emptyUsage, inputTokens: 10, outputTokens: 5, totalTokens: 15 },
        costPico: 1_500_000_000n,
        receipt: [{ field: 'seed', action: 'dropped', reason: 'not supported' }],
      });
    };
    const answer = await post(url, { query: CHAT, variables: HELLO });
    const callId = fake.calls[0]?.callId;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-sluice-call-id')).toBe(callId);
    expect(answer.json).toEqual({
      data: {
        chat: {
          callId,
          model: 'fast-chat',
          text: 'It is sunny.',
          reasoning: 'Hm.',
          refusal: null,
          finishReason: 'STOP',
          toolCalls: [{ id: 'c1', name: 'weather', arguments: '{"n":1e2}' }],
          servedBy: {
            connection: 'lab',
            provider: 'test',
            model: 'upstream-model',
            protocol: 'openai-chat',
            attempts: 1,
          },
          usage: {
            inputTokens: 10,
            outputTokens: 5,
            totalTokens: 15,
            cachedInputTokens: null,
            reasoningTokens: null,
          },
          cost: { usd: '0.0015' },
          receipt: { entries: [{ field: 'seed', action: 'DROPPED', to: null, reason: 'not supported' }] },
        },
      },
    });
  });

  it('says who calls, and passes the strict mode and the idempotency key on', async () => {
    const { url, fake } = await start();
    fake.script = (call) => call.succeed();
    const input = { ...HELLO.input, strict: true, idempotencyKey: 'once' };
    await post(url, { query: CHAT, variables: { input } });
    expect(fake.calls[0]?.invocation).toMatchObject({
      identity: { tenantId: TENANT_ID, applicationId: WEB_APPLICATION_ID, isAdmin: false },
      isStrict: true,
      idempotencyKey: 'once',
      request: { model: 'fast-chat', stream: false },
    });
  });

  it('keeps unknown token counts and cost null', async () => {
    const { url, fake } = await start();
    fake.script = (call) => call.succeed({ blocks: [{ type: 'text', text: 'x' }] });
    const { json } = await post(url, { query: CHAT, variables: HELLO });
    expect(json.data?.['chat']).toMatchObject({ usage: { inputTokens: null }, cost: null, receipt: null });
  });

  it('gives a failed call its code, id, targets and Retry-After; its status to who reads GraphQL statuses', async () => {
    const { url, fake } = await start();
    const targets = [{ target: 'lab/m', reason: 'upstream_refused' }];
    fake.script = (call) => call.fail(new CallError('no_healthy_upstream', { retryAfterMs: 1_500, targets }));
    const answer = await post(url, { query: CHAT, variables: HELLO }, { headers: GRAPHQL_JSON });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(answer.json).toEqual({
      data: null,
      errors: [
        {
          message: 'No healthy upstream can serve this model.',
          locations: [{ line: 3, column: 5 }],
          path: ['chat'],
          extensions: {
            code: 'no_healthy_upstream',
            callId: fake.calls[0]?.callId,
            retryAfterMs: 1_500,
            targets,
          },
        },
      ],
    });
    expect((await post(url, { query: CHAT, variables: HELLO })).status).toBe(200);
  });

  it('names the input field at fault', async () => {
    const { url, fake } = await start();
    const input = { model: 'fast-chat', messages: [{ role: 'USER' }] };
    const { json } = await post(url, { query: CHAT, variables: { input } });
    expect(json.errors?.[0]).toMatchObject({
      message: 'input.messages[0].content must be given, or parts.',
      extensions: { code: 'invalid_request', param: 'input.messages[0].content' },
    });
    expect(fake.calls).toHaveLength(0);
  });

  it('cancels the call when the client leaves, and starts no other of the same document', async () => {
    const { url, fake, endpoint } = await start();
    const query = CHAT.replace('chat(', 'a: chat(').replace(
      '{\n    a',
      '{ first: chat(input: $input) { text } a',
    );
    const abort = new AbortController();
    const answered = post(url, { query, variables: HELLO }, { signal: abort.signal }).catch(() => {});
    const call = await fake.call(0);
    const leftAt = performance.now();
    abort.abort();
    await until(() => call.isCancelled, { what: 'the call is cancelled' });
    expect((call.cancelledAt ?? Number.NaN) - leftAt).toBeLessThan(CANCEL_WITHIN_MS);
    await answered;
    await until(() => endpoint.activeOperations === 0, { what: 'the operation ends' });
    expect(fake.calls).toHaveLength(1);
  });
});

describe('chatStream over server-sent events', () => {
  it('streams started, deltas and completed, then ends', async () => {
    const { url, fake } = await start();
    fake.script = (call) => {
      call.start();
      call.block(0, 'text', ['Hel', 'lo']);
      call.succeed();
    };
    const answer = await post(url, { query: CHAT_STREAM, variables: HELLO }, { headers: SSE });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('x-sluice-call-id')).toBe(fake.calls[0]?.callId);
    const { results, isComplete } = eventsOf(answer.text);
    expect(results.map((result) => result.data?.['chatStream'])).toEqual([
      { __typename: 'ChatStarted', callId: fake.calls[0]?.callId, model: 'fast-chat' },
      { __typename: 'ChatTextDelta', text: 'Hello' },
      {
        __typename: 'ChatCompleted',
        completion: { callId: fake.calls[0]?.callId, text: 'Hello', finishReason: 'STOP' },
      },
    ]);
    expect(isComplete).toBe(true);
  });

  it('ends with an error and never with ChatCompleted when the call fails in mid-stream', async () => {
    const { url, fake } = await start();
    fake.script = (call) => {
      call.start();
      call.block(0, 'text', ['half']);
      call.fail(new CallError('upstream_interrupted'));
    };
    const { text } = await post(url, { query: CHAT_STREAM, variables: HELLO }, { headers: SSE });
    const { results } = eventsOf(text);
    expect(text).not.toContain('ChatCompleted');
    expect(results.at(-1)?.errors?.[0]).toMatchObject({
      extensions: { code: 'upstream_interrupted', callId: fake.calls[0]?.callId },
    });
  });

  it('works over GET, as EventSource sends it', async () => {
    const { url, fake } = await start();
    fake.script = (call) => call.succeed();
    const params = { query: CHAT_STREAM, variables: JSON.stringify(HELLO) };
    const { text } = await get(url, params, { headers: SSE });
    expect(eventsOf(text).isComplete).toBe(true);
  });

  it('is refused with 406, and starts no call, for a client that reads JSON alone', async () => {
    const { url, fake } = await start();
    const headers = { accept: 'application/json' };
    const { status, json } = await post(url, { query: CHAT_STREAM, variables: HELLO }, { headers });
    expect([status, json.errors?.[0]?.extensions.code]).toEqual([406, 'not_acceptable']);
    expect(fake.calls).toHaveLength(0);
  });

  it.each(['closes the socket', 'closes its sending side', 'resets the connection'] as const)(
    'cancels the call when the client %s during a stall',
    async (how) => {
      const { server, fake } = await start();
      const socket = await openRaw(server);
      socket.write(rawPost(JSON.stringify({ query: CHAT_STREAM, variables: HELLO })));
      const call = await fake.call(0);
      call.start();
      let received = '';
      socket.on('data', (data) => {
        received += data;
      });
      await until(() => received.includes('ChatStarted'), { what: 'the first event arrives' });
      const leftAt = performance.now();
      if (how === 'closes the socket') socket.destroy();
      else if (how === 'closes its sending side') socket.end();
      else socket.resetAndDestroy();
      await until(() => call.isCancelled, { what: 'the call is cancelled' });
      expect((call.cancelledAt ?? Number.NaN) - leftAt).toBeLessThan(CANCEL_WITHIN_MS);
      await until(() => socket.closed, { what: 'the connection is closed' });
      expect(received).not.toContain('event: complete');
    },
  );

  it('pauses the upstream while the client reads nothing, loses nothing, and goes on when it reads', async () => {
    const { server, fake } = await start();
    const socket = await openRaw(server);
    socket.pause();
    socket.write(rawPost(JSON.stringify({ query: CHAT_STREAM, variables: HELLO })));
    const call = await fake.call(0);
    call.start();
    const sent = createHash('sha256');
    const piece = (at: number) => `${at}.${'x'.repeat(16 * 1024)}`;
    let count = 0;
    // What the kernel's buffers take counts as read; after that everything must come to a halt.
    await until(
      () => {
        const text = piece(count);
        count += 1;
        sent.update(text);
        return call.event({ type: 'blockDelta', index: 0, text }) === false;
      },
      { what: 'the upstream is paused', deadlineMs: 20_000, pollMs: 0 },
    );
    expect(call.resumes).toBe(0);
    let received = '';
    socket.on('data', (data) => {
      received += data;
    });
    socket.resume();
    await until(() => call.resumes > 0, { what: 'the upstream is resumed' });
    call.succeed();
    await until(() => received.includes('event: complete'), { what: 'the stream ends' });
    const got = createHash('sha256');
    for (const line of dechunk(received).split('\n')) {
      if (line.startsWith('data: {')) got.update(JSON.parse(line.slice(6)).data.chatStream.text ?? '');
    }
    expect(got.digest('hex')).toBe(sent.digest('hex'));
    socket.destroy();
  }, 60_000);

  it('cuts a client that reads nothing for too long, and cancels its call', async () => {
    const clock = new FakeClock();
    const { server, fake } = await start({ clock });
    const socket = await openRaw(server);
    socket.pause();
    socket.write(rawPost(JSON.stringify({ query: CHAT_STREAM, variables: HELLO })));
    const call = await fake.call(0);
    call.start();
    await until(() => !fill(call), { what: 'the socket is full', deadlineMs: 20_000, pollMs: 0 });
    clock.advance(LIMITS.writeIdleTimeoutMs);
    await until(() => call.isCancelled, { what: 'the call is cancelled' });
    socket.destroy();
  }, 30_000);

  it('sends comments while the call is silent', async () => {
    const clock = new FakeClock();
    const { server, fake } = await start({ clock });
    const socket = await openRaw(server);
    let received = '';
    socket.on('data', (data) => {
      received += data;
    });
    socket.write(rawPost(JSON.stringify({ query: CHAT_STREAM, variables: HELLO })));
    await fake.call(0);
    await until(() => received.includes('text/event-stream'), { what: 'the header arrives' });
    clock.advance(LIMITS.heartbeatMs);
    await until(() => received.includes('\r\n:\n\n'), { what: 'a comment arrives' });
    socket.destroy();
  });
});

describe('who may do what', () => {
  const DATA = '{ viewer { isAdmin tenant { name } application { id name } } models { name isDeclared } }';

  it('an application sees itself and the models it may use', async () => {
    const { url } = await start();
    expect((await post(url, { query: DATA })).json.data).toEqual({
      viewer: {
        isAdmin: false,
        tenant: { name: 'acme' },
        application: { id: WEB_APPLICATION_ID, name: 'web' },
      },
      models: [{ name: 'fast-chat', isDeclared: true }],
    });
    const other = await post(url, { query: DATA }, { key: OTHER_KEY });
    expect(other.json.data).toMatchObject({
      viewer: { application: { id: OTHER_APPLICATION_ID } },
      models: [{ name: 'fast-chat' }, { name: 'slow-chat' }],
    });
  });

  it('an admin key sees every model and has no application', async () => {
    const { url } = await start();
    expect((await post(url, { query: DATA }, { key: ADMIN_KEY })).json.data).toMatchObject({
      viewer: { isAdmin: true, application: null },
      models: [{ name: 'fast-chat' }, { name: 'slow-chat' }],
    });
  });

  it.each([{ accept: 'application/json' }, GRAPHQL_JSON, SSE])(
    'without a key __typename answers, and every field is 401 unauthenticated (%o)',
    async (headers) => {
      const { url, fake } = await start();
      const open = await post(url, { query: '{ __typename }' }, { key: null, headers });
      expect(open.status).toBe(200);
      for (const query of [
        DATA,
        '{ calls { edges { cursor } } }',
        '{ call(id: "x") { id } }',
        CHAT,
        CHAT_STREAM,
      ]) {
        const isStream = query === CHAT_STREAM;
        const variables = query === CHAT || isStream ? HELLO : undefined;
        const answer = await post(
          url,
          { query, variables },
          { key: null, headers: isStream ? SSE : headers },
        );
        const [error] = answer.json.errors ?? [];
        expect([query, answer.status, error?.extensions.code]).toEqual([query, 401, 'unauthenticated']);
      }
      expect(fake.calls).toHaveLength(0);
    },
  );

  it.each(['Bearer wrong', 'Bearer ', 'Basic d2ViOg==', `Bearer ${WEB_KEY}x`])(
    'the credential "%s" is refused with 401 whatever is asked',
    async (authorization) => {
      const { url } = await start();
      const { status, json } = await post(
        url,
        { query: '{ __typename }' },
        { key: null, headers: { authorization } },
      );
      expect([status, json.errors?.[0]?.extensions.code]).toEqual([401, 'invalid_key']);
    },
  );

  it('the key may also come as x-api-key', async () => {
    const { url } = await start();
    const answer = await post(url, { query: DATA }, { key: null, headers: { 'x-api-key': WEB_KEY } });
    expect(answer.json.data).toHaveProperty('viewer.isAdmin', false);
  });
});

describe('the end of the endpoint', () => {
  it('refuses new operations with 503 while draining, and lets running ones finish', async () => {
    const { url, fake, endpoint } = await start();
    const answered = post(url, { query: CHAT, variables: HELLO });
    const call = await fake.call(0);
    expect(endpoint.activeOperations).toBe(1);
    endpoint.drain();
    const refused = await post(url, { query: '{ __typename }' });
    expect([refused.status, refused.json.errors?.[0]?.extensions.code]).toEqual([503, 'draining']);
    call.succeed({ blocks: [{ type: 'text', text: 'done' }] });
    expect((await answered).json.data).toHaveProperty('chat.text', 'done');
    await until(() => endpoint.activeOperations === 0, { what: 'the operation ends' });
  });

  it('close() cancels what still runs', async () => {
    const { url, fake, endpoint } = await start();
    const answered = post(url, { query: CHAT, variables: HELLO }).catch(() => null);
    const call = await fake.call(0);
    await endpoint.close();
    expect(call.isCancelled).toBe(true);
    await answered;
  });
});

describe('GraphiQL', () => {
  const ask = async (isDevelopment: boolean) => {
    const { url } = await start({ isDevelopment });
    const response = await fetch(url, { headers: { accept: 'text/html' } });
    return [response.status, response.headers.get('content-type')];
  };

  it('is served to a browser in development', async () => {
    expect(await ask(true)).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('is not served in production', async () => {
    expect((await ask(false))[0]).toBe(400);
  });
});

it('a second request on the same connection is answered after the first one was refused unread', async () => {
  const { server } = await start();
  const port = (server.address() as { port: number }).port;
  const answer = await new Promise<number>((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path: '/graphql', method: 'POST' }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.setHeader('content-type', 'text/plain');
    request.end('x'.repeat(100_000));
  });
  expect(answer).toBe(415);
});

const emptyUsage = {
  inputTokens: null,
  outputTokens: null,
  totalTokens: null,
  cachedInputTokens: null,
  cacheWriteTokens: null,
  cacheWrite1hTokens: null,
  reasoningTokens: null,
  audioInputTokens: null,
  audioOutputTokens: null,
};

const fill = (call: FakeCall) => call.event({ type: 'blockDelta', index: 0, text: 'x'.repeat(16 * 1024) });

function openRaw(server: RunningEndpoint['server']) {
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  socket.on('error', () => {});
  return new Promise<typeof socket>((resolve) => socket.once('connect', () => resolve(socket)));
}

function rawPost(body: string): string {
  return [
    'POST /graphql HTTP/1.1',
    'Host: sluice',
    `Authorization: Bearer ${WEB_KEY}`,
    'Content-Type: application/json',
    'Accept: text/event-stream',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** The body of a chunked response: events, without chunk sizes. */
function dechunk(raw: string): string {
  let rest = raw.slice(raw.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (end === -1 || !(size > 0)) return body;
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 4 + size);
  }
}

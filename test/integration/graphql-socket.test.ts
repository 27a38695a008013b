import { afterEach, describe, expect, it } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { LIMITS } from '../../src/limits.ts';
import { FakeClock } from '../support/clock.ts';
import {
  ADMIN_KEY,
  type EndpointOptions,
  type RunningEndpoint,
  startEndpoint,
  WEB_KEY,
} from '../support/graphql-endpoint.ts';
import { CHAT, CHAT_STREAM, HELLO } from '../support/graphql-request.ts';
import { codeOf, RawGraphqlSocket } from '../support/graphql-socket.ts';
import { until, within } from '../support/wait.ts';

const CANCEL_WITHIN_MS = 50;

let running: RunningEndpoint | null = null;
async function start(options: EndpointOptions = {}): Promise<RunningEndpoint> {
  running = await startEndpoint(options);
  return running;
}
afterEach(async () => {
  await running?.close();
  running = null;
});

const isStarted = (payload: unknown) =>
  (payload as { data?: { chatStream?: { __typename?: string } } }).data?.chatStream?.__typename ===
  'ChatStarted';

const ended = ({ endpoint }: RunningEndpoint) =>
  until(() => endpoint.activeOperations === 0, { what: 'no operation is left' });

describe('operations over a WebSocket', () => {
  it('a live operation streams its events and completes', async () => {
    const endpoint = await start();
    endpoint.fake.script = (call) => {
      call.start();
      call.block(0, 'text', ['Hel', 'lo']);
      call.succeed();
    };
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT_STREAM, HELLO);
    await socket.of('1', 'complete');
    const results = socket.messages
      .filter((message) => message.type === 'next')
      .map((message) => message.payload);
    expect(results).toMatchObject([
      { data: { chatStream: { __typename: 'ChatStarted' } } },
      { data: { chatStream: { __typename: 'ChatTextDelta', text: 'Hello' } } },
      { data: { chatStream: { __typename: 'ChatCompleted', completion: { text: 'Hello' } } } },
    ]);
    await ended(endpoint);
  });

  it('a mutation gives one result and completes', async () => {
    const endpoint = await start();
    endpoint.fake.script = (call) => call.succeed({ blocks: [{ type: 'text', text: 'Hi' }] });
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT, HELLO);
    await socket.of('1', 'complete');
    expect((await socket.of('1', 'next')).payload).toMatchObject({ data: { chat: { text: 'Hi' } } });
    await ended(endpoint);
  });

  it('a call that fails in mid-stream ends its operation with an error message, and nothing after it', async () => {
    const endpoint = await start();
    endpoint.fake.script = (call) => {
      call.start();
      call.block(0, 'text', ['half']);
      call.fail(new CallError('upstream_stalled'));
    };
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT_STREAM, HELLO);
    const error = await socket.of('1', 'error');
    expect(error.payload).toEqual([
      {
        message: 'The upstream stopped answering.',
        extensions: { code: 'upstream_stalled', callId: endpoint.fake.calls[0]?.callId },
      },
    ]);
    socket.subscribe('2', '{ __typename }');
    await socket.of('2', 'complete');
    expect(socket.messages.filter(({ id }) => id === '1').map(({ type }) => type)).toEqual([
      'next',
      'next',
      'error',
    ]);
  });

  it.each([
    ['a live operation', CHAT_STREAM],
    ['a mutation', CHAT],
  ])('completing %s cancels its call within 50 ms and leaves the others alone', async (_what, query) => {
    const endpoint = await start();
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', query, HELLO);
    const call = await endpoint.fake.call(0);
    socket.subscribe('2', CHAT_STREAM, HELLO);
    const other = await endpoint.fake.call(1);
    call.start();
    const leftAt = performance.now();
    socket.send({ id: '1', type: 'complete' });
    await until(() => call.isCancelled, { what: 'the call is cancelled' });
    expect((call.cancelledAt ?? Number.NaN) - leftAt).toBeLessThan(CANCEL_WITHIN_MS);
    other.start();
    other.succeed();
    await socket.of('2', 'complete');
    const late = socket.messages.filter(({ id, payload }) => id === '1' && !isStarted(payload));
    expect(late).toEqual([]);
    await ended(endpoint);
  });

  it('an id may be used again at once after complete, and the new operation can be cancelled too', async () => {
    const endpoint = await start();
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT_STREAM, HELLO);
    const first = await endpoint.fake.call(0);
    socket.send({ id: '1', type: 'complete' });
    socket.subscribe('1', CHAT_STREAM, HELLO);
    const second = await endpoint.fake.call(1);
    expect([first.isCancelled, second.isCancelled]).toEqual([true, false]);
    await socket.close();
    await until(() => second.isCancelled, { what: 'the second call is cancelled' });
  });
});

describe('W11 the client goes away', () => {
  it.each([
    ['as it subscribes', CHAT_STREAM, 0],
    ['during the first next', CHAT_STREAM, 1],
    ['during a stall', CHAT_STREAM, 2],
    ['while a mutation runs', CHAT, 0],
  ])('W11 %s: the call is cancelled within 50 ms and nothing is left', async (_when, query, progress) => {
    const endpoint = await start();
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', query, HELLO);
    const call = await endpoint.fake.call(0);
    if (progress > 0) call.start();
    if (progress > 1) {
      call.block(0, 'text', ['Hel']);
      await until(() => socket.messages.length > 1, { what: 'the first events arrive' });
    }
    const leftAt = performance.now();
    socket.socket.terminate();
    await until(() => call.isCancelled, { what: 'the call is cancelled' });
    expect((call.cancelledAt ?? Number.NaN) - leftAt).toBeLessThan(CANCEL_WITHIN_MS);
    await ended(endpoint);
  });

  it('W11 in the same instant as it subscribes: no call runs on', async () => {
    const endpoint = await start();
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT_STREAM, HELLO);
    socket.socket.close();
    await within(socket.closed, { what: 'the socket closes' });
    await ended(endpoint);
    expect(endpoint.fake.calls.every((call) => call.isCancelled)).toBe(true);
  });
});

describe('who is behind a WebSocket', () => {
  const VIEWER = '{ viewer { isAdmin } }';

  it.each([
    ['authorization: Bearer in connection_init', { authorization: `Bearer ${ADMIN_KEY}` }, {}],
    ['the bare key in connection_init', { authorization: ADMIN_KEY }, {}],
    ['Authorization in connection_init', { Authorization: `bearer ${ADMIN_KEY}` }, {}],
    ['the header of the upgrade', {}, { authorization: `Bearer ${ADMIN_KEY}` }],
    [
      'connection_init before the header',
      { authorization: ADMIN_KEY },
      { authorization: `Bearer ${WEB_KEY}` },
    ],
  ])('is taken from %s', async (_where, payload, headers) => {
    const { webSocketUrl } = await start();
    const socket = await RawGraphqlSocket.open(webSocketUrl, headers);
    socket.send({ type: 'connection_init', payload });
    await socket.message(({ type }) => type === 'connection_ack');
    socket.subscribe('1', VIEWER);
    expect((await socket.of('1', 'next')).payload).toEqual({ data: { viewer: { isAdmin: true } } });
  });

  it.each([
    { authorization: 'wrong' },
    { authorization: 7 },
    { authorization: { key: ADMIN_KEY } },
    { authorization: '' },
  ])('a credential that is none closes the socket with 4401: %o', async (payload) => {
    const { webSocketUrl } = await start();
    const socket = await RawGraphqlSocket.open(webSocketUrl);
    socket.send({ type: 'connection_init', payload });
    expect(await within(socket.closed, { what: 'the socket closes' })).toEqual({
      code: 4401,
      reason: 'invalid_key',
    });
    expect(socket.messages).toEqual([]);
  });

  it('without a credential only what needs none is answered', async () => {
    const endpoint = await start();
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl);
    socket.subscribe('1', '{ __typename }');
    expect((await socket.of('1', 'next')).payload).toEqual({ data: { __typename: 'Query' } });
    socket.subscribe('2', VIEWER);
    expect(codeOf((await socket.of('2', 'next')).payload)).toBe('unauthenticated');
    socket.subscribe('3', CHAT_STREAM, HELLO);
    expect(codeOf((await socket.of('3', 'next')).payload)).toBe('unauthenticated');
    expect(endpoint.fake.calls).toHaveLength(0);
  });

  it('a key that was revoked starts nothing more, even before the socket is closed', async () => {
    const endpoint = await start({ clock: new FakeClock() });
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    endpoint.snapshot = { ...endpoint.snapshot, keys: new Map() };
    socket.subscribe('1', CHAT_STREAM, HELLO);
    expect(codeOf((await socket.of('1', 'error')).payload)).toBe('invalid_key');
    expect(endpoint.fake.calls).toHaveLength(0);
  });
});

describe('draining', () => {
  it('closes idle sockets with 1001 spread over time, and a busy one when its operation has ended', async () => {
    const clock = new FakeClock();
    const endpoint = await start({ clock });
    const first = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    const second = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    const busy = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    busy.subscribe('1', CHAT_STREAM, HELLO);
    const call = await endpoint.fake.call(0);
    call.start();
    endpoint.endpoint.drain();
    clock.advance(1);
    expect((await within(first.closed, { what: 'the first socket closes' })).code).toBe(1001);
    expect(second.isClosed).toBe(false);
    clock.advance(LIMITS.socketDrainSpreadMs);
    expect((await within(second.closed, { what: 'the second socket closes' })).code).toBe(1001);
    busy.subscribe('2', '{ __typename }');
    expect(codeOf((await busy.of('2', 'error')).payload)).toBe('draining');
    await expect(RawGraphqlSocket.open(endpoint.webSocketUrl)).rejects.toThrow('503');
    call.succeed();
    await busy.of('1', 'complete');
    expect((await within(busy.closed, { what: 'the busy socket closes' })).code).toBe(1001);
  });

  it('close() cancels what runs and resolves when every socket is closed', async () => {
    const endpoint = await start();
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT_STREAM, HELLO);
    const call = await endpoint.fake.call(0);
    await endpoint.endpoint.close();
    expect(call.isCancelled).toBe(true);
    expect((await within(socket.closed, { what: 'the socket closes' })).code).toBe(1001);
  });

  it('close() does not wait for a client that never answers the closing handshake', async () => {
    const endpoint = await start();
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.socket.pause();
    await within(endpoint.endpoint.close(), { what: 'the endpoint closes', deadlineMs: 4_000 });
    socket.socket.terminate();
  });
});

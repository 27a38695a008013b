import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { LIMITS } from '../../src/limits.ts';
import { createSnapshot } from '../../src/tenancy/snapshot.ts';
import { FakeClock } from '../support/clock.ts';
import {
  type EndpointOptions,
  type RunningEndpoint,
  startEndpoint,
  WEB_KEY,
} from '../support/graphql-endpoint.ts';
import { CHAT, CHAT_STREAM, HELLO } from '../support/graphql-request.ts';
import { codeOf, RawGraphqlSocket } from '../support/graphql-socket.ts';
import { until, within } from '../support/wait.ts';

let running: RunningEndpoint | null = null;

async function start(options: EndpointOptions = {}): Promise<RunningEndpoint> {
  running = await startEndpoint(options);
  return running;
}

afterEach(async () => {
  await running?.close();
  running = null;
});

const closeOf = (socket: RawGraphqlSocket) => within(socket.closed, { what: 'the socket closes' });

describe('GraphQL over WebSocket, under attack', () => {
  it('W01 a socket that never sends connection_init is closed with 4408', async () => {
    const { webSocketUrl } = await start({ limits: { socketInitTimeoutMs: 50 } });
    const socket = await RawGraphqlSocket.open(webSocketUrl);
    expect((await closeOf(socket)).code).toBe(4408);
  });

  it('W02 a second connection_init closes the socket with 4429', async () => {
    const { webSocketUrl } = await start();
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    socket.send({ type: 'connection_init' });
    expect((await closeOf(socket)).code).toBe(4429);
  });

  it('W02 subscribe before connection_ack closes the socket with 4401', async () => {
    const { webSocketUrl } = await start();
    const socket = await RawGraphqlSocket.open(webSocketUrl);
    socket.subscribe('1', '{ __typename }');
    expect((await closeOf(socket)).code).toBe(4401);
  });

  it('W02 an id in use closes the socket with 4409', async () => {
    const { webSocketUrl, fake } = await start();
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT_STREAM, HELLO);
    await fake.call(0);
    socket.subscribe('1', '{ __typename }');
    expect((await closeOf(socket)).code).toBe(4409);
  });

  it.each(['__proto__', 'toString', 'constructor', '1'])('W02 %s is an id like any other', async (id) => {
    const { webSocketUrl } = await start();
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    socket.subscribe(id, '{ __typename }');
    expect((await socket.of(id, 'next')).payload).toEqual({ data: { __typename: 'Query' } });
    await socket.of(id, 'complete');
  });

  it('W02 an id longer than the bound closes the socket, one at the bound does not', async () => {
    const { webSocketUrl } = await start();
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    const longest = 'i'.repeat(LIMITS.socketOperationIdBytesMax);
    socket.subscribe(longest, '{ __typename }');
    await socket.of(longest, 'complete');
    socket.subscribe(`${longest}i`, '{ __typename }');
    expect((await closeOf(socket)).code).toBe(4400);
  });

  it('W03 an operation over the bound of a socket is refused alone, and a place becomes free again', async () => {
    const { webSocketUrl, fake, endpoint } = await start({ limits: { socketOperationsMax: 2 } });
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    socket.subscribe('a', CHAT_STREAM, HELLO);
    socket.subscribe('b', CHAT_STREAM, HELLO);
    socket.subscribe('c', CHAT_STREAM, HELLO);
    expect(codeOf((await socket.of('c', 'error')).payload)).toBe('too_many_operations');
    expect(fake.calls).toHaveLength(2);
    socket.send({ id: 'a', type: 'complete' });
    await until(() => endpoint.activeOperations === 1, { what: 'the place is free' });
    socket.subscribe('d', '{ __typename }');
    await socket.of('d', 'complete');
    expect(socket.isClosed).toBe(false);
  });

  it('W04 more messages a second than allowed close the socket with 4429', async () => {
    const { webSocketUrl } = await start({ limits: { socketMessagesPerSecondMax: 20 } });
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    for (let count = 0; count < 30; count += 1) socket.send({ type: 'ping' });
    expect((await closeOf(socket)).code).toBe(4429);
  });

  it('W04 a flood of ping frames closes the socket with 4429', async () => {
    const { webSocketUrl } = await start({ limits: { socketMessagesPerSecondMax: 20 } });
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    for (let count = 0; count < 30; count += 1) socket.socket.ping();
    expect((await closeOf(socket)).code).toBe(4429);
  });

  it('W04 a message over the bound closes the socket with 1009', async () => {
    const { webSocketUrl } = await start({ limits: { socketMessageBytesMax: 10_000 } });
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    socket.send({ type: 'ping', payload: { filler: 'x'.repeat(10_000) } });
    expect((await closeOf(socket)).code).toBe(1009);
  });

  it('W04 a message that never ends, in fragments, closes the socket with 1009', async () => {
    const { webSocketUrl } = await start({ limits: { socketMessageBytesMax: 10_000 } });
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    for (let count = 0; count < 12; count += 1) socket.socket.send('x'.repeat(1_000), { fin: false });
    expect((await closeOf(socket)).code).toBe(1009);
  });

  it('W04 text that is not UTF-8 closes the socket with 1007', async () => {
    const { webSocketUrl } = await start();
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    socket.socket.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect((await closeOf(socket)).code).toBe(1007);
  });

  it.each(['{', '[]', '"text"', 'null', '{"type":"nope"}', '{"type":"subscribe","id":1}'])(
    'W04 the message %s closes the socket with 4400',
    async (message) => {
      const { webSocketUrl } = await start();
      const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
      socket.socket.send(message);
      expect((await closeOf(socket)).code).toBe(4400);
    },
  );

  it('W05 a socket over the bound of its address is refused with 429 before the handshake', async () => {
    const { webSocketUrl } = await start({ limits: { socketsPerAddressMax: 2 } });
    const first = await RawGraphqlSocket.open(webSocketUrl);
    await RawGraphqlSocket.open(webSocketUrl);
    await expect(RawGraphqlSocket.open(webSocketUrl)).rejects.toThrow('429');
    await first.close();
    await until(() => RawGraphqlSocket.open(webSocketUrl), { what: 'the place is free again' });
  });

  it('W05 a socket over the bound of the process is refused with 429', async () => {
    const { webSocketUrl } = await start({ limits: { socketsMax: 1 } });
    await RawGraphqlSocket.open(webSocketUrl);
    await expect(RawGraphqlSocket.open(webSocketUrl)).rejects.toThrow('429');
  });

  it('W06 line breaks and SSE fields in what a model says stay inside one message', async () => {
    const { webSocketUrl, fake } = await start();
    const evil = 'a\r\nb\n\ndata: {"data":null}\nevent: complete\n\u2028\u0000';
    fake.script = (call) => {
      call.start();
      call.block(0, 'text', [evil]);
      call.succeed();
    };
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT_STREAM, HELLO);
    await socket.of('1', 'complete');
    const texts = socket.messages.map(
      (message) => (message.payload as { data?: { chatStream?: { text?: string } } })?.data,
    );
    expect(texts.filter((data) => data?.chatStream?.text !== undefined)).toEqual([
      { chatStream: { __typename: 'ChatTextDelta', text: evil } },
    ]);
  });

  it('W08 a key that is revoked closes its open socket and cancels what runs on it', async () => {
    const clock = new FakeClock();
    const endpoint = await start({ clock });
    const socket = await RawGraphqlSocket.connect(endpoint.webSocketUrl, WEB_KEY);
    socket.subscribe('1', CHAT_STREAM, HELLO);
    const call = await endpoint.fake.call(0);
    endpoint.snapshot = createSnapshot({ version: 2 });
    clock.advance(LIMITS.socketRecheckMs);
    expect((await closeOf(socket)).code).toBe(4403);
    expect(call.isCancelled).toBe(true);
  });

  it.each([
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=16',
    'x; y=z',
  ])('W09 the extension offer %s is not taken up', async (offer) => {
    const { server } = await start();
    const answer = await handshake(server.address(), offer);
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer.toLowerCase()).not.toContain('sec-websocket-extensions');
  });

  it('W10 a reader who lets too much wait is closed with 1013, and other sockets go on', async () => {
    const { webSocketUrl, fake } = await start({ limits: { socketBufferedBytesMax: 64 * 1024 } });
    const slow = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    const other = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    fake.script = (call) => {
      call.start();
      call.succeed({ blocks: [{ type: 'text', text: 'x'.repeat(2 * 1024 * 1024) }] });
    };
    slow.socket.pause();
    for (let count = 0; count < 40; count += 1) slow.subscribe(`${count}`, CHAT, HELLO);
    await until(() => fake.calls.length >= 10, { what: 'calls were made' });
    other.subscribe('1', '{ __typename }');
    await other.of('1', 'complete');
    await until(() => fake.calls.every((call) => call.isEnded), { what: 'all calls have ended' });
    slow.socket.resume();
    expect((await closeOf(slow)).code).toBe(1013);
    expect(other.isClosed).toBe(false);
  });

  it('W13 a client that answers no ping is cut after the second one', async () => {
    const clock = new FakeClock();
    const { webSocketUrl } = await start({ clock });
    const socket = new WebSocket(webSocketUrl, 'graphql-transport-ws', { autoPong: false });
    const pinged = new Promise((resolve) => socket.once('ping', resolve));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('open', resolve));
    clock.advance(LIMITS.socketPingMs);
    await within(pinged, { what: 'a ping arrives' });
    clock.advance(LIMITS.socketPingMs);
    expect(await within(closed, { what: 'the socket is cut' })).toBe(1006);
  });

  it('W13 a client that answers pings stays', async () => {
    const clock = new FakeClock();
    const { webSocketUrl } = await start({ clock });
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    for (let count = 0; count < 3; count += 1) {
      const pinged = new Promise((resolve) => socket.socket.once('ping', resolve));
      clock.advance(LIMITS.socketPingMs);
      await within(pinged, { what: 'a ping arrives' });
      // What is sent after the pong is answered after it.
      socket.subscribe(`${count}`, '{ __typename }');
      await socket.of(`${count}`, 'complete');
    }
    expect(socket.isClosed).toBe(false);
  });

  it('a syntax error is an error of its operation, and the socket lives', async () => {
    const { webSocketUrl, fake } = await start();
    const socket = await RawGraphqlSocket.connect(webSocketUrl, WEB_KEY);
    socket.subscribe('running', CHAT_STREAM, HELLO);
    await fake.call(0);
    socket.subscribe('broken', '{');
    expect(codeOf((await socket.of('broken', 'error')).payload)).toBe('graphql_parse_failed');
    socket.subscribe('next', '{ __typename }');
    await socket.of('next', 'complete');
    expect(fake.calls[0]?.isCancelled).toBe(false);
  });
});

/** The answer's head to an upgrade request that offers this extension. */
function handshake(
  address: ReturnType<import('node:http').Server['address']>,
  offer: string,
): Promise<string> {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  const socket = connectTcp(address.port, '127.0.0.1');
  socket.write(
    [
      'GET /graphql HTTP/1.1',
      'Host: sluice',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: graphql-transport-ws',
      `Sec-WebSocket-Extensions: ${offer}`,
      '',
      '',
    ].join('\r\n'),
  );
  return new Promise((resolve, reject) => {
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data));
    });
    socket.once('error', reject);
  });
}

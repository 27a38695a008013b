import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectRaw } from '../../support/raw-client.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/wait.ts';

let folder: string;
let server: Server;
let proxy: TcpProxy;
const peers: Socket[] = [];
let heard: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  heard = '';
  server = createServer((peer) => {
    peers.push(peer);
    peer.on('error', () => {});
    peer.on('data', (bytes) => {
      heard += bytes;
      peer.write(`echo ${bytes}`);
    });
  }).listen(join(folder, 'server.sock'));
  await once(server, 'listening');
  proxy = await startTcpProxy({ to: { path: join(folder, 'server.sock') } });
});
afterEach(async () => {
  await proxy.close();
  for (const peer of peers.splice(0)) peer.destroy();
  server.close();
  await rm(folder, { recursive: true });
});

const connect = () => connectRaw({ port: proxy.port });

describe('TcpProxy', () => {
  it('forwards both ways, from TCP to a unix socket', async () => {
    const client = await connect();
    await client.send('hi');
    expect((await client.read('echo hi')).toString()).toBe('echo hi');
    expect([proxy.accepted, proxy.connections]).toEqual([1, 1]);
    client.destroy();
    await until(() => proxy.connections === 0, { what: 'the end of the link' });
  });

  it('listens on a unix socket too', async () => {
    const path = join(folder, 'proxy.sock');
    const second = await startTcpProxy({ to: { port: proxy.port }, listenPath: path });
    const client = await connectRaw({ path });
    await client.send('hi');
    await client.read('echo hi');
    client.destroy();
    await second.close();
  });

  it('holds everything while paused and loses nothing', async () => {
    const client = await connect();
    await client.send('a');
    await client.read('echo a');
    proxy.pause();
    await client.send('b');
    const second = await connect();
    await second.send('c');
    await until(() => proxy.accepted === 2, { what: 'the second connection' });
    const direct = await connectRaw({ path: join(folder, 'server.sock') });
    await direct.send('x');
    await direct.read('echo x');
    direct.destroy();
    expect(heard).toBe('ax');
    proxy.resume();
    await client.read('echo b');
    await second.read('echo c');
    client.destroy();
    second.destroy();
  });

  it('cuts with a reset at both ends and goes on taking connections', async () => {
    const client = await connect();
    await client.send('a');
    await client.read('echo a');
    proxy.cut();
    expect(await client.closed).toBe('reset');
    await until(() => peers[0]?.readableEnded || peers[0]?.destroyed, { what: 'the end at the server' });
    const next = await connect();
    await next.send('b');
    await next.read('echo b');
    next.destroy();
  });

  it('refuses, and takes again on the same port', async () => {
    await proxy.refuse();
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.listen();
    const client = await connect();
    await client.send('a');
    await client.read('echo a');
    client.destroy();
  });

  it('delays each piece in both directions, in order', async () => {
    let isUnderWay = false;
    proxy.intercept(() => {
      isUnderWay = true;
      return 'forward';
    });
    proxy.delay(30);
    const client = await connect();
    const startedAtMs = performance.now();
    await client.send('a');
    await until(() => isUnderWay, { what: 'the delayed byte' });
    proxy.delay(0);
    await client.send('b');
    await client.read((received) => received.includes('b'));
    expect(performance.now() - startedAtMs).toBeGreaterThan(28);
    expect(heard).toBe('ab');
    client.destroy();
  });

  it('swallows an answer and cuts: the server has heard, the client does not know', async () => {
    const client = await connect();
    proxy.intercept((_bytes, direction) => (direction === 'to-client' ? 'cut' : 'forward'));
    await client.send('commit');
    expect(await client.closed).toBe('reset');
    expect(heard).toBe('commit');
    expect(client.receivedBytes).toBe(0);
  });
});

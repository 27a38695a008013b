import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectRaw, type RawClient, rawRequest } from '../../support/raw-client.ts';
import { parseEvents } from '../../support/raw-client-events.ts';
import { until } from '../../support/wait.ts';

let server: Server;
let client: RawClient;
let peer: Socket;
let segments: Buffer[];
let peerEnded: 'fin' | 'reset' | null;

beforeEach(async () => {
  segments = [];
  peerEnded = null;
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  client = await connectRaw({ port: (server.address() as AddressInfo).port });
  [peer] = await accepted;
  peer.on('data', (bytes: Buffer) => segments.push(bytes));
  peer.on('end', () => {
    peerEnded ??= 'fin';
  });
  peer.on('error', () => {
    peerEnded ??= 'reset';
  });
});
afterEach(() => {
  client.destroy();
  peer.destroy();
  server.close();
});

const OK = 'HTTP/1.1 200 OK\r\n';

describe('sending', () => {
  it('sends byte by byte, each in a segment of its own', async () => {
    await client.trickle('hello');
    await until(() => Buffer.concat(segments).toString() === 'hello', { what: 'all bytes' });
    expect(segments).toHaveLength(5);
  });

  it('half-closes and can still read', async () => {
    client.halfClose();
    await until(() => peerEnded, { what: 'the FIN' });
    expect(peerEnded).toBe('fin');
    peer.write('still here');
    expect((await client.read('still here')).toString()).toBe('still here');
  });

  it('resets', async () => {
    client.reset();
    await until(() => peerEnded, { what: 'the reset' });
    expect(peerEnded).toBe('reset');
    expect(await client.closed).toBe('self');
  });

  it('reads nothing while paused', async () => {
    client.pause();
    const block = Buffer.alloc(1024 * 1024);
    while (peer.write(block));
    await until(() => peer.writableLength > 0 && client.receivedBytes === 0, { what: 'a full window' });
    client.resume();
    await until(() => peer.writableLength === 0, { what: 'the window to open' });
    await client.read(block.length);
  });

  it('writes a request with its Content-Length in bytes', () => {
    expect(rawRequest('POST', '/v1', { authorization: 'Bearer k' }, 'é').toString()).toBe(
      'POST /v1 HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer k\r\ncontent-length: 2\r\n\r\né',
    );
  });
});

describe('reading responses', () => {
  it('takes pipelined responses apart, whatever their framing and chunking', async () => {
    const all =
      `${OK}content-length: 3\r\n\r\none` +
      'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n' +
      `${OK}transfer-encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n` +
      'HTTP/1.1 204 No Content\r\n\r\n' +
      `${OK}x: 1\r\nx: 2\r\n\r\nuntil the end`;
    for (const byte of all) peer.write(byte);
    peer.end();
    const bodies: string[] = [];
    for (let count = 0; count < 4; count++) {
      const response = await client.response();
      expect(response.isComplete).toBe(true);
      bodies.push(`${response.status} ${response.framing} ${response.body} ${response.informational}`);
    }
    expect(bodies).toEqual([
      '200 length one ',
      '200 chunked two 103',
      '204 none  ',
      '200 close until the end ',
    ]);
    expect(client.closeKind).toBe('fin');
  });

  it.each([
    ['a short Content-Length body', `${OK}content-length: 5\r\n\r\nfour`],
    ['chunks without the last one', `${OK}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n`],
    ['a last chunk without its empty line', `${OK}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n`],
  ])('says that it broke off: %s', async (_case, bytes) => {
    peer.end(bytes);
    expect((await client.response()).isComplete).toBe(false);
  });

  it('does not take a reset for the end of a body without length', async () => {
    peer.write(`${OK}\r\npart`);
    await client.read('part');
    peer.resetAndDestroy();
    expect(await client.response()).toMatchObject({ isComplete: false, framing: 'close' });
    expect(client.closeKind).toBe('reset');
  });

  it('gives the head while the body is still coming', async () => {
    peer.write(`${OK}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n`);
    expect((await client.head()).status).toBe(200);
    await client.read('ab');
    expect(client.partial?.body.toString()).toBe('ab');
  });

  it.each([
    ['no status line', 'HTTP/2 200\r\n\r\n', 'not a status line'],
    ['no header field', `${OK}nonsense\r\n\r\n`, 'not a header field'],
    ['a wrong chunk size', `${OK}transfer-encoding: chunked\r\n\r\nxyz\r\n`, 'not a chunk size'],
    ['bytes after a chunk', `${OK}transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n`, 'bytes after a chunk'],
  ])('refuses what is not HTTP: %s', async (_case, bytes, message) => {
    peer.write(bytes);
    await expect(client.response()).rejects.toThrow(message);
  });

  it('says so when the connection ends without any response', async () => {
    peer.end();
    await expect(client.response()).rejects.toThrow('connection ended (fin) without a response');
  });
});

describe('parseEvents', () => {
  it('follows the standard in line ends, comments, names and the missing last blank line', () => {
    const stream =
      '\uFEFF: hi\r\ndata:no space\r\rdata: a\ndata\ndata:  b\n\nevent: e\nid: 1\ndata: {}\n\nevent: x\n\ndata: lost';
    expect(parseEvents(stream)).toEqual([
      { event: 'message', data: 'no space' },
      { event: 'message', data: 'a\n\n b' },
      { event: 'e', data: '{}' },
    ]);
  });
});

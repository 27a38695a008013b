import { Readable } from 'node:stream';
import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  acceptAfter,
  type FakeUpstream,
  resetOnConnect,
  startFakeUpstream,
} from '../../support/fake-upstream.ts';
import {
  bytes,
  chunk,
  end,
  fin,
  holdHeaders,
  inTurn,
  json,
  reset,
  respond,
  respondStream,
  send,
  sse,
  stall,
  wait,
} from '../../support/fake-upstream-steps.ts';
import { connectRaw, rawRequest } from '../../support/raw-client.ts';
import { gate, until } from '../../support/wait.ts';

let upstream: FakeUpstream;
let pool: Pool;

beforeEach(async () => {
  upstream = await startFakeUpstream();
  pool = new Pool(upstream.origin, { connections: 1, pipelining: 1 });
});
afterEach(async () => {
  await pool.destroy();
  await upstream.close();
});

const post = (body = '{}') => pool.request({ method: 'POST', path: '/v1/x', body });

/** The code of the error with which reading an answer fails. */
async function failure(running: ReturnType<typeof post>): Promise<string | undefined> {
  try {
    await (await running).body.text();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe('a script', () => {
  it('sends a whole JSON answer, and the connection is used again', async () => {
    upstream.answer(json({ ok: true }, 201, { 'x-test': 'yes' }));
    for (let count = 0; count < 2; count++) {
      const response = await post();
      expect([response.statusCode, response.headers['x-test'], await response.body.json()]).toEqual([
        201,
        'yes',
        { ok: true },
      ]);
    }
    expect(upstream.connections).toHaveLength(1);
  });

  it('sends chunks and events in the framing of the head', async () => {
    upstream.answer([respondStream(), sse('one'), send('raw'), sse('a\nb', 'named'), end()]);
    const response = await post();
    expect(await response.body.text()).toBe('data: one\n\nrawevent: named\ndata: a\ndata: b\n\n');
  });

  it.each([
    ['before the response', [reset()]],
    ['within the body', [respond(200, { 'transfer-encoding': 'chunked' }), chunk('x'), reset()]],
  ])('resets %s', async (_where, script) => {
    upstream.answer(script);
    expect(await failure(post())).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    const client = await connectRaw({ port: upstream.port });
    await client.send(rawRequest('GET', '/'));
    expect(await client.closed).toBe('reset');
  });

  it('ends in order but without the last chunk', async () => {
    upstream.answer([respond(200, { 'transfer-encoding': 'chunked' }), chunk('x'), fin()]);
    expect(await failure(post())).toBe('UND_ERR_SOCKET');
  });

  it('ends short of its Content-Length', async () => {
    upstream.answer([respond(200, { 'content-length': '10' }), bytes('short'), fin()]);
    expect(await failure(post())).toMatch(/UND_ERR_(SOCKET|RES_CONTENT_LENGTH_MISMATCH)/);
  });

  it('holds the head until the gate opens', async () => {
    const opened = gate();
    upstream.answer([holdHeaders(opened), json({})]);
    const running = post();
    const entry = await upstream.seen();
    expect(entry.bytesWritten).toBe(0);
    opened.open();
    expect((await running).statusCode).toBe(200);
  });

  it('stalls between bytes and sees when the client leaves', async () => {
    upstream.answer([respondStream(), sse('one'), stall()]);
    const aborted = new AbortController();
    const response = await pool.request({ method: 'GET', path: '/', signal: aborted.signal });
    const entry = await upstream.seen();
    const leftAtMs = performance.now();
    aborted.abort();
    await response.body.text().catch(() => {});
    expect((await entry.peerClosed) - leftAtMs).toBeLessThan(50);
    expect(entry.isScriptDone).toBe(false);
    expect(entry.response).toMatchObject({ status: 200, isComplete: false });
  });

  it('plays one script for each request in turn, and queued ones first', async () => {
    upstream.answer(inTurn(json({}, 500), json({}, 200)));
    upstream.answerNext(json({}, 429));
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++) {
      const response = await post();
      await response.body.dump();
      statuses.push(response.statusCode);
    }
    expect(statuses).toEqual([429, 500, 200, 200]);
  });

  it('answers before the body has come when told to', async () => {
    upstream.answer([json({}, 413), fin()], { at: 'head' });
    const client = await connectRaw({ port: upstream.port });
    await client.send('POST / HTTP/1.1\r\ncontent-length: 1000000\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 413, isComplete: true });
    expect((await upstream.seen()).bodyAtMs).toBeNull();
    client.destroy();
  });

  it('reports its own failure when the upstream closes', async () => {
    const broken = await startFakeUpstream({ answer: [json({}), holdHeaders()] });
    const client = await connectRaw({ port: broken.port });
    await client.send(rawRequest('GET', '/'));
    await client.closed;
    await expect(broken.close()).rejects.toThrow('holdHeaders() after a response has begun');
  });
});

describe('the ledger', () => {
  it('keeps what the request said', async () => {
    upstream.answer(json({}));
    await (await post('{"prompt":"nonce-0123456789abcdef"}')).body.dump();
    const [entry] = upstream.requests;
    expect(entry).toMatchObject({
      method: 'POST',
      path: '/v1/x',
      nonce: 'nonce-0123456789abcdef',
      isScriptDone: true,
    });
    expect(entry?.json()).toEqual({ prompt: 'nonce-0123456789abcdef' });
    expect(entry?.headers['content-length']).toBe('35');
    expect(entry?.response).toMatchObject({ status: 200, isComplete: true });
    expect(entry?.bodyAtMs).toBeGreaterThanOrEqual(entry?.arrivedAtMs ?? Number.NaN);
  });

  it('reads a chunked request body', async () => {
    upstream.answer(json({}));
    const body = Readable.from([Buffer.from('one '), Buffer.from('two')]);
    const response = await pool.request({ method: 'POST', path: '/', body });
    await response.body.dump();
    expect(upstream.requests[0]?.body.toString()).toBe('one two');
  });

  it('tells a reset by the client from an end in order', async () => {
    upstream.answer(stall());
    for (const leave of ['reset', 'destroy'] as const) {
      const client = await connectRaw({ port: upstream.port });
      await client.send(rawRequest('GET', '/'));
      const entry = await upstream.seen(upstream.requests.length + 1);
      client[leave]();
      await entry.peerClosed;
      expect(entry.endKind).toBe(leave === 'reset' ? 'peer-reset' : 'peer-fin');
    }
  });

  it('sees that the client does not read', async () => {
    const block = Buffer.alloc(64 * 1024);
    upstream.answer([
      respond(200, { connection: 'close' }),
      ...Array.from({ length: 400 }, () => bytes(block)),
      fin(),
    ]);
    const client = await connectRaw({ port: upstream.port });
    client.pause();
    await client.send(rawRequest('GET', '/'));
    const entry = await upstream.seen();
    await until(() => entry.isBlocked, { what: 'a full send window' });
    client.resume();
    const response = await client.response();
    expect(response.body.length).toBe(400 * block.length);
    expect(entry).toMatchObject({ isBlocked: false, hadBackpressure: true, isScriptDone: true });
  });

  it('refuses to read a request with two lengths', async () => {
    const strict = await startFakeUpstream({ answer: json({}) });
    const client = await connectRaw({ port: strict.port });
    await client.send('POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n');
    expect(await client.closed).toBe('reset');
    await expect(strict.close()).rejects.toThrow('both Content-Length and Transfer-Encoding');
  });
});

describe('a connection', () => {
  it('is refused while the upstream refuses, and taken again on the same port', async () => {
    upstream.answer(json({}));
    await upstream.refuse();
    expect(await failure(post())).toBe('ECONNREFUSED');
    await upstream.listen();
    expect((await post()).statusCode).toBe(200);
  });

  it('is reset as soon as it is made', async () => {
    const hostile = await startFakeUpstream({ onConnection: resetOnConnect });
    const closed = connectRaw({ port: hostile.port }).then(
      (client) => client.closed,
      (error: { code?: string }) => error.code,
    );
    expect(await closed).toMatch(/^(reset|ECONNRESET)$/);
    await hostile.close();
  });

  it('is not read before the gate opens', async () => {
    const opened = gate();
    const late = await startFakeUpstream({ answer: json({}), onConnection: acceptAfter(opened) });
    const client = await connectRaw({ port: late.port });
    await client.send(rawRequest('GET', '/'));
    expect(late.requests).toHaveLength(0);
    opened.open();
    expect((await client.response()).status).toBe(200);
    client.destroy();
    await late.close();
  });

  it('carries bytes that nobody asked for', async () => {
    upstream.answer(json({}));
    const client = await connectRaw({ port: upstream.port });
    await client.send(rawRequest('GET', '/'));
    await client.response();
    upstream.connections[0]?.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 200, isComplete: true });
    client.destroy();
  });

  it('plays pipelined requests one after another', async () => {
    const opened = gate();
    upstream.answer(inTurn([wait(opened), json({ n: 1 })], json({ n: 2 })));
    const client = await connectRaw({ port: upstream.port });
    await client.send(Buffer.concat([rawRequest('GET', '/1'), rawRequest('GET', '/2')]));
    await upstream.seen(2);
    opened.open();
    expect((await client.response()).body.toString()).toBe('{"n":1}');
    expect((await client.response()).body.toString()).toBe('{"n":2}');
    client.destroy();
  });
});

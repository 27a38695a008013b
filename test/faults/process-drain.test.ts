import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nonce } from '../support/canary.ts';
import { faultOf, type SentChat, sendChat } from '../support/chat-client.ts';
import { toChecked } from '../support/checked-row.ts';
import { Checker } from '../support/checker.ts';
import { configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { wait } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type Product, startProduct } from '../support/product.ts';
import { callRows, type ProductDatabase, productDatabase } from '../support/product-database.ts';
import { connectRaw, rawRequest } from '../support/raw-client.ts';
import { type Gate, gate, until, within } from '../support/wait.ts';

const STREAMS = 300;

let upstream: FakeUpstream;
let opened: Gate;
let checker: Checker;

beforeEach(async () => {
  opened = gate();
  // The first half of each stream comes at once, the rest when the gate opens.
  upstream = await startEchoUpstream({ before: (index) => (index === 2 ? wait(opened) : undefined) });
  checker = new Checker();
});
afterEach(() => upstream.close());

const config = () =>
  configText(
    [{ name: 'lab', protocol: 'openai-chat', port: upstream.port }],
    [{ name: 'fast', targets: ['lab/gpt-fake'] }],
  );

interface Open extends SentChat {
  readonly word: string;
}

/** That many streams, each with its first bytes at the client and the rest held back. */
async function openStreams(port: number, count: number): Promise<Open[]> {
  const agent = new Agent({ keepAlive: true });
  const streams = Array.from({ length: count }, () => {
    const word = nonce();
    return { word, ...sendChat({ agent, port, model: 'fast', isStream: true, word }) };
  });
  await within(Promise.all(streams.map(({ begun }) => begun)), { what: 'first bytes', deadlineMs: 20_000 });
  return streams;
}

/** Tells the checker how the streams ended; gives what was wrong with each. */
async function finish(streams: readonly Open[]): Promise<(string | null)[]> {
  return await Promise.all(
    streams.map(async ({ word, seen }) => {
      const { response } = await within(seen, { what: 'the end of a stream', deadlineMs: 10_000 });
      checker.http(word, response);
      return response === null ? 'no answer' : faultOf(response);
    }),
  );
}

/** Status of /readyz on a connection of its own; 0 when none is accepted. */
async function readiness(port: number): Promise<number> {
  try {
    const client = await connectRaw({ port });
    await client.send(rawRequest('GET', '/readyz'));
    const { status } = await client.response();
    client.destroy();
    return status;
  } catch {
    return 0;
  }
}

describe('SIGTERM with streams in flight', () => {
  let database: ProductDatabase;
  let product: Product;

  beforeEach(async () => {
    database = await productDatabase();
    product = await startProduct({ env: { DATABASE_URL: database.url() }, config: config() });
  });
  afterEach(async () => {
    await product.dispose();
    await database.close();
  });

  const verify = () =>
    checker.verify({ rows: database.checkedRows, upstreams: [upstream], logs: product.logs() });

  it('P01 readiness fails first, then no connection is taken, every stream ends whole, and the exit code is 0', async () => {
    const streams = await openStreams(product.port, STREAMS);
    expect(await readiness(product.port)).toBe(200);
    product.child.kill('SIGTERM');
    const seen = new Set<number>();
    await until(async () => seen.add(await readiness(product.port)).has(0), { what: 'refused connections' });
    expect([...seen].filter((status) => status !== 200)).toEqual([503, 0]);
    opened.open();
    expect((await finish(streams)).filter((fault) => fault !== null)).toEqual([]);
    expect(await within(product.exited, { what: 'the exit', deadlineMs: 10_000 })).toBe(0);
    await verify();
  });

  it('P01 an idle keep-alive connection is told to close with its next answer', async () => {
    const [stream] = await openStreams(product.port, 1);
    const idle = await connectRaw({ port: product.port });
    await idle.send(rawRequest('GET', '/healthz'));
    expect((await idle.response()).headers['connection']).toBe('keep-alive');
    product.child.kill('SIGTERM');
    await until(async () => (await readiness(product.port)) === 0, { what: 'refused connections' });
    await idle.send(rawRequest('GET', '/healthz'));
    expect((await idle.response()).headers['connection']).toBe('close');
    expect(await idle.closed).toBe('fin');
    idle.destroy();
    opened.open();
    expect(await finish(stream === undefined ? [] : [stream])).toEqual([null]);
    expect(await product.exited).toBe(0);
    await verify();
  });

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
  ] as const)(
    'P03 %s and then %s: streams get an error, their records are kept, and it exits at once',
    async (first, second) => {
      const streams = await openStreams(product.port, 20);
      product.child.kill(first);
      await until(async () => (await readiness(product.port)) === 0, { what: 'refused connections' });
      const killedAt = performance.now();
      expect(await within(product.kill(second), { what: 'the exit', deadlineMs: 5_000 })).toBe(0);
      expect(performance.now() - killedAt).toBeLessThan(3_000);
      for (const fault of await finish(streams)) expect(fault).toContain('"code":"draining"');
      await verify();
      expect((await database.rows()).map((row) => [row.outcome, row.error_code])).toEqual(
        streams.map(() => ['interrupted', 'draining']),
      );
    },
  );
});

describe('a drain that takes too long', () => {
  let gateway: TestGateway;
  const drainTimeoutMs = 400;

  beforeEach(async () => {
    gateway = await startGateway({ config: config(), limits: { drainTimeoutMs } });
  });
  afterEach(() => gateway.close());

  it('P02 what still runs at the timeout gets an error event and its record, and the gateway ends', async () => {
    const streams = await openStreams(gateway.port, 20);
    const beganAt = performance.now();
    await gateway.gateway.drain();
    expect(performance.now() - beganAt).toBeLessThan(drainTimeoutMs + 2_000);
    for (const fault of await finish(streams)) expect(fault).toContain('"code":"draining"');
    await checker.verify({
      rows: async () => (await callRows(gateway.address)).map(toChecked),
      upstreams: [upstream],
      logs: gateway.logs.lines,
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toChecked } from '../support/checked-row.ts';
import { Checker } from '../support/checker.ts';
import { configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { Load } from '../support/load.ts';
import { proxyTarget } from '../support/product-database.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/wait.ts';

const isFull = process.env['SLUICE_FAULTS'] === 'full';
const OUTAGE_MS = isFull ? 60_000 : 6_000;
const RECOVERY_MS = 30_000;

let upstream: FakeUpstream;
let proxy: TcpProxy;
let gateway: TestGateway;
let checker: Checker;
let load: Load;

beforeEach(async () => {
  upstream = await startEchoUpstream();
  const connection = { name: 'lab', protocol: 'openai-chat', port: upstream.port } as const;
  gateway = await startGateway({
    config: configText([connection], [{ name: 'fast', targets: ['lab/gpt-fake'] }]),
    async address(address) {
      proxy = await new TcpProxy({ to: proxyTarget(address) }).listen();
      return { ...address, host: '127.0.0.1', port: proxy.port };
    },
  });
  checker = new Checker();
  load = new Load({ port: gateway.port, checker, clients: isFull ? 40 : 10, everyMs: 25, models: ['fast'] });
});
afterEach(async () => {
  await load.stop();
  await proxy.listen().catch(() => {});
  proxy.resume();
  await gateway.close();
  await proxy.close();
  await upstream.close();
});

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${gateway.baseUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

/** Load goes on during the outage; then every record must be there in time, and no call may have noticed. */
async function outage(begin: () => unknown, end: () => unknown): Promise<void> {
  await load.more(50);
  await until(() => metric('sluice_records_drained'), { what: 'a first drained record' });
  await begin();
  const overAt = performance.now() + OUTAGE_MS;
  await until(() => performance.now() > overAt, {
    what: 'the outage',
    deadlineMs: OUTAGE_MS * 2,
    pollMs: 50,
  });
  const waiting = load.succeeded - (await metric('sluice_records_drained'));
  await end();
  const backAt = performance.now();
  await load.more(50);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(waiting).toBeGreaterThan(100);
  await checker.verify({
    rows: async () => (await gateway.rows()).map(toChecked),
    upstreams: [upstream],
    logs: gateway.logs.lines,
    deadlineMs: RECOVERY_MS,
  });
  expect(performance.now() - backAt).toBeLessThan(RECOVERY_MS);
  expect(await metric('sluice_records_quarantined')).toBe(0);
}

describe('Postgres goes away under load', () => {
  it('D01 connections are cut and refused: no call fails, and every record is there after the return', () =>
    outage(
      () => proxy.refuse(),
      () => proxy.listen(),
    ));

  it('D02 connections stay open and nothing answers: no call fails, and every record is there after the return', () =>
    outage(
      () => proxy.pause(),
      () => proxy.resume(),
    ));
});

import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nonce } from '../support/canary.ts';
import { faultOf, sendChat } from '../support/chat-client.ts';
import { toChecked } from '../support/checked-row.ts';
import { Checker } from '../support/checker.ts';
import { measureProcess } from '../support/checker-leaks.ts';
import { APP_KEY } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { Load } from '../support/load.ts';
import { until } from '../support/wait.ts';

const CHANGES = process.env['SLUICE_FAULTS'] === 'full' ? 600 : 40;
const EVERY_MS = 100;

let upstreams: FakeUpstream[];
let gateway: TestGateway;
let checker: Checker;

beforeEach(async () => {
  upstreams = await Promise.all([1, 2, 3].map(() => startEchoUpstream()));
  gateway = await startGateway({ config: version(0) });
  checker = new Checker();
});
afterEach(async () => {
  await gateway.close();
  for (const upstream of upstreams) await upstream.close();
});

/** The nth configuration: upstream, credential, upstream model, keys and further models all say which it is. */
function version(n: number): string {
  const port = upstreams[n % upstreams.length]?.port;
  const target = { connection: 'lab', model: `model-${n}` };
  return JSON.stringify({
    connections: [
      {
        ...{ name: 'lab', provider: 'custom', protocol: 'openai-chat' },
        ...{ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: `secret-of-version-${n}` },
      },
    ],
    models: [
      { name: 'fast', targets: [target] },
      { name: `only-${n}`, targets: [target] },
    ],
    tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY, `sk-key-of-version-${n}`] }] }],
  });
}

const versionIn = (text: unknown): number => Number(/-(\d+)$/.exec(String(text))?.[1] ?? Number.NaN);

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${gateway.baseUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

async function call(model: string): Promise<string | null> {
  const word = nonce();
  const { response } = await sendChat({ port: gateway.port, model, isStream: false, word }).seen;
  checker.http(word, response);
  return response === null ? 'no answer' : faultOf(response);
}

describe('configuration under load', () => {
  it('P05 changes every 100 ms: no call fails, each sees one version whole, and nothing grows', async () => {
    expect(await call('fast')).toBeNull();
    const baseline = measureProcess();
    const load = new Load({ port: gateway.port, checker, clients: 10, everyMs: 10, models: ['fast'] });
    for (let n = 1; n <= CHANGES; n += 1) {
      gateway.writeConfig(version(n));
      await pause(EVERY_MS);
    }
    await until(async () => (await call(`only-${CHANGES}`)) === null, {
      what: 'the last version in force',
    });
    await load.stop();

    expect(load.failures).toEqual([]);
    const versions = new Set<number>();
    const mixed: string[] = [];
    for (const [index, upstream] of upstreams.entries()) {
      for (const request of upstream.requests) {
        const n = versionIn(request.json()['model']);
        const secret = versionIn(request.headers['authorization']);
        if (n % upstreams.length !== index || secret !== n) mixed.push(`${n} at ${index} with ${secret}`);
        versions.add(n);
      }
    }
    expect(mixed).toEqual([]);
    expect(versions.size).toBeGreaterThan(CHANGES / 4);
    const rows = (await gateway.rows()).filter((row) => row.target !== null);
    const targets = new Map(rows.map((row) => [row.snapshot_version, row.target]));
    expect(rows.filter((row) => targets.get(row.snapshot_version) !== row.target)).toEqual([]);
    expect(new Set(targets.values()).size).toBe(targets.size);

    await until(async () => (await metric('sluice_upstream_pools')) === 1, { what: 'old pools to close' });
    await checker.verify({
      rows: async () => (await gateway.rows()).map(toChecked),
      upstreams,
      logs: gateway.logs.lines,
      leaks: { baseline, measure: measureProcess },
    });
  });

  it('P05 a removed upstream finishes its calls and is then left', async () => {
    expect(await call('fast')).toBeNull();
    expect(upstreams[0]?.openConnections).toBe(1);
    gateway.writeConfig(version(1));
    await until(() => upstreams[0]?.openConnections === 0, { what: 'the old connection to close' });
    expect(await call('fast')).toBeNull();
    expect(await metric('sluice_upstream_pools')).toBe(1);
  });

  it('P06 an invalid configuration is rejected whole, counted and named, and calls go on', async () => {
    const load = new Load({ port: gateway.port, checker, clients: 5, everyMs: 5, models: ['fast'] });
    await load.more(20);
    gateway.writeConfig(version(1).replace('"model":"model-1"', '"modle":"model-1"'));
    await until(async () => (await metric('sluice_config_rejected_total')) === 1, { what: 'the rejection' });
    await load.more(20);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(upstreams[0]?.requests.map(({ headers }) => versionIn(headers['authorization']))).not.toContain(1);
    const errors = gateway.logs.entries.filter(({ level }) => level === 'error');
    expect(JSON.stringify(errors)).toMatch(/sluice\.yaml:\d+:\d+ models\[0\]\.targets\[0\]/);
    expect(JSON.stringify(errors)).not.toContain('secret-of-version');
    gateway.writeConfig(version(2));
    await until(async () => (await call('only-2')) === null, { what: 'the next one', deadlineMs: 1_000 });
    await checker.verify({
      rows: async () => (await gateway.rows()).map(toChecked),
      upstreams,
      logs: gateway.logs.lines,
    });
  });
});

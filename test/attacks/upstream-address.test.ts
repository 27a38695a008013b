import type { LookupAddress } from 'node:dns';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { nonce } from '../support/canary.ts';
import { checkedRow } from '../support/checked-row.ts';
import { Checker } from '../support/checker.ts';
import { APP_KEY, configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { openaiError } from '../support/fake-upstream-openai.ts';
import { respond } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw, rawRequest } from '../support/raw-client.ts';
import type { RawResponse } from '../support/raw-client-response.ts';
import { until } from '../support/wait.ts';

/** What the names of these tests resolve to; all others are the system's. */
const names = vi.hoisted(() => new Map<string, { address: string; family: number }[][]>());

vi.mock('node:dns', async (importOriginal) => {
  const dns = await importOriginal<typeof import('node:dns')>();
  const lookup = (
    name: string,
    options: object,
    done: (error: Error | null, found: LookupAddress[]) => void,
  ) => {
    const answers = names.get(name);
    if (answers === undefined) return dns.lookup(name, { ...options, all: true }, done);
    done(null, (answers.length > 1 ? answers.shift() : answers[0]) ?? []);
  };
  return { ...dns, lookup };
});

/** Stands for a public address: it may be called, and nothing listens there. */
const LISTED = '127.0.0.2/32';

let lab: FakeUpstream;
let spare: FakeUpstream;
/** Where nothing must ever arrive: what attackers name. */
let evil: FakeUpstream;
let gateway: TestGateway;
let checker: Checker;
let labKey: string;
let spareKey: string;

beforeAll(async () => {
  [lab, spare, evil] = await Promise.all([startEchoUpstream(), startEchoUpstream(), startEchoUpstream()]);
  labKey = 'secret-of-lab-7f3a9c21';
  spareKey = 'secret-of-spare-5e8b1d04';
  gateway = await startGateway({ config: config([LISTED]) });
});

function config(allowPrivate: readonly string[]): string {
  const text = configText(
    [
      { name: 'lab', protocol: 'openai-chat', port: lab.port, secret: labKey },
      { name: 'spare', protocol: 'anthropic-messages', port: spare.port, secret: spareKey },
    ],
    [{ name: 'fast', targets: ['lab/gpt-fake', 'spare/claude-fake'] }],
  );
  return JSON.stringify({ ...JSON.parse(text), network: { allowPrivate } });
}

afterAll(async () => {
  await gateway.close();
  for (const upstream of [lab, spare, evil]) await upstream.close();
});
beforeEach(() => {
  checker = new Checker();
  for (const upstream of [lab, spare, evil]) upstream.requests.length = 0;
});

interface Attack {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

/** A chat with what the attacker adds to it. */
async function chat({ body = {}, headers = {}, query = '' }: Attack): Promise<RawResponse> {
  const word = nonce();
  const client = await connectRaw({ port: gateway.port });
  const content = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: word }], ...body });
  const all = { 'content-type': 'application/json', authorization: `Bearer ${APP_KEY}`, ...headers };
  await client.send(rawRequest('POST', `/v1/chat/completions${query}`, all, content));
  const response = await client.response();
  client.destroy();
  checker.http(word, response);
  return response;
}

async function verify(): Promise<void> {
  expect(evil.connections).toEqual([]);
  const ids = new Set<string | undefined>();
  for (const { rawHead, body } of [...lab.requests, ...spare.requests]) {
    ids.add(rawHead);
    expect(rawHead + body.toString()).not.toContain(APP_KEY);
  }
  for (const { rawHead } of lab.requests) expect(rawHead).not.toContain(spareKey);
  for (const { rawHead } of spare.requests) expect(rawHead).not.toContain(labKey);
  const oldest = checkedFrom;
  const rows = (await gateway.rows()).filter(({ id }) => !oldest.has(id));
  for (const { id } of rows) checkedFrom.add(id);
  await checker.verify({
    rows: async () => rows.map(checkedRow),
    upstreams: [lab, spare],
    logs: gateway.logs.lines,
    texts: { records: JSON.stringify(rows) },
  });
}
const checkedFrom = new Set<string>();

describe('where a caller wants its call to go', () => {
  const evilUrl = () => `http://127.0.0.1:${evil.port}/v1`;

  it.each([
    'api_base',
    'base_url',
    'baseUrl',
    'apiBase',
    'custom_host',
    'api_key',
    'host',
    'endpoint',
    'proxy',
  ])(
    'S01 the field %s changes nothing: the call goes to the registered address with the registered key',
    async (field) => {
      const { status } = await chat({ body: { [field]: field === 'api_key' ? 'sk-attacker' : evilUrl() } });
      expect(status).toBe(200);
      expect(lab.requests.map(({ headers }) => [headers['host'], headers['authorization']])).toEqual([
        [`127.0.0.1:${lab.port}`, `Bearer ${labKey}`],
      ]);
      await verify();
    },
  );

  it.each([
    'x-portkey-custom-host',
    'x-api-base',
    'x-base-url',
    'x-forwarded-host',
    'x-original-url',
    'x-rewrite-url',
    'helicone-target-url',
    'x-upstream',
    'forwarded',
    'x-sluice-base-url',
    'openai-organization',
    'x-goog-user-project',
  ])('S01 the header %s reaches no upstream', async (name) => {
    expect((await chat({ headers: { [name]: evilUrl() } })).status).toBe(200);
    expect(lab.requests).toHaveLength(1);
    expect(lab.requests[0]?.rawHead).not.toContain(String(evil.port));
    await verify();
  });

  it('S01 a second credential, a hop-by-hop name and a header of our own replace nothing', async () => {
    const headers = {
      ...{ 'x-api-key': 'sk-attacker', 'api-key': 'sk-attacker', connection: 'authorization, host' },
      ...{ 'user-agent': 'evil', 'accept-encoding': 'gzip', 'x-sluice-call-id': 'evil' },
    };
    const response = await chat({ headers });
    expect(response.status).toBe(200);
    expect(response.headers['x-sluice-call-id']).not.toBe('evil');
    const sent = lab.requests[0]?.headers ?? {};
    expect(sent).toMatchObject({ authorization: `Bearer ${labKey}`, 'accept-encoding': 'identity' });
    expect(JSON.stringify(sent)).not.toContain('attacker');
    expect(JSON.stringify(sent)).not.toContain('evil');
    await verify();
  });

  it.each([
    () => evilUrl(),
    () => `${evilUrl()}/gpt-4`,
    () => `lab/../../${evilUrl()}`,
    () => `//127.0.0.1:${evil.port}/v1`,
    () => `lab@127.0.0.1:${evil.port}/x`,
    () => 'custom/http://169.254.169.254/latest',
  ])('S01 a model that is an address is not found', async (model) => {
    const response = await chat({ body: { model: model() } });
    const found = response.status === 200 ? lab.requests.map(({ path }) => path) : [];
    expect([response.status, ...found]).toEqual(
      response.status === 200 ? [200, '/v1/chat/completions'] : [404],
    );
    await verify();
  });

  it('S01 a failover sends each key to its own origin only', async () => {
    lab.answerNext(openaiError(503, 'down'));
    expect((await chat({})).status).toBe(200);
    expect(lab.requests.map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${labKey}`]);
    expect(spare.requests.map(({ headers }) => headers['x-api-key'])).toEqual([spareKey]);
    expect(spare.requests[0]?.headers['authorization']).toBeUndefined();
    await verify();
  });

  it.each([301, 302, 303, 307, 308])('S04 a redirect with %i is not followed', async (status) => {
    for (const upstream of [lab, spare]) {
      upstream.answerNext(respond(status, { location: evilUrl(), 'content-length': '0' }));
    }
    const response = await chat({});
    expect(response.status).toBe(502);
    expect(JSON.stringify(response.headers) + response.body).not.toContain(String(evil.port));
    await verify();
  });
});

describe('addresses that a tenant has registered', () => {
  let count = 0;

  /** A connection of the graph, as some other process writes it: past every check at registration. */
  async function register(baseUrl: string): Promise<string> {
    count += 1;
    const name = `tenant-${count}`;
    const client = new Client({ ...gateway.address });
    await client.connect();
    await client.query(
      `insert into connections (id, tenant_id, name, provider, protocol, base_url, source)
       select gen_random_uuid(), id, $1, 'custom', 'openai-chat', $2, 'graph' from tenants where name = 'acme'`,
      [name, baseUrl],
    );
    await client.end();
    const isThere = () =>
      [...gateway.configuration.snapshot.connections.values()].some((each) => each.name === name);
    await until(isThere, { what: 'the connection is in force' });
    return `${name}/some-model`;
  }

  async function expectRefused(baseUrl: string): Promise<void> {
    const response = await chat({ body: { model: await register(baseUrl) } });
    const { error } = JSON.parse(response.body.toString());
    expect([502, 503]).toContain(response.status);
    expect(['no_healthy_upstream', 'upstream_address_refused']).toContain(error.code);
    await verify();
  }

  it.each([
    (port: number) => `http://127.0.0.1:${port}/v1`,
    (port: number) => `http://[::1]:${port}/v1`,
    (port: number) => `http://[::ffff:127.0.0.1]:${port}/v1`,
    (port: number) => `http://localhost:${port}/v1`,
    (port: number) => `http://0.0.0.0:${port}/v1`,
    (port: number) => `http://2130706433:${port}/v1`,
    (port: number) => `http://0x7f.1:${port}/v1`,
    (port: number) => `http://127.1:${port}/v1`,
    () => 'http://169.254.169.254/latest/meta-data',
    () => 'http://10.0.0.1/v1',
    () => 'http://8.8.8.8:6379/v1',
  ])('S02 a private address in a row of the graph is refused, and nothing is sent (%#)', async (urlOf) => {
    await expectRefused(urlOf(evil.port));
  });

  it('S03 a name that resolves to a private address is refused at connect', async () => {
    names.set('private.example', [[{ address: '127.0.0.1', family: 4 }]]);
    await expectRefused(`http://private.example:${evil.port}/v1`);
  });

  it('S03 a name with an allowed and a private address is refused', async () => {
    names.set('mixed.example', [
      [
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ]);
    await expectRefused(`http://mixed.example:${evil.port}/v1`);
  });

  it('S03 a name that is private from the second look on is refused at that look', async () => {
    names.set('rebinding.example', [
      [{ address: '127.0.0.2', family: 4 }],
      [{ address: '127.0.0.1', family: 4 }],
    ]);
    const model = await register(`http://rebinding.example:${evil.port}/v1`);
    for (let look = 0; look < 3; look += 1) {
      const { status } = await chat({ body: { model } });
      expect([502, 503, 504]).toContain(status);
    }
    await verify();
  });

  it('S03 what the operator lists may be called, from the moment when it is listed until it is not', async () => {
    names.set('listed.example', [[{ address: '127.0.0.1', family: 4 }]]);
    const model = await register(`http://listed.example:${lab.port}/v1`);
    const status = async () => (await chat({ body: { model } })).status;
    const allow = async (blocks: string[]) => {
      gateway.writeConfig(config(blocks));
      await until(() => gateway.configuration.allowPrivate.length === blocks.length, { what: 'the change' });
    };
    expect([502, 503]).toContain(await status());
    await allow([LISTED, '127.0.0.1/32']);
    expect(await status()).toBe(200);
    expect(lab.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
    await allow([LISTED]);
    expect([502, 503]).toContain(await status());
    expect(lab.requests).toHaveLength(1);
    await verify();
  });
});

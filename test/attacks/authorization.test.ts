import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Random } from '../../src/ports.ts';
import { withSeed } from '../support/clock.ts';
import { ADMIN_KEY, APP_KEY } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { proxyTarget } from '../support/product-database.ts';
import { connectRaw, type RawClient, rawRequest } from '../support/raw-client.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/wait.ts';

const VALUES = process.env['SLUICE_FAULTS'] === 'full' ? 10_000 : 1_500;
/** In every value that is tried: where it turns up, a credential has leaked. */
const MARK = 'zqxfuzzmark';
const HEADER_BYTES_MAX = 16 * 1024;

const shared = (length: number, end: string) => 's'.repeat(length) + end;
const TWINS = [20, 64, 72, 256].map((length) => [shared(length, '-one'), shared(length, '-two')] as const);

let upstream: FakeUpstream;
let proxy: TcpProxy;
let gateway: TestGateway;
let sentToPostgres = '';

const config = (keys: readonly (readonly string[])[]) =>
  JSON.stringify({
    connections: [
      {
        ...{ name: 'lab', provider: 'custom', protocol: 'openai-chat', apiKey: 'secret-of-lab-0001' },
        baseUrl: `http://127.0.0.1:${upstream.port}/v1`,
      },
    ],
    models: [{ name: 'fast', targets: [{ connection: 'lab', model: 'gpt-fake' }] }],
    tenants: [
      { name: 'acme', applications: keys.map((each, index) => ({ name: `app-${index}`, keys: each })) },
    ],
  });

beforeAll(async () => {
  upstream = await startEchoUpstream();
  gateway = await startGateway({
    config: config([[APP_KEY], TWINS.map(([one]) => one), TWINS.map(([, two]) => two)]),
    async address(address) {
      proxy = await new TcpProxy({ to: proxyTarget(address) }).listen();
      proxy.intercept((bytes, direction) => {
        if (direction === 'to-server') sentToPostgres += bytes.toString('latin1');
        return 'forward';
      });
      return { ...address, host: '127.0.0.1', port: proxy.port };
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
  await upstream.close();
});

const BODY = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'hi' }] });

async function call(key: string): Promise<number> {
  const response = await fetch(`${gateway.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: BODY,
  });
  await response.arrayBuffer();
  return response.status;
}

const NASTY = [
  "' OR 1=1 --",
  '"; DROP TABLE keys; --',
  '$1',
  '%s%n',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an attack on template engines
  '${jndi:ldap://x}',
  '\\x00',
  '\0',
  '\r\nx-api-key: a',
  '\u202e',
  'é'.repeat(50),
  '[]',
  '{}',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '*',
  '../../etc',
  '\t',
  ',',
  ';',
  'Basic ',
  'Bearer Bearer ',
  'a'.repeat(4096),
  'a'.repeat(20_000),
  'a'.repeat(1024 * 1024),
];

/** Some value for `Authorization`, as text whose characters are its bytes. */
function nasty(random: Random): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.fraction() * from.length)] as T;
  const noise = random.bytes(Math.floor(random.fraction() * 60)).toString('latin1');
  const key = pick([APP_KEY, ADMIN_KEY, MARK]);
  const cut = Math.floor(random.fraction() * key.length);
  const almost = pick([
    key.slice(0, cut),
    key.toUpperCase(),
    `${key}x`,
    `x${key}`,
    `"${key}"`,
    `${key},${key}`,
  ]);
  const scheme = pick(['Bearer ', 'bearer ', 'Bearer', 'Basic ', 'Token ', '']);
  const value = pick([noise, pick(NASTY), almost, `${noise}${pick(NASTY)}`, `${almost}${pick(NASTY)}`]);
  return `${scheme}${MARK}${Buffer.from(value, 'utf8').toString('latin1')}`;
}

const ENDPOINTS = [
  rawRequest(
    'POST',
    '/v1/chat/completions',
    { authorization: MARK, 'content-type': 'application/json' },
    BODY,
  ),
  rawRequest('POST', '/v1/messages', { authorization: MARK, 'content-type': 'application/json' }, BODY),
  rawRequest('GET', '/v1/models', { authorization: MARK }),
  rawRequest(
    'POST',
    '/graphql',
    { authorization: MARK, 'content-type': 'application/json' },
    JSON.stringify({ query: '{ models { nodes { name } } }' }),
  ),
].map((bytes) => bytes.toString('latin1'));

describe('A01 values that are no credential', () => {
  let client: RawClient | null = null;

  /** Status of a request with that header; the connection is used on as long as the gateway leaves it open. */
  async function statusOf(template: string, value: string): Promise<{ status: number; text: string }> {
    if (client === null || client.closeKind !== null) client = await connectRaw({ port: gateway.port });
    const mine = client;
    await mine
      .send(
        Buffer.from(
          template.replace(MARK, () => value),
          'latin1',
        ),
      )
      .catch(() => {});
    const { status, headers, body } = await mine.response();
    if (headers['connection'] === 'close') {
      mine.destroy();
      client = null;
    }
    return { status, text: body.toString() };
  }

  async function tryAll(count: number): Promise<void> {
    await withSeed(async (random) => {
      const wrong: string[] = [];
      for (let index = 0; index < count; index += 1) {
        const value = nasty(random);
        const { status, text } = await statusOf(ENDPOINTS[index % ENDPOINTS.length] ?? '', value);
        const allowed = value.length > HEADER_BYTES_MAX ? [400, 431] : [400, 401];
        const isWrong = !allowed.includes(status) || text.includes(MARK) || text.includes('    at ');
        if (isWrong)
          wrong.push(`${status} for ${JSON.stringify(value.slice(0, 200))}: ${text.slice(0, 200)}`);
      }
      expect(wrong).toEqual([]);
    });
    client?.destroy();
    client = null;
  }

  const expectNoTrace = () => {
    expect(upstream.requests).toEqual([]);
    expect(sentToPostgres).not.toContain(MARK);
    expect(gateway.logs.lines.join('\n')).not.toContain(MARK);
  };

  it('A01 are refused with 401 or 400, and go neither to an upstream nor to Postgres nor to the log', async () => {
    await tryAll(VALUES);
    expectNoTrace();
  });

  it('A01 are refused in the same way while Postgres is down, and a real key still works', async () => {
    await proxy.refuse();
    await until(() => !gateway.configuration.isConnected, { what: 'the loss is noticed' });
    await tryAll(VALUES / 3);
    expectNoTrace();
    expect(await call(APP_KEY)).toBe(200);
    await proxy.listen();
    upstream.requests.length = 0;
    expect((await gateway.rows()).length).toBe(1);
    expect(sentToPostgres).not.toContain(APP_KEY);
  });
});

describe('A04 keys that look alike', () => {
  it('A04 each of two keys with one beginning is its own application’s', async () => {
    const before = (await gateway.rows()).length;
    for (const [one, two] of TWINS) {
      expect([await call(one), await call(two)]).toEqual([200, 200]);
      expect(await call(one.slice(0, -1))).toBe(401);
      expect(await call(`${one}x`)).toBe(401);
      expect(await call(one.slice(0, -4))).toBe(401);
    }
    const rows = (await gateway.rows()).slice(before);
    const applications = rows.map((row) => row.application_id);
    expect(new Set(applications.filter((_, index) => index % 2 === 0)).size).toBe(1);
    expect(new Set(applications.filter((_, index) => index % 2 === 1)).size).toBe(1);
    expect(new Set(applications).size).toBe(2);
    expect(new Set(rows.map((row) => row.key_id)).size).toBe(TWINS.length * 2);
  });

  it('A04 a key that is taken away is refused within a second, and one that was refused works once it is given', async () => {
    const late = 'sk-that-comes-late-0001';
    expect([await call(APP_KEY), await call(late)]).toEqual([200, 401]);
    gateway.writeConfig(config([[late]]));
    await until(async () => (await call(APP_KEY)) === 401, { what: 'the refusal', deadlineMs: 1_000 });
    expect(await call(late)).toBe(200);
  });
});

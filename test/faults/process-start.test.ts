import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nonce } from '../support/canary.ts';
import { faultOf, sendChat } from '../support/chat-client.ts';
import { Checker } from '../support/checker.ts';
import { configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import { failedStart } from '../support/failed-start.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { type Product, productFolder, startProduct } from '../support/product.ts';
import { type ProductDatabase, productDatabase, proxyTarget } from '../support/product-database.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until, within } from '../support/wait.ts';

let folder: string;

beforeEach(() => {
  folder = productFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Nothing that is started here gets as far as needing it. */
const NO_DATABASE = 'postgres://sluice@127.0.0.1:1/sluice';

describe('a start that cannot work', () => {
  const refused = async (env: Readonly<Record<string, string | undefined>>, config?: string) => {
    const { code, lines, output } = await failedStart({
      folder,
      env: { DATABASE_URL: NO_DATABASE, ...env },
      ...(config === undefined ? {} : { config }),
    });
    expect(code).toBe(1);
    expect(output).not.toMatch(/^ {4}at /m);
    return lines;
  };

  it.each([
    ['an empty admin key', { SLUICE_ADMIN_KEY: '' }, /^SLUICE_ADMIN_KEY: expected 16 to 4096 printable/],
    ['an empty master key', { SLUICE_MASTER_KEY: '' }, /^SLUICE_MASTER_KEY: expected 32 bytes/],
    ['a short admin key', { SLUICE_ADMIN_KEY: 'canary-short' }, /^SLUICE_ADMIN_KEY: (?!.*canary)/],
    ['a port that is no number', { PORT: 'abc' }, /^PORT: expected a whole number from 0 to 65535$/],
    ['no worker at all', { SLUICE_WORKERS: '0' }, /^SLUICE_WORKERS: expected a whole number from 1 to 64$/],
    ['a database of another kind', { DATABASE_URL: 'mysql://canary@h/d' }, /^DATABASE_URL: (?!.*canary)/],
    ['a missing configuration', { SLUICE_CONFIG: 'gone.yaml' }, /gone\.yaml/],
  ])('P12 %s: one line and a non-zero exit code', async (_what, env, line) => {
    expect(await refused(env)).toEqual([expect.stringMatching(line)]);
  });

  it('P12 several mistakes in the settings: one line each', async () => {
    const lines = await refused({ PORT: '-1', SLUICE_WORKERS: 'many', LOG_LEVEL: 'loud' });
    expect(lines.map((line) => line.split(':')[0])).toEqual(['PORT', 'SLUICE_WORKERS', 'LOG_LEVEL']);
  });

  it.each([
    [
      'a word that is not known',
      'connections: [{ name: lab, provider: opnai }]',
      /sluice\.yaml:1:\d+ connections\[0\]\.provider: expected one of/,
    ],
    [
      'a secret that is not set',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of sluice.yaml
      'connections: [{ name: lab, provider: openai, apiKey: "${NOT_SET}" }]',
      /sluice\.yaml:1:\d+ .*NOT_SET.*not set/,
    ],
    [
      'a secret that is empty',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of sluice.yaml
      'connections: [{ name: lab, provider: openai, apiKey: "${EMPTY}" }]',
      /sluice\.yaml:1:\d+ .*EMPTY.*empty/,
    ],
    ['text that is no YAML', 'connections: [', /sluice\.yaml:\d+:\d+/],
  ])(
    'P12 sluice.yaml with %s: one line that names file, place and what was expected',
    async (_what, config, line) => {
      expect(await refused({ EMPTY: '' }, config)).toEqual([expect.stringMatching(line)]);
    },
  );

  it.each([
    [
      'is empty',
      (path: string) => writeFileSync(path, ''),
      /master\.key: expected 32 bytes in hex, got an empty file/,
    ],
    ['cannot be read', (path: string) => mkdirSync(path), /master\.key: expected a readable file/],
  ])('P12 a master key file that %s: one line and a non-zero exit code', async (_what, make, line) => {
    mkdirSync(join(folder, 'data'));
    make(join(folder, 'data', 'master.key'));
    expect(await refused({ SLUICE_MASTER_KEY: undefined })).toEqual([expect.stringMatching(line)]);
  });

  it('P12 a data dir that is a file: one line and a non-zero exit code', async () => {
    writeFileSync(join(folder, 'data'), '');
    expect(await refused({})).toEqual([expect.stringMatching(/^The data dir .* cannot be used/)]);
  });

  it('P07 no Postgres and no earlier configuration: one line and a non-zero exit code', async () => {
    expect(await refused({})).toEqual([
      expect.stringMatching(
        /^Postgres at 127\.0\.0\.1:1\/sluice cannot be reached .* there is no configuration/,
      ),
    ]);
  });
});

describe('a start with a database', () => {
  let upstream: FakeUpstream;
  let database: ProductDatabase;
  let product: Product | null;

  beforeEach(async () => {
    upstream = await startEchoUpstream();
    database = await productDatabase();
    product = null;
  });
  afterEach(async () => {
    await product?.dispose();
    await database.close();
    await upstream.close();
  });

  it.each(['1', '2'])(
    'P12 a port that is in use, with %s workers: one line and a non-zero exit code',
    async (count) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const address = other.address();
      const port = typeof address === 'object' ? address?.port : 0;
      const env = { DATABASE_URL: database.url(), PORT: String(port), SLUICE_WORKERS: count };
      const { code, lines } = await failedStart({ folder, env });
      other.close();
      expect({ code, lines }).toEqual({
        code: 1,
        lines: [`Cannot listen on 127.0.0.1:${port}: the port is in use. Set PORT, or HOST, to another one.`],
      });
    },
  );

  it('P07 without Postgres it starts from the configuration of the last run, and delivers its records later', async () => {
    const proxy = await new TcpProxy({ to: proxyTarget(database.address) }).listen();
    const env = { DATABASE_URL: database.url(proxy.port) };
    const config = configText(
      [{ name: 'lab', protocol: 'openai-chat', port: upstream.port }],
      [{ name: 'fast', targets: ['lab/gpt-fake'] }],
    );
    const checker = new Checker();
    const call = async (port: number) => {
      const word = nonce();
      const { response } = await sendChat({ port, model: 'fast', isStream: false, word }).seen;
      checker.http(word, response);
      return response === null ? 'no answer' : faultOf(response);
    };

    product = await startProduct({ folder, env, config });
    expect(await call(product.port)).toBeNull();
    expect(await within(product.kill('SIGTERM'), { what: 'the exit', deadlineMs: 10_000 })).toBe(0);
    await proxy.refuse();
    product = await startProduct({ folder, env });
    expect(product.output()).toContain('started from the configuration on disk');
    expect((await fetch(`${product.baseUrl}/readyz`)).status).toBe(200);
    for (let count = 0; count < 5; count += 1) expect(await call(product.port)).toBeNull();
    await proxy.listen();
    await until(async () => (await database.rows()).length === 6, {
      what: 'the records',
      deadlineMs: 10_000,
    });
    await checker.verify({
      rows: database.checkedRows,
      upstreams: [upstream],
      logs: product.logs(),
    });
    await product.dispose();
    await proxy.close();
  });
});

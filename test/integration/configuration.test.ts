import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Configuration, openConfiguration } from '../../src/configuration/configuration.ts';
import type { DatabaseAddress } from '../../src/db/database.ts';
import { SetupError } from '../../src/errors.ts';
import type { Limits } from '../../src/limits.ts';
import { hashKey } from '../../src/tenancy/identify.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type CapturedLog, captureLog } from '../support/ports.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until, within } from '../support/wait.ts';

const WEB_KEY = 'sk-web-0123456789canary';
const file = (connection: string, extra = '') => `
connections:
  - { name: ${connection}, provider: openai, baseUrl: "http://127.0.0.1:9002/v1", apiKey: sk-lab-canary }
${extra}tenants:
  - { name: acme, applications: [{ name: web, keys: ["${WEB_KEY}"] }] }
`;
const masterKey = randomBytes(32);

let test: TestDatabase;
let folder: string;
let log: CapturedLog;
let opened: Configuration[];

beforeEach(async () => {
  test = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), 'sluice-configuration-'));
  log = captureLog();
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((configuration) => configuration.close()));
  await test.drop();
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, 'sluice.yaml');
const write = (text: string) => writeFileSync(path(), text);

interface OpenChanges {
  readonly address?: DatabaseAddress;
  readonly isPrimary?: boolean;
  readonly isRequired?: boolean;
  readonly masterKey?: Buffer;
  readonly limits?: Partial<Limits>;
}

async function open(changes: OpenChanges = {}): Promise<Configuration> {
  const configuration = await openConfiguration({
    address: changes.address ?? test.address,
    settings: {
      config: { path: path(), isRequired: changes.isRequired ?? false },
      adminKey: 'sk-admin-canary-0123',
      dataDir: folder,
    },
    env: {},
    masterKey: changes.masterKey ?? masterKey,
    runtimeBaseUrls: { demo: 'http://127.0.0.1:1/v1' },
    knownModels: (priceId) => [`${priceId}-known`],
    isPrimary: changes.isPrimary ?? true,
    log,
    limits: changes.limits ?? {},
  });
  opened.push(configuration);
  return configuration;
}

const names = (configuration: Configuration) =>
  [...configuration.snapshot.connections.values()].map((connection) => connection.name);

const changed = (configuration: Configuration, isRight: () => boolean) =>
  until(isRight, { what: `a change reaches the process (now ${names(configuration)})`, deadlineMs: 1_000 });

async function sql(statement: string): Promise<void> {
  const client = new Client({ ...test.address });
  await client.connect();
  await client.query(statement);
  await client.end();
}

const postgresOf = ({ host, port }: DatabaseAddress) =>
  host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };

/** An address at which nothing listens. */
async function nowhere(): Promise<DatabaseAddress> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return { ...test.address, host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

describe('a configuration', () => {
  it('opens on an empty database, which it migrates', async () => {
    const empty = await testDatabase('empty');
    const configuration = await open({ address: empty.address });
    expect(names(configuration)).toEqual(['demo']);
    expect([...configuration.snapshot.models.keys()]).toEqual(['demo-chat']);
    await configuration.close();
    await empty.drop();
  });

  it('changes within a second when another process changes a row, without a new object for those who hold the old', async () => {
    write(file('lab'));
    const configuration = await open();
    const held = configuration.snapshot;
    await sql("update connections set name = 'renamed'");
    await changed(configuration, () => names(configuration).includes('renamed'));
    expect([...held.connections.values()].map((connection) => connection.name)).toEqual(['lab']);
    expect(configuration.snapshot.version).toBeGreaterThan(held.version);
  });

  it('P08 a revoked key is refused by every process within a second', async () => {
    write(file('lab'));
    const primary = await open();
    const worker = await open({ isPrimary: false });
    const isKnown = (configuration: Configuration) => configuration.snapshot.keys.has(hashKey(WEB_KEY));
    expect([primary, worker].map(isKnown)).toEqual([true, true]);
    await sql('update keys set revoked_at = now() where not is_admin');
    await until(() => !isKnown(primary) && !isKnown(worker), {
      what: 'both refuse the key',
      deadlineMs: 1_000,
    });
  });

  it('tells its listeners of each new snapshot, and one that throws disturbs nobody', async () => {
    const configuration = await open();
    const seen: number[] = [];
    configuration.onChange(() => {
      throw new Error('mine');
    });
    const stop = configuration.onChange((snapshot) => seen.push(snapshot.version));
    await sql("update models set name = 'one'");
    await until(() => seen.length === 1, { what: 'the listener is called' });
    expect(seen).toEqual([configuration.snapshot.version]);
    stop();
    await sql("update models set name = 'two'");
    await until(() => configuration.snapshot.models.has('two'), { what: 'the second change' });
    expect(seen).toHaveLength(1);
  });

  it('P05 a hundred quick changes end in the last one, and every snapshot on the way is whole', async () => {
    write(file('lab'));
    const configuration = await open();
    const versions: number[] = [];
    configuration.onChange((snapshot) => {
      versions.push(snapshot.version);
      expect(snapshot.connections.size).toBe(1);
    });
    const client = new Client({ ...test.address });
    await client.connect();
    for (let i = 1; i <= 100; i += 1) await client.query('update connections set name = $1', [`lab-${i}`]);
    await client.end();
    await changed(configuration, () => names(configuration)[0] === 'lab-100');
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(versions.length).toBeLessThan(100);
  });
});

describe('sluice.yaml on disk', () => {
  it('is applied within a second when it is edited in place, replaced by rename, or appears', async () => {
    const configuration = await open();
    write(file('first'));
    await changed(configuration, () => names(configuration).join() === 'first');
    write(file('second'));
    await changed(configuration, () => names(configuration).join() === 'second');
    writeFileSync(join(folder, '.sluice.yaml.swp'), file('third'));
    renameSync(join(folder, '.sluice.yaml.swp'), path());
    await changed(configuration, () => names(configuration).join() === 'third');
    expect(configuration.rejectedTotal).toBe(0);
  });

  it('P06 is rejected whole when it has a mistake, which the log names; the previous one stays', async () => {
    write(file('lab'));
    const configuration = await open();
    const { version } = configuration.snapshot;
    write(file('other', 'models: [{ name: fast, targets: [{ connection: opena, model: x }] }]\n'));
    await until(() => configuration.rejectedTotal === 1, { what: 'the rejection', deadlineMs: 1_000 });
    expect(names(configuration)).toEqual(['lab']);
    expect(configuration.snapshot.version).toBe(version);
    const [entry] = log.entries.filter((candidate) => candidate.level === 'error');
    expect(entry?.fields['mistakes']).toEqual([
      expect.stringMatching(
        /sluice\.yaml:4:48 models\[0\]\.targets\[0\]\.connection: expected the name of a connection, got "opena"$/,
      ),
    ]);
    write(file('other'));
    await changed(configuration, () => names(configuration).join() === 'other');
  });

  it('P06 is rejected whole when it contradicts the database', async () => {
    write(file('lab'));
    const configuration = await open();
    await sql(`insert into connections (id, name, provider, protocol, base_url) values
      ('01900000-0000-7000-8000-000000000001', 'mine', 'openai', 'openai-chat', 'https://api.openai.com/v1')`);
    write(file('mine'));
    await until(() => configuration.rejectedTotal === 1, { what: 'the rejection', deadlineMs: 1_000 });
    expect(names(configuration).sort()).toEqual(['lab', 'mine']);
    await sql("update connections set name = 'yours' where name = 'mine'");
    await changed(configuration, () => names(configuration).includes('yours'));
    expect(names(configuration).sort()).toEqual(['lab', 'yours']);
    expect(configuration.rejectedTotal).toBe(1);
  });

  it('stops the start when it has a mistake, or was asked for and is missing', async () => {
    await expect(open({ isRequired: true })).rejects.toThrow(SetupError);
    write(file('lab').replace('openai', 'opena'));
    await expect(open()).rejects.toThrow(/sluice\.yaml:3:28 connections\[0\]\.provider: expected one of/);
  });

  it('is left to the primary process', async () => {
    await open();
    const worker = await open({ isPrimary: false });
    write(file('lab'));
    await changed(worker, () => names(worker).join() === 'lab');
    expect(worker.newAdminKey).toBeNull();
  });
});

describe('without Postgres', () => {
  it("P07 starts from the snapshot on disk, which holds no clear secret and is its owner's alone", async () => {
    write(file('lab'));
    const first = await open();
    await first.close();
    const kept = join(folder, 'configuration.snapshot');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['configuration.snapshot', 'sluice.yaml']);
    const bytes = readFileSync(kept, 'latin1');
    for (const secret of ['canary', 'lab', hashKey(WEB_KEY)]) {
      expect(bytes).not.toContain(secret);
      expect(Buffer.from(bytes, 'base64url').toString('latin1')).not.toContain(secret);
    }
    for (const isPrimary of [true, false]) {
      const second = await open({ address: await nowhere(), isPrimary });
      expect(second.snapshot).toEqual(first.snapshot);
      expect(second.isConnected).toBe(false);
    }
  });

  it('P07 refuses to start only when there is no snapshot either, and says so in one line', async () => {
    write(file('lab'));
    await expect(open({ address: await nowhere() })).rejects.toThrow(
      /^Postgres at 127\.0\.0\.1:\d+\/\w+ cannot be reached \([^\n]*ECONNREFUSED[^\n]*\), and there is no configuration[^\n]*$/,
    );
    await (await open()).close();
    await expect(open({ address: await nowhere(), masterKey: randomBytes(32) })).rejects.toThrow(
      /master key$/,
    );
    const kept = join(folder, 'configuration.snapshot');
    writeFileSync(kept, readFileSync(kept, 'utf8').slice(0, -4));
    await expect(open({ address: await nowhere() })).rejects.toThrow(/is damaged/);
  });

  it('names a login that Postgres refuses instead of starting from an old snapshot', async () => {
    await (await open()).close();
    await expect(open({ address: { ...test.address, database: 'no_such_database' } })).rejects.toThrow(
      /^Postgres at .* refuses: database "no_such_database" does not exist$/,
    );
  });

  describe('that comes back', () => {
    let proxy: TcpProxy;
    beforeEach(async () => {
      proxy = await startTcpProxy({ to: postgresOf(test.address) });
    });
    afterEach(() => proxy.close());
    const proxied = () => ({ ...test.address, host: '127.0.0.1', port: proxy.port });

    it('P07 writes then what waited: migrations, sluice.yaml and its changes', async () => {
      write(file('lab'));
      await (await open()).close();
      await proxy.refuse();
      const configuration = await open({ address: proxied() });
      write(file('edited'));
      expect(names(configuration)).toEqual(['lab']);
      await proxy.listen();
      await until(() => names(configuration).join() === 'edited', {
        what: 'the edit is applied',
        deadlineMs: 8_000,
      });
      await until(() => configuration.isConnected, { what: 'it listens again', deadlineMs: 8_000 });
    });

    it('keeps the last snapshot while it is away, and misses nothing of what changed meanwhile', async () => {
      write(file('lab'));
      const configuration = await open({ address: proxied() });
      await proxy.refuse();
      await until(() => !configuration.isConnected, { what: 'the loss is noticed' });
      await sql("update connections set name = 'meanwhile'");
      expect(names(configuration)).toEqual(['lab']);
      await proxy.listen();
      await until(() => names(configuration).join() === 'meanwhile', {
        what: 'the change',
        deadlineMs: 8_000,
      });
    });

    it('D02 notices a connection that is dead without a word', async () => {
      const limits = { configurationHeartbeatMs: 50, databaseStartTimeoutMs: 500 };
      const configuration = await open({ address: proxied(), limits });
      proxy.pause();
      await until(() => !configuration.isConnected, { what: 'the heartbeat fails', deadlineMs: 2_000 });
      proxy.resume();
      await until(() => configuration.isConnected, { what: 'it connects again', deadlineMs: 5_000 });
    });

    it('hears by the heartbeat of a change whose notification was swallowed', async () => {
      write(file('lab'));
      const configuration = await open({ address: proxied(), limits: { configurationHeartbeatMs: 50 } });
      proxy.intercept((bytes) => (bytes.includes('sluice_configuration') ? 'drop' : 'forward'));
      await sql("update connections set name = 'unheard'");
      await changed(configuration, () => names(configuration).join() === 'unheard');
    });
  });

  it('closes in time whatever the connection is doing', async () => {
    write(file('lab'));
    await (await open()).close();
    const configuration = await open({ address: await nowhere() });
    await within(configuration.close(), { what: 'close', deadlineMs: 2_000 });
  });
});

import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApplyInputs, applyConfiguration } from '../../src/configuration/apply.ts';
import { type Cipher, createCipher } from '../../src/configuration/credential-cipher.ts';
import { parseConfigFile } from '../../src/configuration/file.ts';
import { buildSnapshot } from '../../src/configuration/snapshot-build.ts';
import { type OpenDatabase, openDatabase } from '../../src/db/database.ts';
import { readConfiguration } from '../../src/db/queries/configuration-read.ts';
import { systemIds, systemRandom } from '../../src/ports.ts';
import { findProvider } from '../../src/providers/catalogue.ts';
import { hashKey } from '../../src/tenancy/identify.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { silentLog } from '../support/silent-log.ts';

const WEB_KEY = 'sk-web-0123456789abcdef';
const FILE = `
network: { allowPrivate: ["10.0.0.0/8"] }
connections:
  - { name: lab, provider: openai, baseUrl: "http://127.0.0.1:9002/v1", apiKey: sk-lab-canary }
  - { name: spare, provider: anthropic, apiKey: sk-spare-canary }
models:
  - name: fast
    targets:
      - { connection: lab, model: gpt-5-mini, priority: 1 }
      - { connection: spare, model: claude-haiku-4-5, priority: 2 }
tenants:
  - { name: acme, applications: [{ name: web, keys: ["${WEB_KEY}"], models: ["fast"] }] }
`;

let test: TestDatabase;
let database: OpenDatabase;
let client: Client;
let cipher: Cipher;
let notified = 0;

beforeEach(async () => {
  test = await testDatabase();
  database = openDatabase(test.address, {
    connectionsMax: 4,
    statementTimeoutMs: 5_000,
    applicationName: 'test',
    log: silentLog,
  });
  cipher = createCipher(randomBytes(32), 'credentials');
  client = new Client({ ...test.address });
  await client.connect();
  client.on('error', () => {});
  notified = 0;
  client.on('notification', () => {
    notified += 1;
  });
  await client.query('listen sluice_configuration');
});

afterEach(async () => {
  await client.end();
  await database.close();
  await test.drop();
});

const inputs = (text: string | null, changes: Partial<ApplyInputs> = {}): ApplyInputs => ({
  file: text === null ? null : { path: 'sluice.yaml', content: parseConfigFile('sluice.yaml', text, {}) },
  found: [],
  adminKey: 'sk-admin-0123456789',
  cipher,
  ids: systemIds,
  random: systemRandom,
  ...changes,
});

const apply = (text: string | null, changes: Partial<ApplyInputs> = {}) =>
  applyConfiguration(database.db, inputs(text, changes));

async function snapshot() {
  const rows = await readConfiguration(database.db);
  const runtimeBaseUrls = { demo: 'http://127.0.0.1:1/v1' };
  const built = buildSnapshot(rows, { cipher, runtimeBaseUrls, knownModels: () => [] });
  const connection = (name: string) => [...built.snapshot.connections.values()].find((c) => c.name === name);
  return { ...built, rows, connection };
}

const foundOpenai = (apiKey: string) => {
  const provider = findProvider('openai');
  return provider === undefined ? [] : [{ provider, apiKey, baseUrl: provider.baseUrl }];
};

/** What a notification has been sent for is known once an answer to a later query is here. */
async function notifications(): Promise<number> {
  await client.query('select 1');
  return notified;
}

describe('applying sluice.yaml', () => {
  it('puts everything of the file into the database and into the snapshot', async () => {
    await apply(FILE);
    const { snapshot: built, leftOut, connection } = await snapshot();
    expect(leftOut).toEqual([]);
    expect(built.allowPrivate).toEqual(['10.0.0.0/8']);
    expect(connection('lab')).toMatchObject({
      baseUrl: 'http://127.0.0.1:9002/v1',
      secret: 'sk-lab-canary',
      auth: 'bearer',
      isTrusted: true,
      tenantId: null,
    });
    expect(connection('spare')).toMatchObject({
      auth: 'x-api-key',
      headers: { 'anthropic-version': '2023-06-01' },
    });
    expect(built.models.get('fast')?.targets.map((target) => target.model)).toEqual([
      'gpt-5-mini',
      'claude-haiku-4-5',
    ]);
    const key = built.keys.get(hashKey(WEB_KEY));
    expect(built.applications.get(key?.applicationId ?? '')).toMatchObject({ name: 'web', models: ['fast'] });
    expect(built.tenants.get(key?.tenantId ?? '')?.name).toBe('acme');
    expect(built.keys.get(hashKey('sk-admin-0123456789'))).toMatchObject({
      isAdmin: true,
      applicationId: null,
    });
  });

  it('stores no key and no credential in clear', async () => {
    await apply(FILE);
    const { rows } = await client.query(
      `select to_jsonb(t)::text as row from (select * from keys) t
       union all select to_jsonb(t)::text from (select * from connections) t`,
    );
    const text = rows.map((row: { row: string }) => row.row).join('\n');
    expect(text).toContain('lab');
    for (const secret of ['canary', WEB_KEY, 'sk-admin-0123456789']) expect(text).not.toContain(secret);
  });

  it('changes nothing and wakes nobody when it is applied again', async () => {
    expect((await apply(FILE)).hasChanged).toBe(true);
    const { rows } = await snapshot();
    const before = await notifications();
    expect(before).toBeGreaterThan(0);
    expect((await apply(FILE)).hasChanged).toBe(false);
    expect(await notifications()).toBe(before);
    expect((await snapshot()).rows).toEqual(rows);
  });

  it('wakes everyone once for one transaction, however many rows it changes', async () => {
    await apply(FILE);
    expect(await notifications()).toBe(1);
  });

  it('removes what the file no longer holds, and keeps the ids of what it still does', async () => {
    await apply(FILE);
    const before = await snapshot();
    const shorter = FILE.replace(/ {2}- \{ name: spare.*\n/, '').replace(
      / {6}- \{ connection: spare.*\n/,
      '',
    );
    await apply(shorter.replace(/ {2}- \{ name: acme.*\n/, '  []\n').replace('10.0.0.0/8', '10.1.0.0/16'));
    const after = await snapshot();
    expect(after.connection('spare')).toBeUndefined();
    expect(after.connection('lab')?.id).toBe(before.connection('lab')?.id);
    expect(after.snapshot.models.get('fast')?.id).toBe(before.snapshot.models.get('fast')?.id);
    expect(after.snapshot.models.get('fast')?.targets).toHaveLength(1);
    expect(after.snapshot.keys.get(hashKey(WEB_KEY))).toBeUndefined();
    expect(after.rows.tenants.map((tenant) => tenant.name)).toEqual(['default']);
    expect(after.snapshot.allowPrivate).toEqual(['10.1.0.0/16']);
  });

  it('P08 rotates a credential and a key in place', async () => {
    await apply(FILE);
    const before = await snapshot();
    await apply(FILE.replace('sk-lab-canary', 'sk-lab-new').replace(WEB_KEY, 'sk-web-new-0123456789'));
    const after = await snapshot();
    expect(after.connection('lab')).toMatchObject({ id: before.connection('lab')?.id, secret: 'sk-lab-new' });
    expect(after.snapshot.keys.has(hashKey(WEB_KEY))).toBe(false);
    expect(after.snapshot.keys.has(hashKey('sk-web-new-0123456789'))).toBe(true);
  });

  it('moves a key from one application to another', async () => {
    await apply(FILE);
    await apply(FILE.replace('name: web', 'name: app'));
    const { snapshot: built } = await snapshot();
    const applicationId = built.keys.get(hashKey(WEB_KEY))?.applicationId ?? '';
    expect(built.applications.get(applicationId)?.name).toBe('app');
    expect(built.applications.size).toBe(1);
  });

  it('seals credentials anew under another master key', async () => {
    await apply(FILE);
    cipher = createCipher(randomBytes(32), 'credentials');
    expect((await snapshot()).leftOut).toHaveLength(2);
    await apply(FILE);
    expect((await snapshot()).leftOut).toEqual([]);
  });

  it('leaves rows of the graph alone and refuses a file that names them', async () => {
    await client.query(`insert into connections (id, name, provider, protocol, base_url)
      values ('${systemIds.next()}', 'mine', 'openai', 'openai-chat', 'https://api.openai.com/v1')`);
    await apply(FILE);
    expect((await snapshot()).connection('mine')).toMatchObject({ isTrusted: false });
    const before = (await snapshot()).rows;
    await expect(apply(FILE.replaceAll('spare', 'mine'))).rejects.toThrow(
      'sluice.yaml connections[1].name: expected a name that is free, but a connection of this name was made through the graph',
    );
    expect((await snapshot()).rows).toEqual(before);
  });

  it('keeps a tenant that leaves the file while it holds what others made', async () => {
    await apply(FILE);
    const acme = (await snapshot()).rows.tenants.find((tenant) => tenant.name === 'acme');
    await client.query(
      `insert into applications (tenant_id, id, name) values ('${acme?.id}', '${systemIds.next()}', 'theirs')`,
    );
    await apply('{}');
    const { rows } = await snapshot();
    expect(rows.tenants.find((tenant) => tenant.name === 'acme')).toEqual({ ...acme, source: 'graph' });
    expect(rows.applications.map((application) => application.name)).toEqual(['theirs']);
  });

  it('does not bring a key back that was revoked', async () => {
    await apply(FILE);
    await client.query('update keys set revoked_at = now() where not is_admin');
    expect((await apply(FILE)).hasChanged).toBe(false);
    expect((await snapshot()).snapshot.keys.has(hashKey(WEB_KEY))).toBe(false);
  });

  it('lets any number of processes apply at once', async () => {
    const applied = await Promise.all([apply(FILE), apply(FILE), apply(FILE)]);
    expect(applied.filter((result) => result.hasChanged)).toHaveLength(1);
  });

  it('takes a thousand tenants in one go', async () => {
    const tenants = Array.from(
      { length: 1_001 },
      (_, i) => `  - { name: t${i}, applications: [{ name: web, keys: ["sk-0123456789abc-${i}"] }] }`,
    );
    await apply(`tenants:\n${tenants.join('\n')}\n`);
    expect((await snapshot()).snapshot.applications.size).toBe(1_001);
  });
});

describe('the environment', () => {
  it('becomes connections, and the demo stays away', async () => {
    await apply(null, { found: foundOpenai('sk-env') });
    const { connection, rows } = await snapshot();
    expect(rows.connections).toHaveLength(1);
    expect(connection('openai')).toMatchObject({ secret: 'sk-env', isTrusted: true, priceId: 'openai' });
  });

  it('without any key leaves the demo, until there is a real connection', async () => {
    await apply(null);
    const first = await snapshot();
    expect(first.connection('demo')).toMatchObject({ baseUrl: 'http://127.0.0.1:1/v1', isTrusted: true });
    expect([...first.snapshot.models.keys()]).toEqual(['demo-chat']);
    expect((await apply(null)).hasChanged).toBe(false);
    await apply(FILE);
    const second = await snapshot();
    expect(second.connection('demo')).toBeUndefined();
    expect([...second.snapshot.models.keys()]).toEqual(['fast']);
    await apply('{}');
    expect((await snapshot()).connection('demo')).toBeDefined();
  });

  it('changes a key that has changed, and does not bring a removed connection back', async () => {
    await apply(null, { found: foundOpenai('sk-env') });
    await apply(null, { found: foundOpenai('sk-env-2') });
    expect((await snapshot()).connection('openai')?.secret).toBe('sk-env-2');
    await client.query('delete from connections');
    await apply(null, { found: foundOpenai('sk-env-2') });
    expect((await snapshot()).connection('openai')).toBeUndefined();
  });

  it('adds nothing where the file already has that provider, and yields a name to the file', async () => {
    await apply(FILE, { found: foundOpenai('sk-env') });
    expect((await snapshot()).connection('openai')).toBeUndefined();
    await apply('{}', { found: [] });
    await client.query("delete from operator_settings where name = 'environment'");
    await apply(null, { found: foundOpenai('sk-env') });
    await apply(FILE.replaceAll('lab', 'openai'), { found: foundOpenai('sk-env') });
    expect((await snapshot()).connection('openai')).toMatchObject({ baseUrl: 'http://127.0.0.1:9002/v1' });
  });
});

describe('the admin key', () => {
  it('is generated once when none is given, and kept only as a hash', async () => {
    const first = await apply(null, { adminKey: null });
    expect(first.generatedAdminKey).toMatch(/^sk-sluice-admin-[A-Za-z0-9_-]{43}$/);
    expect((await apply(null, { adminKey: null })).generatedAdminKey).toBeNull();
    const { snapshot: built, rows } = await snapshot();
    expect(built.keys.get(hashKey(first.generatedAdminKey ?? ''))).toMatchObject({ isAdmin: true });
    expect(rows.keys).toHaveLength(1);
    expect(rows.keys[0]?.prefix).toBe(first.generatedAdminKey?.slice(0, 19));
  });

  it('of the settings replaces the one before', async () => {
    const generated = (await apply(null, { adminKey: null })).generatedAdminKey ?? '';
    await apply(null, { adminKey: 'sk-admin-first-000' });
    await apply(null, { adminKey: 'sk-admin-second-00' });
    const { snapshot: built } = await snapshot();
    expect([generated, 'sk-admin-first-000'].map((key) => built.keys.has(hashKey(key)))).toEqual([
      false,
      false,
    ]);
    expect(built.keys.has(hashKey('sk-admin-second-00'))).toBe(true);
  });

  it('cannot be the key of an application', async () => {
    await apply(FILE);
    await expect(apply(FILE, { adminKey: WEB_KEY })).rejects.toThrow(
      /^SLUICE_ADMIN_KEY: expected a key of its own/,
    );
    await expect(apply(FILE.replace(WEB_KEY, 'sk-admin-0123456789'))).rejects.toThrow(
      'sluice.yaml tenants[0].applications[0].keys[0]: expected a key of its own, but it is in use outside of this file',
    );
  });
});

describe('the database itself', () => {
  it('raises the version with every change that touches a row, and with no other', async () => {
    await apply(FILE);
    const { version } = (await snapshot()).rows;
    await client.query("update models set strategy = 'weighted' where name = 'none'");
    await client.query("delete from tenants where name = 'none'");
    expect((await snapshot()).rows.version).toBe(version);
    await client.query("update models set strategy = 'weighted'");
    expect((await snapshot()).rows.version).toBe(version + 1);
    await client.query('truncate model_targets');
    expect((await snapshot()).rows.version).toBe(version + 2);
  });

  it('S01 does not open a credential whose address was changed behind the program', async () => {
    await apply(FILE);
    await client.query("update connections set base_url = 'https://evil.example/v1' where name = 'lab'");
    const { connection, leftOut } = await snapshot();
    expect(connection('lab')).toBeUndefined();
    expect(leftOut).toEqual([
      {
        what: 'connection lab',
        reason: 'its credential is damaged, or was registered for another address or tenant',
      },
    ]);
  });

  it('refuses rows that contradict each other', async () => {
    await apply(FILE);
    const { rows } = await snapshot();
    const [tenant] = rows.tenants;
    const id = systemIds.next();
    await expect(
      client.query(
        `insert into keys (tenant_id, id, hash, prefix) values ('${tenant?.id}', '${id}', '${hashKey('x')}', 'x')`,
      ),
    ).rejects.toThrow(/keys_owner_is_one/);
    await expect(client.query(`insert into models (id, name) values ('${id}', 'fast')`)).rejects.toThrow(
      /models_name_unique/,
    );
  });
});

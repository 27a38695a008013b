import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Configuration, openConfiguration } from '../../src/configuration/configuration.ts';
import type { DatabaseAddress } from '../../src/db/database.ts';
import type { SnapshotConnection } from '../../src/tenancy/snapshot.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { captureLog } from '../support/ports.ts';

const AT = Date.UTC(2026, 5, 1);

let database: TestDatabase;
let folder: string;
let opened: Configuration[];

beforeEach(async () => {
  database = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), 'sluice-prices-'));
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((configuration) => configuration.close()));
  await database.drop();
  rmSync(folder, { recursive: true });
});

const CONNECTIONS = [
  {
    name: 'own',
    provider: 'custom',
    protocol: 'openai-chat',
    baseUrl: 'http://127.0.0.1:1/v1',
    models: ['a', 'b'],
  },
  {
    name: 'azure',
    provider: 'azure',
    baseUrl: 'https://r.openai.azure.com',
    apiKey: 'k',
    apiVersion: '2024-10-21',
  },
];
const PRICES = [
  { connection: 'own', model: 'a*', input: 1, output: 2 },
  { connection: 'own', model: 'a*', input: 3, output: 4, from: '2026-01-01' },
  { provider: 'azure', model: '*', perRequest: 0.01 },
];

async function open(
  file: object | null,
  address: DatabaseAddress = database.address,
): Promise<Configuration> {
  const path = join(folder, 'sluice.yaml');
  if (file !== null) writeFileSync(path, JSON.stringify(file));
  const configuration = await openConfiguration({
    address,
    settings: { config: { path, isRequired: true }, adminKey: 'sk-admin-canary-0123', dataDir: folder },
    env: {},
    masterKey: Buffer.alloc(32, 7),
    runtimeBaseUrls: {},
    knownModels: () => ['known'],
    isPrimary: true,
    log: captureLog(),
  });
  opened.push(configuration);
  return configuration;
}

const connection = ({ snapshot }: Configuration, name: string): SnapshotConnection => {
  const found = [...snapshot.connections.values()].find((one) => one.name === name);
  if (found === undefined) throw new Error(`no connection ${name}`);
  return found;
};

const inputOf = (configuration: Configuration, model: string) =>
  connection(configuration, 'own').prices?.find((price) => price.matches(model) && (price.fromMs ?? 0) <= AT)
    ?.row.input.base;

async function query<Row>(text: string): Promise<Row[]> {
  const client = new Client(database.address);
  await client.connect();
  try {
    return (await client.query(text)).rows as Row[];
  } finally {
    await client.end();
  }
}

describe('prices and models of sluice.yaml', () => {
  it('are in the snapshot, with what a connection says of itself', async () => {
    const configuration = await open({ connections: CONNECTIONS, prices: PRICES });
    expect(connection(configuration, 'own').knownModels).toEqual(['a', 'b']);
    // 3 dollars for a million tokens are 3 · 10¹² atto-dollars for one.
    expect(inputOf(configuration, 'abc')).toBe(3_000_000_000_000n);
    expect(inputOf(configuration, 'b')).toBeUndefined();
    expect(connection(configuration, 'azure')).toMatchObject({
      addressing: 'azure-openai',
      apiVersion: '2024-10-21',
      auth: 'api-key',
      knownModels: ['known'],
    });
    expect(connection(configuration, 'azure').prices?.[0]?.row.request.base).toBe(10_000_000_000_000_000n);
  });

  it('change nothing when they are applied again', async () => {
    const first = await open({ connections: CONNECTIONS, prices: PRICES });
    const ids = await query('select id from prices order by id');
    expect(ids).toHaveLength(3);
    const second = await open({ connections: CONNECTIONS, prices: PRICES });
    expect(second.snapshot.version).toBe(first.snapshot.version);
    expect(await query('select id from prices order by id')).toEqual(ids);
  });

  it('go with what the file no longer says, and leave alone what others made', async () => {
    await open({ connections: CONNECTIONS, prices: PRICES });
    await query(`insert into prices (id, provider, model, input_pico, source)
      values ('01900000-0000-7000-8000-000000000001', 'openai', 'gpt-5', 1, 'graph')`);
    await open({ connections: CONNECTIONS.slice(0, 1), prices: PRICES.slice(0, 1) });
    expect(await query('select model, source from prices order by model')).toEqual([
      { model: 'a*', source: 'file' },
      { model: 'gpt-5', source: 'graph' },
    ]);
    const [row] = await query<{ input_pico: string }>("select input_pico from prices where model = 'a*'");
    expect(row?.input_pico).toBe('1000000000000');
  });

  it('are there at a start without Postgres', async () => {
    const first = await open({ connections: CONNECTIONS, prices: PRICES });
    await first.close();
    opened = [];
    const again = await open(null, { ...database.address, port: 1, host: '127.0.0.1' });
    expect(again.isConnected).toBe(false);
    expect(inputOf(again, 'abc')).toBe(3_000_000_000_000n);
    expect(connection(again, 'own').knownModels).toEqual(['a', 'b']);
    expect(connection(again, 'azure').apiVersion).toBe('2024-10-21');
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPricing } from '../../src/calls/pricing.ts';
import { type Configuration, openConfiguration } from '../../src/configuration/configuration.ts';
import { PROVIDERS } from '../../src/providers/catalogue.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { SnapshotConnection } from '../../src/tenancy/snapshot.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { captureLog } from '../support/ports.ts';

const WITH_KEYS = PROVIDERS.filter(({ keyVariables }) => keyVariables.length > 0);

/** What an operator has in the environment who has an account everywhere. */
function everyVariable(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { name, keyVariables, baseUrlTemplates } of WITH_KEYS) {
    env[keyVariables[0] ?? ''] = `key-of-${name}`;
    for (const [, variable = ''] of (baseUrlTemplates?.[0] ?? '').matchAll(/\{(\w+)\}/g)) {
      const isWhole = baseUrlTemplates?.[0]?.startsWith(`{${variable}}`) === true;
      env[variable] = isWhole ? `https://${name}.example.com` : `value-of-${name}`;
    }
  }
  return env;
}

let database: TestDatabase;
let configuration: Configuration;
const folder = mkdtempSync(join(tmpdir(), 'sluice-first-start-'));

beforeAll(async () => {
  database = await testDatabase();
  const pricing = createPricing();
  configuration = await openConfiguration({
    address: database.address,
    settings: {
      config: { path: join(folder, 'sluice.yaml'), isRequired: false },
      adminKey: 'sk-test-admin-key-0001',
      dataDir: folder,
    },
    env: everyVariable(),
    masterKey: Buffer.alloc(32, 7),
    runtimeBaseUrls: { demo: 'http://127.0.0.1:1/v1' },
    knownModels: (priceId) => pricing.knownModels(priceId),
    isPrimary: true,
    log: captureLog(),
  });
});
afterAll(async () => {
  await configuration.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a first start with the keys of every provider', () => {
  const connectionOf = ({ name }: Provider): SnapshotConnection => {
    const found = [...configuration.snapshot.connections.values()].find((one) => one.name === name);
    if (found === undefined) throw new Error(`no connection ${name}`);
    return found;
  };

  it.each(WITH_KEYS)('connects to $name', (provider) => {
    const connection = connectionOf(provider);
    expect(connection).toMatchObject({
      provider: provider.name,
      protocol: provider.protocol,
      tenantId: null,
      isTrusted: true,
      auth: provider.auth,
      secret: `key-of-${provider.name}`,
    });
    if (provider.baseUrl !== null) expect(connection.baseUrl).toBe(provider.baseUrl);
    expect(connection.baseUrl).toMatch(/^https:\/\/[a-z0-9.-]+(\/|$)/);
  });

  it('makes no other connection, and no demo', () => {
    const names = [...configuration.snapshot.connections.values()].map(({ name }) => name);
    const expected = WITH_KEYS.map(({ name }) => name);
    expect(names.filter((name) => !expected.includes(name) && name !== 'ollama')).toEqual([]);
    expect(configuration.snapshot.models.size).toBe(0);
  });
});

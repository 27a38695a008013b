import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCipher, credentialContext } from '../../../src/configuration/credential-cipher.ts';
import { buildSnapshot } from '../../../src/configuration/snapshot-build.ts';
import type {
  ConfigurationRows,
  ConnectionRow,
  ModelRow,
} from '../../../src/db/queries/configuration-read.ts';

const cipher = createCipher(randomBytes(32), 'credentials');

function connection(changes: Partial<ConnectionRow> & { readonly secret?: string } = {}): ConnectionRow {
  const { secret, ...columns } = changes;
  const row = {
    id: 'c1',
    tenant_id: null,
    name: 'lab',
    provider: 'openai',
    protocol: 'openai-chat',
    base_url: 'https://api.openai.com/v1',
    credential: null,
    credential_key_id: null,
    api_version: null,
    models: null,
    source: 'file' as const,
    ...columns,
  };
  if (secret === undefined) return row;
  const context = credentialContext({ id: row.id, tenantId: row.tenant_id, baseUrl: row.base_url });
  return { ...row, credential: cipher.seal(secret, context), credential_key_id: cipher.keyId };
}

const model = (changes: Partial<ModelRow> = {}): ModelRow => ({
  id: 'm1',
  tenant_id: null,
  name: 'fast',
  strategy: 'priority',
  source: 'file',
  targets: [{ connection_id: 'c1', model: 'gpt', priority: 1, weight: 2 }],
  ...changes,
});

function build(rows: Partial<ConfigurationRows>) {
  return buildSnapshot(
    {
      version: 7,
      tenants: [],
      applications: [],
      keys: [],
      connections: [],
      models: [],
      prices: [],
      allowPrivate: [],
      keepsBodies: false,
      environmentTaken: [],
      ...rows,
    },
    {
      cipher,
      runtimeBaseUrls: { demo: 'http://127.0.0.1:4001/v1' },
      knownModels: (priceId) => [`${priceId}-1`],
    },
  );
}

describe('building a snapshot', () => {
  it('opens credentials and fills in what the provider brings', () => {
    const { snapshot, leftOut } = build({ connections: [connection({ secret: 'sk-1' })], models: [model()] });
    expect(leftOut).toEqual([]);
    expect(snapshot.version).toBe(7);
    expect(snapshot.connections.get('c1')).toEqual({
      id: 'c1',
      name: 'lab',
      tenantId: null,
      provider: 'openai',
      protocol: 'openai-chat',
      baseUrl: 'https://api.openai.com/v1',
      auth: 'bearer',
      secret: 'sk-1',
      headers: {},
      isTrusted: true,
      addressing: 'plain',
      apiVersion: null,
      aws: null,
      priceId: 'openai',
      prices: [],
      knownModels: ['openai-1'],
    });
    expect(snapshot.models.get('fast')?.targets).toEqual([
      { connectionId: 'c1', model: 'gpt', priority: 1, weight: 2 },
    ]);
  });

  it.each([
    ['anthropic', 'anthropic-messages', 'sk', 'x-api-key', '2023-06-01'],
    ['anthropic', 'openai-chat', 'sk', 'bearer', undefined],
    ['deepseek', 'anthropic-messages', 'sk', 'x-api-key', '2023-06-01'],
    ['custom', 'anthropic-messages', 'sk', 'x-api-key', '2023-06-01'],
    ['custom', 'openai-chat', 'sk', 'bearer', undefined],
    ['ollama', 'openai-chat', 'sk', 'bearer', undefined],
    ['ollama', 'openai-chat', undefined, 'none', undefined],
    ['openai', 'openai-chat', undefined, 'none', undefined],
    ['anthropic', 'anthropic-messages', undefined, 'none', '2023-06-01'],
  ])('speaks to %s in %s with the key %s by %s', (provider, protocol, secret, auth, version) => {
    const row = connection({ provider, protocol, ...(secret === undefined ? {} : { secret }) });
    const built = build({ connections: [row] }).snapshot.connections.get('c1');
    expect([built?.auth, built?.headers['anthropic-version']]).toEqual([auth, version]);
  });

  it('gives demo the address that it has now', () => {
    const { snapshot } = build({ connections: [connection({ provider: 'demo', base_url: null })] });
    expect(snapshot.connections.get('c1')?.baseUrl).toBe('http://127.0.0.1:4001/v1');
  });

  it.each([
    ['of an unknown provider', connection({ provider: 'nobody' }), /provider nobody is not known/],
    ['of an unknown protocol', connection({ protocol: 'smtp' }), /protocol smtp is not known/],
    ['without an address', connection({ provider: 'custom', base_url: null }), /no base URL/],
    ['with a broken address', connection({ base_url: 'nonsense' }), /base URL is not valid/],
    ['with a user in its address', connection({ base_url: 'https://u:p@host' }), /base URL is not valid/],
    ['with a damaged credential', { ...connection({ secret: 'sk' }), credential: 'AAAA' }, /damaged/],
    [
      'of another master key',
      { ...connection({ secret: 'sk' }), credential_key_id: 'other' },
      /another master key/,
    ],
    [
      'moved to another origin',
      { ...connection({ secret: 'sk' }), base_url: 'https://evil.example' },
      /registered/,
    ],
    ['moved to another tenant', { ...connection({ secret: 'sk' }), tenant_id: 't1' }, /registered/],
  ])('leaves a connection out that is %s, says why, and keeps the others', (_what, broken, reason) => {
    const good = connection({ id: 'c2', name: 'good' });
    const { snapshot, leftOut } = build({ connections: [broken, good], models: [model()] });
    expect([...snapshot.connections.keys()]).toEqual(['c2']);
    expect(leftOut).toEqual([{ what: 'connection lab', reason: expect.stringMatching(reason) }]);
    expect(snapshot.models.get('fast')?.targets).toEqual([]);
  });

  it('trusts the addresses of the operator alone', () => {
    const trusted = (row: ConnectionRow) =>
      build({ connections: [row] }).snapshot.connections.get('c1')?.isTrusted;
    expect(trusted(connection())).toBe(true);
    expect(trusted(connection({ source: 'environment' }))).toBe(true);
    expect(trusted(connection({ source: 'graph' }))).toBe(false);
    expect(trusted(connection({ tenant_id: 't1' }))).toBe(false);
  });

  it("A10 gives no model a connection of another tenant, and the operator's none of any", () => {
    const connections = [connection({ tenant_id: 't1', source: 'graph' })];
    const models = [
      model(),
      model({ id: 'm2', tenant_id: 't1', name: 'own' }),
      model({ id: 'm3', tenant_id: 't2', name: 'thief' }),
    ];
    const { snapshot } = build({ connections, models });
    expect(snapshot.models.get('fast')?.targets).toEqual([]);
    expect(snapshot.tenantModels.get('t1')?.get('own')?.targets).toHaveLength(1);
    expect(snapshot.tenantModels.get('t2')?.get('thief')?.targets).toEqual([]);
  });

  it('knows no revoked key', () => {
    const key = {
      tenant_id: 't1',
      id: 'k1',
      application_id: 'a1',
      is_admin: false,
      hash: 'h1',
      prefix: 'sk',
      source: 'file' as const,
      is_revoked: false,
    };
    const { snapshot } = build({ keys: [key, { ...key, id: 'k2', hash: 'h2', is_revoked: true }] });
    expect([...snapshot.keys.keys()]).toEqual(['h1']);
  });
});

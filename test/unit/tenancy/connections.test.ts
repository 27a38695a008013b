import { expect, it } from 'vitest';
import { usableConnections } from '../../../src/tenancy/connections.ts';
import { createSnapshot, type Identity, type SnapshotConnection } from '../../../src/tenancy/snapshot.ts';

const TENANT = 'tenant-1';
const connection = (id: string, name: string, tenantId: string | null): SnapshotConnection => ({
  id,
  name,
  tenantId,
  provider: 'custom',
  protocol: 'openai-chat',
  baseUrl: 'https://example.com/v1',
  auth: 'none',
  secret: null,
  headers: {},
  isTrusted: false,
  priceId: null,
  knownModels: [],
});

/** Ids of the connections that an application with this list of models may use as a whole. */
function usable(models: readonly string[] | null, identity: Partial<Identity> = {}): readonly string[] {
  const snapshot = createSnapshot({
    connections: new Map(
      [
        connection('shared-lab', 'lab', null),
        connection('shared-labour', 'labour', null),
        connection('own-lab', 'lab', TENANT),
        connection('others-box', 'box', 'tenant-2'),
      ].map((each) => [each.id, each]),
    ),
    applications: new Map([['app', { id: 'app', tenantId: TENANT, name: 'web', models }]]),
  });
  const who = { tenantId: TENANT, applicationId: 'app', keyId: 'key', isAdmin: false, ...identity };
  return usableConnections(snapshot, who).map(({ id }) => id);
}

it('a key without a list may use its tenant’s own and the operator’s, the own one hiding the operator’s', () => {
  expect(usable(null)).toEqual(['own-lab', 'shared-labour']);
});

it('a key with a list needs an entry that allows every model of the connection', () => {
  expect(usable(['*'])).toEqual(['own-lab', 'shared-labour']);
  expect(usable(['lab*'])).toEqual(['own-lab', 'shared-labour']);
  expect(usable(['lab/*'])).toEqual(['own-lab']);
  expect(usable(['labour/*', 'fast-chat'])).toEqual(['shared-labour']);
  for (const entry of ['lab', 'lab/gpt', 'lab/gpt*', 'lab/*x', 'l', ''])
    expect([entry, usable([entry])]).toEqual([entry, []]);
});

it('nobody uses another tenant’s, and a key whose application is gone uses none', () => {
  expect(usable(null, { isAdmin: true })).toEqual(['own-lab', 'shared-labour']);
  expect(usable(['box/*'])).toEqual([]);
  expect(usable(null, { applicationId: 'gone' })).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { listModels, resolveModel } from '../../../src/tenancy/models.ts';
import {
  createSnapshot,
  type Identity,
  type SnapshotConnection,
  type SnapshotModel,
} from '../../../src/tenancy/snapshot.ts';

const connection = (
  id: string,
  name: string,
  tenantId: string | null,
  knownModels: string[] = [],
): SnapshotConnection => ({
  id,
  name,
  tenantId,
  provider: `provider-of-${id}`,
  protocol: 'openai-chat',
  baseUrl: 'https://api.example/v1',
  auth: 'bearer',
  secret: `secret-of-${id}`,
  headers: {},
  isTrusted: true,
  priceId: null,
  knownModels,
});

const model = (name: string, ...connectionIds: string[]): SnapshotModel => ({
  id: `model-${name}`,
  name,
  strategy: 'priority',
  targets: connectionIds.map((connectionId, index) => ({
    connectionId,
    model: 'upstream',
    priority: connectionIds.length - index,
    weight: 1,
  })),
});

const byId = <T extends { readonly id: string }>(items: T[]) => new Map(items.map((item) => [item.id, item]));
const byName = <T extends { readonly name: string }>(items: T[]) =>
  new Map(items.map((item) => [item.name, item]));

const snapshot = createSnapshot({
  connections: byId([
    connection('c1', 'openai', null, ['gpt-5', 'gpt-5-mini']),
    connection('c2', 'lab', null, ['lab-1']),
    connection('c3', 'openai', 'acme', ['gpt-5']),
    connection('c4', 'own', 'acme', ['own-1']),
    connection('c5', 'own', 'other', ['secret-1']),
  ]),
  models: byName([model('fast', 'c1', 'c2'), model('meta/llama', 'c2'), model('empty')]),
  tenantModels: new Map([
    ['acme', byName([model('fast', 'c4'), model('acme-only', 'c4')])],
    ['other', byName([model('other-only', 'c5')])],
  ]),
  applications: byId([
    { id: 'all', tenantId: 'acme', name: 'all', models: null },
    { id: 'some', tenantId: 'acme', name: 'some', models: ['fast', 'lab/*', 'openai/gpt-5'] },
    { id: 'none', tenantId: 'acme', name: 'none', models: [] },
    { id: 'third', tenantId: 'third', name: 'third', models: null },
  ]),
});

const as = (applicationId: string, tenantId = 'acme'): Identity => ({
  tenantId,
  applicationId,
  keyId: 'k',
  isAdmin: false,
});
const admin: Identity = { tenantId: 'default', applicationId: null, keyId: 'k', isAdmin: true };

/** Ids of the connections, or the code of the error. */
function resolve(identity: Identity, name: string): readonly string[] | string {
  const resolved = resolveModel(snapshot, identity, name);
  if (resolved instanceof CallError) {
    expect(resolved.param).toBe('model');
    return resolved.code;
  }
  expect(resolved.name).toBe(name);
  return resolved.targets.map((target) => target.connection.id);
}

describe('a model name', () => {
  it("stands for the tenant's model before the operator's", () => {
    expect(resolve(as('all'), 'fast')).toEqual(['c4']);
    expect(resolve(as('third', 'third'), 'fast')).toEqual(['c1', 'c2']);
    expect(resolve(admin, 'fast')).toEqual(['c1', 'c2']);
  });

  it("stands for connection/model, the tenant's own connection before the operator's", () => {
    expect(resolve(as('all'), 'openai/gpt-5')).toEqual(['c3']);
    expect(resolve(as('third', 'third'), 'openai/gpt-5')).toEqual(['c1']);
  });

  it('keeps every slash after the first for the upstream', () => {
    const resolved = resolveModel(snapshot, as('all'), 'lab/meta/llama');
    expect(resolved).toMatchObject({ strategy: 'priority', targets: [{ model: 'meta/llama' }] });
  });

  it('may itself hold a slash when it is declared', () => {
    expect(resolve(as('all'), 'meta/llama')).toEqual(['c2']);
  });

  it("A10 never reaches another tenant's models and connections", () => {
    expect(resolve(as('all'), 'other-only')).toBe('model_not_found');
    expect(resolve(as('all'), 'own/secret-1')).toEqual(['c4']);
    expect(resolve(as('third', 'third'), 'own/secret-1')).toBe('model_not_found');
    expect(resolve(admin, 'own/secret-1')).toBe('model_not_found');
  });

  it.each([
    '',
    'fas',
    'FAST',
    'fast ',
    'lab',
    'lab/',
    '/x',
    '/',
    'nope/x',
    '__proto__',
    'constructor/x',
    'http://x/y',
  ])('is not found as %j', (name) => {
    expect(resolve(as('all'), name)).toBe('model_not_found');
  });

  it('is found also when no target can be used, which is for the call to say', () => {
    expect(resolve(as('all'), 'empty')).toEqual([]);
  });

  it('is refused to an application whose list has neither it nor what it starts with', () => {
    expect(resolve(as('some'), 'fast')).toEqual(['c4']);
    expect(resolve(as('some'), 'lab/anything')).toEqual(['c2']);
    expect(resolve(as('some'), 'openai/gpt-5')).toEqual(['c3']);
    expect(resolve(as('some'), 'openai/gpt-5-mini')).toBe('model_not_allowed');
    expect(resolve(as('some'), 'acme-only')).toBe('model_not_allowed');
    expect(resolve(as('some'), 'nope')).toBe('model_not_found');
    expect(resolve(as('none'), 'fast')).toBe('model_not_allowed');
    expect(resolve(as('gone'), 'fast')).toBe('model_not_allowed');
  });
});

describe('the list of models', () => {
  const names = (identity: Identity) => listModels(snapshot, identity).map((listed) => listed.name);

  it('holds what the key may use, once each and sorted', () => {
    expect(names(as('all'))).toEqual([
      'acme-only',
      'empty',
      'fast',
      'lab/lab-1',
      'meta/llama',
      'openai/gpt-5',
      'own/own-1',
    ]);
    expect(names(as('some'))).toEqual(['fast', 'lab/lab-1', 'openai/gpt-5']);
    expect(names(as('none'))).toEqual([]);
    expect(names(admin)).toEqual([
      'empty',
      'fast',
      'lab/lab-1',
      'meta/llama',
      'openai/gpt-5',
      'openai/gpt-5-mini',
    ]);
  });

  it('holds only what resolves', () => {
    for (const identity of [as('all'), as('some'), as('third', 'third'), admin]) {
      for (const name of names(identity)) expect(Array.isArray(resolve(identity, name))).toBe(true);
    }
  });

  it('names the provider of the target that is tried first', () => {
    expect(listModels(snapshot, admin).find((listed) => listed.name === 'fast')).toEqual({
      name: 'fast',
      provider: 'provider-of-c2',
      isDeclared: true,
    });
    expect(listModels(snapshot, admin).find((listed) => listed.name === 'empty')?.provider).toBeNull();
  });

  it('is bounded for each connection', () => {
    const many = Array.from({ length: LIMITS.modelsPerConnectionMax + 1 }, (_, i) => `m${i}`);
    const large = createSnapshot({ connections: byId([connection('c', 'c', null, many)]) });
    expect(listModels(large, admin)).toHaveLength(LIMITS.modelsPerConnectionMax);
  });
});

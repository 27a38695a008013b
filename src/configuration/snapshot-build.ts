import type {
  ConfigurationRows,
  ConnectionRow,
  ModelRow,
  OwnPriceRow,
} from '../db/queries/configuration-read.ts';
import { PROTOCOL_NAMES } from '../protocols/blocks.ts';
import { accessOf, findProvider, speaks } from '../providers/catalogue.ts';
import {
  createSnapshot,
  type Snapshot,
  type SnapshotConnection,
  type SnapshotKey,
  type SnapshotModel,
  STRATEGIES,
} from '../tenancy/snapshot.ts';
import { readAwsSecret } from './aws-credential.ts';
import { normaliseBaseUrl } from './base-url.ts';
import { type Cipher, credentialContext } from './credential-cipher.ts';
import { ownPricesOf } from './own-prices.ts';

export interface SnapshotInputs {
  readonly cipher: Cipher;
  /** Base URLs that are known only at run time, by provider (demo). */
  readonly runtimeBaseUrls: Readonly<Record<string, string>>;
  /** Names of the models that the catalogue knows of a provider, by its price id. */
  readonly knownModels: (priceId: string) => readonly string[];
}

/** A row that cannot be used, and why; holds no secret. */
export interface LeftOut {
  /** `connection lab`. */
  readonly what: string;
  readonly reason: string;
}

export interface BuiltSnapshot {
  readonly snapshot: Snapshot;
  readonly leftOut: readonly LeftOut[];
}

/**
 * The snapshot that these rows describe. A row that cannot be used is left out and reported: one broken
 * connection must not take the others down.
 */
export function buildSnapshot(rows: ConfigurationRows, inputs: SnapshotInputs): BuiltSnapshot {
  const leftOut: LeftOut[] = [];
  const connections = new Map<string, SnapshotConnection>();
  for (const row of rows.connections) {
    const built = buildConnection(row, rows.prices, inputs);
    if (typeof built === 'string') leftOut.push({ what: `connection ${row.name}`, reason: built });
    else connections.set(row.id, built);
  }
  const models = new Map<string, SnapshotModel>();
  const tenantModels = new Map<string, Map<string, SnapshotModel>>();
  for (const row of rows.models) {
    const built = buildModel(row, connections);
    if (typeof built === 'string') leftOut.push({ what: `model ${row.name}`, reason: built });
    else if (row.tenant_id === null) models.set(row.name, built);
    else mapOf(tenantModels, row.tenant_id).set(row.name, built);
  }
  const snapshot = createSnapshot({
    version: rows.version,
    keys: buildKeys(rows),
    tenants: new Map(rows.tenants.map(({ id, name }) => [id, { id, name }])),
    applications: new Map(
      rows.applications.map(({ id, tenant_id, name, models: allowed }) => [
        id,
        { id, tenantId: tenant_id, name, models: allowed },
      ]),
    ),
    connections,
    models,
    tenantModels,
    allowPrivate: rows.allowPrivate,
    keepsBodies: rows.keepsBodies,
  });
  return { snapshot, leftOut };
}

function buildKeys(rows: ConfigurationRows): Map<string, SnapshotKey> {
  const keys = new Map<string, SnapshotKey>();
  for (const { id, tenant_id, application_id, is_admin, hash, is_revoked } of rows.keys) {
    if (is_revoked) continue;
    keys.set(hash, { id, tenantId: tenant_id, applicationId: application_id, isAdmin: is_admin });
  }
  return keys;
}

/** The connection, or why it cannot be used. */
function buildConnection(
  row: ConnectionRow,
  prices: readonly OwnPriceRow[],
  inputs: SnapshotInputs,
): SnapshotConnection | string {
  const provider = findProvider(row.provider);
  if (provider === undefined) return `its provider ${row.provider} is not known`;
  const protocol = PROTOCOL_NAMES.find((name) => name === row.protocol);
  if (protocol === undefined) return `its protocol ${row.protocol} is not known`;
  const address = row.base_url ?? inputs.runtimeBaseUrls[row.provider];
  if (address === undefined) return 'it has no base URL';
  const baseUrl = normaliseBaseUrl(address);
  if (baseUrl === null) return 'its base URL is not valid';
  const secret = openCredential(row, inputs.cipher);
  if (secret !== null && typeof secret === 'object') return secret.reason;
  const aws = readAwsSecret(secret);
  const access = accessOf(provider, protocol, secret !== null);
  return {
    id: row.id,
    name: row.name,
    tenantId: row.tenant_id,
    provider: row.provider,
    protocol,
    baseUrl,
    auth: aws === null ? access.auth : 'sigv4',
    addressing: speaks(provider, protocol) ? (provider.addressing ?? 'plain') : 'plain',
    apiVersion: row.api_version,
    secret: aws === null ? secret : (aws.sessionToken ?? aws.secretAccessKey),
    aws,
    headers: access.headers,
    isTrusted: row.tenant_id === null && row.source !== 'graph',
    priceId: provider.priceId,
    prices: ownPricesOf(prices, row),
    knownModels: row.models ?? (provider.priceId === null ? [] : inputs.knownModels(provider.priceId)),
  };
}

function openCredential(row: ConnectionRow, cipher: Cipher): string | null | { readonly reason: string } {
  if (row.credential === null) return null;
  if (row.credential_key_id !== cipher.keyId) {
    return { reason: 'its credential was encrypted with another master key' };
  }
  const owner = { id: row.id, tenantId: row.tenant_id, baseUrl: row.base_url };
  // A base URL that does not parse has been refused before.
  const clear = cipher.open(row.credential, credentialContext(owner));
  return clear ?? { reason: 'its credential is damaged, or was registered for another address or tenant' };
}

function buildModel(
  row: ModelRow,
  connections: ReadonlyMap<string, SnapshotConnection>,
): SnapshotModel | string {
  const strategy = STRATEGIES.find((name) => name === row.strategy);
  if (strategy === undefined) return `its strategy ${row.strategy} is not known`;
  const targets = row.targets
    .filter((target) => {
      const connection = connections.get(target.connection_id);
      if (connection === undefined) return false;
      return connection.tenantId === null || connection.tenantId === row.tenant_id;
    })
    .map(({ connection_id, model, priority, weight }) => ({
      connectionId: connection_id,
      model,
      priority,
      weight,
    }));
  return { id: row.id, name: row.name, strategy, targets };
}

function mapOf<K, K2, V>(maps: Map<K, Map<K2, V>>, key: K): Map<K2, V> {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<K2, V>();
  maps.set(key, made);
  return made;
}

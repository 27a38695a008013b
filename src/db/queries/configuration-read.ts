import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Database } from '../database.ts';
import type { PricesTable, RowSource } from '../tables/configuration.ts';

export interface TenantRow {
  readonly id: string;
  readonly name: string;
  readonly source: RowSource;
}
export interface ApplicationRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly name: string;
  readonly models: readonly string[] | null;
  readonly source: RowSource;
}
export interface KeyRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly application_id: string | null;
  readonly is_admin: boolean;
  readonly hash: string;
  readonly prefix: string;
  readonly source: RowSource;
  readonly is_revoked: boolean;
}
export interface ConnectionRow {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly name: string;
  readonly provider: string;
  readonly protocol: string;
  readonly base_url: string | null;
  readonly credential: string | null;
  readonly credential_key_id: string | null;
  readonly api_version: string | null;
  readonly models: readonly string[] | null;
  readonly source: RowSource;
}
export interface TargetRow {
  readonly connection_id: string;
  readonly model: string;
  readonly priority: number;
  readonly weight: number;
}
export interface ModelRow {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly name: string;
  readonly strategy: string;
  readonly source: RowSource;
  /** In the order in which they were given. */
  readonly targets: readonly TargetRow[];
}

/** A price of the operator's own: for one connection, or for a provider wherever it is connected to. */
export type OwnPriceRow = Readonly<Omit<Selectable<PricesTable>, 'created_at'>>;

/** The whole configuration as stored, of one moment. */
export interface ConfigurationRows {
  readonly version: number;
  readonly tenants: readonly TenantRow[];
  readonly applications: readonly ApplicationRow[];
  /** Revoked ones too: their hashes stay taken. */
  readonly keys: readonly KeyRow[];
  readonly connections: readonly ConnectionRow[];
  readonly models: readonly ModelRow[];
  readonly prices: readonly OwnPriceRow[];
  /** CIDR blocks. */
  readonly allowPrivate: readonly string[];
  /** Records take in bodies. */
  readonly keepsBodies: boolean;
  /** Providers whose key in the environment was offered once. */
  readonly environmentTaken: readonly string[];
}

/** Reads everything in one transaction, so that no change is seen by half. */
export function readConfiguration(db: Kysely<Database>): Promise<ConfigurationRows> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((transaction) => readConfigurationIn(transaction));
}

/** As `readConfiguration`, inside the caller's transaction. */
export async function readConfigurationIn(db: Transaction<Database>): Promise<ConfigurationRows> {
  const state = await db.selectFrom('configuration_state').select('version').executeTakeFirstOrThrow();
  const settings = await db.selectFrom('operator_settings').select(['name', 'value']).execute();
  const setting = (name: string) => settings.find((row) => row.name === name)?.value;
  return {
    version: Number(state.version),
    tenants: await db.selectFrom('tenants').select(['id', 'name', 'source']).orderBy('id').execute(),
    applications: await db
      .selectFrom('applications')
      .select(['tenant_id', 'id', 'name', 'models', 'source'])
      .orderBy('id')
      .execute(),
    keys: await readKeys(db),
    connections: await db
      .selectFrom('connections')
      .select(['id', 'tenant_id', 'name', 'provider', 'protocol', 'base_url'])
      .select(['credential', 'credential_key_id', 'api_version', 'models', 'source'])
      .orderBy('id')
      .execute(),
    models: await readModels(db),
    prices: await readPrices(db),
    allowPrivate: textsOf(setting('network')?.['allowPrivate']),
    keepsBodies: setting('records')?.['bodies'] === true,
    environmentTaken: textsOf(setting('environment')?.['taken']),
  };
}

/** The version alone; grows with every change. */
export async function readConfigurationVersion(db: Kysely<Database>): Promise<number> {
  const state = await db.selectFrom('configuration_state').select('version').executeTakeFirstOrThrow();
  return Number(state.version);
}

async function readKeys(db: Transaction<Database>): Promise<KeyRow[]> {
  return db
    .selectFrom('keys')
    .select(['tenant_id', 'id', 'application_id', 'is_admin', 'hash', 'prefix', 'source'])
    .select((expression) => expression('revoked_at', 'is not', null).$castTo<boolean>().as('is_revoked'))
    .orderBy('id')
    .execute();
}

async function readPrices(db: Transaction<Database>): Promise<OwnPriceRow[]> {
  const rows = await db.selectFrom('prices').selectAll().orderBy('id').execute();
  return rows.map(({ created_at, ...row }) => row);
}

async function readModels(db: Transaction<Database>): Promise<ModelRow[]> {
  const targets = await db
    .selectFrom('model_targets')
    .select(['model_id', 'connection_id', 'model', 'priority', 'weight'])
    .orderBy('model_id')
    .orderBy('position')
    .execute();
  const byModel = new Map<string, TargetRow[]>();
  for (const { model_id, ...target } of targets) {
    const known = byModel.get(model_id);
    if (known === undefined) byModel.set(model_id, [target]);
    else known.push(target);
  }
  const models = await db
    .selectFrom('models')
    .select(['id', 'tenant_id', 'name', 'strategy', 'source'])
    .orderBy('id')
    .execute();
  return models.map((model) => ({ ...model, targets: byModel.get(model.id) ?? [] }));
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

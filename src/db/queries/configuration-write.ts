import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../database.ts';
import type {
  ApplicationRow,
  ConnectionRow,
  KeyRow,
  ModelRow,
  OwnPriceRow,
  TenantRow,
} from './configuration-read.ts';

/** Changes of one table; `update` holds whole rows, `remove` ids. */
export interface RowChanges<Row> {
  readonly insert: readonly Row[];
  readonly update: readonly Row[];
  readonly remove: readonly string[];
}

export interface ConfigurationChanges {
  readonly tenants: RowChanges<TenantRow>;
  readonly applications: RowChanges<ApplicationRow>;
  /** A key never changes; it goes and another comes. */
  readonly keys: Omit<RowChanges<KeyRow>, 'update'>;
  readonly connections: RowChanges<ConnectionRow>;
  readonly models: RowChanges<ModelRow>;
  /** A price never changes; it goes and another comes. */
  readonly prices: Omit<RowChanges<OwnPriceRow>, 'update'>;
  /** Null leaves it as it is. */
  readonly allowPrivate: readonly string[] | null;
  /** Null leaves it as it is. */
  readonly keepsBodies: boolean | null;
  /** Null leaves it as it is. */
  readonly environmentTaken: readonly string[] | null;
}

/** Rows in one INSERT; Postgres takes 65,535 parameters, the widest table has 15 columns. */
const ROWS_PER_INSERT = 1_000;

/** Any number, the same in every process: who writes the configuration as a whole holds it. */
const WRITER_LOCK = 7_582_349;

/** One transaction, alone among all processes: what it reads stays true until it has written. */
export function withConfigurationLock<T>(
  db: Kysely<Database>,
  run: (transaction: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${WRITER_LOCK})`.execute(transaction);
    return run(transaction);
  });
}

/** Removes before it inserts, so that a name or key hash can move from one row to another. */
export async function writeConfiguration(
  db: Transaction<Database>,
  changes: ConfigurationChanges,
): Promise<void> {
  await removeRows(db, changes);
  await writeTenants(db, changes.tenants);
  await writeApplications(db, changes.applications);
  await writeKeys(db, changes.keys);
  await writeConnections(db, changes.connections);
  await writeModels(db, changes.models);
  for (const rows of chunks(changes.prices.insert)) await db.insertInto('prices').values(rows).execute();
  const { allowPrivate, keepsBodies, environmentTaken } = changes;
  if (allowPrivate !== null) await writeSetting(db, 'network', { allowPrivate });
  if (keepsBodies !== null) await writeSetting(db, 'records', { bodies: keepsBodies });
  if (environmentTaken !== null) await writeSetting(db, 'environment', { taken: environmentTaken });
}

async function writeSetting(db: Transaction<Database>, name: string, content: object): Promise<void> {
  const value = JSON.stringify(content);
  await db
    .insertInto('operator_settings')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

async function removeRows(db: Transaction<Database>, changes: ConfigurationChanges): Promise<void> {
  for (const table of ['prices', 'models', 'connections', 'keys', 'applications', 'tenants'] as const) {
    const ids = changes[table].remove;
    if (ids.length > 0) await db.deleteFrom(table).where('id', '=', sql<string>`any(${ids})`).execute();
  }
}

async function writeTenants(db: Transaction<Database>, changes: RowChanges<TenantRow>): Promise<void> {
  for (const rows of chunks(changes.insert)) await db.insertInto('tenants').values(rows).execute();
  for (const { id, ...row } of changes.update) {
    await db.updateTable('tenants').set(row).where('id', '=', id).execute();
  }
}

async function writeApplications(
  db: Transaction<Database>,
  changes: RowChanges<ApplicationRow>,
): Promise<void> {
  const written = (row: ApplicationRow) => ({ ...row, models: row.models === null ? null : [...row.models] });
  for (const rows of chunks(changes.insert)) {
    await db.insertInto('applications').values(rows.map(written)).execute();
  }
  for (const row of changes.update) {
    await db.updateTable('applications').set(written(row)).where('id', '=', row.id).execute();
  }
}

async function writeKeys(db: Transaction<Database>, changes: ConfigurationChanges['keys']): Promise<void> {
  for (const rows of chunks(changes.insert)) {
    const values = rows.map(({ is_revoked, ...row }) => ({
      ...row,
      revoked_at: is_revoked ? new Date() : null,
    }));
    await db.insertInto('keys').values(values).execute();
  }
}

async function writeConnections(
  db: Transaction<Database>,
  changes: RowChanges<ConnectionRow>,
): Promise<void> {
  const written = (row: ConnectionRow) => ({ ...row, models: row.models === null ? null : [...row.models] });
  for (const rows of chunks(changes.insert)) {
    await db.insertInto('connections').values(rows.map(written)).execute();
  }
  for (const row of changes.update) {
    await db.updateTable('connections').set(written(row)).where('id', '=', row.id).execute();
  }
}

async function writeModels(db: Transaction<Database>, changes: RowChanges<ModelRow>): Promise<void> {
  for (const rows of chunks(changes.insert)) {
    await db
      .insertInto('models')
      .values(rows.map(({ targets, ...row }) => row))
      .execute();
  }
  for (const { id, targets, ...row } of changes.update) {
    await db.updateTable('models').set(row).where('id', '=', id).execute();
    await db.deleteFrom('model_targets').where('model_id', '=', id).execute();
  }
  const targets = [...changes.insert, ...changes.update].flatMap((model) =>
    model.targets.map((target, position) => ({ model_id: model.id, position, ...target })),
  );
  for (const rows of chunks(targets)) await db.insertInto('model_targets').values(rows).execute();
}

function chunks<Row>(rows: readonly Row[]): Row[][] {
  const count = Math.ceil(rows.length / ROWS_PER_INSERT);
  return Array.from({ length: count }, (_, index) =>
    rows.slice(index * ROWS_PER_INSERT, (index + 1) * ROWS_PER_INSERT),
  );
}

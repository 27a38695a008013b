import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompiledQuery, type Kysely, type Migration, type MigrationProvider, Migrator, sql } from 'kysely';
import { SetupError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import { checkServerVersion, type Database } from './database.ts';

const FILE_NAME = /^\d{4}-[a-z0-9-]+\.sql$/;
const TABLE = 'migrations';
const LOCK_TABLE = 'migrations_lock';

/**
 * Brings the database to the state that this program knows: runs the files of `migrations/` that it has not
 * run yet, in the order of their names, all in one transaction. Any number of processes may call it at once;
 * one works and the others wait. Resolves with the names of what it ran.
 *
 * Open `db` without a statement timeout: a migration, and the wait for another process's, may take long.
 * Throws a {@link SetupError} when the server is too old, the database is newer than this program, or a
 * migration fails (then nothing has changed).
 */
export async function migrate(
  db: Kysely<Database>,
  folder: string = join(packageRoot(), 'migrations'),
): Promise<string[]> {
  await checkServerVersion(db);
  const migrations = readMigrations(folder);
  await refuseNewerDatabase(db, Object.keys(migrations));
  const provider: MigrationProvider = { getMigrations: async () => migrations };
  const migrator = new Migrator({
    db,
    provider,
    migrationTableName: TABLE,
    migrationLockTableName: LOCK_TABLE,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')?.migrationName;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupError(`The database could not be migrated${failed ? ` (${failed})` : ''}: ${reason}`, {
      cause: error,
    });
  }
  return results.map((result) => result.migrationName);
}

function readMigrations(folder: string): Record<string, Migration> {
  const files = readdirSync(folder).filter((file) => FILE_NAME.test(file));
  return Object.fromEntries(
    files.map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      // Without parameters pg sends it as a simple query, which may hold many statements.
      const up = async (db: Kysely<unknown>): Promise<void> => {
        await db.executeQuery(CompiledQuery.raw(text));
      };
      return [file.slice(0, -'.sql'.length), { up }];
    }),
  );
}

async function refuseNewerDatabase(db: Kysely<Database>, known: readonly string[]): Promise<void> {
  const table = await sql<{ found: boolean }>`select to_regclass(${TABLE}) is not null as found`.execute(db);
  if (table.rows[0]?.found !== true) return;
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(TABLE)} order by name`.execute(
    db,
  );
  const unknown = rows.filter((row) => !known.includes(row.name)).at(-1);
  if (unknown === undefined) return;
  throw new SetupError(
    `The database was migrated by a newer Sluice (${unknown.name}); this one knows up to ${[...known].sort().at(-1) ?? 'nothing'}. Use the newer one.`,
  );
}

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/db/database.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start-embedded-postgres.ts';
import { migrate } from '../../src/db/migrate.ts';
import { packageRoot } from '../../src/package-root.ts';
import type { ClusterAddress } from './database.ts';
import { silentLog } from './silent-log.ts';

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ClusterAddress;
  }
}

/** bin/build.js, plain JavaScript, for it must run before anything is built. */
interface Build {
  bundle(): Promise<void>;
  newestSource(): number;
}

const TEMPLATE = 'sluice_template';

/**
 * Runs once before all projects: builds dist/ when it is older than src/, and starts the Postgres cluster
 * that {@link testDatabase} makes its databases in. Unit tests touch neither, so a run of them alone skips it.
 */
export default async function setup(root: TestProject): Promise<(() => Promise<void>) | undefined> {
  const names = root.vitest.projects.map((project) => project.name);
  if (names.every((name) => name === 'unit')) return undefined;
  await refreshBundle();

  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const postgres = await startEmbeddedPostgres({ dataDir, log: silentLog });
  const admin = { ...postgres.adminAddress };
  await makeTemplate(admin, postgres.address.user);
  root.provide('cluster', { admin, user: postgres.address.user, template: TEMPLATE });
  return async () => {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}

async function refreshBundle(): Promise<void> {
  const build: Build = await import(join(packageRoot(), 'bin', 'build.js'));
  const stamp = join(packageRoot(), 'dist', 'stamp');
  if (existsSync(stamp) && Number(readFileSync(stamp, 'utf8')) >= build.newestSource()) return;
  rmSync(stamp, { force: true });
  try {
    await build.bundle();
  } catch {
    // esbuild has printed why. Most tests do without the bundle; those of the started program fail by themselves.
    console.error('dist/ could not be built');
  }
}

/** A migrated database to copy: 27 ms instead of running every migration for every test. */
async function makeTemplate(admin: ClusterAddress['admin'], user: string): Promise<void> {
  const client = new Client(admin);
  await client.connect();
  try {
    await client.query(`create database ${TEMPLATE} owner ${user}`);
    const database = openDatabase(
      { ...admin, user, database: TEMPLATE },
      { connectionsMax: 1, statementTimeoutMs: 0, applicationName: 'test setup', log: silentLog },
    );
    await migrate(database.db);
    await database.close();
    // A connection to the template, even autovacuum's, would block the copying.
    await client.query(`alter database ${TEMPLATE} allow_connections false is_template true`);
  } finally {
    await client.end();
  }
}

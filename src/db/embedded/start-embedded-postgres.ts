import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { SetupError } from '../../errors.ts';
import { type Clock, type Log, systemClock } from '../../ports.ts';
import type { DatabaseAddress } from '../address.ts';
import { makeDataDir } from '../data-dir-lock.ts';
import { clusterOwner, clusterPassword, createCluster, giveTo, SUPERUSER, syncCluster } from './cluster.ts';
import {
  type ClusterPaths,
  clusterPaths,
  makeSocketFolder,
  removeStaleSocket,
  SOCKET_PORT,
} from './cluster-paths.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { PostgresServer } from './postgres-server.ts';
import { postgresSettings } from './postgres-settings.ts';
import { choosePostgresUser, type PostgresUser, spawnAs } from './postgres-user.ts';
import { prepareBinaries } from './prepare-binaries.ts';
import { stopStalePostmaster } from './stale-postmaster.ts';
import { startWatchdog } from './watchdog.ts';

export interface EmbeddedPostgres {
  /** The gateway's database, as the role that owns it. */
  readonly address: DatabaseAddress;
  /** The cluster's superuser, for making further databases. The gateway does not use it. */
  readonly adminAddress: DatabaseAddress;
  /** Process id of the postmaster; null while it is being restarted. */
  readonly pid: number | null;
  /** Resolves when Postgres has ended. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The caller holds its lock, see `lockDataDir`. */
  readonly dataDir: string;
  readonly log: Log;
  readonly clock?: Clock;
}

const DATABASE = 'sluice';
const ROLE = 'sluice';

/**
 * Starts the Postgres of this data dir, making it first when there is none: reachable through a unix socket
 * alone, with a password. It is restarted when it ends by itself, and ends when this process does, however
 * that dies. Throws a {@link SetupError} when it cannot run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, clock = systemClock } = options;
  makeDataDir(options.dataDir);
  const dataDir = realpathSync(options.dataDir);
  const paths = clusterPaths(dataDir);
  const user = choosePostgresUser(clusterOwner(paths));
  const binaries = await prepareBinaries(dataDir, user);

  makeSocketFolder(paths, ownersOf(user));
  giveTo(user, paths.sockets);
  const password = clusterPassword(paths);
  await stopStalePostmaster(paths.cluster, log);
  removeStaleSocket(paths);
  const isNew = await createCluster(paths, binaries, user, password);

  const marker = `sluice.run=${randomUUID()}`;
  const watchdog = startWatchdog(paths.cluster, marker);
  const server = new PostgresServer({ spawn: () => spawnServer(paths, binaries, user, marker), log, clock });
  const addressOf = (role: string, database: string): DatabaseAddress => ({
    host: paths.sockets,
    port: SOCKET_PORT,
    user: role,
    password,
    database,
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    watchdog.dismiss();
  };
  try {
    await server.start();
    await createDatabase(addressOf(SUPERUSER, 'postgres'), paths);
  } catch (error) {
    await stop();
    throw error;
  }
  const syncing = isNew ? syncCluster(paths, binaries, user, log) : Promise.resolve();
  return {
    address: addressOf(ROLE, DATABASE),
    adminAddress: addressOf(SUPERUSER, 'postgres'),
    get pid() {
      return server.pid;
    },
    async stop() {
      await syncing;
      await stop();
    },
  };
}

function ownersOf(user: PostgresUser): number[] {
  const own = process.getuid?.() ?? 0;
  return user.kind === 'other' ? [own, user.uid] : [own];
}

function spawnServer(paths: ClusterPaths, binaries: PostgresBinaries, user: PostgresUser, marker: string) {
  const settings = [...postgresSettings(paths.sockets), marker].flatMap((setting) => ['-c', setting]);
  const file = join(binaries.folder, 'bin', 'postgres');
  // A session of its own: Ctrl-C in a terminal would otherwise stop Postgres while the gateway still drains.
  return spawnAs(user, file, ['-D', paths.cluster, ...settings], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** The gateway's role and database, when they do not exist yet. */
async function createDatabase(admin: DatabaseAddress, paths: ClusterPaths): Promise<void> {
  const client = new Client({ ...admin });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupError(
      `The embedded Postgres does not take the password in ${paths.passwordFile}: ${reason}`,
    );
  }
  try {
    const role = await client.query('select from pg_roles where rolname = $1', [ROLE]);
    const password = client.escapeLiteral(admin.password ?? '');
    // DDL takes no parameters.
    if (role.rowCount === 0) await client.query(`create role ${ROLE} login password ${password}`);
    const database = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (database.rowCount === 0) await client.query(`create database ${DATABASE} owner ${ROLE}`);
  } finally {
    await client.end();
  }
}

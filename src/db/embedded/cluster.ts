import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { ClusterPaths } from './cluster-paths.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { type PostgresUser, runAs } from './postgres-user.ts';

/** Owns the cluster; the gateway itself never connects as it, for row-level security does not bind it. */
export const SUPERUSER = 'postgres';

/** The password of this cluster's roles: made once, kept beside it, readable for its owner alone. */
export function clusterPassword(paths: ClusterPaths): string {
  if (!existsSync(paths.passwordFile)) {
    if (existsSync(paths.cluster)) {
      throw new SetupError(
        `The file ${paths.passwordFile} is missing; it held the password of the database beside it.`,
      );
    }
    const draft = `${paths.passwordFile}.new`;
    writeFileSync(draft, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true });
    renameSync(draft, paths.passwordFile);
  }
  const password = readFileSync(paths.passwordFile, 'utf8').trim();
  if (password === '')
    throw new SetupError(`The file ${paths.passwordFile} is empty; it must hold the database's password.`);
  return password;
}

/** Gives a file, or a folder with all in it, to the user that Postgres runs as. */
export function giveTo(user: PostgresUser, path: string): void {
  if (user.kind !== 'other') return;
  const found = lstatSync(path);
  if (found.uid === user.uid) return;
  // The folder itself last: should this be cut short, the next start does it again.
  if (found.isDirectory()) for (const name of readdirSync(path)) giveTo(user, join(path, name));
  lchownSync(path, user.uid, user.gid);
}

/** Whom the cluster belongs to; null when there is none. */
export function clusterOwner(paths: ClusterPaths): { uid: number; gid: number } | null {
  const found = statSync(paths.cluster, { throwIfNoEntry: false });
  return found === undefined ? null : { uid: found.uid, gid: found.gid };
}

/**
 * Makes the database cluster when there is none yet; a crash on the way leaves none. Resolves with true when
 * it made one, whose files are not yet synced to disk: see {@link syncCluster}.
 */
export async function createCluster(
  paths: ClusterPaths,
  binaries: PostgresBinaries,
  user: PostgresUser,
  password: string,
): Promise<boolean> {
  if (existsSync(paths.cluster)) {
    checkVersion(paths.cluster, binaries);
    giveTo(user, paths.cluster);
    return false;
  }
  const draft = `${paths.cluster}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  giveTo(user, draft);
  const passwordFile = join(paths.sockets, 'initdb-password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(user, passwordFile);
  try {
    const { code, output } = await runAs(user, join(binaries.folder, 'bin', 'initdb'), [
      `--pgdata=${draft}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
      '--no-instructions',
    ]);
    if (code !== 0)
      throw new SetupError(`The embedded Postgres could not be set up in ${paths.cluster}: ${output}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(draft, paths.cluster);
  return true;
}

/** Writes a new cluster through to the disk: skipped at its making, where it would double the time to ready. */
export async function syncCluster(
  paths: ClusterPaths,
  binaries: PostgresBinaries,
  user: PostgresUser,
  log: Log,
): Promise<void> {
  const initdb = join(binaries.folder, 'bin', 'initdb');
  const { code, output } = await runAs(user, initdb, ['--sync-only', `--pgdata=${paths.cluster}`]);
  if (code !== 0) log.warn({ output }, 'the new database could not be synced to disk');
}

function checkVersion(cluster: string, binaries: PostgresBinaries): void {
  const made = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  const major = binaries.version.split('.')[0] ?? '';
  if (made === major) return;
  throw new SetupError(
    `The database in ${cluster} was made by Postgres ${made}, this Sluice brings Postgres ${major}. Use the Sluice that made it, or move the data to a Postgres of your own and set DATABASE_URL.`,
  );
}

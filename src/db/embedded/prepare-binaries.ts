import { chmodSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from '../../errors.ts';
import {
  copyBinaries,
  installedBinaries,
  linkLibraries,
  type PostgresBinaries,
} from './postgres-binaries.ts';
import { type PostgresUser, runAs } from './postgres-user.ts';

/**
 * Binaries that this user can run: the installed ones, or where these cannot be completed or reached, a copy
 * of them in the data dir (an absolute path). Throws a {@link SetupError} when the user cannot reach that.
 */
export async function prepareBinaries(dataDir: string, user: PostgresUser): Promise<PostgresBinaries> {
  const installed = installedBinaries();
  const isLinked = linkLibraries(installed);
  if (user.kind !== 'other') return isLinked ? installed : copyBinaries(installed, dataDir);

  // Lets that user pass through to the cluster; what else is in the data dir keeps its own, closed modes.
  chmodSync(dataDir, 0o711);
  const closed = firstClosed(dataDir, user.uid);
  if (closed !== null) {
    throw new SetupError(
      `The embedded Postgres must not run as root, and user ${user.uid}, whom it runs as instead, cannot pass through ${closed}. Set SLUICE_DATA_DIR to a folder outside of it, start as an ordinary user, or set DATABASE_URL to a Postgres 15 or newer.`,
    );
  }
  const { code } = await runAs(user, join(installed.folder, 'bin', 'postgres'), ['--version']);
  return isLinked && code === 0 ? installed : copyBinaries(installed, dataDir);
}

/** The folder at or above `path` that keeps this user (a member of no group of ours) out. */
function firstClosed(path: string, uid: number): string | null {
  const { mode, uid: owner } = statSync(path);
  if ((mode & (owner === uid ? 0o100 : 0o001)) === 0) return path;
  const parent = dirname(path);
  return parent === path ? null : firstClosed(parent, uid);
}

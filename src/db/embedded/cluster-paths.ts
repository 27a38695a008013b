import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '../../errors.ts';

export interface ClusterPaths {
  readonly cluster: string;
  /** Holds the unix socket; mode 0700. */
  readonly sockets: string;
  readonly passwordFile: string;
}

/** Only part of the socket's name: nothing listens on TCP. */
export const SOCKET_PORT = 5432;
const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`;

/** `sun_path` has 108 bytes on Linux and 104 on macOS, the last one zero. */
const SOCKET_PATH_BYTES_MAX = 103;

/** Where the cluster of this data dir (an absolute path) lives. */
export function clusterPaths(dataDir: string): ClusterPaths {
  const inside = join(dataDir, 'run');
  const isShort = Buffer.byteLength(join(inside, SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX;
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return {
    cluster: join(dataDir, 'postgres'),
    sockets: isShort ? inside : join(tmpdir(), `sluice-${process.getuid?.() ?? 0}-${hash}`),
    passwordFile: join(dataDir, 'postgres-password'),
  };
}

/**
 * Makes the folder for the socket. One in the shared temporary folder may be somebody else's trap: it must be
 * a folder, not a link, and belong to us (or to the user whom we gave it to).
 */
export function makeSocketFolder(paths: ClusterPaths, ownersAllowed: readonly number[]): void {
  mkdirSync(paths.sockets, { recursive: true, mode: 0o700 });
  const found = lstatSync(paths.sockets);
  if (!found.isDirectory() || !ownersAllowed.includes(found.uid)) {
    throw new SetupError(
      `${paths.sockets} belongs to another user; it is needed for the database's socket. Remove it, or set SLUICE_DATA_DIR to a shorter path.`,
    );
  }
  chmodSync(paths.sockets, 0o700);
}

/** Removes what a killed Postgres left: it would refuse to start if the process id in there now is another's. */
export function removeStaleSocket(paths: ClusterPaths): void {
  for (const name of [SOCKET_NAME, `${SOCKET_NAME}.lock`]) rmSync(join(paths.sockets, name), { force: true });
}

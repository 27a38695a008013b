/**
 * As whom Postgres runs. It refuses to run as root, and initdb refuses a user without an entry in
 * /etc/passwd, so there are three ways, the first that works:
 *
 * - `self`: an ordinary user runs it as itself.
 * - `namespace`: root (or a user without an entry) runs it in a user namespace, in which it sees the id of an
 *   unprivileged user while its files go on to belong to the real one. unshare(1) replaces itself by Postgres,
 *   so process id and signals stay direct.
 * - `other`: where namespaces are forbidden (Docker's default profile), root starts it under the ids of an
 *   unprivileged user; likewise when the cluster already belongs to one. Its files must belong to that user,
 *   and the way to them be open.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SetupError } from '../../errors.ts';

export type PostgresUser =
  | { readonly kind: 'self' }
  | { readonly kind: 'namespace' | 'other'; readonly uid: number; readonly gid: number };

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Entries of passwd(5). */
export function parsePasswd(text: string): PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    const isEntry = name !== undefined && /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? '');
    return isEntry ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

function passwdEntries(): PasswdEntry[] {
  try {
    return parsePasswd(readFileSync('/etc/passwd', 'utf8'));
  } catch {
    return [];
  }
}

const namespaceWords = (uid: number, gid: number): string[] => [
  '--user',
  `--map-user=${uid}`,
  `--map-group=${gid}`,
];

/**
 * Chooses the way for this process; `owner` is whom the cluster belongs to, null when there is none yet.
 * Throws a {@link SetupError} when none is left.
 */
export function choosePostgresUser(owner: { uid: number; gid: number } | null): PostgresUser {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0 && owner !== null && owner.uid !== 0) return { kind: 'other', ...owner };
  const entries = passwdEntries();
  // macOS keeps its users elsewhere, not in the file.
  const isListed = process.platform !== 'linux' || entries.some((entry) => entry.uid === uid);
  if (uid !== 0 && isListed) return { kind: 'self' };

  const unprivileged =
    entries.find((entry) => entry.name === 'nobody') ?? entries.find((entry) => entry.uid !== 0);
  if (unprivileged !== undefined) {
    const ids = { uid: unprivileged.uid, gid: unprivileged.gid };
    const probe = spawnSync('unshare', [...namespaceWords(ids.uid, ids.gid), 'true'], { stdio: 'ignore' });
    if (probe.status === 0) return { kind: 'namespace', ...ids };
    if (uid === 0) return { kind: 'other', ...ids };
  }
  throw new SetupError(
    `The embedded Postgres cannot run as user ${uid} here. Start as an ordinary user that /etc/passwd lists, or set DATABASE_URL to a Postgres 15 or newer.`,
  );
}

/**
 * Starts a program of Postgres' as that user. The environment stays behind: it may hold secrets, and
 * variables such as PGDATA or PGOPTIONS that would change what Postgres does.
 */
export function spawnAs(
  user: PostgresUser,
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const { PATH, LD_LIBRARY_PATH } = process.env;
  const env = { PATH, LC_ALL: 'C', ...(LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH }) };
  const settings = { ...options, env, cwd: '/' };
  switch (user.kind) {
    case 'self':
      return spawn(file, args, settings);
    case 'namespace':
      return spawn('unshare', [...namespaceWords(user.uid, user.gid), file, ...args], settings);
    case 'other':
      return spawn(file, args, { ...settings, uid: user.uid, gid: user.gid });
  }
}

/** Runs a program of Postgres' to its end. Resolves with its exit code (null: killed, or not started) and output. */
export function runAs(
  user: PostgresUser,
  file: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawnAs(user, file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4_000);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output: output.trim() }));
  });
}

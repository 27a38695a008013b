/**
 * One gateway per data dir: it holds the spool, the keys and the embedded Postgres.
 *
 * The lock is a file in `<data dir>/lock/` named by a number that only grows; whoever made the highest one
 * holds it. The file appears whole and only once (link(2)), so two starters that find the same stale lock
 * cannot both get the next number, and a lock is never removed to be made anew, which is where such schemes
 * race. Released means emptied. A holder that was killed is recognised by its process id together with its
 * start time; one in another container, whose process id means nothing here, by its socket.
 */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { SetupError } from '../errors.ts';
import { isAnswered, type LivenessSocket, listenForLiveness } from './liveness-socket.ts';
import { ownIdentity, processRealm, processStartedAt } from './process-identity.ts';

export interface DataDirLock {
  /** Gives the data dir free; more than once does nothing. */
  release(): void;
}

const holderSchema = z.object({
  pid: z.number().int(),
  startedAt: z.string(),
  realm: z.string(),
  socket: z.string().nullable(),
});
type Holder = z.infer<typeof holderSchema>;

/** Starters that lose a race try again; each loss means that another one got on. */
const ATTEMPTS_MAX = 100;

/**
 * Takes the data dir for this process, creating it (mode 0700) when it does not exist.
 * Throws a {@link SetupError} that names the holder when another process has it.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const folder = join(dataDir, 'lock');
  let socket: LivenessSocket | null = null;
  try {
    makeDataDir(dataDir);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    socket = await listenForLiveness(folder, `${randomUUID()}.sock`);
    const file = await acquire(dataDir, folder, { ...ownIdentity(), socket: socket?.name ?? null });
    return heldLock(file, socket);
  } catch (error) {
    socket?.close();
    if (error instanceof SetupError || !(error instanceof Error)) throw error;
    throw new SetupError(`The data dir ${dataDir} cannot be used: ${error.message}`, { cause: error });
  }
}

/** Creates the data dir for its owner alone (mode 0700) when it does not exist; folders above it as usual. */
export function makeDataDir(dataDir: string): void {
  mkdirSync(dirname(resolve(dataDir)), { recursive: true });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
}

function heldLock(file: string, socket: LivenessSocket | null): DataDirLock {
  let isHeld = true;
  return {
    release() {
      if (!isHeld) return;
      isHeld = false;
      truncateSync(file, 0);
      socket?.close();
    },
  };
}

/** The file that now is this process's lock. */
async function acquire(dataDir: string, folder: string, own: Holder): Promise<string> {
  const draft = join(folder, `${randomUUID()}.new`);
  writeFileSync(draft, JSON.stringify(own), { flag: 'wx' });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const newest = newestNumber(folder);
      const holder = readHolder(folder, newest);
      if (holder !== null && (await isAlive(folder, holder))) {
        throw inUse(dataDir, holder);
      }
      const file = join(folder, String(newest + 1));
      if (!linkOnce(draft, file)) continue;
      // This starter may have looked before another one took a higher number and tidied this one away.
      if (newestNumber(folder) === newest + 1) {
        removeOlder(folder, newest + 1);
        return file;
      }
      rmSync(file);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new SetupError(`The data dir ${dataDir} cannot be locked: too many others try at the same time.`);
}

function inUse(dataDir: string, holder: Holder): SetupError {
  const place = holder.realm === processRealm() ? '' : ' in another container';
  return new SetupError(
    `The data dir ${dataDir} is in use by another Sluice (process ${holder.pid}${place}). Stop that one, or set SLUICE_DATA_DIR to another folder.`,
  );
}

function linkOnce(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function newestNumber(folder: string): number {
  const numbers = readdirSync(folder).filter((name) => /^\d+$/.test(name));
  return Math.max(0, ...numbers.map(Number));
}

/** Who made the lock with this number; null when it was released or has gone by now. */
function readHolder(folder: string, number: number): Holder | null {
  const file = join(folder, String(number));
  if (!existsSync(file)) return null;
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    // One that may not be read is another user's, and may be held.
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') throw error;
    return null;
  }
}

async function isAlive(folder: string, holder: Holder): Promise<boolean> {
  if (holder.realm === processRealm()) return processStartedAt(holder.pid) === holder.startedAt;
  return holder.socket !== null && (await isAnswered(folder, holder.socket));
}

function removeOlder(folder: string, number: number): void {
  for (const name of readdirSync(folder)) {
    if (!/^\d+$/.test(name) || Number(name) >= number) continue;
    const socket = readHolder(folder, Number(name))?.socket;
    if (socket) rmSync(join(folder, socket), { force: true });
    rmSync(join(folder, name), { force: true });
  }
}

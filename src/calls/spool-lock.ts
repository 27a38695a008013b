/**
 * One writer per spool folder.
 *
 * Each process makes a file named after itself first and then looks at those of the others, so of two that
 * start at once at least one sees the other: both may refuse, both can never go on. A file of a dead process
 * is recognised by its process id together with its start time. Processes of other containers and machines
 * cannot be judged by their ids; the lock on the data dir, which is taken before, keeps them away.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownIdentity, type ProcessIdentity, processStartedAt } from '../db/process-identity.ts';
import { SetupError } from '../errors.ts';

export interface SpoolLock {
  release(): void;
}

interface Holder extends ProcessIdentity {
  /** What it writes; empty for one that only tidies up. */
  readonly boot: string;
}

const NAME = /^writer\.[\w-]+\.lock$/;

/** Tidying is a few renames. */
const TIDY_LOOK_MS = 5;
const TIDY_LOOKS_MAX = 100;

/**
 * Takes the folder for this process, creating it when there is none. Throws a SetupError that names the holder
 * when a living process has it. `boot` is what the holder is going to write, empty if nothing.
 */
export function lockSpool(dir: string, boot: string): SpoolLock {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const own = ownIdentity();
  const name = `writer.${own.pid}-${own.startedAt.replaceAll(/\W+/g, '-')}.lock`;
  const file = join(dir, name);
  publish(dir, file, { ...own, boot });
  for (const other of readdirSync(dir)) {
    if (!NAME.test(other) || other === name) continue;
    const holder = livingHolder(join(dir, other), own, boot !== '');
    if (holder !== null) {
      rmSync(file, { force: true });
      throw new SetupError(`The spool ${dir} is in use by process ${holder.pid}.`);
    }
    rmSync(join(dir, other), { force: true });
  }
  return { release: () => rmSync(file, { force: true }) };
}

/** Who holds this lock file; null if nobody who lives. A writer waits for one that only tidies up. */
function livingHolder(file: string, own: ProcessIdentity, isWriter: boolean): Holder | null {
  for (let look = 0; ; look += 1) {
    const holder = readHolder(file);
    if (holder === null || !isAlive(holder, own)) return null;
    if (!isWriter || holder.boot !== '' || look === TIDY_LOOKS_MAX) return holder;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TIDY_LOOK_MS);
  }
}

/** The lock file appears whole: one that was still empty would be taken for a dead process's. */
function publish(dir: string, file: string, holder: Holder): void {
  const draft = `${file}.new`;
  const old = readHolder(file);
  if (old !== null && old.realm === holder.realm) {
    throw new SetupError(`The spool ${dir} is already open in this process.`);
  }
  // The same id and start time in another container, or before the machine's last start.
  if (old !== null) rmSync(file, { force: true });
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Boots that a living process is writing into this folder. `own` is this process. */
export function liveBoots(dir: string, own: ProcessIdentity): ReadonlySet<string> {
  const boots = new Set<string>();
  for (const name of readdirSync(dir)) {
    if (!NAME.test(name)) continue;
    const holder = readHolder(join(dir, name));
    if (holder !== null && isAlive(holder, own)) boots.add(holder.boot);
  }
  return boots;
}

function readHolder(file: string): Holder | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>; // any object can be read so
  const isText = (name: string) => typeof fields[name] === 'string';
  return typeof fields['pid'] === 'number' && isText('startedAt') && isText('realm') && isText('boot');
}

/** Without asking the system about this process itself: that is a look a second. */
function isAlive(holder: Holder, own: ProcessIdentity): boolean {
  if (holder.realm !== own.realm) return false;
  const startedAt = holder.pid === own.pid ? own.startedAt : processStartedAt(holder.pid);
  return startedAt === holder.startedAt;
}

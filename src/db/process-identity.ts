import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** A process beyond doubt: a process id alone comes back for another process sooner or later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own notation; only good for comparing. */
  readonly startedAt: string;
  /** Where the process id has its meaning: one boot of one machine, and one pid namespace (container) on it. */
  readonly realm: string;
}

const isLinux = process.platform === 'linux';

function quietly<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** One column of ps(1), for systems without /proc; null when there is no such process. */
function psColumn(pid: number, column: 'lstart' | 'command'): string | null {
  const output = quietly(() =>
    execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }),
  );
  return output?.trim() || null;
}

/** State and start time (clock ticks after boot): fields 3 and 22 of /proc/PID/stat, proc(5). */
function procStat(pid: number): { state: string; startedAt: string } | null {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return null;
  // The command name (field 2) may hold spaces and brackets; what follows its last bracket does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startedAt] = [fields[0], fields[19]];
  return state === undefined || startedAt === undefined ? null : { state, startedAt };
}

/** When the process with this id started; null when it does not run (or only waits to be reaped). */
export function processStartedAt(pid: number): string | null {
  if (process.platform === 'win32') return quietly(() => process.kill(pid, 0)) ? 'running' : null;
  if (!isLinux) return psColumn(pid, 'lstart');
  const stat = procStat(pid);
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat.startedAt;
}

/** The command line of a running process, words separated by single spaces; null when it does not run. */
export function processCommand(pid: number): string | null {
  if (!isLinux) return psColumn(pid, 'command');
  const words = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  return words?.replaceAll('\0', ' ').trim() || null;
}

/** The realm of this process's ids, see {@link ProcessIdentity.realm}. */
export function processRealm(): string {
  if (!isLinux) return process.platform;
  const boot = quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const namespace = quietly(() => readlinkSync('/proc/self/ns/pid'));
  return `${boot ?? 'unknown'} ${namespace ?? 'unknown'}`;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startedAt: processStartedAt(process.pid) ?? 'unknown', realm: processRealm() };
}

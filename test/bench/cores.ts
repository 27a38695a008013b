import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Who runs where. Null: not pinned. */
export interface Cores {
  /** The server under test, alone. */
  readonly server: number | null;
  /** Load generator, mock upstream, Postgres and this program. */
  readonly rig: number | null;
  readonly note: string;
}

/** The first two cores that this process may use. */
export function chooseCores(): Cores {
  if (spawnSync('taskset', ['--version']).status !== 0) {
    return {
      server: null,
      rig: null,
      note: 'NOT PINNED: taskset is not installed; figures are not comparable',
    };
  }
  const [server, rig] = allowedCores();
  if (server === undefined || rig === undefined) {
    return { server: null, rig: null, note: 'NOT PINNED: only one core; server and load share it' };
  }
  const note = `server on core ${server}; load generator, mock upstream and Postgres on core ${rig}`;
  return { server, rig, note };
}

/** The command line that runs `command` on a core. taskset becomes the command: the process id is the same. */
export function pinned(core: number | null, command: readonly string[]): [string, string[]] {
  const [file = '', ...args] = core === null ? command : ['taskset', '-c', String(core), ...command];
  return [file, args];
}

/** Moves running processes with all their threads; one that has ended meanwhile does not matter. */
export function moveTo(core: number | null, pids: readonly number[]): void {
  if (core === null) return;
  for (const pid of pids) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

function allowedCores(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = '0', last = first] = range.split('-');
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  });
}

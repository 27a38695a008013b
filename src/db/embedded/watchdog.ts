import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Watchdog {
  /** Tells it that Postgres was stopped in order. */
  dismiss(): void;
}

/**
 * Waits on a pipe from this process. A line means that all is well; its end without one, that this process
 * died: then it stops Postgres. The process id comes from postmaster.pid (it changes at restarts), and is
 * believed only if that process carries the marker of this run, so a Postgres that the next run has started
 * by now is left alone. It looks for some seconds, for Postgres may have been only about to write its file.
 */
const SCRIPT = `
trap '' INT TERM HUP
read -r line && exit 0
tries=0
while [ "$tries" -lt 30 ]; do
  pid=
  read -r pid 2>/dev/null < "$1"
  case "$pid" in
    ''|*[!0-9]*) ;;
    *)
      if [ -r "/proc/$pid/cmdline" ]; then command=$(tr '\\000' ' ' < "/proc/$pid/cmdline")
      else command=$(ps -ww -o command= -p "$pid" 2>/dev/null); fi
      case "$command" in *"$2"*) kill -INT "$pid"; exit 0 ;; esac
      ;;
  esac
  tries=$((tries + 1))
  sleep 0.1
done
`;

/**
 * Starts the watchdog over the Postgres of `cluster` whose command line holds `marker`.
 * In a session of its own, so that Ctrl-C in a terminal does not reach it.
 */
export function startWatchdog(cluster: string, marker: string): Watchdog {
  const words = ['-c', SCRIPT, 'sluice-postgres-watchdog', join(cluster, 'postmaster.pid'), marker];
  const child = spawn('sh', words, { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
  // Without a shell there is no watchdog; the next start then finds and stops what was left behind.
  child.on('error', () => {});
  // It has no stdin when the process could not be made at all.
  child.stdin?.on('error', () => {});
  return { dismiss: () => void child.stdin?.end('stopped\n') };
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Log } from '../../ports.ts';
import { processCommand } from '../process-identity.ts';

const POLL_MS = 10;

function readPidFile(cluster: string): { pid: number; rest: string[] } | null {
  try {
    const [first, ...rest] = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(first);
    return Number.isInteger(pid) && pid > 1 ? { pid, rest } : null;
  } catch {
    return null;
  }
}

/** Waits for the file, not for the process: where nobody reaps, a zombie would still answer for seconds. */
async function isGone(cluster: string, waitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + waitMs;
  while (readPidFile(cluster) !== null) {
    if (performance.now() > deadlineMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}

/**
 * Stops a Postgres that an earlier life of the gateway left running on this cluster. Call it only while
 * holding the lock on the data dir: otherwise that Postgres may be another gateway's.
 */
export async function stopStalePostmaster(cluster: string, log: Log): Promise<void> {
  const found = readPidFile(cluster);
  if (found === null) return;
  const command = processCommand(found.pid);
  if (command === null) return;
  if (!`${command} `.includes(` -D ${cluster} `)) {
    // The id now belongs to another process, and Postgres would refuse to start. It does not mind the id of
    // its own parent, and the rest of the file must stay: it leads to the memory that old backends may hold.
    writeFileSync(join(cluster, 'postmaster.pid'), [process.pid, ...found.rest].join('\n'));
    return;
  }
  log.warn({ pid: found.pid }, 'stopping the Postgres that an earlier run left behind');
  for (const [name, waitMs] of [
    ['SIGINT', LIMITS.postgresStopTimeoutMs],
    ['SIGQUIT', LIMITS.postgresQuitTimeoutMs],
  ] as const) {
    signal(found.pid, name);
    if (await isGone(cluster, waitMs)) return;
  }
  throw new SetupError(
    `An earlier Postgres (process ${found.pid}) still runs on ${cluster} and does not stop.`,
  );
}

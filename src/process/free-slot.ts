import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { liveBoots } from '../calls/spool-lock.ts';
import { ownIdentity } from '../db/process-identity.ts';

/**
 * The smallest slot, of those not `used`, whose spool no process writes to: the workers of a supervisor that was
 * killed still end their calls when the next one starts.
 */
export function freeSlot(dataDir: string, used: ReadonlySet<number> = new Set()): number {
  let slot = 0;
  while (used.has(slot) || isWritten(join(dataDir, 'spool', String(slot)))) slot++;
  return slot;
}

function isWritten(dir: string): boolean {
  if (!existsSync(dir)) return false;
  return [...liveBoots(dir, ownIdentity())].some((boot) => boot !== '');
}

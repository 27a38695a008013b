import { readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SetupError } from '../errors.ts';
import { listSegments, segmentFileName } from './segment-file.ts';
import { lockSpool } from './spool-lock.ts';

/** Each process has the folder of its slot; siblings are those of other slots. */
const SLOT = /^\d+$/;

/**
 * Takes over the segments of sibling folders that no process has open: there are fewer processes than before,
 * or one died and has not come back. They are moved in one rename each; the names stay unique. A folder that
 * is in use is left alone.
 */
export function adoptSiblings(dir: string): number {
  if (!SLOT.test(basename(dir))) return 0;
  let adopted = 0;
  for (const slot of readdirSync(dirname(dir))) {
    if (!SLOT.test(slot) || slot === basename(dir)) continue;
    adopted += adopt(join(dirname(dir), slot), dir);
  }
  return adopted;
}

function adopt(from: string, to: string): number {
  const segments = listSegments(from);
  if (segments.length === 0) return 0;
  try {
    const lock = lockSpool(from, '');
    for (const segment of listSegments(from)) renameSync(segment.path, join(to, segmentFileName(segment)));
    lock.release();
    return segments.length;
  } catch (error) {
    if (error instanceof SetupError) return 0;
    throw error;
  }
}

/**
 * Segments: the files of a spool.
 *
 * A segment is one line of JSON (format version, boot, columns) and then frames (see `frame.ts`).
 *
 * The lines in the frames are rows in Postgres's COPY text format and begin with the call's id. The first line
 * of the file names the columns, so that a later program can drain what an earlier one wrote. Its name,
 * `<boot>.<number>`, is unique wherever the file is moved to.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A boot is one opening of a spool by one process; its segments count up from 1. */
export interface SegmentName {
  readonly boot: string;
  readonly number: number;
}

export interface Segment extends SegmentName {
  readonly path: string;
  readonly bytes: number;
}

export interface SegmentHeader {
  readonly format: typeof FORMAT;
  readonly boot: string;
  readonly columns: readonly string[];
}

/** The columns' names make some 500 bytes. */
export const SEGMENT_HEADER_BYTES_MAX = 8 * 1024;

const FORMAT = 2;
const NAME = /^([0-9a-f-]{36})\.(\d{8})\.spool$/;
const COLUMN = /^[a-z][a-z0-9_]{0,62}$/;

export function segmentFileName({ boot, number }: SegmentName): string {
  return `${boot}.${String(number).padStart(8, '0')}.spool`;
}

/** Null for files that are not segments. */
export function parseSegmentFileName(name: string): SegmentName | null {
  const match = NAME.exec(name);
  if (match === null) return null;
  const [, boot = '', number = ''] = match;
  return { boot, number: Number(number) };
}

/** The segments in this folder in the order of their boots and numbers; none when there is no such folder. */
export function listSegments(dir: string): Segment[] {
  const segments: Segment[] = [];
  for (const file of namesIn(dir).sort()) {
    const name = parseSegmentFileName(file);
    if (name === null) continue;
    const path = join(dir, file);
    // A drain may delete it in between.
    const bytes = statSync(path, { throwIfNoEntry: false })?.size;
    if (bytes !== undefined) segments.push({ ...name, path, bytes });
  }
  return segments;
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

export function segmentHeader(boot: string, columns: readonly string[]): Buffer {
  const header: SegmentHeader = { format: FORMAT, boot, columns };
  return Buffer.from(`${JSON.stringify(header)}\n`);
}

/**
 * Reads a segment's first line from its first bytes. Null when it is damaged or of an unknown format.
 * Column names end up in SQL, so anything but plain identifiers counts as damage.
 */
export function parseSegmentHeader(start: Buffer): { header: SegmentHeader; bytes: number } | null {
  const end = start.indexOf(0x0a);
  if (end < 0) return null;
  try {
    const value: unknown = JSON.parse(start.toString('utf8', 0, end));
    return isHeader(value) ? { header: value, bytes: end + 1 } : null;
  } catch {
    return null;
  }
}

function isHeader(value: unknown): value is SegmentHeader {
  if (typeof value !== 'object' || value === null) return false;
  if (!('format' in value) || value.format !== FORMAT) return false;
  if (!('boot' in value) || typeof value.boot !== 'string') return false;
  if (!('columns' in value) || !Array.isArray(value.columns)) return false;
  return value.columns.every((column) => typeof column === 'string' && COLUMN.test(column));
}

/**
 * A spool's files as its writer sees them: whole frames or nothing.
 *
 * A segment that is complete is never touched again, and one of an earlier boot is never appended to. A write
 * that fails half-way is cut off again; where even that fails, the segment is left with its torn tail, which
 * the reader recognises, and the next write starts another one. A file of a few megabytes is kept only to be
 * deleted when the disk is full: it makes room for the ends of the calls that are running then.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Limits } from '../limits.ts';
import { listSegments, segmentFileName, segmentHeader } from './segment-file.ts';
import { LINE_COLUMNS } from './spool-line.ts';

/** The one system call that can fail in interesting ways. Gives the number of bytes written. */
export type WriteBytes = (fd: number, bytes: Uint8Array, offset: number, length: number) => number;

export interface SpoolDiskOptions {
  readonly dir: string;
  readonly boot: string;
  readonly limits: Pick<Limits, 'spoolSegmentBytes' | 'spoolReserveBytes'>;
  readonly write?: WriteBytes | undefined;
}

export class SpoolDisk {
  readonly #dir: string;
  readonly #boot: string;
  readonly #limits: SpoolDiskOptions['limits'];
  readonly #write: WriteBytes;
  readonly #reserve: string;
  #fd: number | null = null;
  #number = 0;
  #segmentBytes = 0;
  #bytes = 0;

  /** Throws where the folder cannot be written to. */
  constructor({ dir, boot, limits, write }: SpoolDiskOptions) {
    this.#dir = dir;
    this.#boot = boot;
    this.#limits = limits;
    this.#write = write ?? ((fd, bytes, offset, length) => writeSync(fd, bytes, offset, length));
    this.#reserve = join(dir, 'reserve');
    for (const segment of listSegments(dir)) {
      if (segment.boot === boot) this.#number = Math.max(this.#number, segment.number);
    }
    this.rotate();
    this.measure();
  }

  /** What all segments in the folder take, as last measured, and what has been appended since. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Looks again, because a drain deletes what it has finished. */
  measure(): void {
    this.#bytes = listSegments(this.#dir).reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Appends whole frames. Throws if they could not be written; then none of them is in the file. */
  append(bytes: Buffer): void {
    if (this.#fd === null || this.#segmentBytes + bytes.length > this.#limits.spoolSegmentBytes) {
      this.rotate();
      this.measure();
    }
    const fd = this.#fd;
    if (fd === null) throw new Error('the spool is closed');
    try {
      this.#writeAll(fd, bytes);
    } catch (error) {
      this.#cutBack(fd);
      throw error;
    }
    this.#segmentBytes += bytes.length;
    this.#bytes += bytes.length;
  }

  /** Goes on in a new segment. */
  rotate(): void {
    const header = segmentHeader(this.#boot, LINE_COLUMNS);
    const number = this.#number + 1;
    const path = join(this.#dir, segmentFileName({ boot: this.#boot, number }));
    // Appending: after a cut the next write must not leave a hole.
    const fd = openSync(path, 'ax', 0o600);
    try {
      this.#writeAll(fd, header);
    } catch (error) {
      closeSync(fd);
      rmSync(path, { force: true });
      throw error;
    }
    this.#closeSegment();
    this.#fd = fd;
    this.#number = number;
    this.#segmentBytes = header.length;
  }

  /** Sets room aside. Throws where there is none. */
  makeReserve(): void {
    if (statSync(this.#reserve, { throwIfNoEntry: false })?.size === this.#limits.spoolReserveBytes) return;
    const fd = openSync(this.#reserve, 'w', 0o600);
    try {
      this.#writeAll(fd, Buffer.alloc(this.#limits.spoolReserveBytes));
    } catch (error) {
      rmSync(this.#reserve, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  /** Gives the room back to the disk. False if there was none. */
  releaseReserve(): boolean {
    if (statSync(this.#reserve, { throwIfNoEntry: false }) === undefined) return false;
    rmSync(this.#reserve, { force: true });
    return true;
  }

  /** Forces what was written to the disk itself, and ends the segment. */
  close(): void {
    if (this.#fd !== null) fdatasyncSync(this.#fd);
    this.#closeSegment();
  }

  #closeSegment(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #writeAll(fd: number, bytes: Buffer): void {
    let written = 0;
    while (written < bytes.length) written += this.#write(fd, bytes, written, bytes.length - written);
  }

  #cutBack(fd: number): void {
    try {
      ftruncateSync(fd, this.#segmentBytes);
    } catch {
      this.#closeSegment();
    }
  }
}

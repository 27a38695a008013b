/**
 * Reading one boot's segments, in order, into batches.
 *
 * Ends go into the batch as they are. Begins are only remembered by their place, because most of them are
 * overtaken by their end; one that is not for some seconds goes in as a running call, so that it is seen and so
 * that its segment need not wait. What is remembered is therefore what is in flight, and bounded.
 *
 * The checkpoint is the place of the oldest begin that is not in Postgres yet, or where reading goes on: after a
 * restart everything from there is read again, which changes nothing that is committed.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Limits } from '../limits.ts';
import type { DrainBatch, Place } from './drain-batch.ts';
import { readFrame } from './frame.ts';
import { listSegments, segmentFileName } from './segment-file.ts';
import { type Frame, SegmentReader } from './segment-reader.ts';
import { runningTail } from './spool-line.ts';

export type BootDrainLimits = Pick<Limits, 'recordBytesMax' | 'runningVisibleAfterMs' | 'callsInFlightMax'>;

export interface Damage {
  /** Damaged places that were skipped. */
  readonly corrupt: number;
  /** Segments with an incomplete end. */
  readonly torn: number;
}

/** What was read, ready to be committed. */
export interface Filled {
  /** There is more to read at once. */
  readonly hasMore: boolean;
  /** Ends among the rows of the batch. */
  readonly ends: number;
}

/** Why reading stopped: the batch is full, nothing is there now, or this segment is over. */
type Reading = 'full' | 'caughtUp' | 'done';

/** Its place is that of its frame: where reading must go on for its line to be read again. */
interface OpenBegin extends Place {
  readonly readAtMs: number;
  /** Of its line in the segment. */
  readonly lineOffset: number;
  readonly lineBytes: number;
}

export class BootDrain {
  readonly boot: string;
  readonly #dir: string;
  readonly #limits: BootDrainLimits;
  /** Begins without an end so far, by the call's number, oldest first. */
  #open = new Map<number, OpenBegin>();
  #number: number;
  #offset: number;
  #reader: SegmentReader | null = null;
  /** Segments before this one have been deleted. */
  #keptFrom = 0;
  #corrupt = 0;
  #torn = 0;

  /** `start` is where the last drain of this boot left off. */
  constructor(dir: string, boot: string, start: Place, limits: BootDrainLimits) {
    this.#dir = dir;
    this.boot = boot;
    this.#limits = limits;
    this.#number = start.number;
    this.#offset = start.offset;
  }

  /** Where reading goes on. */
  get place(): Place {
    return { number: this.#number, offset: this.#reader?.offset ?? this.#offset };
  }

  get checkpoint(): Place {
    for (const { number, offset } of this.#open.values()) return { number, offset };
    return this.place;
  }

  /** Damage met so far. */
  get damage(): Damage {
    const reader = this.#reader;
    return { corrupt: this.#corrupt + (reader?.corrupt ?? 0), torn: this.#torn + (reader?.torn ?? 0) };
  }

  /** Bytes that are not read yet. */
  get backlogBytes(): number {
    const { number, offset } = this.place;
    const ahead = listSegments(this.#dir).filter(
      (segment) => this.#isMine(segment) && segment.number >= number,
    );
    return ahead.reduce((sum, { number: n, bytes }) => sum + bytes - (n === number ? offset : 0), 0);
  }

  /**
   * Reads on until the batch is full or there is nothing more. `isLive`: its process still writes; of one that
   * does not, begins that are left at the end go in as running calls as well.
   */
  fill(batch: DrainBatch, isLive: boolean, recordsMax: number, nowMs: number): Filled {
    // A Map that changes all the time makes V8 keep what has left it (see `bag.ts`): a fresh one breaks the chain.
    this.#open = new Map(this.#open);
    let ends = 0;
    let state: Reading = 'done';
    while (state === 'done') {
      // Asked before reading: a segment that has a successor has got all that it will get.
      const isGrowing = isLive && !existsSync(this.#path(this.#number + 1));
      const read = this.#readSegment(batch, isGrowing, recordsMax, nowMs);
      ends += read.ends;
      state = read.state === 'done' && !this.#goToNextSegment() ? 'caughtUp' : read.state;
    }
    const isOver = state === 'caughtUp' && !isLive;
    this.#addRunning(batch, isOver ? Number.POSITIVE_INFINITY : nowMs, recordsMax);
    return { hasMore: state !== 'caughtUp' || (isOver && this.#open.size > 0), ends };
  }

  /** Deletes segments of which everything is committed. Call after committing with the checkpoint. */
  deleteDrained(): void {
    const { number } = this.checkpoint;
    if (number === this.#keptFrom) return;
    for (const segment of listSegments(this.#dir)) {
      if (this.#isMine(segment) && segment.number < number) rmSync(segment.path, { force: true });
    }
    this.#keptFrom = number;
  }

  /** Deletes all its segments: its process is gone and everything is committed. */
  deleteAll(): void {
    this.close();
    for (const segment of listSegments(this.#dir)) {
      if (this.#isMine(segment)) rmSync(segment.path, { force: true });
    }
  }

  close(): void {
    const { corrupt, torn } = this.damage;
    this.#offset = this.place.offset;
    this.#reader?.close();
    this.#reader = null;
    this.#corrupt = corrupt;
    this.#torn = torn;
  }

  #isMine(segment: { readonly boot: string }): boolean {
    return segment.boot === this.boot;
  }

  #path(number: number): string {
    return join(this.#dir, segmentFileName({ boot: this.boot, number }));
  }

  #readSegment(batch: DrainBatch, isGrowing: boolean, recordsMax: number, nowMs: number) {
    let ends = 0;
    const result = (state: Reading) => ({ ends, state });
    const reader = this.#openReader();
    if (reader === null) return result('done');
    if (batch.length === 0) batch.columns = reader.columns;
    else if (!isSame(batch.columns, reader.columns)) return result('full');
    while (!batch.isFull(recordsMax)) {
      const frame = reader.next(!isGrowing);
      if (frame === null) return result(isGrowing ? 'caughtUp' : 'done');
      ends += this.#take(reader, frame, batch, nowMs);
    }
    return result('full');
  }

  /** Gives the number of ends. */
  #take(reader: SegmentReader, frame: Frame, batch: DrainBatch, nowMs: number): number {
    const content = readFrame(frame.source, frame.start, frame.end);
    if (content === null) {
      this.#corrupt += 1;
      return 0;
    }
    for (const { number, start, end } of content.begun) {
      this.#open.set(number, {
        number: this.#number,
        offset: frame.offset,
        readAtMs: nowMs,
        lineOffset: reader.offsetOf(start),
        lineBytes: end - start,
      });
    }
    for (const number of content.ended) this.#open.delete(number);
    const lines = frame.source.subarray(content.endedStart, frame.end);
    batch.add(lines, this.#number, reader.offsetOf(content.endedStart));
    return content.ended.length;
  }

  #openReader(): SegmentReader | null {
    if (this.#reader !== null) return this.#reader;
    const path = this.#path(this.#number);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return null;
    this.#reader = new SegmentReader(path, this.#offset, this.#limits.recordBytesMax);
    return this.#reader;
  }

  #goToNextSegment(): boolean {
    const later = listSegments(this.#dir).filter((s) => this.#isMine(s) && s.number > this.#number);
    const next = later[0];
    if (next === undefined) return false;
    this.close();
    this.#number = next.number;
    this.#offset = 0;
    return true;
  }

  /** Adds begins that were read long ago, or that are too many to be remembered, oldest first. */
  #addRunning(batch: DrainBatch, nowMs: number, recordsMax: number): void {
    let reader: SegmentReader | null = null;
    let readerNumber = 0;
    for (const [id, begin] of this.#open) {
      const isOverdue = begin.readAtMs + this.#limits.runningVisibleAfterMs <= nowMs;
      const isSurplus = this.#open.size > this.#limits.callsInFlightMax;
      if ((!isOverdue && !isSurplus) || batch.isFull(recordsMax)) break;
      if (reader === null || readerNumber !== begin.number) {
        reader?.close();
        readerNumber = begin.number;
        reader = new SegmentReader(this.#path(begin.number), begin.offset, this.#limits.recordBytesMax);
      }
      if (batch.length === 0) batch.columns = reader.columns;
      else if (!isSame(batch.columns, reader.columns)) break;
      const line = reader.bytesOf(begin.offset, begin.lineOffset, begin.lineBytes);
      if (line === null) this.#corrupt += 1;
      else batch.add(runningRow(line, reader.columns), begin.number, begin.lineOffset);
      this.#open.delete(id);
    }
    reader?.close();
  }
}

/** A begun call's line, without its end, and what makes it a row. */
function runningRow(line: Buffer, columns: readonly string[]): Buffer {
  return Buffer.concat([line.subarray(0, -1), Buffer.from(runningTail(columns))]);
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left === right || left.join() === right.join();
}

/**
 * The spool of one process: records go to a file before anything that they promise happens.
 *
 * What it decides: records of one turn of the event loop are put under one checksum and written by one system
 * call when the turn's input has been handled; their callbacks run right after it, in order. The file is in
 * the page cache then, which survives the death of this process, not that of the machine: nothing on the path
 * waits for a disk.
 *
 * When it trips: the disk is full or fails, or the folder has grown to its quota because Postgres is away.
 * Then begins are refused (the gateway takes no calls that it cannot record) and ends are still written, into
 * the reserve if need be. When it recovers: tried every second. It never deletes a record to make room.
 */
import { crc32 } from 'node:zlib';
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { type Clock, type Log, systemClock } from '../ports.ts';
import { FRAME_HEAD_BYTES, FrameText } from './frame.ts';
import type { BeginRecord, Begun, CallRecord, Spool } from './record.ts';
import { SpoolDisk, type WriteBytes } from './spool-disk.ts';
import { LineWriter } from './spool-line.ts';
import { lockSpool, type SpoolLock } from './spool-lock.ts';

export interface SpoolOptions {
  /** The folder of this process alone: `<data dir>/spool/<slot>`. */
  readonly dir: string;
  readonly limits: Limits;
  readonly log: Log;
  /** A UUID of this opening; never used again. */
  readonly boot: string;
  readonly clock?: Clock | undefined;
  /** The system call that appends; tests let it fail. */
  readonly write?: WriteBytes | undefined;
}

type Done = (error: Error | null) => void;

const BUFFER_BYTES = 256 * 1024;

export class FileSpool implements Spool {
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #lines: LineWriter;
  readonly #lock: SpoolLock;
  readonly #disk: SpoolDisk;
  /** Of records that are not encoded yet. */
  readonly #frame = new FrameText();
  #callsBegun = 0;
  /** Whole frames that are not written yet. */
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  /** Of this turn's records, in order: who waits, and how it went for those that are written already. */
  #waiting: Done[] = [];
  #settled: { readonly upTo: number; readonly error: Error | null }[] = [];
  #immediate: NodeJS.Immediate | null = null;
  #problem: string | null = null;
  #stopRetrying: (() => void) | null = null;
  #isClosed = false;

  constructor(options: SpoolOptions) {
    this.#limits = options.limits;
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    this.#lines = new LineWriter(options.boot, options.limits);
    this.#lock = lockSpool(options.dir, options.boot);
    try {
      this.#disk = new SpoolDisk(options);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#checkQuota();
    this.#setRoomAside();
  }

  /** False while calls must be refused with `records_unavailable`. */
  get isWritable(): boolean {
    return this.#problem === null;
  }

  /** Why it is not writable, in a few words. */
  get problem(): string | null {
    return this.#problem;
  }

  /** What the spool takes on disk, to within a segment. */
  get bytes(): number {
    return this.#disk.bytes;
  }

  begin(record: BeginRecord, done: Done): Begun {
    this.#callsBegun += 1;
    const begun = { number: this.#callsBegun, head: this.#lines.head(record) };
    if (this.#problem !== null) this.#refuse(done, this.#problem);
    else {
      this.#frame.begin(begun.number, `${begun.head}\n`);
      this.#added(done);
    }
    return begun;
  }

  end(record: CallRecord, begun: Begun | null, done: Done): void {
    if (this.#isClosed) return this.#refuse(done, 'closed');
    const line = this.#lines.end(record, begun?.head ?? this.#lines.head(record));
    this.#frame.end(begun?.number ?? 0, line);
    this.#added(done);
  }

  /** Writes what this turn has brought so far, and calls back. */
  flushSync(): void {
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#flush();
  }

  /** Writes what is left, syncs it to the disk and gives the folder free. What comes later is refused. */
  close(): void {
    if (this.#isClosed) return;
    this.flushSync();
    this.#isClosed = true;
    this.#problem ??= 'closed';
    this.#stopRetrying?.();
    try {
      this.#disk.close();
    } catch (error) {
      this.#log.error({ error }, 'The spool could not be synced.');
    }
    this.#lock.release();
  }

  #added(done: Done): void {
    this.#wait(done);
    if (this.#frame.lineChars < this.#limits.spoolFrameChars) return;
    this.#closeFrame();
    if (this.#used >= this.#limits.spoolTurnBytesMax) this.#writeOut();
  }

  #closeFrame(): void {
    const body = this.#frame.take();
    if (body === '') return;
    // A UTF-16 unit takes three bytes at most.
    this.#makeRoom(FRAME_HEAD_BYTES + body.length * 3);
    const buffer = this.#buffer;
    const start = this.#used;
    const bodyStart = start + FRAME_HEAD_BYTES;
    const end = bodyStart + buffer.write(body, bodyStart);
    buffer.writeUInt32LE(end - bodyStart, start);
    buffer.writeUInt32LE(crc32(buffer.subarray(bodyStart, end)), start + 4);
    this.#used = end;
  }

  #refuse(done: Done, problem: string): void {
    // Written first, so that the callbacks keep the order of the calls.
    this.#writeOut();
    this.#wait(done);
    this.#settled.push({ upTo: this.#waiting.length, error: unavailable(problem) });
  }

  #wait(done: Done): void {
    this.#waiting.push(done);
    this.#immediate ??= setImmediate(() => this.#flush());
  }

  #makeRoom(room: number): void {
    if (this.#used + room <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#used + room));
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }

  #flush(): void {
    this.#immediate = null;
    this.#writeOut();
    if (this.#buffer.length > this.#limits.spoolTurnBytesMax) this.#buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    const waiting = this.#waiting;
    const settled = this.#settled;
    this.#waiting = [];
    this.#settled = [];
    let index = 0;
    for (const { upTo, error } of settled) {
      for (; index < upTo; index += 1) callBack(waiting[index], error);
    }
  }

  #writeOut(): void {
    this.#closeFrame();
    if (this.#used === 0) return;
    const error = this.#write(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
    this.#settled.push({ upTo: this.#waiting.length, error });
  }

  #write(bytes: Buffer): Error | null {
    try {
      this.#disk.append(bytes);
    } catch (error) {
      const isWritten = this.#writeIntoReserve(bytes);
      this.#trip(error instanceof Error ? error.message : String(error));
      return isWritten ? null : unavailable('not written', error);
    }
    this.#checkQuota();
    return null;
  }

  #writeIntoReserve(bytes: Buffer): boolean {
    try {
      if (!this.#disk.releaseReserve()) return false;
      this.#disk.append(bytes);
      return true;
    } catch {
      return false;
    }
  }

  #setRoomAside(): void {
    try {
      this.#disk.makeReserve();
    } catch (error) {
      this.#trip(error instanceof Error ? error.message : String(error));
    }
  }

  #checkQuota(): void {
    if (this.#disk.bytes >= this.#limits.spoolBytesMax) this.#trip('the spool has reached its quota');
  }

  #trip(problem: string): void {
    if (this.#problem !== null) return;
    this.#problem = problem;
    this.#log.error({ problem, spoolBytes: this.#disk.bytes }, 'Records cannot be kept; no calls are taken.');
    this.#stopRetrying = this.#clock.every(this.#limits.spoolRetryMs, () => this.#retry());
  }

  #retry(): void {
    try {
      this.#disk.measure();
      if (this.#disk.bytes >= this.#limits.spoolBytesMax) return;
      this.#disk.makeReserve();
      this.#disk.rotate();
    } catch (error) {
      this.#log.debug({ error }, 'The spool still cannot be written.');
      return;
    }
    this.#stopRetrying?.();
    this.#stopRetrying = null;
    this.#problem = null;
    this.#log.info({ spoolBytes: this.#disk.bytes }, 'Records are kept again.');
  }
}

function unavailable(problem: string, cause?: unknown): CallError {
  return new CallError('records_unavailable', { cause: cause ?? new Error(problem) });
}

/** One that throws must not keep the others waiting; the process's own handler sees it. */
function callBack(done: Done | undefined, error: Error | null): void {
  try {
    done?.(error);
  } catch (thrown) {
    process.nextTick(() => {
      throw thrown;
    });
  }
}

/**
 * Opens the spool in its folder, creating it. Throws a SetupError when another process has it open, and the
 * system's error when the folder cannot be written to.
 */
export function openSpool(options: SpoolOptions): FileSpool {
  return new FileSpool(options);
}

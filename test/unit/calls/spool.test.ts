import { readdirSync, rmSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lineEnd, readFrame } from '../../../src/calls/frame.ts';
import { listSegments } from '../../../src/calls/segment-file.ts';
import { type Frame, SegmentReader } from '../../../src/calls/segment-reader.ts';
import { type FileSpool, openSpool, type SpoolOptions } from '../../../src/calls/spool.ts';
import type { WriteBytes } from '../../../src/calls/spool-disk.ts';
import { CallError } from '../../../src/errors.ts';
import { LIMITS, type Limits } from '../../../src/limits.ts';
import { FakeClock, sequentialIds } from '../../support/clock.ts';
import { append, sampleBegin, sampleEnd, spoolFolder } from '../../support/sample-records.ts';
import { silentLog } from '../../support/silent-log.ts';
import { turn } from '../../support/wait.ts';

/** Far less than in production, so that tests reach them. */
const SMALL = { spoolSegmentBytes: 8 * 1024, spoolReserveBytes: 16 * 1024 };

let folder: ReturnType<typeof spoolFolder>;
let dir = '';
const boots = sequentialIds();
const spools: FileSpool[] = [];

beforeEach(() => {
  folder = spoolFolder();
  dir = folder.slot(0);
});
afterEach(() => {
  for (const spool of spools.splice(0)) spool.close();
  folder.remove();
});

function open(changes: Partial<SpoolOptions> = {}, limits: Partial<Limits> = {}): FileSpool {
  const spool = openSpool({
    dir,
    limits: { ...LIMITS, ...SMALL, ...limits },
    log: silentLog,
    boot: boots.next(),
    ...changes,
  });
  spools.push(spool);
  return spool;
}

/** Ids of all records in the folder, in order, with a mark for ends. */
function recorded(): string[] {
  const found: string[] = [];
  for (const segment of listSegments(dir)) {
    const reader = new SegmentReader(segment.path, 0, LIMITS.recordBytesMax);
    for (let frame = reader.next(true); frame !== null; frame = reader.next(true)) {
      found.push(...recordsOf(frame));
    }
    expect([reader.corrupt, reader.torn]).toEqual([0, 0]);
    reader.close();
  }
  return found;
}

/** Begun calls before ended ones, as a frame has them. */
function recordsOf({ source, start, end }: Frame): string[] {
  const content = readFrame(source, start, end);
  if (content === null) throw new Error('a frame that is none');
  const idAt = (at: number) => source.toString('latin1', at, at + 36);
  const found = content.begun.map((line) => `begin ${idAt(line.start)}`);
  let at = content.endedStart;
  for (const _ of content.ended) {
    found.push(`end ${idAt(at)}`);
    at = lineEnd(source, at, end);
  }
  expect(at).toBe(end);
  return found;
}

/** A disk on which only so many bytes are free; deleting the reserve gives its bytes back. */
function smallDisk(free: number) {
  const disk = { free, isReadOnly: false, writes: 0 };
  const fail = (code: string) => Object.assign(new Error(`${code}: write`), { code });
  const write: WriteBytes = (fd, bytes, offset, length) => {
    disk.writes += 1;
    if (disk.isReadOnly) throw fail('EROFS');
    const room = disk.free + (readdirSync(dir).includes('reserve') ? 0 : SMALL.spoolReserveBytes);
    if (room <= 0) throw fail('ENOSPC');
    const written = writeSync(fd, bytes, offset, Math.min(length, room));
    disk.free -= written;
    return written;
  };
  return { disk, write };
}

describe('appending', () => {
  test('writes the records of one turn at once and calls back in their order', async () => {
    const { disk, write } = smallDisk(1e9);
    const spool = open({ write });
    const before = disk.writes;
    const order: string[] = [];
    const [first, second] = [sampleEnd(), sampleEnd()];
    const begun = [first, second].map((each) => spool.begin(each, () => order.push(`begin ${each.id}`)));
    spool.end(second, begun[1] ?? null, () => order.push(`end ${second.id}`));
    spool.end(first, begun[0] ?? null, () => order.push(`end ${first.id}`));
    expect([order, recorded()]).toEqual([[], []]);
    await turn();
    expect(disk.writes - before).toBe(1);
    expect(order).toHaveLength(4);
    expect(recorded()).toEqual(order);
  });

  test('calls back only when the record can be read from the file', async () => {
    const spool = open();
    const record = sampleBegin();
    let seen: string[] = [];
    await new Promise<void>((resolve) => {
      spool.begin(record, () => {
        seen = recorded();
        resolve();
      });
    });
    expect(seen).toEqual([`begin ${record.id}`]);
  });

  test('writes early when one turn brings much, and still calls back in order', async () => {
    const { disk, write } = smallDisk(1e9);
    const spool = open(
      { write },
      { spoolFrameChars: 2_048, spoolTurnBytesMax: 4_096, spoolSegmentBytes: 1e9 },
    );
    const before = disk.writes;
    const order: number[] = [];
    for (let n = 0; n < 2_000; n += 1) spool.end(sampleEnd(), null, () => order.push(n));
    expect(disk.writes).toBeGreaterThan(before);
    await turn();
    expect(order).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
    expect(recorded()).toHaveLength(2_000);
  });

  test('goes on when a callback throws', async () => {
    const spool = open();
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    spool.begin(sampleBegin(), () => {
      throw new Error('of the caller');
    });
    const second = append(spool, 'begin', sampleBegin());
    await second;
    await turn();
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(thrown).toEqual([new Error('of the caller')]);
  });

  test('fills one segment after the other and never touches those of earlier boots', async () => {
    const first = open();
    for (let n = 0; n < 50; n += 1) await append(first, 'end', sampleEnd());
    const segments = listSegments(dir);
    expect(segments.length).toBeGreaterThan(3);
    for (const { bytes } of segments) expect(bytes).toBeLessThanOrEqual(SMALL.spoolSegmentBytes);
    first.close();
    const second = open();
    await append(second, 'end', sampleEnd());
    const after = listSegments(dir);
    expect(after.slice(0, segments.length)).toEqual(segments);
    expect(after.length).toBe(segments.length + 1);
    expect(recorded()).toHaveLength(51);
  });

  test('never appends to a segment when a boot id comes a second time', async () => {
    const boot = boots.next();
    const first = open({ boot });
    await append(first, 'end', sampleEnd());
    first.close();
    const segments = listSegments(dir);
    await append(open({ boot }), 'end', sampleEnd());
    expect(listSegments(dir).slice(0, -1)).toEqual(segments);
  });

  test('writes what is pending when it is closed, and refuses what comes later', async () => {
    const spool = open();
    const record = sampleBegin();
    const pending = append(spool, 'begin', record);
    spool.close();
    await pending;
    expect(recorded()).toEqual([`begin ${record.id}`]);
    await expect(append(spool, 'end', sampleEnd())).rejects.toThrow(CallError);
    expect(spool.isWritable).toBe(false);
  });
});

describe('a spool at its quota', () => {
  test('refuses begins, still writes ends, and recovers when the drain has deleted segments', async () => {
    const clock = new FakeClock();
    const spool = open({ clock }, { spoolBytesMax: 12 * 1024 });
    while (spool.isWritable) await append(spool, 'end', sampleEnd());
    expect(spool.bytes).toBeGreaterThanOrEqual(12 * 1024);
    const count = recorded().length;
    await expect(append(spool, 'begin', sampleBegin())).rejects.toMatchObject({
      code: 'records_unavailable',
    });
    await append(spool, 'end', sampleEnd());
    expect(recorded()).toHaveLength(count + 1);
    clock.advance(LIMITS.spoolRetryMs);
    expect(spool.isWritable).toBe(false);
    for (const segment of listSegments(dir).slice(0, -1)) rmSync(segment.path);
    clock.advance(LIMITS.spoolRetryMs);
    expect(spool).toMatchObject({ isWritable: true, problem: null });
    await append(spool, 'begin', sampleBegin());
    expect(clock.timerCount).toBe(0);
  });

  test('is refused from the start when an earlier process has left as much', async () => {
    const first = open({}, { spoolBytesMax: 10 * 1024 });
    while (first.isWritable) await append(first, 'end', sampleEnd());
    first.close();
    expect(open({}, { spoolBytesMax: 10 * 1024 }).isWritable).toBe(false);
  });
});

describe('D07 a disk that takes no more', () => {
  test('still takes the ends of the calls that are running, then recovers when there is room', async () => {
    const clock = new FakeClock();
    const { disk, write } = smallDisk(40 * 1024);
    const spool = open({ clock, write });
    const running = Array.from({ length: 10 }, () => sampleEnd());
    for (const record of running) await append(spool, 'begin', record);
    while (spool.isWritable) await append(spool, 'end', sampleEnd());
    expect(spool.problem).toContain('ENOSPC');
    await expect(append(spool, 'begin', sampleBegin())).rejects.toMatchObject({
      code: 'records_unavailable',
    });
    for (const record of running) await append(spool, 'end', record);
    expect(recorded()).toEqual(expect.arrayContaining(running.map(({ id }) => `end ${id}`)));
    clock.advance(LIMITS.spoolRetryMs);
    expect(spool.isWritable).toBe(false);
    disk.free = 1e9;
    clock.advance(LIMITS.spoolRetryMs);
    expect(spool.isWritable).toBe(true);
    await append(spool, 'begin', sampleBegin());
  });

  test('leaves nothing of a record that was half written', async () => {
    const { disk, write } = smallDisk(1e6);
    const spool = open({ write });
    await append(spool, 'end', sampleEnd());
    disk.free = -SMALL.spoolReserveBytes + 100;
    await expect(append(spool, 'end', sampleEnd())).rejects.toMatchObject({ code: 'records_unavailable' });
    expect(recorded()).toHaveLength(1);
    disk.free = 1e6;
    await append(spool, 'end', sampleEnd());
    expect(recorded()).toHaveLength(2);
  });

  test('fails every record of the turn, tells each, and lives on', async () => {
    const clock = new FakeClock();
    const { disk, write } = smallDisk(1e6);
    const spool = open({ clock, write });
    disk.isReadOnly = true;
    const results = await Promise.allSettled([
      append(spool, 'begin', sampleBegin()),
      append(spool, 'end', sampleEnd()),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(spool.problem).toContain('EROFS');
    disk.isReadOnly = false;
    clock.advance(LIMITS.spoolRetryMs);
    await append(spool, 'begin', sampleBegin());
    expect(recorded()).toHaveLength(1);
  });
});

describe('D09 the lock', () => {
  test('keeps a second writer of the same process out until the first has closed', () => {
    const first = open();
    expect(() => open()).toThrow('already open in this process');
    first.close();
    expect(open().isWritable).toBe(true);
  });

  test('leaves no file behind', () => {
    const spool = open();
    spool.close();
    expect(readdirSync(dir).filter((name) => name.includes('lock'))).toEqual([]);
  });
});

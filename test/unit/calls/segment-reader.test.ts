import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { segmentHeader } from '../../../src/calls/segment-file.ts';
import { type Frame, SegmentReader } from '../../../src/calls/segment-reader.ts';
import { sequentialIds, withSeed } from '../../support/clock.ts';

/** A file that grows between two reads: each read in turn sees no more than so many bytes of it. */
const growing = vi.hoisted(() => ({ visibleBytes: [] as number[] }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const readSync = (fd: number, buffer: Buffer, at: number, length: number, position: number) => {
    const visible = growing.visibleBytes.shift() ?? Number.POSITIVE_INFINITY;
    return fs.readSync(fd, buffer, at, Math.max(Math.min(length, visible - position), 0), position);
  };
  return { ...fs, readSync };
});

const BYTES_MAX = 64 * 1024;
let folder = '';
let path = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-segment-'));
  path = join(folder, 'segment');
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => writeFileSync(path, segmentHeader('01980000-0000-7000-8000-00000000b007', ['id', 'text'])));

/** The frame of one ended call, as documented in frame.ts. */
function frame(id: string, text: string): Buffer {
  const body = Buffer.from(`;7\n${id}\t${text}\n`);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

function readAll(isFinal = true, offset = 0) {
  const reader = new SegmentReader(path, offset, BYTES_MAX);
  const frames: { text: string; offset: number }[] = [];
  for (let next = reader.next(isFinal); next !== null; next = reader.next(isFinal)) {
    frames.push({
      text: (textOf(next) ?? '').trimEnd(),
      offset: next.offset,
    });
  }
  reader.close();
  return { frames, corrupt: reader.corrupt, torn: reader.torn, offset: reader.offset };
}

/** Behind the first line and the id. */
function textOf(frame: Frame | null): string | undefined {
  return frame?.source.toString('utf8', frame.start + 3 + 37, frame.end);
}

describe('a segment', () => {
  test('gives its records in order, however long they are', () => {
    const ids = sequentialIds();
    const texts = Array.from({ length: 200 }, (_, n) => `${n}`.repeat(1 + ((n * 331) % 15_000)));
    for (const text of texts) appendFileSync(path, frame(ids.next(), text));
    expect(readAll().frames.map(({ text }) => text)).toEqual(texts);
  });

  test('is read on from any of its records', () => {
    const ids = sequentialIds();
    for (let n = 0; n < 5; n += 1) appendFileSync(path, frame(ids.next(), `${n}`));
    const { frames } = readAll();
    expect(readAll(true, frames[3]?.offset).frames.map(({ text }) => text)).toEqual(['3', '4']);
  });

  test('gives what is appended while it is read, also a record that arrives in pieces', () => {
    const ids = sequentialIds();
    const reader = new SegmentReader(path, 0, BYTES_MAX);
    expect(reader.next(false)).toBeNull();
    const bytes = frame(ids.next(), 'late');
    for (const byte of bytes.subarray(0, -1)) {
      appendFileSync(path, Buffer.from([byte]));
      expect(reader.next(false)).toBeNull();
    }
    appendFileSync(path, bytes.subarray(-1));
    expect(textOf(reader.next(false))).toBe('late\n');
    expect(reader).toMatchObject({ corrupt: 0, torn: 0 });
    reader.close();
  });

  test('D09 blames no record that is half-written at the first look and whole at the next', () => {
    const ids = sequentialIds();
    const [first, second] = [frame(ids.next(), 'first'), frame(ids.next(), 'second')];
    const reader = new SegmentReader(path, 0, BYTES_MAX);
    const start = reader.offset;
    appendFileSync(path, Buffer.concat([first, second]));
    const halfWritten = start + first.length - 4;
    growing.visibleBytes.push(halfWritten, halfWritten);
    expect(textOf(reader.next(false))).toBe('first\n');
    expect(textOf(reader.next(false))).toBe('second\n');
    expect(reader).toMatchObject({ corrupt: 0, torn: 0 });
    reader.close();
  });

  test('gives what was written in the place of a write that was cut off again', () => {
    const ids = sequentialIds();
    const reader = new SegmentReader(path, 0, BYTES_MAX);
    const bytes = readFileSync(path).length;
    appendFileSync(path, frame(ids.next(), 'never finished').subarray(0, 40));
    expect(reader.next(false)).toBeNull();
    truncateSync(path, bytes);
    appendFileSync(path, frame(ids.next(), 'x'));
    expect(textOf(reader.next(false))).toBe('x\n');
    reader.close();
  });

  test('counts an incomplete end once, and only when nothing can follow', () => {
    const ids = sequentialIds();
    appendFileSync(path, frame(ids.next(), 'whole'));
    appendFileSync(path, frame(ids.next(), 'torn').subarray(0, -3));
    expect(readAll(false)).toMatchObject({ corrupt: 0, torn: 0 });
    const { frames, corrupt, torn, offset } = readAll(true);
    expect(frames.map(({ text }) => text)).toEqual(['whole']);
    expect({ corrupt, torn, offset }).toEqual({ corrupt: 0, torn: 1, offset: readFileSync(path).length });
  });

  test('loses only the record that one flipped bit is in', () =>
    withSeed((random) => {
      const ids = sequentialIds();
      const texts = Array.from({ length: 30 }, (_, n) =>
        `${n}-`.repeat(1 + Math.floor(random.fraction() * 40)),
      );
      for (const text of texts) appendFileSync(path, frame(ids.next(), text));
      const sound = readFileSync(path);
      const { frames } = readAll();
      const firstByte = frames[0]?.offset ?? 0;
      for (let run = 0; run < 300; run += 1) {
        const at = firstByte + Math.floor(random.fraction() * (sound.length - firstByte));
        const bytes = Buffer.from(sound);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.fraction() * 8));
        writeFileSync(path, bytes);
        const hit = frames.findLastIndex(({ offset }) => offset <= at);
        const read = readAll();
        expect(read.frames.map(({ text }) => text)).toEqual(texts.filter((_, index) => index !== hit));
        expect(read.corrupt + read.torn).toBe(1);
      }
    }));

  test('is read without its header when that is damaged', () => {
    const ids = sequentialIds();
    for (const text of ['one', 'two']) appendFileSync(path, frame(ids.next(), text));
    const bytes = readFileSync(path);
    bytes[0] = 0x20;
    writeFileSync(path, bytes);
    expect(readAll().frames.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  test('does not put anything but plain column names into SQL', () => {
    const header = { format: 2, boot: 'b', columns: ['id', 'x) from stdin; drop table calls; --'] };
    writeFileSync(path, `${JSON.stringify(header)}\n`);
    const reader = new SegmentReader(path, 0, BYTES_MAX);
    expect(reader.columns.join()).not.toContain('drop');
    reader.close();
  });
});

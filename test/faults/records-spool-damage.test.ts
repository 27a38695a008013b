import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallRecord } from '../../src/calls/record.ts';
import { listSegments } from '../../src/calls/segment-file.ts';
import { withSeed } from '../support/clock.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type SpoolWorld, spoolWorld } from '../support/drained-spool.ts';
import { append, rowsOf, sampleEnd } from '../support/sample-records.ts';

let database: TestDatabase;
let world: SpoolWorld;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  world = await spoolWorld();
});
afterEach(() => world.close());

/** Leaves these records in a spool that is closed, as one whose process has ended. */
async function leave(records: readonly CallRecord[]): Promise<void> {
  const spool = world.spool(0, { spoolSegmentBytes: 64 * 1024 });
  for (const record of records) await append(spool, 'end', record);
  spool.close();
}

async function present(records: readonly CallRecord[]): Promise<Set<string>> {
  const ids = records.map(({ id }) => id);
  const rows = await rowsOf<{ id: string }>(database.address, 'select id from calls where id = any($1)', [
    ids,
  ]);
  return new Set(rows.map(({ id }) => id));
}

const many = (count: number) => Array.from({ length: count }, () => sampleEnd());

describe('D09 a damaged segment', () => {
  test('costs the record that a flipped bit is in, which is counted, and no other', () =>
    withSeed(async (random) => {
      const records = many(500);
      await leave(records);
      const segments = listSegments(world.dir(0));
      for (const { path } of segments) {
        const bytes = readFileSync(path);
        const at = 2_000 + Math.floor(random.fraction() * (bytes.length - 4_000));
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.fraction() * 8));
        writeFileSync(path, bytes);
      }
      const drain = world.drain(0, database.address);
      await drain.settled();
      expect(segments.length).toBeGreaterThan(3);
      expect((await present(records)).size).toBe(500 - segments.length);
      expect(drain.stats()).toMatchObject({ corrupt: segments.length, quarantined: 0, backlogBytes: 0 });
    }));

  test('that was cut off loses only what is missing', async () => {
    const records = many(500);
    await leave(records);
    const [first] = listSegments(world.dir(0));
    if (first === undefined) throw new Error('no segment');
    truncateSync(first.path, first.bytes - 10);
    const drain = world.drain(0, database.address);
    await drain.settled();
    expect((await present(records)).size).toBe(499);
    expect(drain.stats()).toMatchObject({ torn: 1, corrupt: 0 });
  });
});

describe('D10 a poison record', () => {
  test('is set aside as it is, and all others reach Postgres', async () => {
    const poison = [
      sampleEnd({ outcome: 'exploded' as never }),
      sampleEnd({ tenantId: 'not a uuid' }),
      sampleEnd({ startedAt: 8.64e15 }),
    ];
    const records = many(3_000);
    const [a, b, c] = poison;
    if (a === undefined || b === undefined || c === undefined) throw new Error('no poison');
    await leave([a, ...records.slice(0, 1_000), b, ...records.slice(1_000), c]);
    const drain = world.drain(0, database.address);
    await drain.settled();
    expect((await present(records)).size).toBe(3_000);
    expect((await present(poison)).size).toBe(0);
    const rows = await rowsOf<{ call_id: string; error: string; line: Buffer; columns: string }>(
      database.address,
      'select * from quarantined_records order by byte_offset, segment',
    );
    expect(new Set(rows.map(({ call_id }) => call_id))).toEqual(new Set(poison.map(({ id }) => id)));
    const exploded = rows.find(({ call_id }) => call_id === a.id);
    expect(exploded?.error).toContain('calls_outcome_known');
    expect(exploded?.line.toString()).toContain('exploded');
    expect(exploded?.columns).toContain('tenant_id,application_id');
    expect(drain.stats()).toMatchObject({ drained: 3_000, quarantined: 3, lastError: null });
    expect(listSegments(world.dir(0))).toEqual([]);
  });

  test('is set aside once, however often it is drained', async () => {
    const poison = sampleEnd({ outcome: 'exploded' as never });
    const spool = world.spool(0);
    await append(spool, 'end', poison);
    for (let run = 0; run < 2; run += 1) {
      const drain = world.drain(0, database.address);
      await drain.settled();
      await drain.stop();
      await rowsOf(database.address, 'delete from spool_positions');
    }
    const rows = await rowsOf(database.address, 'select from quarantined_records where call_id = $1', [
      poison.id,
    ]);
    expect(rows).toHaveLength(1);
  });

  test('that ends the same call twice in one batch keeps the first end', async () => {
    const record = sampleEnd();
    const records = many(10);
    await leave([...records, record, { ...record, status: 500 }]);
    const drain = world.drain(0, database.address);
    await drain.settled();
    expect((await present([...records, record])).size).toBe(11);
    const [row] = await rowsOf<{ status: number }>(
      database.address,
      'select status from calls where id = $1',
      [record.id],
    );
    expect(row?.status).toBe(200);
  });
});

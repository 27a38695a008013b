import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { v7 } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listSegments } from '../../src/calls/segment-file.ts';
import { type OpenDatabase, openDatabase } from '../../src/db/database.ts';
import { getCall } from '../../src/db/queries/calls.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type SpoolWorld, spoolWorld } from '../support/drained-spool.ts';
import { append, rowsOf, sampleBegin, sampleEnd } from '../support/sample-records.ts';
import { silentLog } from '../support/silent-log.ts';
import { until } from '../support/wait.ts';

let database: TestDatabase;
let opened: OpenDatabase;
let world: SpoolWorld;

beforeAll(async () => {
  database = await testDatabase();
  opened = openDatabase(database.address, {
    connectionsMax: 1,
    statementTimeoutMs: 5_000,
    applicationName: 'test',
    log: silentLog,
  });
});
afterAll(async () => {
  await opened.close();
  await database.drop();
});
beforeEach(async () => {
  world = await spoolWorld();
});
afterEach(() => world.close());

/** Bodies stand in a table of their own; these calls have none. */
const callOf = async (id: string) => {
  const call = await getCall(opened.db, {}, id);
  return call === null ? null : { ...call, bodies: null };
};

async function countOf(ids: readonly string[]): Promise<number> {
  const rows = await rowsOf(database.address, 'select from calls where id = any($1)', [ids]);
  return rows.length;
}

describe('a drained call', () => {
  test('has every value of its record', async () => {
    const record = sampleEnd({
      startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 67),
      isStream: true,
      callerProtocol: 'graphql',
      targetProtocol: 'anthropic-messages',
      lane: 'block',
      outcome: 'failed',
      errorCode: 'upstream_stalled',
      status: 504,
      finishReason: 'length',
      usage: {
        inputTokens: 1,
        outputTokens: 2,
        totalTokens: 3,
        cachedInputTokens: 4,
        cacheWriteTokens: 5,
        cacheWrite1hTokens: 6,
        reasoningTokens: 7,
        audioInputTokens: 8,
        audioOutputTokens: 9,
      },
      usageSource: 'estimated',
      costPico: 123_456_789_012_345_678n,
      receipt: [{ field: 'ä\t"n"', action: 'dropped', reason: 'back\\slash\n' }],
    });
    const spool = world.spool(0);
    await append(spool, 'begin', record);
    await append(spool, 'end', record);
    await world.drain(0, database.address).settled();
    expect(await callOf(record.id)).toEqual(record);
  });

  test('is there once, out of many segments, which are deleted', async () => {
    const spool = world.spool(0, { spoolSegmentBytes: 64 * 1024 });
    const ids: string[] = [];
    for (let n = 0; n < 2_000; n += 1) {
      const record = sampleEnd();
      ids.push(record.id);
      const begun = spool.begin(record, () => {});
      if (n % 50 === 0) await new Promise((resolve) => spool.end(record, begun, resolve));
      else spool.end(record, begun, () => {});
    }
    expect(listSegments(world.dir(0)).length).toBeGreaterThan(10);
    const drain = world.drain(0, database.address);
    await drain.settled();
    expect(await countOf(ids)).toBe(2_000);
    expect(drain.stats()).toMatchObject({
      drained: 2_000,
      quarantined: 0,
      corrupt: 0,
      torn: 0,
      backlogBytes: 0,
    });
    expect(listSegments(world.dir(0))).toHaveLength(1);
  });

  test('follows its record within moments, without anyone asking', async () => {
    world.drain(0, database.address);
    const spool = world.spool(0);
    const record = sampleEnd();
    await append(spool, 'end', record);
    await until(() => callOf(record.id), { what: 'the call in Postgres' });
  });
});

describe('a call that runs long', () => {
  test('is shown as running, does not hold its segment, and gets its end later', async () => {
    const spool = world.spool(0, { spoolSegmentBytes: 16 * 1024 });
    const record = sampleEnd();
    await append(spool, 'begin', record);
    const drain = world.drain(0, database.address, {}, { runningVisibleAfterMs: 200 });
    const running = await until(() => callOf(record.id), { what: 'the running call' });
    expect(running).toMatchObject({ outcome: 'running', totalMs: null, status: null, attempts: [] });
    for (let n = 0; n < 50; n += 1) await append(spool, 'end', sampleEnd());
    await until(() => listSegments(world.dir(0)).length === 1, { what: 'the first segments deleted' });
    await append(spool, 'end', record);
    await drain.settled();
    expect(await callOf(record.id)).toEqual(record);
  });

  test('is not shown before its time', async () => {
    const spool = world.spool(0);
    const record = sampleBegin();
    await append(spool, 'begin', record);
    await append(spool, 'end', sampleEnd());
    await world.drain(0, database.address).settled();
    expect(await callOf(record.id)).toBeNull();
  });
});

describe('what an earlier process has left', () => {
  test('is drained: ends as they are, begins without an end as interrupted', async () => {
    const first = world.spool(0);
    const [ended, cut] = [sampleEnd(), sampleBegin()];
    await append(first, 'begin', ended);
    await append(first, 'begin', cut);
    await append(first, 'end', ended);
    first.close();
    const spool = world.spool(0);
    const own = sampleEnd();
    await append(spool, 'end', own);
    await world.drain(0, database.address).settled();
    expect(await callOf(ended.id)).toEqual(ended);
    expect(await callOf(cut.id)).toMatchObject({
      ...cut,
      outcome: 'interrupted',
      errorCode: 'gateway_died',
      totalMs: null,
    });
    expect(await callOf(own.id)).toEqual(own);
    expect(listSegments(world.dir(0))).toHaveLength(1);
  });

  test('ends the calls that were shown as running, though their begins are drained', async () => {
    const first = world.spool(0, { spoolSegmentBytes: 16 * 1024 });
    const cut = sampleBegin();
    await append(first, 'begin', cut);
    for (let n = 0; n < 50; n += 1) await append(first, 'end', sampleEnd());
    const drain = world.drain(0, database.address, {}, { runningVisibleAfterMs: 0 });
    await until(() => callOf(cut.id), { what: 'the running call' });
    await until(() => listSegments(world.dir(0)).length === 1, { what: 'its segment deleted' });
    await drain.stop();
    first.close();
    world.spool(0);
    await world.drain(0, database.address).settled();
    expect(await callOf(cut.id)).toMatchObject({ outcome: 'interrupted', errorCode: 'gateway_died' });
    const kept = await rowsOf(
      database.address,
      'select from spool_positions where boot = (select boot from calls where id = $1)',
      [cut.id],
    );
    expect(kept).toEqual([]);
  });

  test('does not touch the running calls of the process that writes now', async () => {
    const spool = world.spool(0);
    const running = sampleBegin();
    await append(spool, 'begin', running);
    const drain = world.drain(0, database.address, {}, { runningVisibleAfterMs: 0 });
    await until(() => callOf(running.id), { what: 'the running call' });
    await drain.stop();
    await world.drain(0, database.address).settled();
    expect(await callOf(running.id)).toMatchObject({ outcome: 'running' });
  });

  test('changes nothing when it is drained a second time', async () => {
    const spool = world.spool(0);
    const records = Array.from({ length: 100 }, () => sampleEnd());
    for (const record of records) {
      const begun = spool.begin(record, () => {});
      spool.end(record, begun, () => {});
    }
    spool.flushSync();
    const first = world.drain(0, database.address);
    await first.settled();
    await first.stop();
    await rowsOf(database.address, 'delete from spool_positions');
    await rowsOf(database.address, 'update calls set status = 299 where id = $1', [records[0]?.id]);
    await world.drain(0, database.address).settled();
    expect(await countOf(records.map(({ id }) => id))).toBe(100);
    expect(await callOf(records[0]?.id ?? '')).toMatchObject({ status: 299 });
  });

  test('of a program with other columns is drained as far as it goes', async () => {
    const spool = world.spool(0);
    const record = sampleEnd();
    await append(spool, 'end', record);
    spool.close();
    const [segment] = listSegments(world.dir(0));
    const path = segment?.path ?? '';
    // The same length, so that the frames stay where they are.
    const text = readFileSync(path, 'latin1').replace('"finish_reason"', '"finish_colour"');
    writeFileSync(path, text, 'latin1');
    await world.drain(0, database.address).settled();
    expect(await callOf(record.id)).toEqual({ ...record, finishReason: null });
  });
});

describe('folders of other processes', () => {
  test('are taken over when nobody has them open', async () => {
    const other = world.spool(1);
    const [ended, cut] = [sampleEnd(), sampleBegin()];
    await append(other, 'end', ended);
    await append(other, 'begin', cut);
    other.close();
    world.spool(0);
    await world.drain(0, database.address).settled();
    expect(await callOf(ended.id)).toEqual(ended);
    expect(await callOf(cut.id)).toMatchObject({ outcome: 'interrupted' });
    expect(listSegments(world.dir(1))).toEqual([]);
  });

  test('are left alone while they are in use', async () => {
    const other = world.spool(1);
    await append(other, 'end', sampleEnd());
    world.spool(0);
    await world.drain(0, database.address).settled();
    expect(listSegments(world.dir(1))).toHaveLength(1);
  });
});

describe('the thread', () => {
  test('is started again when it dies, and goes on', async () => {
    const flag = join(world.dir(0), '..', 'died-once');
    const program = join(world.dir(0), '..', 'dies-once.mjs');
    writeFileSync(
      program,
      `import { existsSync, writeFileSync } from 'node:fs';
       if (!existsSync(${JSON.stringify(flag)})) { writeFileSync(${JSON.stringify(flag)}, ''); throw new Error('died'); }
       await import(${JSON.stringify(world.workerUrl.href)});`,
    );
    const spool = world.spool(0);
    const record = sampleEnd();
    await append(spool, 'end', record);
    const drain = world.drain(0, database.address, { workerUrl: pathToFileURL(program) });
    await drain.settled();
    expect(existsSync(flag)).toBe(true);
    expect(await callOf(record.id)).toEqual(record);
  });

  test('ends when it is told to, and what was asked of it is refused', async () => {
    world.spool(0);
    const nowhere = { ...database.address, database: `missing_${v7().slice(0, 8)}` };
    const drain = world.drain(0, nowhere);
    await until(() => drain.stats().lastError, { what: 'an error' });
    const waiting = drain.settled();
    const refused = expect(waiting).rejects.toThrow('stopped');
    await drain.stop();
    await refused;
    await expect(drain.settled()).rejects.toThrow('stopped');
  });
});

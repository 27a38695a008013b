import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listSegments } from '../../src/calls/segment-file.ts';
import { withSeed } from '../support/clock.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Bundle, bundleOf } from '../support/drain-bundle.ts';
import { type SpoolWorld, spoolWorld } from '../support/drained-spool.ts';
import { append, rowsOf, sampleEnd } from '../support/sample-records.ts';
import { within } from '../support/wait.ts';

const KILLS = 25;

let database: TestDatabase;
let program: Bundle;
let world: SpoolWorld;

beforeAll(async () => {
  [database, program] = await Promise.all([testDatabase(), bundleOf('test/support/spool-appender.ts')]);
});
afterAll(async () => {
  program.remove();
  await database.drop();
});
beforeEach(async () => {
  world = await spoolWorld();
});
afterEach(() => world.close());

const acknowledgements = () => join(world.dir(0), '..', 'acknowledgements');

/** Ids of what the appender says is in the spool. The kill may have cut its last line. */
function acknowledged(): { begins: Set<string>; ends: Set<string> } {
  const lines = readFileSync(acknowledgements(), 'utf8').split('\n').slice(0, -1);
  const idsOf = (what: string) =>
    new Set(lines.filter((line) => line.startsWith(what)).map((line) => line.slice(what.length + 1)));
  return { begins: idsOf('begin'), ends: idsOf('end') };
}

async function startAppender(args: readonly string[] = []): Promise<ChildProcess> {
  mkdirSync(world.dir(0), { recursive: true });
  const child = spawn(process.execPath, [program.path, world.dir(0), acknowledgements(), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await within(once(child.stdout, 'data'), { what: 'the appender', deadlineMs: 20_000 });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await within(exited, { what: 'its death' });
  expect(child.signalCode).toBe('SIGKILL');
}

/** What a write that the kill cut in two leaves at the end of the last segment. */
function tearTail(): void {
  const last = listSegments(world.dir(0)).at(-1);
  if (last !== undefined) appendFileSync(last.path, Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 1, 0x30]));
}

async function finalRows(ids: ReadonlySet<string>): Promise<Map<string, string>> {
  const rows = await rowsOf<{ id: string; outcome: string }>(
    database.address,
    'select id, outcome from calls where id = any($1)',
    [[...ids]],
  );
  return new Map(rows.map(({ id, outcome }) => [id, outcome]));
}

describe('D05 a process killed at random points', () => {
  test('loses no acknowledged record, writes none twice, and its open calls become interrupted', () =>
    withSeed(async (random) => {
      const drainArgs = [world.workerUrl.pathname, JSON.stringify(database.address)];
      for (let run = 0; run < KILLS; run += 1) {
        // Often it drains as well, so that the kill also hits batches on their way.
        const child = await startAppender(random.fraction() < 0.6 ? drainArgs : []);
        await pause(random.fraction() * 300);
        await kill(child);
        if (random.fraction() < 0.3) tearTail();
      }
      world.spool(0);
      const drain = world.drain(0, database.address);
      await within(drain.settled(), { what: 'everything in Postgres', deadlineMs: 30_000 });
      const { begins, ends } = acknowledged();
      const rows = await finalRows(begins);
      expect(ends.size).toBeGreaterThan(KILLS * 20);
      for (const id of ends) expect(rows.get(id)).toBe('succeeded');
      for (const id of begins) expect(rows.get(id)).toMatch(/^(succeeded|interrupted)$/);
      expect(drain.stats()).toMatchObject({ corrupt: 0, quarantined: 0, backlogBytes: 0 });
    }));

  test('leaves a torn tail that is recognised and counted', async () => {
    await kill(await startAppender());
    tearTail();
    world.spool(0);
    const drain = world.drain(0, database.address);
    await drain.settled();
    expect(drain.stats()).toMatchObject({ torn: 1, corrupt: 0, drained: expect.any(Number) });
    const { ends } = acknowledged();
    expect((await finalRows(ends)).size).toBe(ends.size);
  });
});

describe('D09 two writers', () => {
  test('never happen: a second process is refused until the first is dead', async () => {
    const child = await startAppender();
    try {
      expect(() => world.spool(0)).toThrow(`in use by process ${child.pid}`);
    } finally {
      await kill(child);
    }
    const spool = world.spool(0);
    await append(spool, 'end', sampleEnd());
    expect(spool.isWritable).toBe(true);
  });
});

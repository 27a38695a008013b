import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FileSpool } from '../../src/calls/spool.ts';
import type { DatabaseAddress } from '../../src/db/address.ts';
import { openDatabase } from '../../src/db/database.ts';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/db/embedded/start-embedded-postgres.ts';
import { migrate } from '../../src/db/migrate.ts';
import { withSeed } from '../support/clock.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type SpoolWorld, spoolWorld } from '../support/drained-spool.ts';
import { rowsOf, sampleEnd } from '../support/sample-records.ts';
import { silentLog } from '../support/silent-log.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until, within } from '../support/wait.ts';

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

/** Calls that begin and end all the time, a few in each turn of the event loop, until they are stopped. */
class Traffic {
  readonly ids: string[] = [];
  readonly failures: Error[] = [];
  #isRunning = true;
  readonly #finished: Promise<void>;

  constructor(spool: FileSpool) {
    this.#finished = this.#run(spool);
  }

  async stop(): Promise<string[]> {
    this.#isRunning = false;
    await this.#finished;
    expect(this.failures).toEqual([]);
    return this.ids;
  }

  async #run(spool: FileSpool): Promise<void> {
    while (this.#isRunning) {
      await Promise.all(Array.from({ length: 5 }, () => this.#call(spool)));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  #call(spool: FileSpool): Promise<void> {
    const record = sampleEnd();
    return new Promise((resolve) => {
      const note = (error: Error | null) => void (error !== null && this.failures.push(error));
      const begun = spool.begin(record, note);
      spool.end(record, begun, (error) => {
        note(error);
        this.ids.push(record.id);
        resolve();
      });
    });
  }
}

async function missing(address: DatabaseAddress, ids: readonly string[]): Promise<number> {
  const rows = await rowsOf(address, `select from calls where outcome = 'succeeded' and id = any($1)`, [ids]);
  return ids.length - rows.length;
}

describe('Postgres that goes away', () => {
  let dataDir = '';
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'sluice-outage-'));
    postgres = await startEmbeddedPostgres({ dataDir, log: silentLog });
    const opened = openDatabase(postgres.address, {
      connectionsMax: 1,
      statementTimeoutMs: 0,
      applicationName: 'test setup',
      log: silentLog,
    });
    await migrate(opened.db);
    await opened.close();
  });
  afterAll(async () => {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Every record of this traffic is in Postgres, soon after it is back. */
  async function allArrive(drain: { settled(): Promise<void> }, ids: readonly string[]): Promise<void> {
    await within(drain.settled(), { what: 'all records in Postgres', deadlineMs: 15_000 });
    expect(await missing(postgres.address, ids)).toBe(0);
  }

  test('D01 stopped and started again: no record fails, and all arrive', async () => {
    const spool = world.spool(0, { spoolSegmentBytes: 256 * 1024 });
    const drain = world.drain(0, postgres.address);
    const traffic = new Traffic(spool);
    await until(() => drain.stats().drained > 0, { what: 'first records' });
    await postgres.stop();
    await until(() => drain.stats().lastError, { what: 'the outage noticed' });
    const before = traffic.ids.length;
    await until(() => traffic.ids.length > before + 2_000, { what: 'more traffic', deadlineMs: 20_000 });
    postgres = await startEmbeddedPostgres({ dataDir, log: silentLog });
    await until(() => drain.stats().lastError === null, { what: 'the return noticed', deadlineMs: 10_000 });
    await allArrive(drain, await traffic.stop());
    expect(drain.stats()).toMatchObject({ quarantined: 0, corrupt: 0 });
  });

  test('D02 paused, not closed: noticed by the statement timeout, and all arrive', async () => {
    const limits = { drainStatementTimeoutMs: 500 };
    const spool = world.spool(0);
    const drain = world.drain(0, postgres.address, {}, limits);
    const traffic = new Traffic(spool);
    await until(() => drain.stats().drained > 0, { what: 'first records' });
    const backends = await rowsOf<{ pid: number }>(
      postgres.address,
      `select pid from pg_stat_activity where application_name = 'sluice drain'`,
    );
    const pids = [...backends.map(({ pid }) => pid), postgres.pid ?? 0];
    expect(pids).toHaveLength(2);
    try {
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      const error = await until(() => drain.stats().lastError, {
        what: 'the pause noticed',
        deadlineMs: 3_000,
      });
      expect(error).toContain('did not answer within 500 ms');
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await allArrive(drain, await traffic.stop());
  });
});

describe('D03 a table that is locked', () => {
  test('lets the backlog grow and drains it afterwards', async () => {
    const spool = world.spool(0);
    const drain = world.drain(0, database.address, {}, { drainStatementTimeoutMs: 300 });
    const traffic = new Traffic(spool);
    await until(() => drain.stats().drained > 0, { what: 'first records' });
    const blocker = new Client({ ...database.address });
    await blocker.connect();
    await blocker.query('begin; lock table calls in access exclusive mode');
    await until(() => drain.stats().lastError, { what: 'the lock noticed' });
    await blocker.query('rollback');
    await blocker.end();
    const ids = await traffic.stop();
    await within(drain.settled(), { what: 'all records in Postgres', deadlineMs: 15_000 });
    expect(await missing(database.address, ids)).toBe(0);
  });
});

describe('D04 a connection that is lost', () => {
  let proxy: TcpProxy;
  let address: DatabaseAddress;

  beforeEach(async () => {
    const { host, port } = database.address;
    proxy = await startTcpProxy({ to: { path: join(host, `.s.PGSQL.${port}`) } });
    address = { ...database.address, host: '127.0.0.1', port: proxy.port };
  });
  afterEach(() => proxy.close());

  test('after the commit and before its answer: the batch is not there twice', async () => {
    const spool = world.spool(0);
    const drain = world.drain(0, address);
    let cuts = 0;
    proxy.intercept((bytes, direction) => {
      if (direction !== 'to-client' || !bytes.includes('INSERT 0 ') || cuts >= 5) return 'forward';
      cuts += 1;
      return 'cut';
    });
    const traffic = new Traffic(spool);
    await until(() => cuts === 5, { what: 'five lost answers', deadlineMs: 20_000 });
    const ids = await traffic.stop();
    await within(drain.settled(), { what: 'all records in Postgres', deadlineMs: 15_000 });
    expect(await missing(database.address, ids)).toBe(0);
    expect(drain.stats().quarantined).toBe(0);
  });

  test('at random points: every record arrives once', () =>
    withSeed(async (random) => {
      const spool = world.spool(0);
      const drain = world.drain(0, address);
      let cuts = 0;
      proxy.intercept((bytes) => {
        if (cuts >= 20 || bytes.length < 20 || random.fraction() > 0.2) return 'forward';
        cuts += 1;
        return 'cut';
      });
      const traffic = new Traffic(spool);
      await until(() => cuts === 20, { what: 'twenty cuts', deadlineMs: 40_000 });
      const ids = await traffic.stop();
      await within(drain.settled(), { what: 'all records in Postgres', deadlineMs: 15_000 });
      expect(await missing(database.address, ids)).toBe(0);
    }));
});

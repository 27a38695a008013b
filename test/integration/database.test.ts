import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DatabaseOptions, type OpenDatabase, openDatabase } from '../../src/db/database.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start-embedded-postgres.ts';
import { asSuperuser, type TestDatabase, testDatabase } from '../support/database.ts';
import { captureLog } from '../support/ports.ts';
import { until } from '../support/wait.ts';

const log = captureLog();
const options: DatabaseOptions = {
  connectionsMax: 2,
  statementTimeoutMs: 300,
  applicationName: 'db test',
  log,
};

let target: TestDatabase;
let database: OpenDatabase;

beforeEach(async () => {
  target = await testDatabase('empty');
  database = openDatabase(target.address, options);
});
afterEach(async () => {
  await database.close();
  await target.drop();
});

describe('openDatabase', () => {
  it('gives what would lose digits or shift with the time zone as text', async () => {
    const { rows } = await sql`select 9223372036854775807::int8 as a, 0.1::numeric as b, array[1::int8] as c,
      '2026-01-02'::date as d, '2026-01-02 03:04:05'::timestamp as e, '2026-01-02 03:04:05Z'::timestamptz as f`.execute(
      database.db,
    );
    expect(rows).toEqual([
      {
        a: '9223372036854775807',
        b: '0.1',
        c: ['1'],
        d: '2026-01-02',
        e: '2026-01-02 03:04:05',
        f: new Date('2026-01-02T03:04:05Z'),
      },
    ]);
  });

  it('ends a statement that runs too long, and the connection is good again', async () => {
    await expect(sql`select pg_sleep(60)`.execute(database.db)).rejects.toThrow('statement timeout');
    expect((await sql`select 1 as one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
  });

  it('goes on after the server has cut its connections, idle and busy', async () => {
    await Promise.all([1, 2].map(() => sql`select 1`.execute(database.db)));
    const busy = openDatabase(target.address, { ...options, statementTimeoutMs: 0 });
    const sleeping = sql`select pg_sleep(60)`.execute(busy.db).catch((error: Error) => error.message);
    const running = () =>
      sql`select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`.execute(
        database.db,
      );
    await until(async () => (await running()).rows.length > 0, { what: 'the sleeping statement' });
    await asSuperuser(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'db test'",
    );
    expect(await sleeping).toContain('terminating connection');
    const again = () => sql`select 1 as one`.execute(database.db);
    expect((await until(again, { what: 'a new connection' })).rows).toEqual([{ one: 1 }]);
    await busy.close();
  });

  it('names itself to the server', async () => {
    const { rows } = await sql`select current_setting('application_name') as name`.execute(database.db);
    expect(rows).toEqual([{ name: 'db test' }]);
  });

  it('fails in time while Postgres is stopped with SIGSTOP, also in a transaction, and goes on after SIGCONT', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sluice-stopped-'));
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    const own = openDatabase(postgres.address, { ...options, connectionsMax: 1 });
    const signal = (name: NodeJS.Signals): void => {
      for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
        if (worksIn(pid, dataDir)) process.kill(pid, name);
      }
    };
    try {
      let stoppedAtMs = 0;
      const transaction = own.db
        .transaction()
        .execute(async (trx) => {
          await sql`select 1`.execute(trx);
          signal('SIGSTOP');
          stoppedAtMs = performance.now();
          await sql`select 2`.execute(trx);
        })
        .catch((error: Error) => error.message);
      expect(await transaction).toBe('Query read timeout');
      expect(performance.now() - stoppedAtMs).toBeLessThan(2_500);
      expect(own.pool.totalCount).toBe(0);
      signal('SIGCONT');
      const again = () => sql`select 1 as one`.execute(own.db);
      expect((await until(again, { what: 'an answer', deadlineMs: 15_000 })).rows).toEqual([{ one: 1 }]);
    } finally {
      signal('SIGCONT');
      await own.close();
      await postgres.stop();
      rmSync(dataDir, { recursive: true });
    }
  });
});

function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    return false;
  }
}

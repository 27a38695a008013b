import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DatabaseAddress, openDatabase } from '../../src/db/database.ts';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../src/db/embedded/start-embedded-postgres.ts';
import { FakeClock } from '../support/clock.ts';
import { type Holder, isRunning, startHolder } from '../support/data-dir-holding.ts';
import { type CapturedLog, captureLog } from '../support/ports.ts';
import { until } from '../support/wait.ts';

let parent: string;
let dataDir: string;
let log: CapturedLog;
const started: EmbeddedPostgres[] = [];
const holders: Holder[] = [];

/** A data dir with a fresh cluster: copying it takes a tenth of the time of making one. */
let prepared: string;

beforeAll(async () => {
  prepared = mkdtempSync(join(tmpdir(), 'sluice-prepared-'));
  const postgres = await startEmbeddedPostgres({ dataDir: prepared, log: captureLog() });
  await postgres.stop();
});
afterAll(() => rmSync(prepared, { recursive: true }));

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sluice-embedded-'));
  dataDir = join(parent, 'data');
  log = captureLog();
  cpSync(prepared, dataDir, { recursive: true });
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((postgres) => postgres.stop()));
  await Promise.all(holders.splice(0).map((holder) => holder.end('SIGKILL')));
  rmSync(parent, { recursive: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, log, ...options });
  started.push(postgres);
  return postgres;
}

async function hold(): Promise<{ holder: Holder; postgresPid: number; address: DatabaseAddress }> {
  const holder = await startHolder(dataDir, { what: 'postgres' });
  holders.push(holder);
  const { answer } = holder;
  if (!('pid' in answer) || answer.postgresPid === null || answer.address === null) {
    throw new Error(JSON.stringify(answer));
  }
  return { holder, postgresPid: answer.postgresPid, address: answer.address };
}

async function ask(address: DatabaseAddress, text: string): Promise<unknown[]> {
  const client = new Client({ ...address });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows.map((row: unknown[]) => row[0]);
  } finally {
    await client.end();
  }
}

/** Processes that work in the cluster's folder (postmaster and backends), or were told of it (the watchdog). */
function processesOf(kind: 'postgres' | 'watchdog'): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        if (kind === 'postgres') return readlinkSync(`/proc/${pid}/cwd`).startsWith(dataDir);
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return command.includes('watchdog') && command.includes(dataDir);
      } catch {
        return false;
      }
    });
}

const allEnded = (): Promise<boolean> =>
  until(() => [...processesOf('postgres'), ...processesOf('watchdog')].length === 0, {
    what: 'the end of all processes',
  });

/** Field 5 of proc(5)'s stat. */
const processGroup = (pid: number): string | undefined =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];

describe('embedded Postgres', () => {
  it('listens on a unix socket alone, asks for the password, and gives a role that is no superuser', async () => {
    const { address } = await start();
    expect(await ask(address, 'show listen_addresses')).toEqual(['']);
    expect(await ask(address, 'select rolsuper from pg_roles where rolname = current_user')).toEqual([false]);
    await expect(ask({ ...address, password: 'wrong' }, 'select 1')).rejects.toThrow(
      'password authentication failed',
    );
    expect(statSync(address.host).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600);
    expect(
      await ask(address, "select setting from pg_settings where name in ('fsync', 'synchronous_commit')"),
    ).toEqual(['on', 'on']);
  });

  it('keeps its data over a stop and a start', async () => {
    const first = await start();
    await ask(first.address, 'create table things as select 7 as id');
    await first.stop();
    expect(await ask((await start()).address, 'select id from things')).toEqual([7]);
  });

  it('makes the cluster anew when the first start was killed half way', async () => {
    dataDir = join(parent, 'new');
    mkdirSync(join(dataDir, 'postgres.new'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres.new', 'PG_VERSION'), '18\n');
    expect(await ask((await start()).address, 'select 1')).toEqual([1]);
  });

  it('takes a data dir whose path is longer than a socket address, and one with spaces and commas', async () => {
    dataDir = join(parent, 'd'.repeat(120));
    const long = await start();
    expect(await ask(long.address, 'select 1')).toEqual([1]);
    dataDir = join(parent, 'a, "b"');
    expect(await ask((await start()).address, 'select 1')).toEqual([1]);
    rmSync(long.address.host, { recursive: true });
  });

  it('refuses a cluster of another major version, naming both', async () => {
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(/was made by Postgres 17, this Sluice brings Postgres 18/);
  });

  it('says what is wrong when its password file is missing, empty or of another cluster', async () => {
    const file = join(dataDir, 'postgres-password');
    writeFileSync(file, 'another');
    await expect(start()).rejects.toThrow(`does not take the password in ${file}`);
    writeFileSync(file, '');
    await expect(start()).rejects.toThrow(`The file ${file} is empty`);
    rmSync(file);
    await expect(start()).rejects.toThrow(`The file ${file} is missing`);
    await allEnded();
  });

  it('says why Postgres does not start, and leaves nothing running', async () => {
    writeFileSync(join(dataDir, 'postgres', 'postgresql.conf'), 'no_such_setting = 1\n');
    await expect(start()).rejects.toThrow(/did not start: .*no_such_setting/);
    await allEnded();
  });
});

describe('embedded Postgres, killed', () => {
  it('runs again with every committed row, and the pool goes on', async () => {
    const postgres = await start();
    const { db, pool, close } = openDatabase(postgres.address, {
      connectionsMax: 4,
      statementTimeoutMs: 5_000,
      applicationName: 'test',
      log,
    });
    await pool.query('create table things (id int)');
    let acknowledged = 0;
    let isWriting = true;
    const writing = (async () => {
      while (isWriting) {
        await pool.query('insert into things values ($1)', [acknowledged]).then(
          () => (acknowledged += 1),
          () => {},
        );
      }
    })();
    await until(() => acknowledged > 50, { what: '50 rows' });
    const firstPid = postgres.pid ?? 0;
    process.kill(firstPid, 'SIGKILL');
    await until(() => postgres.pid !== firstPid && postgres.pid !== null, { what: 'another postmaster' });
    const before = acknowledged;
    await until(() => acknowledged > before + 50, { what: 'rows after the restart', deadlineMs: 15_000 });
    isWriting = false;
    await writing;
    const { count } = await db
      .selectFrom('things' as never)
      .select((expression) => expression.fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow();
    expect(Number(count)).toBeGreaterThanOrEqual(acknowledged);
    await close();
  });

  it('runs again when all its processes are killed at once, twice', async () => {
    const postgres = await start();
    await ask(postgres.address, 'create table things as select 7 as id');
    for (let round = 0; round < 2; round += 1) {
      for (const pid of processesOf('postgres')) process.kill(pid, 'SIGKILL');
      const rows = await until(() => ask(postgres.address, 'select id from things'), {
        what: 'an answer',
        deadlineMs: 15_000,
      });
      expect(rows).toEqual([7]);
    }
  });

  it('is tried again, ever more slowly, while it does not start, and can be stopped meanwhile', async () => {
    const clock = new FakeClock();
    const postgres = await start({ clock });
    const config = join(dataDir, 'postgres', 'postgresql.conf');
    const good = readFileSync(config);
    const failures = () => log.entries.filter((entry) => entry.message.includes('trying again')).length;
    const nextTry = async (delayMs: number): Promise<void> => {
      await until(() => clock.timerCount === 1, { what: 'the wait for the next try' });
      const before = failures();
      clock.advance(delayMs - 1);
      expect(clock.timerCount).toBe(1);
      clock.advance(1);
      await until(() => failures() > before, { what: 'a failed try' });
    };
    writeFileSync(config, 'no_such_setting = 1\n');
    process.kill(postgres.pid ?? 0, 'SIGKILL');
    for (const delayMs of [50, 100, 200]) await nextTry(delayMs);
    writeFileSync(config, good);
    await until(() => clock.timerCount === 1, { what: 'the wait for the next try' });
    clock.advance(400);
    await until(() => ask(postgres.address, 'select 1'), { what: 'an answer' });

    process.kill(postgres.pid ?? 0, 'SIGKILL');
    await until(() => clock.timerCount === 1, { what: 'the wait for the next try' });
    await postgres.stop();
    expect(postgres.pid).toBeNull();
    expect(clock.timerCount).toBe(0);
  });
});

describe('embedded Postgres, when the gateway dies', () => {
  it('ends with a gateway that is killed', async () => {
    const { holder, postgresPid } = await hold();
    expect(isRunning(postgresPid)).toBe(true);
    await holder.end('SIGKILL');
    await until(() => !isRunning(postgresPid), { what: 'the end of Postgres' });
    await allEnded();
  });

  it('stands apart from the terminal, so that Ctrl-C does not stop it before the gateway has drained', async () => {
    const { holder, postgresPid } = await hold();
    const [watchdog = 0] = processesOf('watchdog');
    const own = processGroup(holder.child.pid ?? 0);
    expect(processGroup(postgresPid)).not.toBe(own);
    expect(processGroup(watchdog)).not.toBe(own);
  });

  it('leaves no process behind after a stop in order', async () => {
    const { holder } = await hold();
    await holder.end();
    await allEnded();
  });

  it('is stopped by the next start when the watchdog died as well', async () => {
    const { holder, postgresPid, address } = await hold();
    await ask(address, 'create table things as select 7 as id');
    const [watchdog = 0] = processesOf('watchdog');
    process.kill(watchdog, 'SIGKILL');
    await holder.end('SIGKILL');
    expect(isRunning(postgresPid)).toBe(true);
    const next = await start();
    expect(next.pid).not.toBe(postgresPid);
    expect(isRunning(postgresPid)).toBe(false);
    expect(await ask(next.address, 'select id from things')).toEqual([7]);
  });

  it('is left alone by the watchdog of an earlier run that wakes up late', async () => {
    const { holder } = await hold();
    const [watchdog = 0] = processesOf('watchdog');
    process.kill(watchdog, 'SIGSTOP');
    await holder.end('SIGKILL');
    const next = await start();
    const pid = next.pid ?? 0;
    process.kill(watchdog, 'SIGCONT');
    await until(() => !isRunning(watchdog), { what: 'the end of the old watchdog' });
    expect(await ask(next.address, 'select 1')).toEqual([1]);
    expect(next.pid).toBe(pid);
  });

  it('starts although its old process id now belongs to another process, which it leaves alone', async () => {
    const other = await startHolder(join(parent, 'other'), { what: 'lock' });
    holders.push(other);
    const otherPid = other.child.pid ?? 0;
    writeFileSync(
      join(dataDir, 'postgres', 'postmaster.pid'),
      `${otherPid}\n${dataDir}/postgres\n1\n5432\n\n\n  1 1\nready\n`,
    );
    writeFileSync(join(dataDir, 'run', '.s.PGSQL.5432.lock'), `${otherPid}\n`);
    expect(await ask((await start()).address, 'select 1')).toEqual([1]);
    expect(isRunning(otherPid)).toBe(true);
  });

  it('refuses a second start on its data dir and goes on', async () => {
    const { holder, address } = await hold();
    const second = await startHolder(dataDir, { what: 'postgres' });
    expect(second.answer).toEqual({ refused: expect.stringContaining(`(process ${holder.child.pid})`) });
    expect(await ask(address, 'select 1')).toEqual([1]);
  });
});

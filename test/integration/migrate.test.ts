import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenDatabase, openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { SetupError } from '../../src/errors.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { silentLog } from '../support/silent-log.ts';

let target: TestDatabase;
let folder: string;
const opened: OpenDatabase[] = [];

function connect(): OpenDatabase {
  const options = {
    connectionsMax: 2,
    statementTimeoutMs: 0,
    applicationName: 'migrate test',
    log: silentLog,
  };
  const database = openDatabase(target.address, options);
  opened.push(database);
  return database;
}

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

beforeEach(async () => {
  target = await testDatabase('empty');
  folder = mkdtempSync(join(tmpdir(), 'sluice-migrations-'));
  write('0001-things.sql', 'create table things (id int primary key); insert into things values (1);');
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
  await target.drop();
  rmSync(folder, { recursive: true });
});

describe('migrate', () => {
  it('runs every statement of every file once, in the order of the names', async () => {
    write('0002-more.sql', 'insert into things values (2);\n-- a comment\ninsert into things values (3);');
    const { db } = connect();
    expect(await migrate(db, folder)).toEqual(['0001-things', '0002-more']);
    expect(await migrate(db, folder)).toEqual([]);
    const { rows } = await sql`select id from things order by id`.execute(db);
    expect(rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it('is done by one of many processes that start at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => migrate(connect().db, folder)));
    expect(all.flat()).toEqual(['0001-things']);
  });

  it('changes nothing when a later file fails, and names that file', async () => {
    write('0002-broken.sql', 'insert into things values (2); select no_such_function();');
    const { db } = connect();
    const failure = await migrate(db, folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SetupError);
    expect(String(failure)).toContain('0002-broken');
    expect(String(failure)).toContain('no_such_function');
    const { rows } = await sql`select to_regclass('things') as found`.execute(db);
    expect(rows).toEqual([{ found: null }]);
  });

  it('refuses a database that a newer program has migrated, naming both sides', async () => {
    write('0002-future.sql', 'create table future (id int);');
    const { db } = connect();
    await migrate(db, folder);
    rmSync(join(folder, '0002-future.sql'));
    await expect(migrate(db, folder)).rejects.toThrow(
      new SetupError(
        'The database was migrated by a newer Sluice (0002-future); this one knows up to 0001-things. Use the newer one.',
      ),
    );
  });

  it('brings an empty database to the state of the program', async () => {
    const { db } = connect();
    expect(await migrate(db)).toContain('0001-configuration');
    expect(await migrate(db)).toEqual([]);
  });
});

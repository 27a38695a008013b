import { type CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRecord } from '../../src/calls/record.ts';
import { type Database, type OpenDatabase, openDatabase } from '../../src/db/database.ts';
import {
  type CallFilter,
  type CallPageRequest,
  type CallScope,
  getCall,
  listCalls,
} from '../../src/db/queries/calls.ts';
import { LIMITS } from '../../src/limits.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { spoolWorld } from '../support/drained-spool.ts';
import { append, rowsOf, sampleEnd } from '../support/sample-records.ts';
import { silentLog } from '../support/silent-log.ts';

const [TENANT, OTHER_TENANT, APPLICATION, KEY] = [v7(), v7(), v7(), v7()];
const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

let database: TestDatabase;
let opened: OpenDatabase;
/** Oldest first; a minute apart. */
const calls: CallRecord[] = [];

beforeAll(async () => {
  database = await testDatabase();
  opened = openDatabase(database.address, {
    connectionsMax: 2,
    statementTimeoutMs: 5_000,
    applicationName: 'test',
    log: silentLog,
  });
  for (let n = 0; n < 40; n += 1) {
    const startedAt = START + n * MINUTE;
    calls.push(
      sampleEnd({
        id: v7({ msecs: startedAt }),
        startedAt,
        tenantId: n % 4 === 3 ? OTHER_TENANT : TENANT,
        applicationId: n % 2 === 0 ? APPLICATION : v7(),
        keyId: n % 8 === 0 ? KEY : v7(),
        modelAsked: n % 5 === 0 ? 'rare' : 'common',
        ...(n % 10 === 1 && {
          outcome: 'failed',
          errorCode: 'upstream_refused',
          status: 502,
          costPico: null,
        }),
      }),
    );
  }
  const world = await spoolWorld();
  const spool = world.spool(0);
  for (const call of calls) await append(spool, 'end', call);
  await world.drain(0, database.address).settled();
  await world.close();
});
afterAll(async () => {
  await opened.close();
  await database.drop();
});

const mine = calls;
const ofTenant = () => mine.filter(({ tenantId }) => tenantId === TENANT).reverse();
const ids = (records: readonly { id: string }[]) => records.map(({ id }) => id);
const page = (request: CallPageRequest) => listCalls(opened.db, { tenantId: TENANT }, {}, request);

describe('a page of calls', () => {
  test('holds whole records, newest first', async () => {
    const { calls: listed } = await page({ first: 3 });
    expect(listed).toEqual(
      ofTenant()
        .slice(0, 3)
        .map(({ bodies: _, ...entry }) => entry),
    );
  });

  test('follows the one before, forward until there is no next', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (let more = true; more; ) {
      const next = await page({ first: 7, after });
      expect(next.hasPreviousPage).toBe(after !== null);
      seen.push(...ids(next.calls));
      after = seen.at(-1) ?? null;
      more = next.hasNextPage;
    }
    expect(seen).toEqual(ids(ofTenant()));
  });

  test('precedes the one after, backward until there is no previous', async () => {
    const seen: string[] = [];
    let before: string | null = null;
    for (let more = true; more; ) {
      const previous = await page({ last: 7, before });
      expect(previous.hasNextPage).toBe(before !== null);
      seen.unshift(...ids(previous.calls));
      before = seen[0] ?? null;
      more = previous.hasPreviousPage;
    }
    expect(seen).toEqual(ids(ofTenant()));
  });

  test('does not shift when newer calls arrive', async () => {
    const first = await page({ first: 5 });
    const after = first.calls.at(-1)?.id;
    await rowsOf(
      database.address,
      `insert into calls (id, tenant_id, boot, started_at, snapshot_version, is_stream, outcome, caller_protocol, model_asked)
       values ($1, $2, $1, now(), 1, false, 'running', 'openai-chat', 'common')`,
      [v7(), TENANT],
    );
    const second = await page({ first: 5, after });
    await rowsOf(database.address, `delete from calls where outcome = 'running'`);
    expect(ids(second.calls)).toEqual(ids(ofTenant().slice(5, 10)));
  });

  test('has at most as many calls as the limit allows', async () => {
    await expect(page({ first: LIMITS.pageSizeMax })).resolves.toBeDefined();
    await expect(page({ first: LIMITS.pageSizeMax + 1 })).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'first',
    });
    await expect(page({ last: -1 })).rejects.toMatchObject({ code: 'invalid_request', param: 'last' });
    await expect(page({ first: 1, last: 1 })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('refuses a cursor that is none, and names it', async () => {
    const cursors = ["' or 1=1 --", '', 'abc'];
    for (const after of cursors) {
      await expect(page({ after })).rejects.toMatchObject({ code: 'invalid_request', param: 'after' });
    }
  });
});

describe('a scope', () => {
  test('without limits shows every tenant', async () => {
    const all = await listCalls(opened.db, {}, {}, { first: 200 });
    expect(ids(all.calls)).toEqual(ids([...calls].reverse()));
  });

  test('shows an application its own calls of its own tenant', async () => {
    const scope = { tenantId: TENANT, applicationId: APPLICATION };
    const { calls: listed } = await listCalls(opened.db, scope, {}, { first: 200 });
    expect(ids(listed)).toEqual(ids(ofTenant().filter(({ applicationId }) => applicationId === APPLICATION)));
  });

  test("keeps another tenant's call out of reach, also by its id", async () => {
    const other = calls.find(({ tenantId }) => tenantId === OTHER_TENANT);
    if (other === undefined) throw new Error('no such call');
    const { bodies: _, ...entry } = other;
    expect(await getCall(opened.db, {}, other.id)).toEqual(entry);
    expect(await getCall(opened.db, { tenantId: TENANT }, other.id)).toBeNull();
    expect(
      await getCall(opened.db, { tenantId: OTHER_TENANT, applicationId: APPLICATION }, other.id),
    ).toBeNull();
  });

  test('finds nothing for an id that is none', async () => {
    for (const id of ['', 'x', `${calls[0]?.id} `, v7()]) expect(await getCall(opened.db, {}, id)).toBeNull();
  });
});

describe('a filter', () => {
  const filtered = async (filter: Parameters<typeof listCalls>[2]) =>
    ids((await listCalls(opened.db, { tenantId: TENANT }, filter, { first: 200 })).calls);
  const matching = (test: (call: CallRecord) => boolean) => ids(ofTenant().filter(test));

  test('by model, key, outcome or error keeps the order', async () => {
    expect(await filtered({ model: 'rare' })).toEqual(matching((call) => call.modelAsked === 'rare'));
    expect(await filtered({ keyId: KEY })).toEqual(matching((call) => call.keyId === KEY));
    expect(await filtered({ outcome: 'failed' })).toEqual(matching((call) => call.outcome === 'failed'));
    expect(await filtered({ errorCode: 'upstream_refused' })).toEqual(
      matching((call) => call.errorCode === 'upstream_refused'),
    );
    expect(await filtered({ errorCode: 'upstream_refused', model: 'rare' })).toEqual([]);
  });

  test('by time takes the first instant in and the last one out', async () => {
    const [startedAfter, startedBefore] = [START + 10 * MINUTE, START + 20 * MINUTE];
    expect(await filtered({ startedAfter, startedBefore })).toEqual(
      matching((call) => call.startedAt >= startedAfter && call.startedAt < startedBefore),
    );
    expect(await filtered({ startedAfter: START + 39 * MINUTE + 1 })).toEqual([]);
    expect(await filtered({ startedBefore: START })).toEqual([]);
    expect(await filtered({ startedAfter: Number.MIN_SAFE_INTEGER / 2, startedBefore: 8e15 })).toHaveLength(
      30,
    );
  });

  test('that is nonsense matches nothing', async () => {
    expect(await filtered({ keyId: "'; drop table calls; --" })).toEqual([]);
    expect(await filtered({ model: 'co%' })).toEqual([]);
    expect(await filtered({ errorCode: '\\' })).toEqual([]);
  });
});

describe('a page out of very many calls', () => {
  const [busyTenant, busyApplication, rareApplication, rareKey] = [v7(), v7(), v7(), v7()];
  let large: TestDatabase;
  let pool: OpenDatabase;
  let executed: CompiledQuery[] = [];
  let db: Kysely<Database>;

  beforeAll(async () => {
    large = await testDatabase();
    await rowsOf(
      large.address,
      `insert into calls (id, tenant_id, application_id, key_id, boot, started_at, snapshot_version, is_stream,
         outcome, error_code, caller_protocol, model_asked)
       select (lpad(to_hex(1767225600000 + n * 1000), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid, $1,
         case when n = 100 then $3::uuid else $2::uuid end, case when n = 200 then $4::uuid end, $1,
         to_timestamp(1767225600 + n), 1, false,
         case when n = 300 then 'failed' else 'succeeded' end, case when n = 300 then 'overloaded' end,
         'openai-chat', case when n = 400 then 'rare' else 'common' end
       from generate_series(1, 30000) n`,
      [busyTenant, busyApplication, rareApplication, rareKey],
    );
    await rowsOf(large.address, 'analyze calls');
    pool = openDatabase(large.address, {
      connectionsMax: 1,
      statementTimeoutMs: 5_000,
      applicationName: 'test',
      log: silentLog,
    });
    const dialect = new PostgresDialect({ pool: pool.pool });
    db = new Kysely<Database>({
      dialect,
      log: ({ query }) => {
        executed.push(query);
      },
    });
  });
  afterAll(async () => {
    await pool.close();
    await large.drop();
  });

  /** Rows that the executor touched for a query, shown or not. */
  async function rowsRead({ sql, parameters }: CompiledQuery): Promise<number> {
    const { rows } = await pool.pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (analyze, format json) ${sql}`,
      [...parameters],
    );
    const count = (node: Plan): number =>
      Math.max(node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0), ...(node.Plans ?? []).map(count));
    const [row] = rows;
    return row === undefined ? Number.POSITIVE_INFINITY : count(row['QUERY PLAN'][0].Plan);
  }

  test.each<[string, CallScope, CallFilter, number]>([
    ['of everybody', {}, {}, 10],
    ['of a tenant', { tenantId: busyTenant }, {}, 10],
    ['of an application', { tenantId: busyTenant, applicationId: rareApplication }, {}, 1],
    ['of a key', { tenantId: busyTenant }, { keyId: rareKey }, 1],
    ['of a model', { tenantId: busyTenant }, { model: 'rare' }, 1],
    ['of failures', { tenantId: busyTenant }, { outcome: 'failed' }, 1],
    ['of one error', { tenantId: busyTenant }, { errorCode: 'overloaded' }, 1],
    ['of a time', { tenantId: busyTenant }, { startedBefore: 1767225600000 + 5_000_000 }, 10],
  ])('%s reads little more than it shows', async (_, scope, filter, expected) => {
    executed = [];
    const { calls: listed } = await listCalls(db, scope, filter, { first: 10 });
    expect(listed).toHaveLength(expected);
    const [query] = executed;
    if (query === undefined) throw new Error('nothing was asked');
    expect(await rowsRead(query)).toBeLessThan(50);
  });
});

interface Plan {
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

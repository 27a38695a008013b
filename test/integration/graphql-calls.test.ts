import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenDatabase, openDatabase } from '../../src/db/database.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import {
  ADMIN_KEY,
  OTHER_APPLICATION_ID,
  OTHER_KEY,
  type RunningEndpoint,
  startEndpoint,
  TENANT_ID,
  WEB_APPLICATION_ID,
} from '../support/graphql-endpoint.ts';
import { post, type RequestOptions } from '../support/graphql-request.ts';
import { silentLog } from '../support/silent-log.ts';

let database: TestDatabase;
let open: OpenDatabase;
let endpoint: RunningEndpoint;
const START = Date.UTC(2026, 0, 1);
/** Ids in the order of making, as UUIDv7 are. */
const idOf = (at: number) => {
  const time = (START + at * 1_000).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
};
const KEY_ID = '01900000-0000-7000-8000-00000000ae01';
const STRANGER_TENANT = '01900000-0000-7000-8000-00000000ff01';

const row = (at: number, changes: Record<string, unknown> = {}) => ({
  id: idOf(at),
  tenant_id: TENANT_ID,
  application_id: WEB_APPLICATION_ID,
  key_id: KEY_ID,
  boot: '01900000-0000-7000-8000-00000000b001',
  started_at: new Date(START + at * 1_000),
  snapshot_version: 1,
  status: 200,
  queue_ms: 0.5,
  connect_ms: 1.5,
  first_token_ms: 20,
  total_ms: 100,
  input_tokens: 10,
  output_tokens: 5,
  total_tokens: 15,
  cached_input_tokens: null,
  cache_write_tokens: null,
  cache_write_1h_tokens: null,
  reasoning_tokens: null,
  audio_input_tokens: null,
  audio_output_tokens: null,
  is_stream: false,
  outcome: 'succeeded',
  error_code: null,
  caller_protocol: 'openai-chat',
  target_protocol: 'anthropic-messages',
  lane: 'block',
  model_asked: 'fast-chat',
  model_served: 'claude',
  target: 'lab/claude',
  provider: 'anthropic',
  finish_reason: 'stop',
  usage_source: 'provider',
  cost_pico: 1_500_000_000n,
  attempts: JSON.stringify([
    {
      target: 'lab/claude',
      provider: 'anthropic',
      startedMs: 0.5,
      durationMs: 99,
      status: 200,
      errorCode: null,
      message: null,
    },
  ]),
  receipt: JSON.stringify([{ field: 'seed', action: 'dropped', reason: 'no such setting' }]),
  ...changes,
});

beforeAll(async () => {
  database = await testDatabase();
  open = openDatabase(database.address, {
    connectionsMax: 2,
    statementTimeoutMs: 5_000,
    applicationName: 'graphql calls test',
    log: silentLog,
  });
  const rows = Array.from({ length: 60 }, (_, at) => row(at));
  const failed = { outcome: 'failed', error_code: 'upstream_error', status: 502, model_asked: 'slow-chat' };
  rows[58] = row(58, failed);
  await open.db
    .insertInto('calls')
    .values([
      ...rows,
      row(100, { application_id: OTHER_APPLICATION_ID }),
      row(101, { tenant_id: STRANGER_TENANT, application_id: null }),
    ])
    .execute();
  endpoint = await startEndpoint({ db: open.db });
});
afterAll(async () => {
  await endpoint.close();
  await open.close();
  await database.drop();
});

async function ask<T>(query: string, variables: Record<string, unknown> = {}, options: RequestOptions = {}) {
  const { json } = await post(endpoint.url, { query, variables }, options);
  return { data: json.data as T | null, error: json.errors?.[0] };
}

interface Page {
  readonly calls: {
    readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
    readonly pageInfo: Record<string, unknown>;
  };
}
const PAGE = /* GraphQL */ `
  query ($first: Int, $after: String, $last: Int, $before: String, $filter: CallFilter) {
    calls(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      edges { cursor node { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;
const idsOf = (page: Page | null) => page?.calls.edges.map((edge) => edge.node.id);

describe('call(id:)', () => {
  it('gives everything that is recorded, by the id as the header has it', async () => {
    const { data, error } = await ask(
      /* GraphQL */ `
        query ($id: ID!) {
          call(id: $id) {
            id model modelServed target provider callerProtocol targetProtocol lane isStream outcome status errorCode
            finishReason startedAt timings { queueMs connectMs firstTokenMs totalMs }
            usage { inputTokens outputTokens totalTokens cachedInputTokens } usageSource cost { usd }
            attempts { target provider startedMs durationMs status errorCode message }
            receipt { entries { field action to reason } } applicationId keyId tenantId
          }
        }
      `,
      { id: idOf(3) },
    );
    expect(error).toBeUndefined();
    expect(data).toEqual({
      call: {
        id: idOf(3),
        model: 'fast-chat',
        modelServed: 'claude',
        target: 'lab/claude',
        provider: 'anthropic',
        callerProtocol: 'openai-chat',
        targetProtocol: 'anthropic-messages',
        lane: 'BLOCK',
        isStream: false,
        outcome: 'SUCCEEDED',
        status: 200,
        errorCode: null,
        finishReason: 'STOP',
        startedAt: '2026-01-01T00:00:03.000Z',
        timings: { queueMs: 0.5, connectMs: 1.5, firstTokenMs: 20, totalMs: 100 },
        usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: null },
        usageSource: 'PROVIDER',
        cost: { usd: '0.0015' },
        attempts: [
          {
            target: 'lab/claude',
            provider: 'anthropic',
            startedMs: 0.5,
            durationMs: 99,
            status: 200,
            errorCode: null,
            message: null,
          },
        ],
        receipt: { entries: [{ field: 'seed', action: 'DROPPED', to: null, reason: 'no such setting' }] },
        applicationId: WEB_APPLICATION_ID,
        keyId: KEY_ID,
        tenantId: TENANT_ID,
      },
    });
  });

  it.each([
    ['another application', idOf(100)],
    ['another tenant', idOf(101)],
    ['nobody', idOf(1_000)],
  ])('finds nothing of %s', async (_whose, id) => {
    expect((await ask('query ($id: ID!) { call(id: $id) { id } }', { id })).data).toEqual({ call: null });
  });

  it.each(['', 'x', "' or 1=1 --", '%', '1'.repeat(10_000)])(
    'finds nothing for the id "%.20s"',
    async (id) => {
      expect((await ask('query ($id: ID!) { call(id: $id) { id } }', { id })).data).toEqual({ call: null });
    },
  );

  it('an admin key finds the calls of everyone', async () => {
    for (const id of [idOf(3), idOf(100), idOf(101)]) {
      const { data } = await ask('query ($id: ID!) { call(id: $id) { id } }', { id }, { key: ADMIN_KEY });
      expect(data).toEqual({ call: { id } });
    }
  });
});

describe('calls', () => {
  it('gives the newest fifty of the own application', async () => {
    const { data } = await ask<Page>(PAGE);
    expect(idsOf(data)).toEqual(Array.from({ length: 50 }, (_, at) => idOf(59 - at)));
    expect(data?.calls.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: idOf(59),
      endCursor: idOf(10),
    });
  });

  it('pages forward and back without a gap or a repetition', async () => {
    const seen: string[] = [];
    let after: unknown = null;
    for (let page = 0; page < 4; page += 1) {
      const { data } = await ask<Page>(PAGE, { first: 17, after });
      seen.push(...(idsOf(data) ?? []));
      after = data?.calls.pageInfo['endCursor'];
      expect(data?.calls.pageInfo['hasNextPage']).toBe(page < 3);
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, at) => idOf(59 - at)));
    const { data } = await ask<Page>(PAGE, { last: 3, before: idOf(10) });
    expect(idsOf(data)).toEqual([idOf(13), idOf(12), idOf(11)]);
  });

  it('other applications see theirs alone, an admin key sees all', async () => {
    expect(idsOf((await ask<Page>(PAGE, {}, { key: OTHER_KEY })).data)).toEqual([idOf(100)]);
    const all = await ask<Page>(PAGE, { first: 3 }, { key: ADMIN_KEY });
    expect(idsOf(all.data)).toEqual([idOf(101), idOf(100), idOf(59)]);
  });

  it.each([
    [{ outcome: 'FAILED' }, [58]],
    [{ model: 'slow-chat' }, [58]],
    [{ errorCode: 'upstream_error' }, [58]],
    [{ keyId: KEY_ID, startedAfter: '2026-01-01T00:00:57Z' }, [59, 58, 57]],
    [{ startedBefore: '2026-01-01T00:00:02.000Z' }, [1, 0]],
    [{ startedAfter: '2026-01-01T01:00:58+01:00', outcome: 'SUCCEEDED' }, [59]],
    [{ keyId: OTHER_APPLICATION_ID }, []],
    [{ model: '%' }, []],
  ])('filters by %o', async (filter, expected) => {
    expect(idsOf((await ask<Page>(PAGE, { filter })).data)).toEqual(expected.map(idOf));
  });

  it.each([
    ['first', { first: -1 }],
    ['first', { first: 201 }],
    ['first', { first: 1_000_000_000 }],
    ['last', { last: 201 }],
    ['last', { first: 1, last: 1 }],
    ['after', { after: "' or 1=1 --" }],
    ['before', { before: '' }],
  ])('G06 refuses a page with a wrong %s: %o', async (param, variables) => {
    const { error } = await ask(PAGE, variables);
    expect(error?.extensions).toMatchObject({ code: 'invalid_request', param });
  });

  it('G06 takes the largest page that is allowed', async () => {
    expect(idsOf((await ask<Page>(PAGE, { first: 200 })).data)).toHaveLength(60);
  });

  it('refuses a time that is none', async () => {
    const { error } = await ask(PAGE, { filter: { startedAfter: 'yesterday' } });
    expect(error?.extensions.code).toBe('graphql_validation_failed');
  });

  it('says database_unavailable when Postgres is away, and nothing of why', async () => {
    const away = openDatabase(
      { ...database.address, host: '/nonexistent' },
      { connectionsMax: 1, statementTimeoutMs: 1_000, applicationName: 'away', log: silentLog },
    );
    const other = await startEndpoint({ db: away.db });
    const { json, text } = await post(other.url, { query: PAGE });
    expect(json.errors?.[0]?.extensions.code).toBe('database_unavailable');
    expect(text).not.toContain('nonexistent');
    expect(other.log.entries.some(({ message }) => message === 'a read found no database')).toBe(true);
    await other.close();
    await away.close();
  });
});

/**
 * Reading recorded calls. Pages go by id alone: it is a UUIDv7, so its order is the order of making, one column
 * makes the cursor, and the same index serves every page. The time bounds use it too, as its first 48 bits are
 * the instant in milliseconds (RFC 9562, section 5.7).
 */
import type { Kysely, Selectable, SelectQueryBuilder } from 'kysely';
import type { CallRecord, KeptBodies, KeptBody, Outcome, UsageSource } from '../../calls/record.ts';
import { CallError, type ErrorCode } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Operation } from '../../operations/operation.ts';
import type { Database } from '../database.ts';
import type { CallsTable } from '../tables/calls.ts';

/** A call as it is recorded, perhaps still running. */
export interface CallEntry extends Omit<CallRecord, 'status' | 'totalMs' | 'usageSource' | 'bodies'> {
  /** Null while running and for a call that was cut off by the end of its process; so are the next two. */
  readonly status: number | null;
  readonly totalMs: number | null;
  readonly usageSource: UsageSource | null;
}

/** Whose calls may be seen; `{}` is everybody's, for the operator alone. */
export interface CallScope {
  readonly tenantId?: string | undefined;
  readonly applicationId?: string | undefined;
}

export interface CallFilter {
  /** As the caller named it. */
  readonly model?: string | null | undefined;
  readonly keyId?: string | null | undefined;
  readonly outcome?: Outcome | null | undefined;
  readonly operation?: Operation | null | undefined;
  readonly errorCode?: string | null | undefined;
  /** Started at or after this instant, in ms since the epoch. */
  readonly startedAfter?: number | null | undefined;
  /** Started before this instant, in ms since the epoch. */
  readonly startedBefore?: number | null | undefined;
}

/** As in the Relay connection specification. Cursors are ids of calls. */
export interface CallPageRequest {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

export interface CallPage {
  /** Newest first, whichever way the page was asked for. */
  readonly calls: readonly CallEntry[];
  /** There are older ones. */
  readonly hasNextPage: boolean;
  /** There are newer ones. */
  readonly hasPreviousPage: boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** When the clock is set back, ids go on from where they were; so far the bound by id allows for that. */
const CLOCK_SLACK_MS = 1_000;

/**
 * One page of calls, newest first. Throws a CallError `invalid_request` that names the argument for a page that
 * is too large, two directions at once, or a cursor that is none.
 */
export async function listCalls(
  db: Kysely<Database>,
  scope: CallScope,
  filter: CallFilter,
  page: CallPageRequest,
): Promise<CallPage> {
  const { size, isBackward } = sizeOf(page);
  const after = cursorOf('after', page.after);
  const before = cursorOf('before', page.before);
  let query = filtered(scoped(db.selectFrom('calls'), scope), filter);
  if (after !== null) query = query.where('id', '<', after);
  if (before !== null) query = query.where('id', '>', before);
  const rows = await query
    .selectAll()
    .orderBy('id', isBackward ? 'asc' : 'desc')
    .limit(size + 1)
    .execute();
  const hasMore = rows.length > size;
  const calls = rows.slice(0, size).map(entryOf);
  return {
    calls: isBackward ? calls.reverse() : calls,
    hasNextPage: isBackward ? before !== null : hasMore,
    hasPreviousPage: isBackward ? hasMore : after !== null,
  };
}

/** The call with this id; null when there is none in the scope, or the id is none. */
export async function getCall(db: Kysely<Database>, scope: CallScope, id: string): Promise<CallEntry | null> {
  if (!UUID.test(id)) return null;
  const row = await scoped(db.selectFrom('calls'), scope).where('id', '=', id).selectAll().executeTakeFirst();
  return row === undefined ? null : entryOf(row);
}

/** What is kept of the call's bodies; null where nothing is, or the call is not in the scope. */
export async function getCallBodies(db: Kysely<Database>, call: CallEntry): Promise<KeptBodies | null> {
  const row = await db
    .selectFrom('call_bodies')
    .where('call_id', '=', call.id)
    .where('tenant_id', '=', call.tenantId)
    .selectAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  const body = (bytes: Buffer | null, size: number | null): KeptBody | null =>
    bytes === null ? null : { bytes, size: size ?? bytes.length };
  return { request: body(row.request, row.request_bytes), response: body(row.response, row.response_bytes) };
}

type CallsQuery = SelectQueryBuilder<Database, 'calls', unknown>;

function scoped(query: CallsQuery, { tenantId, applicationId }: CallScope): CallsQuery {
  let narrowed = query;
  if (tenantId !== undefined) narrowed = narrowed.where('tenant_id', '=', tenantId);
  if (applicationId !== undefined) narrowed = narrowed.where('application_id', '=', applicationId);
  return narrowed;
}

function filtered(query: CallsQuery, filter: CallFilter): CallsQuery {
  const { model, keyId, outcome, operation, errorCode, startedAfter, startedBefore } = filter;
  let narrowed = query;
  if (model != null) narrowed = narrowed.where('model_asked', '=', model);
  // An id that is none matches nothing, where Postgres would call it an error.
  if (keyId != null) narrowed = narrowed.where('key_id', '=', UUID.test(keyId) ? keyId : null);
  if (outcome != null) narrowed = narrowed.where('outcome', '=', outcome);
  if (operation != null) narrowed = narrowed.where('operation', '=', operation);
  // The second condition is implied, and tells Postgres that its index of failures will do.
  if (errorCode != null) {
    narrowed = narrowed.where('error_code', '=', errorCode).where('outcome', '<>', 'succeeded');
  }
  if (startedAfter != null) {
    narrowed = narrowed
      .where('started_at', '>=', new Date(withinIds(startedAfter)))
      .where('id', '>=', firstIdAt(startedAfter));
  }
  if (startedBefore != null) {
    narrowed = narrowed
      .where('started_at', '<', new Date(withinIds(startedBefore)))
      .where('id', '<', firstIdAt(startedBefore + CLOCK_SLACK_MS));
  }
  return narrowed;
}

/** The nearest instant that an id can have, from 1970 to 10889; no call is outside, and Postgres takes not much more. */
function withinIds(ms: number): number {
  return Math.min(Math.max(Math.floor(ms), 0), 2 ** 48 - 1);
}

/** The smallest UUID whose time is this one. */
function firstIdAt(ms: number): string {
  const hex = withinIds(ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function sizeOf({ first, last }: CallPageRequest): { size: number; isBackward: boolean } {
  if (first != null && last != null) {
    throw new CallError('invalid_request', { message: 'Give first or last, not both.', param: 'last' });
  }
  const isBackward = last != null;
  const size = first ?? last ?? LIMITS.pageSizeDefault;
  if (!Number.isInteger(size) || size < 0 || size > LIMITS.pageSizeMax) {
    throw new CallError('invalid_request', {
      message: `A page holds 0 to ${LIMITS.pageSizeMax} calls.`,
      param: isBackward ? 'last' : 'first',
    });
  }
  return { size, isBackward };
}

function cursorOf(param: string, cursor: string | null | undefined): string | null {
  if (cursor == null) return null;
  if (!UUID.test(cursor)) throw new CallError('invalid_request', { message: 'This cursor is none.', param });
  return cursor;
}

/** Words come from CallRecord by way of the drain, so they are of its types. */
function entryOf(row: Selectable<CallsTable>): CallEntry {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    applicationId: row.application_id,
    keyId: row.key_id,
    callerProtocol: row.caller_protocol as CallEntry['callerProtocol'],
    operation: row.operation as Operation,
    modelAsked: row.model_asked,
    isStream: row.is_stream,
    startedAt: row.started_at.getTime(),
    snapshotVersion: Number(row.snapshot_version),
    modelServed: row.model_served,
    target: row.target,
    provider: row.provider,
    targetProtocol: row.target_protocol as CallEntry['targetProtocol'],
    lane: row.lane as CallEntry['lane'],
    outcome: row.outcome as Outcome,
    errorCode: row.error_code as ErrorCode | null,
    status: row.status,
    finishReason: row.finish_reason as CallEntry['finishReason'],
    queueMs: row.queue_ms,
    connectMs: row.connect_ms,
    firstTokenMs: row.first_token_ms,
    totalMs: row.total_ms,
    usage: {
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      totalTokens: row.total_tokens,
      cachedInputTokens: row.cached_input_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      cacheWrite1hTokens: row.cache_write_1h_tokens,
      reasoningTokens: row.reasoning_tokens,
      audioInputTokens: row.audio_input_tokens,
      audioOutputTokens: row.audio_output_tokens,
    },
    usageSource: row.usage_source as UsageSource | null,
    costPico: row.cost_pico === null ? null : BigInt(row.cost_pico),
    priceFrom: row.price_from === null ? null : Date.parse(row.price_from),
    priceSource: row.price_source,
    attempts: row.attempts ?? [],
    receipt: row.receipt,
  };
}

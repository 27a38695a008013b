import type { Kysely } from 'kysely';
import type { Invoke } from '../calls/invocation.ts';
import type { Operate } from '../calls/task-invocation.ts';
import type { Database } from '../db/database.ts';
import type { Limits } from '../limits.ts';
import type { Identity, Snapshot } from '../tenancy/snapshot.ts';

/** What resolvers may use, the same for every operation. */
export interface GraphqlServices {
  readonly invoke: Invoke;
  /** Calls that are no chats. */
  readonly operate: Operate;
  readonly db: Kysely<Database>;
  readonly limits: Limits;
}

/** What resolvers get as their third argument; one per operation. */
export interface GraphqlContext extends GraphqlServices {
  /** Null: no credential was presented. Fixed for the life of a WebSocket. */
  readonly identity: Identity | null;
  /** The configuration that this operation sees from start to end. */
  readonly snapshot: Snapshot;
  /** Aborted when the client has left or has completed the operation. */
  readonly signal: AbortSignal;
  /** Told of every call that this operation starts, before anything of its answer is sent. */
  readonly noteCall: (callId: string) => void;
}

/** The context of a field whose rule lets only identified callers in. */
export interface CallerContext extends GraphqlContext {
  readonly identity: Identity;
}

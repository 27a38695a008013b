import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from 'kysely';
import { DatabaseError, Pool, type PoolClient, types } from 'pg';
import { SetupError } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { DatabaseAddress } from './address.ts';
import type { CallTables } from './tables/calls.ts';
import type { ConfigurationTables } from './tables/configuration.ts';

export { type DatabaseAddress, type DatabaseTls, parseDatabaseUrl } from './address.ts';

/** Every table, as Kysely sees it. */
export type Database = ConfigurationTables & CallTables;

export interface OpenDatabase {
  readonly db: Kysely<Database>;
  /** The same connections without Kysely: for COPY, LISTEN and named statements. */
  readonly pool: Pool;
  /** Resolves when all connections are closed. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly connectionsMax: number;
  /** Bound of one statement in ms, kept by the server and, should that hang, by this side; 0 for none. */
  readonly statementTimeoutMs: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly log: Log;
}

/** Oldest Postgres with what the migrations use, such as `NULLS NOT DISTINCT`. */
const SERVER_MAJOR_MIN = 15;
const CONNECT_TIMEOUT_MS = 5_000;
/** The server's own timeout gives the better error; this side only speaks when the server does not. */
const ANSWER_GRACE_MS = 1_000;

const asText = (value: string): string => value;

/**
 * What would lose digits stays text: `int8` and `numeric` arrive as strings. So do `date` and `timestamp`,
 * which pg would read in this machine's time zone. `timestamptz` is a Date.
 */
const TEXT_TYPES: ReadonlySet<number> = new Set<number>([
  types.builtins.INT8,
  types.builtins.NUMERIC,
  types.builtins.DATE,
  types.builtins.TIMESTAMP,
]);

/**
 * A pool of connections, and Kysely on it. Connects when first used. Losing the server never throws outside
 * of a query: a connection that failed is thrown away and the next use makes a new one.
 */
export function openDatabase(address: DatabaseAddress, options: DatabaseOptions): OpenDatabase {
  const { log, statementTimeoutMs } = options;
  const pool = new Pool({
    ...address,
    max: options.connectionsMax,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: {
      getTypeParser: (oid, format) => (TEXT_TYPES.has(oid) ? asText : types.getTypeParser(oid, format)),
    },
    ...(statementTimeoutMs > 0 && {
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    }),
  });
  // An idle connection has the pool's listener, a busy one only this: without it a lost server ends the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) => log.warn({ error: error.message }, 'a connection to Postgres was lost'));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: guardedPool(pool) }) });
  let closing: Promise<void> | null = null;
  return {
    db,
    pool,
    close() {
      closing ??= db.destroy();
      return closing;
    },
  };
}

/** Kysely returns every connection to the pool as good; this keeps those out whose last query got no answer. */
function guardedPool(pool: Pool): PostgresPool {
  return {
    connect: async () => guardedClient(await pool.connect()),
    end: () => pool.end(),
  };
}

function guardedClient(client: PoolClient): PostgresPoolClient {
  let failure: Error | null = null;
  const query = async (text: string, parameters: unknown[]): Promise<unknown> => {
    // The rollback after a failure would wait behind the query that hangs.
    if (failure !== null) throw failure;
    try {
      return await client.query(text, parameters);
    } catch (error) {
      if (!(error instanceof DatabaseError))
        failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  };
  return {
    // Kysely's overload for cursors is left out: no cursor is configured, so it is never used.
    query: query as PostgresPoolClient['query'],
    release: () => client.release(failure !== null),
  };
}

/** Throws a {@link SetupError} when the server is older than Postgres 15. */
export async function checkServerVersion(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ server_version_num: string }>`show server_version_num`.execute(db);
  const version = Number(rows[0]?.server_version_num);
  const major = Math.floor(version / 10_000);
  if (major >= SERVER_MAJOR_MIN) return;
  throw new SetupError(`The database is Postgres ${major}; Sluice needs ${SERVER_MAJOR_MIN} or newer.`);
}

/**
 * What the drain says to Postgres, as text: it runs in a thread that loads nothing but `pg`.
 *
 * Nothing from a caller is in these statements. Column names and boots are from segments, which are read as
 * strangers' files are: they were matched against patterns of plain identifiers and UUIDs before.
 */

/** How far a boot's segments have been drained. */
export interface SpoolPosition {
  readonly segment: number;
  readonly byteOffset: number;
}

/** Once for each connection. Rows vanish at the end of each transaction. */
export const CREATE_STAGING =
  'create temporary table calls_staging (like calls including defaults) on commit delete rows';

/** Columns of `calls`, one row each as `name`. */
export const CALL_COLUMNS = `select attname::text as name from pg_attribute
  where attrelid = 'calls'::regclass and attnum > 0 and not attisdropped`;

/** $1 boot */
export const SELECT_POSITION =
  'select segment, byte_offset::float8 as byte_offset from spool_positions where boot = $1';

/** $1 boot, $2 segment, $3 offset, $4 call id, $5 error, $6 columns, $7 line */
export const INSERT_QUARANTINED = `insert into quarantined_records
  (boot, segment, byte_offset, call_id, error, columns, line) values ($1, $2, $3, $4, $5, $6, $7)
  on conflict do nothing`;

/** Of a line, and not of `calls`: most calls have none, and those that read calls do not want them. */
const BODY_COLUMNS = ['request_body', 'request_bytes', 'response_body', 'response_bytes'];
const INSERT_BODIES = `insert into call_bodies (call_id, tenant_id, request, request_bytes, response, response_bytes)
    select id, tenant_id, request_body::bytea, request_bytes::integer, response_body::bytea, response_bytes::integer
    from calls_staging where request_body is not null or response_body is not null
    on conflict do nothing`;

/** A column that an earlier program knew: its values are read and not kept. */
export function addStagingColumn(name: string): string {
  return `alter table calls_staging add column if not exists ${name} text`;
}

/**
 * One message, and therefore one transaction without a round trip in between: takes lines in COPY text format,
 * makes calls of them, and notes the position if there is one.
 *
 * A row that is there stays as it is unless it is running; so whatever is drained a second time changes nothing.
 */
export function drainStatement(
  columns: readonly string[],
  known: ReadonlySet<string>,
  boot: string,
  position: SpoolPosition | null,
): string {
  const kept = columns.filter((column) => known.has(column));
  const changes = kept.filter((column) => column !== 'id').map((column) => `${column} = excluded.${column}`);
  const statements = [
    `copy calls_staging (${columns.join(', ')}) from stdin`,
    `insert into calls (${kept.join(', ')}) select ${kept.join(', ')} from calls_staging
      on conflict (id) do update set ${changes.join(', ')} where calls.outcome = 'running'`,
  ];
  if (BODY_COLUMNS.every((column) => columns.includes(column))) statements.push(INSERT_BODIES);
  if (position !== null) statements.push(positionStatement(boot, position));
  return statements.join(';\n');
}

export function positionStatement(boot: string, { segment, byteOffset }: SpoolPosition): string {
  return `insert into spool_positions (boot, segment, byte_offset) values ('${boot}', ${segment}, ${byteOffset})
    on conflict (boot) do update set segment = excluded.segment, byte_offset = excluded.byte_offset,
      updated_at = now()`;
}

/** The process of this boot is gone and its segments are drained: what still runs was cut off by its end. */
export function finishBootStatement(boot: string): string {
  return `update calls set outcome = 'interrupted', error_code = 'gateway_died'
      where boot = '${boot}' and outcome = 'running';
    delete from spool_positions where boot = '${boot}'`;
}

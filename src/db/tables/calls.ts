import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Attempt } from '../../calls/record.ts';
import type { ReceiptEntry } from '../../protocols/blocks.ts';

/** `int8` and `numeric` arrive as text, so that no digit is lost. */
type Exact = ColumnType<string, string | number | bigint, string | number | bigint>;
type Instant = ColumnType<Date, Date | string, Date | string>;

export interface CallsTable {
  id: string;
  tenant_id: string;
  application_id: string | null;
  key_id: string | null;
  boot: string;
  started_at: Instant;
  snapshot_version: Exact;
  status: number | null;
  queue_ms: number | null;
  connect_ms: number | null;
  first_token_ms: number | null;
  total_ms: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  total_tokens: number | null;
  cached_input_tokens: number | null;
  cache_write_tokens: number | null;
  cache_write_1h_tokens: number | null;
  reasoning_tokens: number | null;
  audio_input_tokens: number | null;
  audio_output_tokens: number | null;
  is_stream: boolean;
  outcome: string;
  error_code: string | null;
  caller_protocol: string;
  operation: Generated<string>;
  target_protocol: string | null;
  lane: string | null;
  model_asked: string;
  model_served: string | null;
  target: string | null;
  provider: string | null;
  finish_reason: string | null;
  usage_source: string | null;
  cost_pico: ColumnType<string | null, string | bigint | null, string | bigint | null>;
  /** YYYY-MM-DD */
  price_from: string | null;
  price_source: string | null;
  attempts: JSONColumnType<Attempt[]> | null;
  receipt: JSONColumnType<ReceiptEntry[]> | null;
}

export interface CallBodiesTable {
  call_id: string;
  tenant_id: string;
  request: Buffer | null;
  request_bytes: number | null;
  response: Buffer | null;
  response_bytes: number | null;
}

export interface SpoolPositionsTable {
  boot: string;
  segment: number;
  byte_offset: Exact;
  updated_at: Generated<Date>;
}

export interface QuarantinedRecordsTable {
  boot: string;
  segment: number;
  byte_offset: Exact;
  call_id: string;
  error: string;
  columns: string;
  line: Buffer;
  quarantined_at: Generated<Date>;
}

/** The tables of 0002-calls.sql, 0003-prices.sql and 0005-call-bodies.sql. */
export interface CallTables {
  calls: CallsTable;
  call_bodies: CallBodiesTable;
  spool_positions: SpoolPositionsTable;
  quarantined_records: QuarantinedRecordsTable;
}

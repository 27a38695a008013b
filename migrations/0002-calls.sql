-- Calls: one narrow row each, written in batches by the drains of the gateway's processes.
--
-- No foreign keys: records outlive the tenant, application and key that they name. Enumerations are plain text,
-- because a newer process may write a word that an older database has never heard of; only `outcome` is
-- checked, since what is done with a row depends on it. Columns of fixed width come first, so that no row pays
-- for padding.

CREATE TABLE calls (
  -- UUIDv7: its order is the order of making, which is what pages are read by.
  id uuid CONSTRAINT calls_pkey PRIMARY KEY,
  tenant_id uuid NOT NULL,
  application_id uuid,
  key_id uuid,
  -- One opening of a spool by one process; finds what it left running when it died.
  boot uuid NOT NULL,
  started_at timestamptz NOT NULL,
  snapshot_version bigint NOT NULL,
  status integer,
  -- Milliseconds. Seven digits are enough for a hundredth in calls of a minute, and a second in those of days.
  queue_ms real,
  connect_ms real,
  first_token_ms real,
  -- Null while running, and after the process died.
  total_ms real,
  -- Null where not known.
  input_tokens integer,
  output_tokens integer,
  total_tokens integer,
  cached_input_tokens integer,
  cache_write_tokens integer,
  cache_write_1h_tokens integer,
  reasoning_tokens integer,
  audio_input_tokens integer,
  audio_output_tokens integer,
  is_stream boolean NOT NULL,
  outcome text NOT NULL CONSTRAINT calls_outcome_known
    CHECK (outcome IN ('running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
  error_code text,
  caller_protocol text NOT NULL,
  target_protocol text,
  lane text,
  -- Compared byte by byte, which its index is faster for; names have no language.
  model_asked text COLLATE "C" NOT NULL,
  model_served text,
  target text,
  provider text,
  finish_reason text,
  usage_source text,
  -- Pico-dollars.
  cost_pico numeric(30, 0),
  -- Arrays of objects; null while running.
  attempts jsonb,
  -- Null for calls that were not translated.
  receipt jsonb
);

-- Pages, newest first, of a tenant, of one of its applications, of a key and of a model. New rows go to the
-- right edge of each group, so these stay cheap to write. Time needs no index of its own: ids begin with it.
CREATE INDEX calls_tenant ON calls (tenant_id, id);
CREATE INDEX calls_application ON calls (application_id, id);
CREATE INDEX calls_key ON calls (key_id, id);
CREATE INDEX calls_model ON calls (tenant_id, model_asked, id);
-- Failures are few among many: without this a page of them reads through everything that went well.
CREATE INDEX calls_not_succeeded ON calls (tenant_id, id) WHERE outcome <> 'succeeded';
-- Only running calls are in it: what a dead process left is found at once.
CREATE INDEX calls_running ON calls (boot) WHERE outcome = 'running';

-- How far each spool has been drained. Written in the same transaction as the calls, so that after a lost
-- connection the drain knows what was committed.
CREATE TABLE spool_positions (
  boot uuid CONSTRAINT spool_positions_pkey PRIMARY KEY,
  segment integer NOT NULL,
  byte_offset bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Records that Postgres refused, as they were in the spool.
CREATE TABLE quarantined_records (
  boot uuid NOT NULL,
  segment integer NOT NULL,
  byte_offset bigint NOT NULL,
  -- Text, because it may be what is wrong with the record.
  call_id text NOT NULL,
  error text NOT NULL,
  columns text NOT NULL,
  -- A row of COPY text format.
  line bytea NOT NULL,
  quarantined_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT quarantined_records_pkey PRIMARY KEY (boot, segment, byte_offset)
);

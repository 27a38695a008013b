-- Prices of the operator's own, which win over the catalogue's, and what a record keeps of the price that it
-- was made with: tokens are the ledger, money is derived from them.

ALTER TABLE connections
  -- The api-version in addresses of Azure's; null for its v1 API and for everybody else.
  ADD COLUMN api_version text,
  -- Upstream models that it lists; null for those that the catalogue knows.
  ADD COLUMN models text[];

CREATE TABLE prices (
  id uuid CONSTRAINT prices_pkey PRIMARY KEY,
  -- Of one connection, or of every connection to a provider.
  connection_id uuid CONSTRAINT prices_connection_exists REFERENCES connections (id) ON DELETE CASCADE,
  provider text,
  -- The upstream's name of the model; `*` stands for any characters.
  model text NOT NULL,
  -- Null: always.
  holds_from date,
  -- Pico-dollars for a million tokens. Where one is null, its tokens cost what plain input or output costs.
  input_pico numeric(30, 0),
  output_pico numeric(30, 0),
  cached_input_pico numeric(30, 0),
  cache_write_pico numeric(30, 0),
  cache_write_1h_pico numeric(30, 0),
  reasoning_pico numeric(30, 0),
  audio_input_pico numeric(30, 0),
  audio_output_pico numeric(30, 0),
  -- Pico-dollars for a call, whatever its tokens.
  request_pico numeric(30, 0),
  source text NOT NULL DEFAULT 'graph'
    CONSTRAINT prices_source_known CHECK (source IN ('file', 'environment', 'graph')),
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT prices_for_one CHECK ((connection_id IS NULL) <> (provider IS NULL)),
  CONSTRAINT prices_unique UNIQUE NULLS NOT DISTINCT (connection_id, provider, model, holds_from)
);

CREATE TRIGGER prices_inserted AFTER INSERT ON prices REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed();
CREATE TRIGGER prices_updated AFTER UPDATE ON prices REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed();
CREATE TRIGGER prices_deleted AFTER DELETE ON prices REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed();
CREATE TRIGGER prices_truncated AFTER TRUNCATE ON prices
  FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed();

ALTER TABLE calls
  -- The day from which the price holds; null where the price has none.
  ADD COLUMN price_from date,
  -- 'operator', or a catalogue with its version.
  ADD COLUMN price_source text;

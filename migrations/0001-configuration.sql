-- Configuration: what the snapshot is built from. `source` says who owns a row: only sluice.yaml's
-- reconciliation touches 'file' rows, only the start's touches 'environment' rows; 'graph' is everyone else.

CREATE TABLE tenants (
  id uuid CONSTRAINT tenants_pkey PRIMARY KEY,
  name text NOT NULL CONSTRAINT tenants_name_unique UNIQUE,
  source text NOT NULL DEFAULT 'graph'
    CONSTRAINT tenants_source_known CHECK (source IN ('file', 'environment', 'graph')),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE applications (
  tenant_id uuid NOT NULL
    CONSTRAINT applications_tenant_exists REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL CONSTRAINT applications_id_unique UNIQUE,
  name text NOT NULL,
  -- Names it may call, `prefix*` allowed; null for every model.
  models text[],
  source text NOT NULL DEFAULT 'graph'
    CONSTRAINT applications_source_known CHECK (source IN ('file', 'environment', 'graph')),
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT applications_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT applications_name_unique UNIQUE (tenant_id, name)
);

CREATE TABLE keys (
  tenant_id uuid NOT NULL CONSTRAINT keys_tenant_exists REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL CONSTRAINT keys_id_unique UNIQUE,
  -- Null for an admin key.
  application_id uuid,
  is_admin boolean NOT NULL DEFAULT false,
  -- SHA-256 of the whole key, base64url. The key itself is nowhere.
  hash text NOT NULL CONSTRAINT keys_hash_unique UNIQUE
    CONSTRAINT keys_hash_is_sha256 CHECK (hash ~ '^[A-Za-z0-9_-]{43}$'),
  -- Its first characters, for people to tell keys apart.
  prefix text NOT NULL,
  source text NOT NULL DEFAULT 'graph'
    CONSTRAINT keys_source_known CHECK (source IN ('file', 'environment', 'graph')),
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  CONSTRAINT keys_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT keys_application_exists FOREIGN KEY (tenant_id, application_id)
    REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT keys_owner_is_one CHECK (is_admin = (application_id IS NULL))
);
CREATE INDEX keys_application ON keys (tenant_id, application_id);

CREATE TABLE connections (
  id uuid CONSTRAINT connections_pkey PRIMARY KEY,
  -- Null: the operator's, shared with every tenant.
  tenant_id uuid CONSTRAINT connections_tenant_exists REFERENCES tenants (id) ON DELETE CASCADE,
  name text NOT NULL,
  provider text NOT NULL,
  protocol text NOT NULL,
  -- Null where the address is known only at run time (demo).
  base_url text,
  -- AES-256-GCM, bound to tenant, id and origin of base_url; null for a connection without a credential.
  credential text,
  credential_key_id text,
  source text NOT NULL DEFAULT 'graph'
    CONSTRAINT connections_source_known CHECK (source IN ('file', 'environment', 'graph')),
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT connections_name_unique UNIQUE NULLS NOT DISTINCT (tenant_id, name),
  CONSTRAINT connections_credential_has_key_id CHECK ((credential IS NULL) = (credential_key_id IS NULL))
);

CREATE TABLE models (
  id uuid CONSTRAINT models_pkey PRIMARY KEY,
  -- Null: the operator's, offered to every tenant.
  tenant_id uuid CONSTRAINT models_tenant_exists REFERENCES tenants (id) ON DELETE CASCADE,
  name text NOT NULL,
  strategy text NOT NULL DEFAULT 'priority' CONSTRAINT models_strategy_known
    CHECK (strategy IN ('priority', 'weighted', 'latency', 'cost', 'least-busy')),
  source text NOT NULL DEFAULT 'graph'
    CONSTRAINT models_source_known CHECK (source IN ('file', 'environment', 'graph')),
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT models_name_unique UNIQUE NULLS NOT DISTINCT (tenant_id, name)
);

CREATE TABLE model_targets (
  model_id uuid NOT NULL
    CONSTRAINT model_targets_model_exists REFERENCES models (id) ON DELETE CASCADE,
  position integer NOT NULL,
  connection_id uuid NOT NULL
    CONSTRAINT model_targets_connection_exists REFERENCES connections (id) ON DELETE CASCADE,
  -- The upstream's name of the model.
  model text NOT NULL,
  priority integer NOT NULL DEFAULT 1,
  weight double precision NOT NULL DEFAULT 1
    CONSTRAINT model_targets_weight_not_negative CHECK (weight >= 0 AND weight < 'Infinity'),
  CONSTRAINT model_targets_pkey PRIMARY KEY (model_id, position)
);
CREATE INDEX model_targets_connection ON model_targets (connection_id);

-- Settings of the operator that belong to no tenant, by name ('network').
CREATE TABLE operator_settings (
  name text CONSTRAINT operator_settings_pkey PRIMARY KEY,
  value jsonb NOT NULL
);

-- One row. Its lock puts writers in the order of their versions, so that a smaller version is never committed later.
CREATE TABLE configuration_state (
  is_only_row boolean CONSTRAINT configuration_state_pkey PRIMARY KEY DEFAULT true
    CONSTRAINT configuration_state_one_row CHECK (is_only_row),
  version bigint NOT NULL DEFAULT 0
);
INSERT INTO configuration_state DEFAULT VALUES;

-- Wakes every process when a transaction that changed a row commits; Postgres joins equal notifications of one
-- transaction. Statements that matched no row wake nobody.
CREATE FUNCTION configuration_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'TRUNCATE' THEN
    IF NOT EXISTS (SELECT FROM changed_rows) THEN
      RETURN NULL;
    END IF;
  END IF;
  UPDATE configuration_state SET version = version + 1;
  PERFORM pg_notify('sluice_configuration', '');
  RETURN NULL;
END
$$;

DO $$
DECLARE
  changed_table text;
BEGIN
  FOREACH changed_table IN ARRAY ARRAY[
    'tenants', 'applications', 'keys', 'connections', 'models', 'model_targets', 'operator_settings'
  ] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS changed_rows
      FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed()', changed_table || '_inserted', changed_table);
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed_rows
      FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed()', changed_table || '_updated', changed_table);
    EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS changed_rows
      FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed()', changed_table || '_deleted', changed_table);
    EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION configuration_changed()', changed_table || '_truncated', changed_table);
  END LOOP;
END
$$;

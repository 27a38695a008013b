import type { Generated, JSONColumnType } from 'kysely';

/** Who owns a row: sluice.yaml, the start from environment variables, or everyone else (the graph). */
export type RowSource = 'file' | 'environment' | 'graph';

export interface TenantsTable {
  id: string;
  name: string;
  source: RowSource;
  created_at: Generated<Date>;
}

export interface ApplicationsTable {
  tenant_id: string;
  id: string;
  name: string;
  /** Names it may call, `prefix*` allowed; null for every model. */
  models: string[] | null;
  source: RowSource;
  created_at: Generated<Date>;
}

export interface KeysTable {
  tenant_id: string;
  id: string;
  /** Null for an admin key. */
  application_id: string | null;
  is_admin: boolean;
  /** SHA-256 of the whole key, base64url. */
  hash: string;
  prefix: string;
  source: RowSource;
  created_at: Generated<Date>;
  revoked_at: Date | null;
}

export interface ConnectionsTable {
  id: string;
  /** Null: the operator's. */
  tenant_id: string | null;
  name: string;
  provider: string;
  protocol: string;
  /** Null where the address is known only at run time (demo). */
  base_url: string | null;
  /** Encrypted. */
  credential: string | null;
  credential_key_id: string | null;
  /** In addresses of Azure's. */
  api_version: string | null;
  /** Upstream models that it lists; null for those that the catalogue knows. */
  models: string[] | null;
  source: RowSource;
  created_at: Generated<Date>;
}

export interface ModelsTable {
  id: string;
  /** Null: the operator's. */
  tenant_id: string | null;
  name: string;
  strategy: string;
  source: RowSource;
  created_at: Generated<Date>;
}

export interface ModelTargetsTable {
  model_id: string;
  position: number;
  connection_id: string;
  model: string;
  priority: number;
  weight: number;
}

/** Amounts are pico-dollars for a million tokens, `request_pico` for a call. */
export interface PricesTable {
  id: string;
  connection_id: string | null;
  provider: string | null;
  model: string;
  /** YYYY-MM-DD; null for always. */
  holds_from: string | null;
  input_pico: string | null;
  output_pico: string | null;
  cached_input_pico: string | null;
  cache_write_pico: string | null;
  cache_write_1h_pico: string | null;
  reasoning_pico: string | null;
  audio_input_pico: string | null;
  audio_output_pico: string | null;
  request_pico: string | null;
  source: RowSource;
  created_at: Generated<Date>;
}

export interface OperatorSettingsTable {
  name: string;
  value: JSONColumnType<Record<string, unknown>>;
}

export interface ConfigurationStateTable {
  is_only_row: Generated<boolean>;
  version: string;
}

/** Tables of migrations/0001-configuration.sql and 0003-prices.sql. */
export interface ConfigurationTables {
  tenants: TenantsTable;
  applications: ApplicationsTable;
  keys: KeysTable;
  connections: ConnectionsTable;
  models: ModelsTable;
  model_targets: ModelTargetsTable;
  prices: PricesTable;
  operator_settings: OperatorSettingsTable;
  configuration_state: ConfigurationStateTable;
}

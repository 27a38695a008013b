import type {
  ApplicationRow,
  ConnectionRow,
  KeyRow,
  ModelRow,
  OwnPriceRow,
  TenantRow,
} from '../db/queries/configuration-read.ts';

/** Changes of one table while they are collected; `remove` holds ids. */
export interface Collected<Row> {
  readonly insert: Row[];
  readonly update: Row[];
  readonly remove: string[];
}

/** Changes of the configuration while they are collected. */
export interface CollectedChanges {
  readonly tenants: Collected<TenantRow>;
  readonly applications: Collected<ApplicationRow>;
  readonly keys: Collected<KeyRow>;
  readonly connections: Collected<ConnectionRow>;
  readonly models: Collected<ModelRow>;
  readonly prices: Collected<OwnPriceRow>;
  /** Null leaves it as it is. */
  allowPrivate: readonly string[] | null;
  keepsBodies: boolean | null;
  environmentTaken: readonly string[] | null;
}

function collected<Row>(): Collected<Row> {
  return { insert: [], update: [], remove: [] };
}

export function collectChanges(): CollectedChanges {
  return {
    tenants: collected(),
    applications: collected(),
    keys: collected(),
    connections: collected(),
    models: collected(),
    prices: collected(),
    allowPrivate: null,
    keepsBodies: null,
    environmentTaken: null,
  };
}

/** True when there is nothing to write: writing nothing wakes nobody. */
export function isEmpty(changes: CollectedChanges): boolean {
  const { allowPrivate, keepsBodies, environmentTaken, ...tables } = changes;
  if (allowPrivate !== null || keepsBodies !== null || environmentTaken !== null) return false;
  return Object.values(tables).every(
    ({ insert, update, remove }) => insert.length + update.length + remove.length === 0,
  );
}

/** What a key shows of itself to people: at most a third of it, so that the rest stays hard to guess. */
export function keyPrefix(key: string): string {
  return key.slice(0, Math.min(20, Math.floor(key.length / 3)));
}

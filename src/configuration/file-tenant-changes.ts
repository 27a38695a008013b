import type { ApplicationRow, ConfigurationRows, TenantRow } from '../db/queries/configuration-read.ts';
import { hashKey } from '../tenancy/identify.ts';
import { type CollectedChanges, keyPrefix } from './changes.ts';
import type { RowPorts } from './connection-row.ts';
import type { ConfigFile } from './file-schema.ts';

type FileTenant = ConfigFile['tenants'][number];
type FileApplication = FileTenant['applications'][number];

/** Collects what the file's tenants, applications and keys change. */
export function tenantChanges(
  rows: ConfigurationRows,
  file: ConfigFile,
  ports: RowPorts,
  changes: CollectedChanges,
  mistakes: string[],
): void {
  const reconciler = new TenantReconciler(rows, ports, changes, mistakes);
  file.tenants.forEach((tenant, index) => {
    reconciler.tenant(tenant, `tenants[${index}]`);
  });
  reconciler.removeRest();
}

/** Takes what the file wants out of what the database has; what is left at the end is no longer wanted. */
class TenantReconciler {
  readonly #rows: ConfigurationRows;
  readonly #ports: RowPorts;
  readonly #changes: CollectedChanges;
  readonly #mistakes: string[];
  readonly #tenants: Map<string, TenantRow>;
  /** By tenant id and name. */
  readonly #applications: Map<string, ApplicationRow>;
  readonly #keys: Map<string, ConfigurationRows['keys'][number]>;

  constructor(rows: ConfigurationRows, ports: RowPorts, changes: CollectedChanges, mistakes: string[]) {
    this.#rows = rows;
    this.#ports = ports;
    this.#changes = changes;
    this.#mistakes = mistakes;
    this.#tenants = new Map(rows.tenants.map((row) => [row.name, row]));
    this.#applications = new Map(rows.applications.map((row) => [`${row.tenant_id}/${row.name}`, row]));
    this.#keys = new Map(rows.keys.map((row) => [row.hash, row]));
  }

  tenant(wanted: FileTenant, path: string): void {
    const row = this.#tenants.get(wanted.name);
    this.#tenants.delete(wanted.name);
    const id = row?.id ?? this.#ports.ids.next();
    if (row === undefined) this.#changes.tenants.insert.push({ id, name: wanted.name, source: 'file' });
    wanted.applications.forEach((application, index) => {
      this.#application(id, application, `${path}.applications[${index}]`);
    });
  }

  #application(tenantId: string, wanted: FileApplication, path: string): void {
    const place = `${tenantId}/${wanted.name}`;
    const row = this.#applications.get(place);
    this.#applications.delete(place);
    if (row?.source === 'graph') {
      this.#mistakes.push(
        `${path}.name: expected a name that is free, but an application of this name was made through the graph`,
      );
      return;
    }
    const { name, models = null } = wanted;
    const id = row?.id ?? this.#ports.ids.next();
    const next: ApplicationRow = { tenant_id: tenantId, id, name, models, source: 'file' };
    if (row === undefined) this.#changes.applications.insert.push(next);
    else if (!isSameList(row.models, models)) this.#changes.applications.update.push(next);
    wanted.keys.forEach((key, index) => {
      this.#key(tenantId, id, key, `${path}.keys[${index}]`);
    });
  }

  /** A key that was revoked stays so: the file does not bring it back. */
  #key(tenantId: string, applicationId: string, key: string, path: string): void {
    const hash = hashKey(key);
    const row = this.#keys.get(hash);
    if (row?.application_id === applicationId) {
      this.#keys.delete(hash);
      return;
    }
    if (row !== undefined && row.source !== 'file') {
      this.#mistakes.push(`${path}: expected a key of its own, but it is in use outside of this file`);
      return;
    }
    this.#changes.keys.insert.push({
      tenant_id: tenantId,
      id: this.#ports.ids.next(),
      application_id: applicationId,
      is_admin: false,
      hash,
      prefix: keyPrefix(key),
      source: 'file',
      is_revoked: false,
    });
  }

  removeRest(): void {
    const { tenants, applications, keys } = this.#changes;
    const kept = this.#tenantsOfOthers();
    for (const row of this.#keys.values()) if (row.source === 'file') keys.remove.push(row.id);
    for (const row of this.#applications.values()) {
      if (row.source === 'file') applications.remove.push(row.id);
    }
    for (const row of this.#tenants.values()) {
      if (row.source !== 'file') continue;
      if (kept.has(row.id)) tenants.update.push({ ...row, source: 'graph' });
      else tenants.remove.push(row.id);
    }
  }

  /** Ids of the tenants that hold rows which the file did not make. */
  #tenantsOfOthers(): Set<string | null> {
    const { applications, keys, connections, models } = this.#rows;
    const owned = [...applications, ...keys, ...connections, ...models];
    return new Set(owned.filter((row) => row.source !== 'file').map((row) => row.tenant_id));
  }
}

function isSameList(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

import type { ConfigurationRows } from '../db/queries/configuration-read.ts';
import type { Ids, Random } from '../ports.ts';
import { hashKey } from '../tenancy/identify.ts';
import { type CollectedChanges, collectChanges, keyPrefix } from './changes.ts';

/** The tenant that admin keys belong to. */
export const DEFAULT_TENANT = 'default';

export interface AdminChanges {
  readonly changes: CollectedChanges;
  /** The key in clear, when one was made now; it can never be read again. */
  readonly generatedKey: string | null;
  readonly mistake: string | null;
}

/**
 * Makes sure that there is an admin key: the configured one, which replaces what an earlier start made or was
 * given, or, where there is none at all, a new one.
 */
export function adminChanges(
  rows: ConfigurationRows,
  configuredKey: string | null,
  ports: { readonly ids: Ids; readonly random: Random },
): AdminChanges {
  const changes = collectChanges();
  const none = { changes: collectChanges(), generatedKey: null, mistake: null };
  const tenant = rows.tenants.find((row) => row.name === DEFAULT_TENANT);
  const tenantId = tenant?.id ?? ports.ids.next();
  if (tenant === undefined) {
    changes.tenants.insert.push({ id: tenantId, name: DEFAULT_TENANT, source: 'environment' });
  }
  const adminKeys = rows.keys.filter((row) => row.is_admin && !row.is_revoked);
  if (configuredKey === null && adminKeys.length > 0) return { ...none, changes };
  const generatedKey =
    configuredKey === null ? `sk-sluice-admin-${ports.random.bytes(32).toString('base64url')}` : null;
  const key = configuredKey ?? generatedKey ?? '';
  const hash = hashKey(key);
  const holder = rows.keys.find((row) => row.hash === hash);
  if (holder !== undefined && (!holder.is_admin || holder.is_revoked)) {
    const problem = holder.is_admin ? 'this one was revoked' : 'an application has the same';
    return { ...none, mistake: `SLUICE_ADMIN_KEY: expected a key of its own, but ${problem}` };
  }
  const replaced = adminKeys.filter((row) => row.source === 'environment' && row.hash !== hash);
  changes.keys.remove.push(...replaced.map((row) => row.id));
  if (holder === undefined) {
    changes.keys.insert.push({
      tenant_id: tenantId,
      id: ports.ids.next(),
      application_id: null,
      is_admin: true,
      hash,
      prefix: keyPrefix(key),
      source: 'environment',
      is_revoked: false,
    });
  }
  return { changes, generatedKey, mistake: null };
}

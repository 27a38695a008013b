import { allowList, visibleConnection } from './models.ts';
import type { Identity, Snapshot, SnapshotConnection } from './snapshot.ts';

/**
 * The connections of which the key may use every model, sorted by name: its tenant's own and the operator's. Files
 * and batches need such a one, because a batch names models in a file that nobody reads here.
 */
export function usableConnections(snapshot: Snapshot, identity: Identity): readonly SnapshotConnection[] {
  const allowed = allowList(snapshot, identity);
  const usable: SnapshotConnection[] = [];
  for (const connection of snapshot.connections.values()) {
    if (visibleConnection(snapshot, identity.tenantId, connection.name) !== connection) continue;
    if (allowed === null || allowed.some((entry) => coversAll(entry, connection.name)))
      usable.push(connection);
  }
  return usable.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `*`, `lab*` and `lab/*` allow every model of the connection `lab`. */
function coversAll(entry: string, connection: string): boolean {
  return entry.endsWith('*') && `${connection}/`.startsWith(entry.slice(0, -1));
}

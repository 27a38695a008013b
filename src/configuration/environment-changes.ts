/**
 * What the start makes by itself: a connection of each provider whose key is in the environment, once; the
 * built-in demo as long as the operator has no connection at all.
 */
import type { ConfigurationRows, ConnectionRow } from '../db/queries/configuration-read.ts';
import type { Provider } from '../providers/provider.ts';
import { type CollectedChanges, collectChanges } from './changes.ts';
import { type RowPorts, wantConnection } from './connection-row.ts';
import type { FoundProvider } from './environment.ts';
import type { ConfigConnection } from './file-schema.ts';

export const DEMO_MODEL = 'demo-chat';

/**
 * A provider is offered once, so that a connection which the operator removes does not come back; a key that
 * has changed in the environment is changed in the connection made from it. Where the operator already has a
 * connection to that provider, or of that name, none is added.
 */
export function environmentChanges(
  rows: ConfigurationRows,
  found: readonly FoundProvider[],
  demo: Provider,
  ports: RowPorts,
): CollectedChanges {
  const changes = collectChanges();
  const operators = rows.connections.filter((row) => row.tenant_id === null);
  const isDemo = (row: ConnectionRow) => row.source === 'environment' && row.provider === demo.name;
  const real = operators.filter((row) => !isDemo(row));
  const taken = new Set(rows.environmentTaken);
  for (const { provider, apiKey, baseUrl } of found) {
    const made = real.find((row) => row.source === 'environment' && row.provider === provider.name);
    const isServed = real.some((row) => row.provider === provider.name || row.name === provider.name);
    if (made !== undefined || !(isServed || taken.has(provider.name))) {
      wantConnection(made, asConnection(provider, apiKey, baseUrl), 'environment', ports, changes);
    }
    taken.add(provider.name);
  }
  if (taken.size > rows.environmentTaken.length) changes.environmentTaken = [...taken].sort();
  if (real.length + changes.connections.insert.length > 0) {
    changes.connections.remove.push(...operators.filter(isDemo).map((row) => row.id));
    const demoModels = rows.models.filter((row) => row.tenant_id === null && row.source === 'environment');
    changes.models.remove.push(...demoModels.map((row) => row.id));
  } else {
    addDemo(rows, operators.find(isDemo), demo, ports, changes);
  }
  return changes;
}

function addDemo(
  rows: ConfigurationRows,
  existing: ConnectionRow | undefined,
  demo: Provider,
  ports: RowPorts,
  changes: CollectedChanges,
): void {
  const connection_id = wantConnection(
    existing,
    asConnection(demo, null, null),
    'environment',
    ports,
    changes,
  );
  if (rows.models.some((row) => row.tenant_id === null && row.name === DEMO_MODEL)) return;
  changes.models.insert.push({
    id: ports.ids.next(),
    tenant_id: null,
    name: DEMO_MODEL,
    strategy: 'priority',
    source: 'environment',
    targets: [{ connection_id, model: DEMO_MODEL, priority: 1, weight: 1 }],
  });
}

function asConnection(
  { name, protocol }: Provider,
  apiKey: string | null,
  baseUrl: string | null,
): ConfigConnection {
  return { name, provider: name, protocol, baseUrl, apiKey, apiVersion: null, models: null };
}

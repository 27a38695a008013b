/**
 * What sluice.yaml changes in the database. Only rows of source 'file' are changed or removed; rows that the
 * start made from the environment are taken over by a file that names them; a name or key that the graph
 * made is a mistake of the file. A tenant stays when it holds what others made.
 */
import type { ConfigurationRows, ModelRow, TargetRow } from '../db/queries/configuration-read.ts';
import { type CollectedChanges, collectChanges } from './changes.ts';
import { type RowPorts, wantConnection } from './connection-row.ts';
import type { ConfigFile } from './file-schema.ts';
import { tenantChanges } from './file-tenant-changes.ts';
import { priceChanges } from './price-changes.ts';

export interface FileChanges {
  readonly changes: CollectedChanges;
  /** `connections[0].name: expected …`; with any, nothing may be written. */
  readonly mistakes: readonly string[];
}

export function fileChanges(rows: ConfigurationRows, file: ConfigFile, ports: RowPorts): FileChanges {
  const changes = collectChanges();
  const mistakes: string[] = [];
  const connectionIds = connectionChanges(rows, file, ports, changes, mistakes);
  modelChanges(rows, file, ports, changes, mistakes, connectionIds);
  priceChanges(rows, file, ports, changes, connectionIds);
  tenantChanges(rows, file, ports, changes, mistakes);
  if (file.network.allowPrivate.join() !== rows.allowPrivate.join()) {
    changes.allowPrivate = file.network.allowPrivate;
  }
  if (file.records.bodies !== rows.keepsBodies) changes.keepsBodies = file.records.bodies;
  return { changes, mistakes };
}

function connectionChanges(
  rows: ConfigurationRows,
  file: ConfigFile,
  ports: RowPorts,
  changes: CollectedChanges,
  mistakes: string[],
): ReadonlyMap<string, string> {
  const existing = new Map(operators(rows.connections).map((row) => [row.name, row]));
  const ids = new Map<string, string>();
  file.connections.forEach((wanted, index) => {
    const row = existing.get(wanted.name);
    existing.delete(wanted.name);
    if (row?.source === 'graph') mistakes.push(taken(`connections[${index}].name`, 'connection'));
    else ids.set(wanted.name, wantConnection(row, wanted, 'file', ports, changes));
  });
  for (const row of existing.values()) if (row.source === 'file') changes.connections.remove.push(row.id);
  return ids;
}

function modelChanges(
  rows: ConfigurationRows,
  file: ConfigFile,
  ports: RowPorts,
  changes: CollectedChanges,
  mistakes: string[],
  connectionIds: ReadonlyMap<string, string>,
): void {
  const existing = new Map(operators(rows.models).map((row) => [row.name, row]));
  file.models.forEach((wanted, index) => {
    const row = existing.get(wanted.name);
    existing.delete(wanted.name);
    if (row?.source === 'graph') {
      mistakes.push(taken(`models[${index}].name`, 'model'));
      return;
    }
    const targets: TargetRow[] = wanted.targets.flatMap(({ connection, model, priority, weight }) => {
      const connection_id = connectionIds.get(connection);
      return connection_id === undefined ? [] : [{ connection_id, model, priority, weight }];
    });
    const { name, strategy } = wanted;
    const id = row?.id ?? ports.ids.next();
    const next: ModelRow = { id, tenant_id: null, name, strategy, source: 'file', targets };
    if (row === undefined) changes.models.insert.push(next);
    else if (!isSameModel(row, next)) changes.models.update.push(next);
  });
  for (const row of existing.values()) if (row.source === 'file') changes.models.remove.push(row.id);
}

function isSameModel(a: ModelRow, b: ModelRow): boolean {
  if (a.strategy !== b.strategy || a.source !== b.source || a.targets.length !== b.targets.length)
    return false;
  return a.targets.every((target, index) => {
    const other = b.targets[index];
    return (
      other !== undefined &&
      target.connection_id === other.connection_id &&
      target.model === other.model &&
      target.priority === other.priority &&
      target.weight === other.weight
    );
  });
}

function operators<Row extends { readonly tenant_id: string | null }>(rows: readonly Row[]): Row[] {
  return rows.filter((row) => row.tenant_id === null);
}

function taken(path: string, what: string): string {
  return `${path}: expected a name that is free, but a ${what} of this name was made through the graph`;
}

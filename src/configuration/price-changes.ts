import type { ConfigurationRows, OwnPriceRow } from '../db/queries/configuration-read.ts';
import type { CollectedChanges } from './changes.ts';
import type { RowPorts } from './connection-row.ts';
import type { ConfigFile } from './file-schema.ts';
import { PRICE_COLUMNS, PRICE_MEMBERS } from './price-amounts.ts';

type Amounts = Pick<OwnPriceRow, (typeof PRICE_COLUMNS)[keyof typeof PRICE_COLUMNS]>;

/**
 * Collects what the file's prices change. Only rows of source 'file' go; one that the graph made for the same
 * model and day gives way to the file's.
 */
export function priceChanges(
  rows: ConfigurationRows,
  file: ConfigFile,
  ports: RowPorts,
  changes: CollectedChanges,
  connectionIds: ReadonlyMap<string, string>,
): void {
  const existing = new Map(rows.prices.map((row) => [placeOf(row), row]));
  for (const written of file.prices) {
    const connection_id =
      written.connection === undefined ? null : (connectionIds.get(written.connection) ?? null);
    if (connection_id === null && written.provider === undefined) continue;
    const next: OwnPriceRow = {
      id: ports.ids.next(),
      connection_id,
      provider: written.provider ?? null,
      model: written.model,
      holds_from: written.from ?? null,
      ...amountsOf(written),
      source: 'file',
    };
    const row = existing.get(placeOf(next));
    existing.delete(placeOf(next));
    if (row !== undefined && isSame(row, next)) continue;
    if (row !== undefined) changes.prices.remove.push(row.id);
    changes.prices.insert.push(next);
  }
  for (const row of existing.values()) if (row.source === 'file') changes.prices.remove.push(row.id);
}

function amountsOf(written: ConfigFile['prices'][number]): Amounts {
  const entries = PRICE_MEMBERS.map((member) => [PRICE_COLUMNS[member], written[member] ?? null]);
  return Object.fromEntries(entries) as Amounts; // one entry for each member of the table of columns
}

/** What a price is for, and from when; no two rows have the same. */
function placeOf({ connection_id, provider, model, holds_from }: OwnPriceRow): string {
  return JSON.stringify([connection_id, provider, model, holds_from]);
}

function isSame(a: OwnPriceRow, b: OwnPriceRow): boolean {
  return a.source === b.source && Object.values(PRICE_COLUMNS).every((column) => a[column] === b[column]);
}

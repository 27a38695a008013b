import { type DatabaseAddress, openDatabase } from '../../src/db/database.ts';
import { toChecked } from './checked-row.ts';
import type { CheckedRow } from './checker-invariants.ts';
import { testDatabase } from './database.ts';
import type { CallRow } from './gateway.ts';
import { silentLog } from './silent-log.ts';
import type { ProxyAddress } from './tcp-proxy.ts';

/** A database of its own for a product, and a way to look into it that no fault touches. */
export interface ProductDatabase {
  readonly address: DatabaseAddress;
  /** DATABASE_URL; with a port, that of a proxy in between. */
  url(proxyPort?: number): string;
  rows(): Promise<CallRow[]>;
  checkedRows(): Promise<CheckedRow[]>;
  close(): Promise<void>;
}

/** What a TCP proxy forwards to. */
export const proxyTarget = ({ host, port }: DatabaseAddress): ProxyAddress =>
  host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };

function urlOf(address: DatabaseAddress, proxyPort: number | undefined): string {
  const { user, password = '', database, host, port } = address;
  const url = new URL(`postgres://127.0.0.1:${proxyPort ?? port}/${database}`);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  if (proxyPort === undefined) url.searchParams.set('host', host);
  return url.href;
}

/** Rows of `calls`, oldest first, as Postgres has them now. */
export async function callRows(address: DatabaseAddress): Promise<CallRow[]> {
  const database = openDatabase(address, {
    connectionsMax: 1,
    statementTimeoutMs: 10_000,
    applicationName: 'test',
    log: silentLog,
  });
  try {
    return await database.db.selectFrom('calls').selectAll().orderBy('id').execute();
  } finally {
    await database.close();
  }
}

export async function productDatabase(): Promise<ProductDatabase> {
  const { address, drop } = await testDatabase();
  return {
    address,
    url: (proxyPort) => urlOf(address, proxyPort),
    rows: () => callRows(address),
    checkedRows: async () => (await callRows(address)).map(toChecked),
    close: drop,
  };
}

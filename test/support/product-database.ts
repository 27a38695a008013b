import { type DatabaseAddress, openDatabase } from '../../src/db/database.ts';
import { checkedRow } from './checked-row.ts';
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

export async function productDatabase(): Promise<ProductDatabase> {
  const { address, drop } = await testDatabase();
  const database = openDatabase(address, {
    connectionsMax: 1,
    statementTimeoutMs: 10_000,
    applicationName: 'test',
    log: silentLog,
  });
  const rows = () => database.db.selectFrom('calls').selectAll().orderBy('id').execute();
  return {
    address,
    url: (proxyPort) => urlOf(address, proxyPort),
    rows,
    checkedRows: async () => (await rows()).map(checkedRow),
    async close() {
      await database.close();
      await drop();
    },
  };
}

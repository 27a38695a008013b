import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { clusterPassword, SUPERUSER } from '../../src/db/embedded/cluster.ts';
import { clusterPaths, SOCKET_PORT } from '../../src/db/embedded/cluster-paths.ts';

const DATABASE = 'sluice';
const POLL_MS = 100;
const TIMEOUT_MS = 30_000;

/** The records that a gateway keeps in the embedded Postgres of its data dir, read past the gateway. */
export class Records {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** `dataDir` must be absolute and without links, as the gateway sees it. */
  static async open(dataDir: string): Promise<Records> {
    const paths = clusterPaths(dataDir);
    const client = new Client({
      host: paths.sockets,
      port: SOCKET_PORT,
      user: SUPERUSER,
      password: clusterPassword(paths),
      database: DATABASE,
    });
    client.on('error', () => {});
    await client.connect();
    return new Records(client);
  }

  /** Calls whose end is recorded. */
  async count(): Promise<number> {
    const { rows } = await this.#client.query<{ count: string }>(
      "select count(*) from calls where outcome <> 'running'",
    );
    return Number(rows[0]?.count);
  }

  /** How many there are of each outcome, and how many could not be kept as calls. */
  async breakdown(): Promise<string> {
    const { rows } = await this.#client.query<{ outcome: string; count: string }>(
      "select outcome, count(*) from calls group by 1 union all select 'quarantined', count(*) from quarantined_records",
    );
    return rows.map(({ outcome, count }) => `${outcome} ${count}`).join(', ');
  }

  /** Waits until so many are there, or until no more come; resolves with how many there are. */
  async waitFor(expected: number): Promise<number> {
    let count = await this.count();
    let deadlineMs = Date.now() + TIMEOUT_MS;
    while (count < expected && Date.now() < deadlineMs) {
      await delay(POLL_MS);
      const now = await this.count();
      if (now > count) deadlineMs = Date.now() + TIMEOUT_MS;
      count = now;
    }
    return count;
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}

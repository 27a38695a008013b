import { Client } from 'pg';
import type { Limits } from '../../limits.ts';
import type { Clock, Log, Random } from '../../ports.ts';
import type { DatabaseAddress } from '../address.ts';

export interface ListenerOptions {
  readonly address: DatabaseAddress;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly log: Log;
  /** A change was announced, or may have been missed: read again. */
  readonly onChange: () => void;
  /** The version as the heartbeat saw it. */
  readonly onVersion: (version: number) => void;
}

/**
 * One connection that hears of every change of the configuration. It connects again, ever more slowly, when it
 * is lost, and a heartbeat notices one that is dead without a word, as well as notifications that a connection
 * pooler swallowed.
 */
export class ConfigurationListener {
  readonly #options: ListenerOptions;
  #client: Client | null = null;
  #failures = 0;
  #isClosed = false;
  #stopTimer: () => void = () => {};

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#client !== null;
  }

  /** Resolves with null once it listens, or with the first try's error; then it goes on trying by itself. */
  start(): Promise<Error | null> {
    return this.#connect();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  async #connect(): Promise<Error | null> {
    const { address, limits, log, onChange } = this.#options;
    const client = new Client({
      ...address,
      application_name: 'sluice configuration',
      connectionTimeoutMillis: limits.databaseStartTimeoutMs,
      query_timeout: limits.databaseStartTimeoutMs,
      keepAlive: true,
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('the connection ended')));
    client.on('notification', () => onChange());
    try {
      await client.connect();
      await client.query('listen sluice_configuration');
    } catch (error) {
      void client.end().catch(() => {});
      const reason = error instanceof Error ? error : new Error(String(error));
      this.#retry(reason);
      return reason;
    }
    if (this.#isClosed) {
      await client.end().catch(() => {});
      return null;
    }
    if (this.#failures > 0) log.info({}, 'Postgres is back');
    this.#failures = 0;
    this.#client = client;
    this.#stopTimer = this.#options.clock.every(
      limits.configurationHeartbeatMs,
      () => void this.#beat(client),
    );
    onChange();
    return null;
  }

  async #beat(client: Client): Promise<void> {
    try {
      const { rows } = await client.query<{ version: string }>('select version from configuration_state');
      const [row] = rows;
      if (row !== undefined && this.#client === client) this.#options.onVersion(Number(row.version));
    } catch (error) {
      // Before the first migration there is nothing to ask for.
      if (error instanceof Error && 'code' in error && error.code === '42P01') return;
      this.#lost(client, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #lost(client: Client, reason: Error): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#stopTimer();
    void client.end().catch(() => {});
    this.#retry(reason);
  }

  #retry(reason: Error): void {
    if (this.#isClosed) return;
    const { limits, random, clock, log } = this.#options;
    if (this.#failures === 0) {
      log.warn(
        { error: reason.message },
        'Postgres cannot be reached; the last configuration stays in force',
      );
    }
    const waitMs = Math.min(limits.reconnectMaxMs, limits.reconnectMinMs * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    this.#stopTimer = clock.after(waitMs * (0.5 + random.fraction() / 2), () => void this.#connect());
  }
}

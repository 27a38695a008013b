import type { DatabaseAddress } from '../db/address.ts';
import { type OpenDatabase, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import {
  type ConfigurationRows,
  readConfiguration,
  readConfigurationVersion,
} from '../db/queries/configuration-read.ts';
import { SetupError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Log } from '../ports.ts';
import { type ApplyInputs, applyConfiguration } from './apply.ts';

/** The configuration in Postgres, and what this process still has to write into it. */
export class ConfigurationStore {
  readonly #address: DatabaseAddress;
  readonly #log: Log;
  readonly #database: OpenDatabase;
  #isMigrated = false;
  #pending: ApplyInputs | null = null;
  #newAdminKey: string | null = null;

  constructor(address: DatabaseAddress, limits: Limits, log: Log) {
    this.#address = address;
    this.#log = log;
    this.#database = openDatabase(address, {
      connectionsMax: limits.configurationConnectionsMax,
      statementTimeoutMs: limits.queryStatementTimeoutMs,
      applicationName: 'sluice configuration',
      log,
    });
  }

  /** The admin key that was made by `writePending`, in clear. */
  get newAdminKey(): string | null {
    return this.#newAdminKey;
  }

  /** To be written next; replaces what waits. */
  propose(inputs: ApplyInputs): void {
    this.#pending = inputs;
  }

  /**
   * Writes what was proposed, after migrating once. Stays pending while the database cannot take it.
   * Throws a SetupError, and drops it, when it contradicts what is in the database.
   */
  async writePending(): Promise<void> {
    const inputs = this.#pending;
    if (inputs === null) return;
    await this.#migrateOnce();
    try {
      const { generatedAdminKey } = await applyConfiguration(this.#database.db, inputs);
      this.#newAdminKey ??= generatedAdminKey;
    } catch (error) {
      if (error instanceof SetupError && this.#pending === inputs) this.#pending = null;
      throw error;
    }
    if (this.#pending === inputs) this.#pending = null;
  }

  /** Null when the version in the database is `known`. */
  async read(known: number | null): Promise<ConfigurationRows | null> {
    const { db } = this.#database;
    if (known !== null && (await readConfigurationVersion(db)) === known) return null;
    return readConfiguration(db);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** In connections of its own, for a migration may take longer than any other statement. */
  async #migrateOnce(): Promise<void> {
    if (this.#isMigrated) return;
    const database = openDatabase(this.#address, {
      connectionsMax: 1,
      statementTimeoutMs: 0,
      applicationName: 'sluice migration',
      log: this.#log,
    });
    try {
      await migrate(database.db);
      this.#isMigrated = true;
    } finally {
      await database.close();
    }
  }
}

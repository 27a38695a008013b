import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseAddress } from '../db/address.ts';
import type { ConfigurationListener } from '../db/queries/configuration-listener.ts';
import type { ConfigurationRows } from '../db/queries/configuration-read.ts';
import { databaseName, isFinalRefusal, isUnmigrated } from '../db/reachability.ts';
import { SetupError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Log } from '../ports.ts';
import type { ConfigurationStore } from './store.ts';

export interface FirstRowsOptions {
  readonly address: DatabaseAddress;
  readonly store: ConfigurationStore;
  readonly listener: ConfigurationListener;
  /** The rows of an earlier run, or why there are none. */
  readonly readDisk: () => Promise<ConfigurationRows | string>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
}

export interface FirstRows {
  readonly rows: ConfigurationRows;
  /** False: they are from disk, and the database may know better. */
  readonly isCurrent: boolean;
}

/**
 * What the first snapshot is built from: the database once the operator's wishes are in it, or the disk while
 * the database cannot be reached. Throws a SetupError when there is neither, or when waiting would not help.
 */
export async function firstRows(options: FirstRowsOptions): Promise<FirstRows> {
  const where = databaseName(options.address);
  try {
    const failure = await options.listener.start();
    if (failure !== null) throw failure;
    await options.store.writePending();
    return { rows: await readMigrated(options), isCurrent: true };
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (isFinalRefusal(error))
      throw new SetupError(`Postgres at ${where} refuses: ${reason}`, { cause: error });
    const kept = await options.readDisk();
    if (typeof kept === 'string') {
      throw new SetupError(
        `Postgres at ${where} cannot be reached (${reason}), and there is no configuration of an earlier run to start from: ${kept}`,
        { cause: error },
      );
    }
    options.log.warn({ version: kept.version }, 'started from the configuration on disk, without Postgres');
    return { rows: kept, isCurrent: false };
  }
}

/** A new database is migrated by one process while the others wait. */
async function readMigrated({ store, clock, limits }: FirstRowsOptions): Promise<ConfigurationRows> {
  const deadlineMs = clock.monotonicMs() + limits.migrationWaitMs;
  for (;;) {
    try {
      const rows = await store.read(null);
      if (rows !== null) return rows;
    } catch (error) {
      if (!isUnmigrated(error) || clock.monotonicMs() > deadlineMs) throw error;
    }
    await pause(limits.reconnectMinMs);
  }
}

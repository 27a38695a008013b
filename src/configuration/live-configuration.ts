import type { ConfigurationRows } from '../db/queries/configuration-read.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Log } from '../ports.ts';
import type { Snapshot } from '../tenancy/snapshot.ts';
import { buildSnapshot, type SnapshotInputs } from './snapshot-build.ts';

export interface LiveOptions {
  readonly inputs: SnapshotInputs;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
  /** Writes what waits to be written, then reads; null when the version in the database is `known`. */
  readonly read: (known: number | null) => Promise<ConfigurationRows | null>;
  /** Keeps rows for a start without Postgres. */
  readonly keep: (rows: ConfigurationRows) => Promise<void>;
}

/**
 * The snapshot in force, and its renewal: one reading at a time, however many changes are announced meanwhile;
 * a reading that fails is tried again.
 */
export class LiveConfiguration {
  readonly #options: LiveOptions;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #snapshot: Snapshot;
  /** Version last read from the database; null while the snapshot is from disk. */
  #version: number | null = null;
  #reported = new Set<string>();
  #isStale = false;
  #isFailing = false;
  #isClosed = false;
  #renewal: Promise<void> | null = null;
  #endPause: () => void = () => {};
  #keeping: Promise<void> = Promise.resolve();
  #unkept: ConfigurationRows | null = null;

  /** `isCurrent`: the rows are from the database, not from disk. */
  constructor(options: LiveOptions, rows: ConfigurationRows, isCurrent: boolean) {
    this.#options = options;
    this.#snapshot = this.#build(rows);
    if (isCurrent) this.#accept(rows);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get version(): number | null {
    return this.#version;
  }

  /** Calls `listener` after each change, with the new snapshot, until the returned function is called. */
  onChange(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** There may be something new. */
  wake(): void {
    this.#isStale = true;
    if (this.#isClosed) return;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = null;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endPause();
    await this.#renewal;
    await this.#keeping;
  }

  async #renew(): Promise<void> {
    const { limits } = this.#options;
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      const isRead = await this.#read();
      if (!isRead) this.#isStale = true;
      await this.#pause(isRead ? limits.configurationPauseMs : limits.configPollMs);
    }
  }

  async #read(): Promise<boolean> {
    try {
      const rows = await this.#options.read(this.#version);
      if (rows !== null) this.#swap(rows);
      this.#isFailing = false;
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#isFailing) {
        this.#options.log.warn(
          { error: reason },
          'the configuration cannot be read; the last one stays in force',
        );
      }
      this.#isFailing = true;
      return false;
    }
  }

  #pause(delayMs: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.#options.clock.after(delayMs, resolve);
      this.#endPause = () => {
        stop();
        resolve();
      };
    });
  }

  #swap(rows: ConfigurationRows): void {
    this.#snapshot = this.#build(rows);
    this.#accept(rows);
    this.#options.log.info({ version: rows.version }, 'configuration changed');
    for (const listener of this.#listeners) {
      try {
        listener(this.#snapshot);
      } catch (error) {
        this.#options.log.error({ error: String(error) }, 'a listener to the configuration failed');
      }
    }
  }

  #accept(rows: ConfigurationRows): void {
    this.#version = rows.version;
    const isKeeping = this.#unkept !== null;
    this.#unkept = rows;
    if (!isKeeping) this.#keeping = this.#keep();
  }

  /** One writing at a time; of what comes meanwhile only the latest is kept. */
  async #keep(): Promise<void> {
    while (this.#unkept !== null) {
      const rows = this.#unkept;
      try {
        await this.#options.keep(rows);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log.warn({ error: reason }, 'the configuration could not be kept on disk');
      }
      if (this.#unkept === rows) this.#unkept = null;
    }
  }

  #build(rows: ConfigurationRows): Snapshot {
    const { snapshot, leftOut } = buildSnapshot(rows, this.#options.inputs);
    const seen = new Set<string>();
    for (const { what, reason } of leftOut) {
      const line = `${what}: ${reason}`;
      seen.add(line);
      if (!this.#reported.has(line)) {
        this.#options.log.warn({ what, reason }, 'part of the configuration cannot be used and is left out');
      }
    }
    this.#reported = seen;
    return snapshot;
  }
}

/**
 * Batches into Postgres, exactly once: calls and position are committed together, and a call that is there
 * already is left alone. When Postgres refuses a batch because of what is in it, the batch is halved until the
 * records at fault stand alone; these are set aside as they are, and the rest goes in.
 */
import type { DatabaseAddress } from '../db/address.ts';
import {
  addStagingColumn,
  CALL_COLUMNS,
  CREATE_STAGING,
  drainStatement,
  finishBootStatement,
  INSERT_QUARANTINED,
  positionStatement,
  SELECT_POSITION,
} from '../db/queries/drained-calls.ts';
import type { DrainBatch, Place } from './drain-batch.ts';
import { DrainConnection, isRecordAtFault } from './drain-connection.ts';

/** Errors are the database's words; kept short beside the record. */
const ERROR_CHARS_MAX = 1_000;

export class DrainStore {
  readonly #connection: DrainConnection;
  readonly #known: ReadonlySet<string>;
  readonly #staged: Set<string>;

  private constructor(connection: DrainConnection, known: ReadonlySet<string>) {
    this.#connection = connection;
    this.#known = known;
    this.#staged = new Set(known);
  }

  /** Connects. Rejects where Postgres cannot be reached or is not migrated yet. */
  static async open(address: DatabaseAddress, timeoutMs: number): Promise<DrainStore> {
    const connection = await DrainConnection.open(address, timeoutMs);
    try {
      await connection.run(CREATE_STAGING);
      const columns = await connection.query<{ name: string }>(CALL_COLUMNS);
      return new DrainStore(connection, new Set(columns.map(({ name }) => name)));
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#connection.isClosed;
  }

  close(): void {
    this.#connection.close();
  }

  /** Where to go on with this boot; null if nothing of it was ever committed. */
  async position(boot: string): Promise<Place | null> {
    const [row] = await this.#connection.query<{ segment: number; byte_offset: number }>(SELECT_POSITION, [
      boot,
    ]);
    return row === undefined ? null : { number: row.segment, offset: row.byte_offset };
  }

  /**
   * Commits the batch and the position after it. Resolves with the number of records set aside. When it
   * rejects, the batch may or may not be committed; the position tells.
   */
  async commit(batch: DrainBatch, boot: string, { number, offset }: Place): Promise<number> {
    const position = { segment: number, byteOffset: offset };
    for (const column of batch.columns) {
      if (this.#staged.has(column)) continue;
      await this.#connection.run(addStagingColumn(column));
      this.#staged.add(column);
    }
    const statement = drainStatement(batch.columns, this.#known, boot, position);
    try {
      await this.#connection.copy(statement, batch.lines(0, batch.length));
      return 0;
    } catch (error) {
      if (!isRecordAtFault(error)) throw error;
      const quarantined = await this.#isolate(batch, boot, 0, batch.length, error);
      await this.#connection.run(positionStatement(boot, position));
      return quarantined;
    }
  }

  /** Without calls; also for a boot that has none. */
  async finishBoot(boot: string): Promise<void> {
    await this.#connection.run(finishBootStatement(boot));
  }

  /** Rows `from` up to `to` were refused together with this error. */
  async #isolate(batch: DrainBatch, boot: string, from: number, to: number, error: unknown): Promise<number> {
    if (to - from === 1) {
      await this.#quarantine(batch, boot, from, error);
      return 1;
    }
    const middle = (from + to) >> 1;
    return (
      (await this.#insertPart(batch, boot, from, middle)) + (await this.#insertPart(batch, boot, middle, to))
    );
  }

  async #insertPart(batch: DrainBatch, boot: string, from: number, to: number): Promise<number> {
    try {
      const statement = drainStatement(batch.columns, this.#known, boot, null);
      await this.#connection.copy(statement, batch.lines(from, to));
      return 0;
    } catch (error) {
      if (!isRecordAtFault(error)) throw error;
      return await this.#isolate(batch, boot, from, to, error);
    }
  }

  async #quarantine(batch: DrainBatch, boot: string, index: number, error: unknown): Promise<void> {
    const { id, number, offset, line } = batch.row(index);
    const reason = error instanceof Error ? error.message.slice(0, ERROR_CHARS_MAX) : 'unknown';
    const columns = batch.columns.join(',');
    // NUL cannot be in text, and anything may be in a record that is refused.
    const callId = id.replaceAll('\0', '');
    await this.#connection.query(INSERT_QUARANTINED, [boot, number, offset, callId, reason, columns, line]);
  }
}

/**
 * The drain's connection to Postgres. A statement that is not answered in time ends the connection: a server
 * that is stopped, or a network that swallows, must not hold the drain longer than that.
 */
import { Socket } from 'node:net';
import { Client, type Connection, DatabaseError, type Submittable } from 'pg';
import type { DatabaseAddress } from '../db/address.ts';

/** Lines go to the server in one piece; `done` is called once. */
class CopyIn implements Submittable {
  readonly #text: string;
  readonly #lines: Buffer;
  readonly #done: (error: Error | null) => void;

  constructor(text: string, lines: Buffer, done: (error: Error | null) => void) {
    this.#text = text;
    this.#lines = lines;
    this.#done = done;
  }

  submit(connection: Connection): void {
    connection.query(this.#text);
  }

  /** CopyData and CopyDone, https://www.postgresql.org/docs/current/protocol-message-formats.html */
  handleCopyInResponse(connection: Connection): void {
    const head = Buffer.alloc(5, 'd');
    head.writeUInt32BE(this.#lines.length + 4, 1);
    connection.stream.cork();
    connection.stream.write(head);
    connection.stream.write(this.#lines);
    connection.stream.write(Buffer.from([0x63, 0, 0, 0, 4]));
    connection.stream.uncork();
  }

  handleError(error: Error): void {
    this.#done(error);
  }

  handleReadyForQuery(): void {
    this.#done(null);
  }

  handleCommandComplete(): void {}
}

export class DrainConnection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  #isClosed = false;

  private constructor(client: Client, socket: Socket, timeoutMs: number) {
    this.#client = client;
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    client.on('error', () => this.close());
    client.on('end', () => this.close());
  }

  /** Rejects when there is no connection after `timeoutMs`, which is also the bound of each statement. */
  static async open(address: DatabaseAddress, timeoutMs: number): Promise<DrainConnection> {
    const socket = new Socket();
    const client = new Client({
      ...address,
      stream: () => socket,
      application_name: 'sluice drain',
      keepAlive: true,
      // So that the server stops as well, and lets go of its locks.
      statement_timeout: timeoutMs,
      idle_in_transaction_session_timeout: timeoutMs * 2,
    });
    const connection = new DrainConnection(client, socket, timeoutMs);
    await connection.#bounded(client.connect());
    return connection;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async query<Row extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.#bounded(this.#client.query<Row>(text, values));
    return rows;
  }

  /** Several statements without parameters. */
  async run(text: string): Promise<void> {
    await this.#bounded(this.#client.query(text));
  }

  /** Statements of which one is a COPY that takes these lines. They are not copied: leave them alone meanwhile. */
  async copy(text: string, lines: Buffer): Promise<void> {
    const copied = new Promise<void>((resolve, reject) => {
      this.#client.query(new CopyIn(text, lines, (error) => (error === null ? resolve() : reject(error))));
    });
    await this.#bounded(copied);
  }

  /** Cuts the connection; what is under way rejects. */
  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  async #bounded<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.close();
        reject(new Error(`Postgres did not answer within ${this.#timeoutMs} ms`));
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * True where the records are at fault and sending them again would fail again: two of the same call in one
 * batch, data exceptions, integrity constraints, program limits (https://www.postgresql.org/docs/current/errcodes-appendix.html). Everything
 * else is the server's state, and passes.
 */
export function isRecordAtFault(error: unknown): boolean {
  return error instanceof DatabaseError && /^(21|22|23|54)/.test(error.code ?? '');
}

import { connect, type Socket } from 'node:net';
import { AnswerCheck, type Connection, type Outcome } from './load-connection.ts';
import type { Exchange } from './load-order.ts';
import { ResponseReader } from './response-reader.ts';

/** A keep-alive connection on a bare socket. Connects again when the server has closed it between two requests. */
export class HttpConnection implements Connection {
  readonly #port: number;
  readonly #request: Buffer;
  readonly #check: AnswerCheck;
  #socket: Socket | null = null;
  #reader: ResponseReader;
  #done: ((outcome: Outcome) => void) | null = null;
  #startedMs = 0;

  constructor(exchange: Exchange, withBody: boolean) {
    this.#port = exchange.port;
    this.#request = Buffer.from(exchange.request);
    this.#check = new AnswerCheck(exchange, withBody);
    this.#reader = this.#newReader();
  }

  get body(): string {
    return this.#check.body;
  }

  open(): Promise<void> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    this.#reader = this.#newReader();
    socket.on('data', (data) => this.#read(data));
    socket.on('error', (error) => this.#lost(socket, error.message));
    socket.on('close', () => this.#lost(socket, 'the connection was closed'));
    return new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  }

  send(done: (outcome: Outcome) => void): void {
    this.#done = done;
    this.#check.start();
    this.#startedMs = performance.now();
    // Written before it is connected, a request waits in the socket.
    if (this.#socket === null) this.open().catch(() => {});
    this.#socket?.write(this.#request);
  }

  abandon(failure: string): void {
    this.close();
    this.#end(failure);
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #newReader(): ResponseReader {
    return new ResponseReader((bytes) => this.#check.take(bytes));
  }

  #read(data: Buffer): void {
    try {
      if (!this.#reader.read(data)) return;
    } catch (error) {
      this.abandon((error as Error).message);
      return;
    }
    const { status, isLast } = this.#reader;
    if (isLast) this.close();
    this.#end(status === 200 ? this.#check.end() : `status ${status}`);
  }

  #lost(socket: Socket, failure: string): void {
    if (this.#socket !== socket) return;
    this.close();
    this.#end(failure);
  }

  #end(failure: string | null): void {
    const done = this.#done;
    this.#done = null;
    const { firstTokenMs } = this.#check;
    done?.({ startedMs: this.#startedMs, firstTokenMs, endedMs: performance.now(), failure });
  }
}

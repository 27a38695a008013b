import { WebSocket } from 'ws';
import { AnswerCheck, type Connection, type Outcome } from './load-connection.ts';
import type { Exchange } from './load-order.ts';

/** One WebSocket with one operation at a time (graphql-transport-ws). */
export class GraphqlWsConnection implements Connection {
  readonly #exchange: Exchange;
  readonly #check: AnswerCheck;
  #socket: WebSocket | null = null;
  #done: ((outcome: Outcome) => void) | null = null;
  #acknowledged: (() => void) | null = null;
  #startedMs = 0;
  #operations = 0;

  constructor(exchange: Exchange, withBody: boolean) {
    this.#exchange = exchange;
    this.#check = new AnswerCheck(exchange, withBody);
  }

  get body(): string {
    return this.#check.body;
  }

  open(): Promise<void> {
    const { port, authorization } = this.#exchange;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', {
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('message', (data) => this.#read(data as Buffer));
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
    });
    return new Promise((resolve, reject) => {
      this.#acknowledged = resolve;
      socket.on('error', reject);
      socket.on('close', (code, reason) => {
        const failure = `the WebSocket was closed: ${code} ${reason.toString()}`;
        reject(new Error(failure));
        if (this.#socket === socket) this.#end(failure);
      });
    });
  }

  send(done: (outcome: Outcome) => void): void {
    this.#done = done;
    this.#check.start();
    this.#operations += 1;
    this.#startedMs = performance.now();
    if (this.#socket === null) this.#end('the WebSocket is closed');
    this.#socket?.send(`{"id":"${this.#operations}","type":"subscribe","payload":${this.#exchange.request}}`);
  }

  abandon(failure: string): void {
    this.close();
    this.#end(failure);
  }

  close(): void {
    this.#socket?.terminate();
    this.#socket = null;
  }

  #read(data: Buffer): void {
    // Only the short messages are told apart: what carries an answer begins with its id or its type.
    const start = data.toString('latin1', 0, 64);
    if (start.includes('"connection_ack"')) this.#acknowledged?.();
    else if (start.includes('"type":"ping"')) this.#socket?.send('{"type":"pong"}');
    else if (start.includes('"complete"')) this.#end(this.#check.end());
    else if (start.includes('"error"')) this.#end('the operation failed');
    else this.#check.take(data);
  }

  #end(failure: string | null): void {
    const done = this.#done;
    this.#done = null;
    const { firstTokenMs } = this.#check;
    done?.({ startedMs: this.#startedMs, firstTokenMs, endedMs: performance.now(), failure });
  }
}

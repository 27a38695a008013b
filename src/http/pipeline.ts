import type { Socket } from 'node:net';
import type { Limits } from '../limits.ts';
import type { Exchange } from './listener.ts';

/**
 * The requests of one socket. A client may send the next before the last is answered (RFC 9112, 9.3.2); they
 * run side by side up to a bound, the rest waits in order, and the socket is not read while too many wait.
 */
export class Pipeline {
  readonly #socket: Socket;
  readonly #limits: Limits;
  readonly #running = new Set<Exchange>();
  readonly #waiting: (() => void)[] = [];

  constructor(socket: Socket, limits: Limits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  run(exchange: Exchange, start: () => void): void {
    const begin = (): void => {
      this.#running.add(exchange);
      exchange.response.once('close', () => {
        this.#ended(exchange);
        exchange.onLeft?.();
      });
      start();
    };
    if (this.#running.size < this.#limits.pipelinedRunningMax) return begin();
    this.#waiting.push(begin);
    if (this.#waiting.length >= this.#limits.pipelinedWaitingMax) this.#socket.pause();
  }

  /** The client closed its sending side. */
  left(): void {
    this.#waiting.length = 0;
    for (const exchange of this.#running) exchange.onLeft?.();
  }

  #ended(exchange: Exchange): void {
    this.#running.delete(exchange);
    const next = this.#waiting.shift();
    if (next === undefined) return;
    if (this.#waiting.length < this.#limits.pipelinedWaitingMax) this.#socket.resume();
    next();
  }
}

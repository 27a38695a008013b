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
  /** In the order of arrival; an array, because a Set would keep what has left it (see `bag.ts`). */
  readonly #running: Exchange[] = [];
  readonly #waiting: (() => void)[] = [];
  #isClosing = false;

  constructor(socket: Socket, limits: Limits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  /** The last answer of this connection is on its way; Node closes it by itself. */
  get isAnswered(): boolean {
    return this.#isClosing && this.#running.every(({ response }) => response.writableEnded);
  }

  /**
   * Behind a request whose answer says `Connection: close` nothing is looked at any more (RFC 9112, 9.6): after
   * one that could be read in two ways it may not be a request at all.
   */
  run(exchange: Exchange, start: () => void): void {
    if (this.#isClosing) return;
    const begin = (): void => {
      this.#running.push(exchange);
      exchange.response.once('close', () => {
        this.#ended(exchange);
        exchange.answer?.left();
      });
      start();
      if (exchange.response.shouldKeepAlive) return;
      this.#isClosing = true;
      this.#waiting.length = 0;
    };
    if (this.#running.length < this.#limits.pipelinedRunningMax) return begin();
    this.#waiting.push(begin);
    // Not now: at the end of the message that is being parsed, Node makes the socket read on.
    if (this.#isFull) process.nextTick(() => this.#isFull && this.#socket.pause());
  }

  get #isFull(): boolean {
    return this.#waiting.length >= this.#limits.pipelinedWaitingMax;
  }

  /**
   * Bytes written past the answers would be taken for the answer to the newest request: so none is still owed
   * to another one.
   */
  get mayRefuse(): boolean {
    return this.#running.every(({ request, response }) =>
      request.complete ? response.writableEnded && response.socket !== null : !response.headersSent,
    );
  }

  /** The client closed its sending side, or the connection is gone. */
  left(): void {
    this.#waiting.length = 0;
    for (const exchange of [...this.#running]) exchange.answer?.left();
  }

  #ended(exchange: Exchange): void {
    this.#running.splice(this.#running.indexOf(exchange), 1);
    const next = this.#waiting.shift();
    if (next === undefined) return;
    if (!this.#isFull) this.#socket.resume();
    next();
  }
}

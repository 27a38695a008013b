import type { ServerResponse } from 'node:http';
import type { Limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { GraphqlResponse } from './response.ts';

/**
 * A GraphQL response stream as server-sent events, one connection an operation.
 *
 * Written one event at a time: the next is asked for when the socket has taken this one, so a slow reader slows
 * the upstream down. One that takes nothing for `writeIdleTimeoutMs` is cut. A silent stream gets comments.
 * @see https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md (distinct connections mode)
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #stopHeartbeat: () => void;
  #lastWriteMs: number;

  /** Sends the header. */
  constructor(response: ServerResponse, ports: { limits: Limits; clock: Clock }) {
    this.#response = response;
    this.#limits = ports.limits;
    this.#clock = ports.clock;
    this.#lastWriteMs = ports.clock.monotonicMs();
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    this.#stopHeartbeat = ports.clock.every(ports.limits.heartbeatMs, () => this.#heartbeat());
    response.once('close', this.#stopHeartbeat);
  }

  /** Sends one response; resolves when the socket can take another, or is gone. */
  async next(body: GraphqlResponse): Promise<void> {
    // JSON text has no line breaks, so what a model says can never end the event or start another field.
    if (!this.#write(`event: next\ndata: ${JSON.stringify(body)}\n\n`)) await this.#drained();
  }

  complete(): void {
    this.#stopHeartbeat();
    this.#response.end('event: complete\ndata:\n\n');
  }

  /** A single result as a stream of one. */
  send(body: GraphqlResponse): void {
    this.#write(`event: next\ndata: ${JSON.stringify(body)}\n\n`);
    this.complete();
  }

  #write(text: string): boolean {
    if (this.#response.destroyed) return true;
    this.#lastWriteMs = this.#clock.monotonicMs();
    return this.#response.write(text);
  }

  #drained(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve) => {
      const stop = this.#clock.after(this.#limits.writeIdleTimeoutMs, () => response.destroy());
      const done = () => {
        stop();
        response.off('drain', done);
        response.off('close', done);
        resolve();
      };
      response.on('drain', done);
      response.on('close', done);
    });
  }

  #heartbeat(): void {
    if (this.#clock.monotonicMs() - this.#lastWriteMs < this.#limits.heartbeatMs) return;
    if (!this.#response.writableNeedDrain) this.#write(':\n\n');
  }
}

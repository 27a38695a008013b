import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type ProxyAddress = { readonly port: number; readonly host?: string } | { readonly path: string };
export type Direction = 'to-server' | 'to-client';

export interface TcpProxyOptions {
  /** Where it forwards to. */
  readonly to: ProxyAddress;
  /** A unix socket to listen on instead of a free port of 127.0.0.1. */
  readonly listenPath?: string;
}

/**
 * Looks at bytes on their way. `drop` swallows them; `cut` swallows them and resets the connection: with an
 * answer to a COMMIT, the server has committed and the client does not know.
 */
export type Intercept = (bytes: Buffer, direction: Direction) => 'forward' | 'drop' | 'cut';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP proxy inside the test's process, for faults between two ends that do not know of it. */
export class TcpProxy {
  /** Connections accepted so far. */
  accepted = 0;
  #port = 0;
  #latencyMs = 0;
  #isPaused = false;
  #intercept: Intercept | null = null;
  readonly #links = new Set<Link>();
  readonly #options: TcpProxyOptions;
  readonly #server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });

  constructor(options: TcpProxyOptions) {
    this.#options = options;
    this.#server.on('connection', (client) => this.#link(client));
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#links.size;
  }

  async listen(): Promise<this> {
    const { listenPath } = this.#options;
    if (listenPath === undefined) this.#server.listen({ host: '127.0.0.1', port: this.#port });
    else this.#server.listen(listenPath);
    await once(this.#server, 'listening');
    if (listenPath === undefined) this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Forwards nothing, on old connections and new ones, until `resume`. Nothing is lost: it waits in the kernel. */
  pause(): void {
    this.#isPaused = true;
    for (const link of this.#links) this.#applyPause(link);
  }

  resume(): void {
    this.#isPaused = false;
    for (const link of this.#links) this.#applyPause(link);
  }

  /** Resets every connection at both ends; new ones are still taken. */
  cut(): void {
    for (const link of this.#links) this.#break(link);
  }

  /** Cuts, and refuses new connections until `listen` is called again; the port stays the same. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  /** From now on each piece of data arrives this much later, in both directions, in order. */
  delay(latencyMs: number): void {
    this.#latencyMs = latencyMs;
  }

  /** Null forwards everything again. */
  intercept(intercept: Intercept | null): void {
    this.#intercept = intercept;
  }

  close(): Promise<void> {
    return this.refuse();
  }

  #link(client: Socket): void {
    this.accepted += 1;
    const server = connect({ ...this.#options.to, allowHalfOpen: true, noDelay: true });
    const link: Link = { client, server };
    this.#links.add(link);
    this.#forward(link, client, server, 'to-server');
    this.#forward(link, server, client, 'to-client');
    this.#applyPause(link);
  }

  #forward(link: Link, from: Socket, to: Socket, direction: Direction): void {
    const later = this.#inOrder();
    from.on('data', (bytes: Buffer) => {
      const verdict = this.#intercept?.(bytes, direction) ?? 'forward';
      if (verdict === 'cut') this.#break(link);
      if (verdict !== 'forward') return;
      later(() => {
        if (to.destroyed || to.write(bytes)) return;
        from.pause();
        to.once('drain', () => {
          if (!this.#isPaused) from.resume();
        });
      });
    });
    from.on('end', () => later(() => to.end()));
    from.on('error', () => this.#break(link));
    from.on('close', () => {
      if (from.destroyed && to.destroyed) this.#links.delete(link);
    });
  }

  /** Runs things after the latency of their time; each timer runs the oldest, so that a changed latency cannot reorder. */
  #inOrder(): (run: () => void) => void {
    const waiting: (() => void)[] = [];
    return (run) => {
      if (this.#latencyMs === 0 && waiting.length === 0) return run();
      waiting.push(run);
      setTimeout(() => waiting.shift()?.(), this.#latencyMs).unref();
    };
  }

  #applyPause(link: Link): void {
    for (const socket of [link.client, link.server]) {
      if (this.#isPaused) socket.pause();
      else socket.resume();
    }
  }

  #break(link: Link): void {
    this.#links.delete(link);
    for (const socket of [link.client, link.server]) {
      // A unix socket knows no reset.
      if (socket.remoteAddress === undefined) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

export const startTcpProxy = (options: TcpProxyOptions): Promise<TcpProxy> => new TcpProxy(options).listen();

import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type RawResponse, ResponseReader } from './raw-client-response.ts';
import { turn, until, within } from './wait.ts';

export interface RawClientOptions {
  readonly port?: number;
  readonly host?: string;
  /** A unix socket instead of a port. */
  readonly path?: string;
  readonly tls?: ConnectionOptions;
  /** Which response, counted from 0, answers a HEAD request. */
  readonly isHead?: (index: number) => boolean;
}

/** How the other side ended: in order, with a reset, or the test itself ended it. */
export type CloseKind = 'fin' | 'reset' | 'self';

/** A TCP (or TLS) client under the test's full control: it sends what it is told and reads only when let. */
export class RawClient {
  readonly socket: Socket;
  /** Resolves when nothing can be received any more: the peer's FIN, its reset, or our own end. */
  readonly closed: Promise<CloseKind>;
  /** Reads in which the bytes came: the segments of the peer, as far as the kernel did not join them. */
  reads = 0;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #closeKind: CloseKind | null = null;
  #failure: Error | null = null;
  readonly #reader: ResponseReader;
  #taken = 0;
  readonly #wire: Socket;

  /** `wire` is the TCP socket below `socket`: the same one, or the one that TLS runs over. */
  constructor(socket: Socket, wire: Socket, isHead?: (index: number) => boolean) {
    this.socket = socket;
    this.#wire = wire;
    this.#reader = new ResponseReader(isHead);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    this.closed = new Promise((resolve) => {
      const close = (kind: CloseKind) => {
        this.#closeKind ??= kind;
        resolve(this.#closeKind);
      };
      socket.on('end', () => {
        this.#reader.end();
        close('fin');
      });
      socket.on('error', () => close('reset'));
      socket.on('close', () => close('self'));
    });
  }

  /** Everything received so far. */
  get received(): Buffer {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? Buffer.alloc(0);
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Null while the connection is open. */
  get closeKind(): CloseKind | null {
    return this.#closeKind;
  }

  /** The response whose head has come and whose end has not: after a close, one that broke off. */
  get partial(): RawResponse | null {
    return this.#reader.current;
  }

  /** Sends the bytes and resolves once the kernel has taken them; rejects if the connection is gone. */
  send(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Sends in pieces, each in a TCP segment of its own; `between` runs after each piece. */
  async trickle(
    bytes: Buffer | string,
    { pieceBytes = 1, between = turn }: { pieceBytes?: number; between?: () => PromiseLike<void> } = {},
  ): Promise<void> {
    const all = Buffer.from(bytes);
    for (let at = 0; at < all.length; at += pieceBytes) {
      await this.send(all.subarray(at, at + pieceBytes));
      await between();
    }
  }

  /** Stops reading: the receive window fills and the peer's writes stall. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** FIN: no more is sent, but reading goes on. */
  halfClose(): void {
    this.socket.end();
  }

  /** RST. */
  reset(): void {
    this.#closeKind ??= 'self';
    this.#wire.resetAndDestroy();
    this.socket.destroy();
  }

  destroy(): void {
    this.#closeKind ??= 'self';
    this.socket.destroy();
  }

  /** Waits until that text, or that many bytes, have been received, or the condition holds; gives all received. */
  async read(what: string | number | ((received: Buffer) => boolean), deadlineMs = 5_000): Promise<Buffer> {
    const isThere = () => {
      if (this.#failure !== null) throw this.#failure;
      if (typeof what === 'number') return this.#receivedBytes >= what;
      return typeof what === 'string' ? this.received.includes(what) : what(this.received);
    };
    await until(isThere, {
      what: `reading ${typeof what === 'function' ? 'the condition' : what}`,
      deadlineMs,
    });
    return this.received;
  }

  /** Waits for the head of the next response; its body may still be coming. */
  async head(deadlineMs = 5_000): Promise<RawResponse> {
    const response = await until(
      () => {
        if (this.#failure !== null) return this.#failure;
        const response = this.#reader.responses[this.#taken] ?? this.#reader.current;
        return response ?? (this.#closeKind === null ? null : this.#brokenOff());
      },
      { what: 'response head', deadlineMs },
    );
    if (response instanceof Error) throw response;
    return response;
  }

  /**
   * Takes the next response, whole or, if the connection ended within it, what there is of it
   * (`isComplete: false`). Throws if there is none.
   */
  async response(deadlineMs = 5_000): Promise<RawResponse> {
    const response = await until(
      () => {
        if (this.#failure !== null) return this.#failure;
        const whole = this.#reader.responses[this.#taken];
        if (whole !== undefined) return whole;
        if (this.#closeKind === null) return null;
        return this.#reader.current ?? this.#brokenOff();
      },
      { what: 'whole response', deadlineMs },
    );
    if (response instanceof Error) throw response;
    this.#taken += 1;
    return response;
  }

  #brokenOff(): Error {
    return new Error(`connection ended (${this.#closeKind}) without a response; got ${this.#tail()}`);
  }

  #tail(): string {
    return JSON.stringify(this.received.toString('latin1').slice(-120));
  }

  #take(bytes: Buffer): void {
    this.reads += 1;
    this.#received.push(bytes);
    this.#receivedBytes += bytes.length;
    if (this.#failure !== null) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** Connects; rejects with the socket's error, or after 5 s. Half-open is allowed: our side ends when told. */
export async function connectRaw(options: RawClientOptions): Promise<RawClient> {
  const address =
    options.path === undefined
      ? { host: options.host ?? '127.0.0.1', port: options.port ?? 0 }
      : { path: options.path };
  const wire = connectTcp({ ...address, allowHalfOpen: true, noDelay: true });
  const socket = options.tls === undefined ? wire : connectTls({ ...options.tls, socket: wire });
  const client = new RawClient(socket, wire, options.isHead);
  const connected = new Promise<void>((resolve, reject) => {
    socket.once(options.tls === undefined ? 'connect' : 'secureConnect', resolve);
    socket.once('error', reject);
    wire.once('error', reject);
  });
  try {
    await within(connected, { what: 'connecting' });
  } catch (error) {
    wire.destroy();
    throw error;
  }
  return client;
}

/** Bytes of a request with a Content-Length; `headers` are written as they are given. */
export function rawRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer | string = '',
): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ host: 'gateway.test', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  if (bytes.length > 0) lines.push(`content-length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

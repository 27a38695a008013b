import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import { Exchange, PeerGone, play, type Script } from './fake-upstream-exchange.ts';
import { RequestReader } from './fake-upstream-request.ts';
import { json } from './fake-upstream-steps.ts';
import { type EndKind, LedgerEntry } from './ledger.ts';
import { until } from './wait.ts';

export interface FakeUpstreamOptions {
  readonly answer?: Script;
  /** Certificate and key: the server then speaks TLS. */
  readonly tls?: Pick<TLSSocketOptions, 'cert' | 'key'>;
  /** Runs on each new connection before a byte of it is read. */
  readonly onConnection?: (connection: UpstreamConnection) => void | PromiseLike<void>;
}

/** One TCP connection that the fake upstream has accepted. */
export class UpstreamConnection {
  readonly id: number;
  readonly openedAtMs = performance.now();
  /** What TLS said when a handshake failed. */
  tlsFailure: string | null = null;
  endKind: EndKind | null = null;
  readonly entries: LedgerEntry[] = [];
  /** What requests are read from: `wire`, or what TLS makes of it. */
  socket: Socket;
  readonly wire: Socket;

  constructor(id: number, wire: Socket) {
    this.id = id;
    this.wire = wire;
    this.socket = wire;
    wire.on('error', () => this.noteEnd('peer-reset'));
    wire.on('close', () => this.noteEnd('peer-reset'));
  }

  /** Begins the handshake. */
  secure(tls: FakeUpstreamOptions['tls'] & object): void {
    this.socket = new TLSSocket(this.wire, { ...tls, isServer: true });
    this.socket.on('error', (error) => {
      this.tlsFailure = error.message;
      this.noteEnd('peer-reset');
    });
  }

  get isOpen(): boolean {
    return this.endKind === null;
  }

  /** Bytes that no request asked for. */
  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  fin(): void {
    this.noteEnd('upstream');
    this.socket.end();
  }

  reset(): void {
    this.noteEnd('upstream');
    this.wire.resetAndDestroy();
    this.socket.destroy();
  }

  noteEnd(kind: EndKind): void {
    this.endKind ??= kind;
    for (const entry of this.entries) entry.noteEnd(this.endKind);
  }
}

/** Reads the connection only when the gate opens: to the gateway, a server that accepts late. */
export const acceptAfter = (opened: PromiseLike<unknown>) => async () => void (await opened);

/** Resets each connection as soon as it is made. */
export const resetOnConnect = (connection: UpstreamConnection): void => connection.reset();

interface Arrival {
  readonly entry: LedgerEntry;
  readonly script: Script;
}

/** A model provider whose every byte the test decides, with a ledger of what it saw. */
export class FakeUpstream {
  /** Every request, in order of arrival. */
  readonly requests: LedgerEntry[] = [];
  readonly connections: UpstreamConnection[] = [];
  /** What went wrong in scripts, or could not be read as a request. `close` throws the first. */
  readonly failures: Error[] = [];
  #port = 0;
  #answer: Script;
  #isEarly = false;
  readonly #next: Script[] = [];
  readonly #options: FakeUpstreamOptions;
  readonly #server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });

  constructor(options: FakeUpstreamOptions = {}) {
    this.#options = options;
    this.#answer = options.answer ?? json({ error: { message: 'no script', type: 'test' } }, 500);
    this.#server.on('connection', (wire) => void this.#serve(wire));
  }

  get port(): number {
    return this.#port;
  }

  /** `http://127.0.0.1:port`, or `https://localhost:port` with TLS. */
  get origin(): string {
    const isTls = this.#options.tls !== undefined;
    return isTls ? `https://localhost:${this.#port}` : `http://127.0.0.1:${this.#port}`;
  }

  /** The script of every request from now on. `at: 'head'` plays it before the body has been read. */
  answer(script: Script, { at = 'body' }: { at?: 'head' | 'body' } = {}): void {
    this.#answer = script;
    this.#isEarly = at === 'head';
  }

  /** Scripts for the next requests, one each, before `answer` is used again. */
  answerNext(...scripts: readonly Script[]): void {
    this.#next.push(...scripts);
  }

  get openConnections(): number {
    return this.connections.filter((connection) => connection.isOpen).length;
  }

  /** Waits until that many requests have arrived whole, and gives the last of them. */
  async seen(count = 1, deadlineMs = 5_000): Promise<LedgerEntry> {
    const isThere = () => {
      const entry = this.requests[count - 1];
      return entry !== undefined && (this.#isEarly || entry.bodyAtMs !== null) ? entry : null;
    };
    return await until(isThere, { what: `request ${count} at the upstream`, deadlineMs });
  }

  async listen(): Promise<this> {
    this.#server.listen({ host: '127.0.0.1', port: this.#port });
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Cuts every connection and refuses new ones until `listen` is called again; the port stays the same. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.connections) if (!connection.wire.destroyed) connection.reset();
    await closed;
  }

  /** Ends everything; throws the first failure of a script. */
  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
    const [failure] = this.failures;
    if (failure !== undefined) throw failure;
  }

  async #serve(wire: Socket): Promise<void> {
    const connection = new UpstreamConnection(this.connections.length, wire);
    this.connections.push(connection);
    await this.#options.onConnection?.(connection);
    if (wire.destroyed) return;
    if (this.#options.tls !== undefined) connection.secure(this.#options.tls);
    const { socket } = connection;
    socket.on('end', () => {
      connection.noteEnd('peer-fin');
      socket.destroy();
    });
    this.#read(connection);
  }

  #read(connection: UpstreamConnection): void {
    const reader = new RequestReader();
    let last = Promise.resolve();
    let arrival: Arrival | null = null;
    const start = ({ entry, script }: Arrival) => {
      last = last.then(() => this.#play(new Exchange(entry, connection.socket, connection.wire), script));
    };
    connection.socket.on('data', (bytes: Buffer) => {
      try {
        for (const part of reader.push(bytes)) {
          if (part.type === 'head') {
            arrival = { entry: new LedgerEntry(part.head, connection.id), script: this.#takeScript() };
            connection.entries.push(arrival.entry);
            this.requests.push(arrival.entry);
            if (this.#isEarly) start(arrival);
          } else if (part.type === 'body') {
            arrival?.entry.noteBody(part.bytes);
          } else if (arrival !== null) {
            arrival.entry.bodyAtMs = performance.now();
            if (!this.#isEarly) start(arrival);
          }
        }
      } catch (error) {
        this.failures.push(error instanceof Error ? error : new Error(String(error)));
        connection.reset();
      }
    });
    connection.socket.resume();
  }

  #takeScript(): Script {
    return this.#next.shift() ?? this.#answer;
  }

  async #play(exchange: Exchange, script: Script): Promise<void> {
    try {
      await play(exchange, script);
      exchange.request.isScriptDone = true;
      if (exchange.request.headers['connection'] === 'close') await exchange.fin();
    } catch (error) {
      if (error instanceof PeerGone) return;
      this.failures.push(error instanceof Error ? error : new Error(String(error)));
      await exchange.reset().catch(() => {});
    }
  }
}

/** A fake upstream that listens on a free port of 127.0.0.1. */
export const startFakeUpstream = (options: FakeUpstreamOptions = {}): Promise<FakeUpstream> =>
  new FakeUpstream(options).listen();

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs } from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { CallError } from '../errors.ts';
import type { GraphqlPorts } from './ports.ts';
import { renderError } from './render-error.ts';
import type { SocketOperation } from './socket-operation.ts';
import { SocketSession } from './socket-session.ts';
import { SocketWire } from './socket-wire.ts';

/** After the closing handshake was asked for, how long a socket may take before it is cut. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Every WebSocket of this process: admission, and their common end. */
export class Sockets {
  readonly #ports: GraphqlPorts;
  readonly #sessions = new Map<WebSocket, SocketSession>();
  readonly #perAddress = new Map<string, number>();
  readonly #upgrader: WebSocketServer;
  readonly #protocol: ReturnType<typeof createProtocol>;
  readonly #stopRecheck: () => void;
  #isDraining = false;

  constructor(ports: GraphqlPorts) {
    this.#ports = ports;
    const options = {
      noServer: true,
      clientTracking: false,
      // Compression would let a small message become a large one, and costs memory per socket.
      perMessageDeflate: false,
      maxPayload: ports.limits.socketMessageBytesMax,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handleProtocols,
    };
    this.#upgrader = new WebSocketServer(options);
    this.#protocol = createProtocol(ports.limits.socketInitTimeoutMs);
    this.#stopRecheck = ports.clock.every(ports.limits.socketRecheckMs, () => this.#recheck());
  }

  /** Running operations of all sockets. */
  get operationCount(): number {
    let count = 0;
    for (const session of this.#sessions.values()) count += session.operationCount;
    return count;
  }

  /** Takes an upgrade request over, or refuses it with 429 or 503 before any handshake. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const address = request.socket.remoteAddress ?? '';
    const refusal = this.#refusal(address);
    if (refusal !== null) {
      this.#refuse(socket, refusal);
      return;
    }
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      this.#open(webSocket, address, request.headers.authorization ?? null);
    });
  }

  /** No new sockets and operations; each socket is told to go when its operations have ended. */
  drain(): void {
    this.#isDraining = true;
    const stepMs = this.#ports.limits.socketDrainSpreadMs / Math.max(this.#sessions.size, 1);
    let index = 0;
    for (const session of this.#sessions.values()) {
      this.#ports.clock.after(stepMs * index, () => session.leaveWhenIdle());
      index += 1;
    }
  }

  /** Cancels all operations and closes all sockets; resolves when they are gone. */
  async close(): Promise<void> {
    this.#isDraining = true;
    this.#stopRecheck();
    const gone = [...this.#sessions].map(([socket, session]) => {
      session.left();
      socket.close(1001, 'going away');
      return new Promise<void>((resolve) => socket.once('close', () => resolve()));
    });
    await Promise.all(gone);
  }

  #refusal(address: string): CallError | null {
    const { socketsMax, socketsPerAddressMax } = this.#ports.limits;
    if (this.#isDraining) return new CallError('draining');
    const isFull = this.#sessions.size >= socketsMax;
    if (!isFull && (this.#perAddress.get(address) ?? 0) < socketsPerAddressMax) return null;
    return new CallError('too_many_connections');
  }

  #open(socket: WebSocket, address: string, authorization: string | null): void {
    const wire = new SocketWire(socket, this.#ports);
    const session = new SocketSession(this.#ports, socket, authorization);
    this.#sessions.set(socket, session);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    const closed = this.#protocol.opened(wire, session);
    socket.on('close', (code, reason) => {
      session.left();
      this.#sessions.delete(socket);
      const others = (this.#perAddress.get(address) ?? 1) - 1;
      if (others === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, others);
      closed(code, String(reason)).catch((error) =>
        this.#ports.log.error({ error: String(error) }, 'closing a WebSocket failed'),
      );
    });
  }

  #refuse(socket: Duplex, error: CallError): void {
    const { ids, log, isDevelopment } = this.#ports;
    const callId = ids.next();
    const rendered = renderError(error, { callId, code: error.code, log, isDevelopment });
    const body = JSON.stringify({ errors: [rendered] });
    const head = [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-sluice-call-id: ${callId}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  }

  #recheck(): void {
    for (const [socket, session] of this.#sessions) {
      if (session.hasValidKey()) continue;
      session.left();
      socket.close(4403, 'the key is no longer valid');
    }
  }
}

/** graphql-transport-ws, with this project's operations in place of graphql-ws's own parsing and execution. */
function createProtocol(connectionInitWaitTimeout: number) {
  // The context value is the operation that SocketSession.begin gave.
  const start = ({ contextValue }: ExecutionArgs) => contextValue as SocketOperation;
  return makeServer<Record<string, unknown>, SocketSession>({
    connectionInitWaitTimeout,
    onConnect: ({ extra, connectionParams }) => extra.connect(connectionParams),
    onSubscribe: ({ extra }, id, payload) => extra.begin(id, payload),
    execute: start,
    subscribe: start,
    onNext: ({ extra }, _id, payload: SubscribePayload, _args, result) => extra.renderResult(payload, result),
    onError: ({ extra }, _id, payload: SubscribePayload, errors) => extra.renderErrors(payload, errors),
  });
}

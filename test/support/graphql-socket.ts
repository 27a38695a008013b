import { WebSocket } from 'ws';
import { until, within } from './wait.ts';

export interface SocketMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A graphql-transport-ws client without any manners: every message is written by the test. */
export class RawGraphqlSocket {
  readonly socket: WebSocket;
  readonly messages: SocketMessage[] = [];
  /** The close code and reason. */
  readonly closed: Promise<{ code: number; reason: string }>;
  isClosed = false;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.messages.push(JSON.parse(String(data)) as SocketMessage));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.isClosed = true;
        resolve({ code, reason: String(reason) });
      });
    });
  }

  /** Opens the socket; rejects with the HTTP status in the message when the upgrade is refused. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawGraphqlSocket> {
    const client = new WebSocket(url, 'graphql-transport-ws', { headers });
    const opened = new RawGraphqlSocket(client);
    await new Promise<void>((resolve, reject) => {
      client.once('open', () => resolve());
      client.once('error', reject);
    });
    return opened;
  }

  /** Opens the socket and has it acknowledged, with this key or with none. */
  static async connect(url: string, key?: string): Promise<RawGraphqlSocket> {
    const opened = await RawGraphqlSocket.open(url);
    opened.send({
      type: 'connection_init',
      payload: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
    await opened.message((message) => message.type === 'connection_ack');
    return opened;
  }

  send(message: SocketMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables: Record<string, unknown> = {}): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** The first message so far or to come that fits. */
  message(fits: (message: SocketMessage) => boolean, what = 'the message'): Promise<SocketMessage> {
    return until(() => this.messages.find(fits), { what });
  }

  /** The first `type` message of this operation. */
  of(id: string, type: string): Promise<SocketMessage> {
    return this.message((message) => message.id === id && message.type === type, `${type} of ${id}`);
  }

  close(): Promise<{ code: number; reason: string }> {
    this.socket.close();
    return within(this.closed, { what: 'the socket closes' });
  }
}

/** `extensions.code` of the first error in a result or in an error message's payload. */
export function codeOf(payload: unknown): string | undefined {
  const errors = Array.isArray(payload) ? payload : (payload as { errors?: unknown[] } | undefined)?.errors;
  const [first] = (errors ?? []) as { extensions?: { code?: string } }[];
  return first?.extensions?.code;
}

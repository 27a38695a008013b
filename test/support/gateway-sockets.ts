import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** The gateway's ends of connections in this process, seen through Node's own diagnostics channels. */
export class GatewaySockets {
  readonly #accepted: Socket[] = [];
  readonly #made: Socket[] = [];
  readonly #onAccepted = (message: unknown): void =>
    void this.#accepted.push((message as { socket: Socket }).socket);
  readonly #onMade = (message: unknown): void => void this.#made.push((message as { socket: Socket }).socket);

  constructor() {
    subscribe('net.server.socket', this.#onAccepted);
    subscribe('net.client.socket', this.#onMade);
  }

  /** The gateway's end of this client's connection. */
  toClient(client: Socket): Socket {
    return one(
      this.#accepted,
      (socket) => socket.remotePort === client.localPort && socket.localPort === client.remotePort,
    );
  }

  /** The gateway's end of its newest open connection to this port. */
  toUpstream(port: number): Socket {
    return one(this.#made.toReversed(), (socket) => socket.remotePort === port && !socket.destroyed);
  }

  close(): void {
    unsubscribe('net.server.socket', this.#onAccepted);
    unsubscribe('net.client.socket', this.#onMade);
  }
}

function one(sockets: readonly Socket[], fits: (socket: Socket) => boolean): Socket {
  const socket = sockets.find(fits);
  if (socket === undefined) throw new Error('there is no such connection');
  return socket;
}

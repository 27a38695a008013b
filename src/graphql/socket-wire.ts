import type { WebSocket } from 'ws';
import type { Limits } from '../limits.ts';
import type { Clock, Log } from '../ports.ts';

interface WirePorts {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The bytes of one WebSocket, with its bounds: messages a second, heartbeat, and what a reader who is too slow
 * may leave waiting. Close codes: 4429 too many messages, 1013 too slow, 4500 our fault.
 */
export class SocketWire {
  readonly #socket: WebSocket;
  readonly #ports: WirePorts;
  readonly #stopPing: () => void;
  #windowStartMs = 0;
  #messagesInWindow = 0;
  #awaitsPong = false;

  constructor(socket: WebSocket, ports: WirePorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#stopPing = ports.clock.every(ports.limits.socketPingMs, () => this.#heartbeat());
    socket.on('pong', () => {
      this.#awaitsPong = false;
    });
    // Answered by ws itself: a flood of them would pile up answers for who does not read.
    socket.on('ping', () => void this.#admits());
    // ws closes the socket with the fitting code (1007, 1009, 1002) by itself.
    socket.on('error', (error) => ports.log.debug({ error: error.message }, 'a WebSocket failed'));
    socket.on('close', this.#stopPing);
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Resolves when the socket has taken the text, or is gone. */
  send(text: string): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#isTooSlow()) return Promise.resolve();
    return new Promise((resolve) => this.#socket.send(text, () => resolve()));
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  onMessage(take: (text: string) => Promise<void>): void {
    this.#socket.on('message', (data) => {
      if (this.#socket.readyState !== this.#socket.OPEN || !this.#admits()) return;
      take(String(data)).catch((error) => {
        this.#ports.log.error({ error: String(error) }, 'a WebSocket message failed');
        this.close(4500, 'internal');
      });
    });
  }

  #admits(): boolean {
    const nowMs = this.#ports.clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= 1_000) {
      this.#windowStartMs = nowMs;
      this.#messagesInWindow = 0;
    }
    this.#messagesInWindow += 1;
    if (this.#messagesInWindow > this.#ports.limits.socketMessagesPerSecondMax) {
      this.close(4429, 'too many messages');
      return false;
    }
    return !this.#isTooSlow();
  }

  #isTooSlow(): boolean {
    if (this.#socket.bufferedAmount <= this.#ports.limits.socketBufferedBytesMax) return false;
    this.close(1013, 'reads too slowly');
    return true;
  }

  #heartbeat(): void {
    if (this.#awaitsPong) {
      this.#socket.terminate();
      return;
    }
    this.#awaitsPong = true;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }
}

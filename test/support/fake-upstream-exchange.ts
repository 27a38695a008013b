import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { LedgerEntry } from './ledger.ts';
import { turn } from './wait.ts';

/** One act of the fake upstream on a request. */
export type Step = (exchange: Exchange) => void | PromiseLike<void>;
/** What the fake upstream does with a request: steps in order. */
export type Script = Step | readonly Script[];

export type HeaderFields = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

/** The gateway has closed the connection while a script was running: the rest of the script is not played. */
export class PeerGone extends Error {}

/** One request and the writing of its answer, byte by byte as the script says. */
export class Exchange {
  readonly request: LedgerEntry;
  readonly #socket: Socket;
  readonly #wire: Socket;
  #isChunked = false;

  /** `wire` is the TCP socket below `socket`: the same one, or the one that TLS runs over. */
  constructor(request: LedgerEntry, socket: Socket, wire: Socket) {
    this.request = request;
    this.#socket = socket;
    this.#wire = wire;
  }

  /** Head of a response, exactly these fields. With `transfer-encoding: chunked`, `send` frames what it sends. */
  respond(status: number, headers: HeaderFields = {}): Promise<void> {
    const fields = Array.isArray(headers) ? (headers as [string, string][]) : Object.entries(headers);
    this.#isChunked = fields.some(
      ([name, value]) => /^transfer-encoding$/i.test(name) && value === 'chunked',
    );
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
    return this.bytes(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`);
  }

  /** Exactly these bytes. Waits while the gateway does not read. */
  async bytes(bytes: Buffer | string): Promise<void> {
    const buffer = Buffer.from(bytes);
    if (this.#socket.destroyed || !this.#socket.writable) throw new PeerGone();
    this.request.noteAnswer(buffer);
    if (this.#socket.write(buffer)) return;
    this.request.hadBackpressure = true;
    this.request.isBlocked = true;
    await this.#drained();
    this.request.isBlocked = false;
  }

  /** Each piece in a TCP segment of its own, as far as the kernel lets that be decided. */
  async pieces(pieces: Iterable<Buffer | string>): Promise<void> {
    for (const piece of pieces) {
      await this.bytes(piece);
      await turn();
    }
  }

  /** One chunk of chunked transfer coding. */
  chunk(bytes: Buffer | string): Promise<void> {
    const buffer = Buffer.from(bytes);
    const size = Buffer.from(`${buffer.length.toString(16)}\r\n`);
    return this.bytes(Buffer.concat([size, buffer, Buffer.from('\r\n')]));
  }

  /** Body bytes in the framing that `respond` announced. */
  send(bytes: Buffer | string): Promise<void> {
    return this.#isChunked ? this.chunk(bytes) : this.bytes(bytes);
  }

  /** The end of the body in the framing that `respond` announced: the last chunk, or nothing. */
  async end(): Promise<void> {
    if (this.#isChunked) await this.bytes('0\r\n\r\n');
  }

  /** FIN after all that was written. */
  async fin(): Promise<void> {
    this.request.noteEnd('upstream');
    await new Promise<void>((resolve) => this.#socket.end(resolve));
  }

  /**
   * RST, after a peer in this process has had the time to read what was written before: libuv reports data and
   * a reset that are found together as data and an end in order.
   */
  async reset(): Promise<void> {
    await this.#drained();
    await turn();
    this.request.noteEnd('upstream');
    this.#wire.resetAndDestroy();
    this.#socket.destroy();
  }

  /** Does nothing until the gateway closes the connection, and ends the script there. */
  async stall(): Promise<never> {
    await this.#orGone(new Promise(() => {}));
    throw new PeerGone();
  }

  /** Goes on when `opened` resolves; ends the script if the gateway closes the connection first. */
  wait(opened: PromiseLike<unknown>): Promise<void> {
    return this.#orGone(opened);
  }

  /** Stops taking bytes of the request from the kernel. Its close is then not seen either. */
  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  async #drained(): Promise<void> {
    if (this.#socket.writableNeedDrain) await this.#orGone(new Promise((r) => this.#socket.once('drain', r)));
  }

  async #orGone(happened: PromiseLike<unknown>): Promise<void> {
    if (this.#socket.destroyed) throw new PeerGone();
    let leave = () => {};
    const gone = new Promise<never>((_, reject) => {
      leave = () => reject(new PeerGone());
    });
    this.#socket.once('close', leave);
    try {
      await Promise.race([happened, gone]);
    } finally {
      this.#socket.off('close', leave);
    }
  }
}

/** Plays a script on an exchange: for scripts that choose another one by looking at the request. */
export async function play(exchange: Exchange, script: Script): Promise<void> {
  if (typeof script === 'function') return void (await script(exchange));
  for (const step of script) await play(exchange, step);
}

import { noncesIn } from './canary.ts';
import { type RawResponse, ResponseReader } from './raw-client-response.ts';

/** Who ended a connection of the fake upstream, and how. */
export type EndKind = 'peer-fin' | 'peer-reset' | 'upstream';

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** By lower-case name; repeated fields joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHead: string;
}

/** Kept of one request and of its answer; more is counted and let go, so that load tests stay small. */
const KEPT_BYTES_MAX = 1024 * 1024;

class KeptBytes {
  total = 0;
  readonly parts: Buffer[] = [];

  add(bytes: Buffer): void {
    if (this.total < KEPT_BYTES_MAX) this.parts.push(bytes);
    this.total += bytes.length;
  }
}

/** What a fake upstream saw of one request, and what it did. Instants are those of `performance.now()`. */
export class LedgerEntry implements RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHead: string;
  readonly connectionId: number;
  readonly arrivedAtMs = performance.now();
  /** When the last byte of its body had come; null until then. */
  bodyAtMs: number | null = null;
  /** The script has run to its end (an interrupted one never does). */
  isScriptDone = false;
  /** A write found the peer's window full. */
  hadBackpressure = false;
  /** A write waits for the peer to read. */
  isBlocked = false;
  closedAtMs: number | null = null;
  endKind: EndKind | null = null;
  /** Resolves with the instant at which the gateway closed the connection of this request. */
  readonly peerClosed: Promise<number>;
  #nonce: string | null = null;
  readonly #request = new KeptBytes();
  readonly #answer = new KeptBytes();
  #resolvePeerClosed: (atMs: number) => void = () => {};

  constructor(head: RequestHead, connectionId: number) {
    this.method = head.method;
    this.path = head.path;
    this.headers = head.headers;
    this.rawHead = head.rawHead;
    this.connectionId = connectionId;
    this.peerClosed = new Promise((resolve) => {
      this.#resolvePeerClosed = resolve;
    });
  }

  get body(): Buffer {
    return Buffer.concat(this.#request.parts);
  }

  get bodyBytes(): number {
    return this.#request.total;
  }

  /** The body as JSON; throws if it is none. */
  json(): Record<string, unknown> {
    return JSON.parse(this.body.toString('utf8'));
  }

  /** The random word of the call that this request belongs to: the first in the body, or else in the head. */
  get nonce(): string | null {
    if (this.bodyAtMs === null) return this.#findNonce();
    this.#nonce ??= this.#findNonce();
    return this.#nonce;
  }

  #findNonce(): string | null {
    return noncesIn(this.body.toString('latin1'))[0] ?? noncesIn(this.rawHead)[0] ?? null;
  }

  /** Bytes handed to the socket as the answer, its head included. */
  get bytesWritten(): number {
    return this.#answer.total;
  }

  /** The answer as it was written, read back; null if no head was sent, or if it is not HTTP. */
  get response(): RawResponse | null {
    const reader = new ResponseReader(() => this.method === 'HEAD');
    try {
      for (const part of this.#answer.parts) reader.push(part);
    } catch {
      return reader.current;
    }
    if (this.endKind === 'upstream') reader.end();
    return reader.responses[0] ?? reader.current;
  }

  noteBody(bytes: Buffer): void {
    this.#request.add(bytes);
  }

  noteAnswer(bytes: Buffer): void {
    this.#answer.add(bytes);
  }

  noteEnd(kind: EndKind): void {
    if (this.endKind !== null) return;
    this.endKind = kind;
    this.closedAtMs = performance.now();
    if (kind !== 'upstream') this.#resolvePeerClosed(this.closedAtMs);
  }
}

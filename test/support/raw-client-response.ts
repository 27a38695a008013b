/** How a response's end is recognised (RFC 9112, section 6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** A response as its bytes came; it grows until `isComplete`, or until the connection ends. */
export interface RawResponse {
  readonly status: number;
  /** By lower-case name; repeated fields joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHead: string;
  readonly framing: Framing;
  readonly body: Buffer;
  /** Instants of `performance.now()` at which body bytes came. */
  readonly bodyAtMs: readonly number[];
  /** Statuses of the 1xx responses before it. */
  readonly informational: readonly number[];
  /** The message ended as its framing says; false for everything that broke off. */
  readonly isComplete: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const HEAD_END = '\r\n\r\n';

function parseHead(rawHead: string): { status: number; headers: Record<string, string> } {
  const [statusLine = '', ...lines] = rawHead.split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) throw new Error(`not a status line: ${JSON.stringify(statusLine.slice(0, 80))}`);
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`not a header field: ${JSON.stringify(line.slice(0, 80))}`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { status: Number(status), headers };
}

function framingOf(status: number, headers: Readonly<Record<string, string>>, isHead: boolean): Framing {
  if (isHead || status === 204 || status === 304) return 'none';
  if (headers['transfer-encoding'] !== undefined) return 'chunked';
  return headers['content-length'] === undefined ? 'close' : 'length';
}

/**
 * Reads the responses of one connection, one after another, from bytes in any chunking. Strict: what it cannot
 * read it throws on, because a gateway that sends it is broken.
 */
export class ResponseReader {
  readonly responses: RawResponse[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #current: Mutable<RawResponse> | null = null;
  #parts: Buffer[] = [];
  #informational: number[] = [];
  #leftBytes = 0;
  #chunkState: 'size' | 'data' | 'data-end' | 'trailers' = 'size';
  readonly #isHead: (index: number) => boolean;

  /** `isHead` says which response, counted from 0, answers a HEAD request and so has no body. */
  constructor(isHead: (index: number) => boolean = () => false) {
    this.#isHead = isHead;
  }

  /** The response whose head has come and whose end has not. */
  get current(): RawResponse | null {
    if (this.#current !== null && this.#parts.length > 0) {
      this.#current.body = Buffer.concat([this.#current.body, ...this.#parts]);
      this.#parts = [];
    }
    return this.#current;
  }

  /** Bytes after the last complete response that are no head yet. */
  get unparsedBytes(): number {
    return this.#buffer.length;
  }

  push(bytes: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    while (this.#current === null ? this.#readHead() : this.#readBody(this.#current));
  }

  /** The peer has ended the connection in order: completes a response that is framed by that. */
  end(): void {
    if (this.#current?.framing === 'close') this.#finish();
  }

  #readHead(): boolean {
    const end = this.#buffer.indexOf(HEAD_END);
    if (end < 0) return false;
    const rawHead = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + HEAD_END.length);
    const { status, headers } = parseHead(rawHead);
    if (status < 200 && status !== 101) {
      this.#informational.push(status);
      return true;
    }
    const framing = framingOf(status, headers, this.#isHead(this.responses.length));
    const informational = this.#informational;
    this.#current = {
      ...{ status, headers, rawHead, framing, informational },
      ...{ body: Buffer.alloc(0), bodyAtMs: [], isComplete: false },
    };
    this.#informational = [];
    this.#chunkState = 'size';
    this.#leftBytes = framing === 'length' ? Number(headers['content-length']) : 0;
    if (framing === 'none' || (framing === 'length' && this.#leftBytes === 0)) this.#finish();
    return true;
  }

  #readBody(response: Mutable<RawResponse>): boolean {
    if (response.framing === 'chunked') return this.#readChunk();
    const isCounted = response.framing === 'length';
    const took = this.#takeBody(isCounted ? this.#leftBytes : this.#buffer.length);
    if (isCounted && this.#leftBytes === 0) this.#finish();
    return took;
  }

  #readChunk(): boolean {
    if (this.#chunkState === 'data') {
      const took = this.#takeBody(this.#leftBytes);
      if (this.#leftBytes === 0) this.#chunkState = 'data-end';
      return took;
    }
    const line = this.#takeLine();
    if (line === null) return false;
    if (this.#chunkState === 'size') {
      if (!/^[0-9a-f]{1,8}$/i.test(line)) throw new Error(`not a chunk size: ${JSON.stringify(line)}`);
      this.#leftBytes = Number.parseInt(line, 16);
      this.#chunkState = this.#leftBytes === 0 ? 'trailers' : 'data';
    } else if (this.#chunkState === 'data-end') {
      if (line !== '') throw new Error(`bytes after a chunk: ${JSON.stringify(line.slice(0, 80))}`);
      this.#chunkState = 'size';
    } else if (line === '') {
      this.#finish();
    }
    return true;
  }

  #takeLine(): string | null {
    const end = this.#buffer.indexOf('\r\n');
    if (end < 0) return null;
    const line = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + 2);
    return line;
  }

  #takeBody(bytesMax: number): boolean {
    const part = this.#buffer.subarray(0, bytesMax);
    if (part.length === 0) return false;
    this.#buffer = this.#buffer.subarray(part.length);
    this.#leftBytes -= part.length;
    this.#parts.push(part);
    (this.#current as { bodyAtMs: number[] } | null)?.bodyAtMs.push(performance.now());
    return true;
  }

  #finish(): void {
    const response = this.current as Mutable<RawResponse> | null;
    if (response === null) return;
    response.isComplete = true;
    this.responses.push(response);
    this.#current = null;
  }
}

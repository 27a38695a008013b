import type { RequestHead } from './ledger.ts';

/** What the bytes of a connection say, one thing at a time. */
export type RequestPart =
  | { readonly type: 'head'; readonly head: RequestHead }
  | { readonly type: 'body'; readonly bytes: Buffer }
  | { readonly type: 'end' };

function parseHead(rawHead: string): RequestHead {
  const [requestLine = '', ...lines] = rawHead.split('\r\n');
  const [, method, path] = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(requestLine) ?? [];
  if (method === undefined || path === undefined) throw new Error(`not a request line: ${requestLine}`);
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1 || /\s/.test(line.slice(0, colon))) throw new Error(`not a header field: ${line}`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { method, path, headers, rawHead };
}

/** Where in a request the reader stands. Sizes are the bytes that are still to come. */
type State =
  | { readonly at: 'head' }
  | { readonly at: 'length'; leftBytes: number }
  | { readonly at: 'chunk-size' }
  | { readonly at: 'chunk'; leftBytes: number }
  | { readonly at: 'chunk-end' }
  | { readonly at: 'trailers' };

/**
 * Reads HTTP/1.1 requests from bytes in any chunking. Strict, and throws on anything else: the gateway must
 * never send what two parsers can understand differently.
 */
export class RequestReader {
  #buffer: Buffer = Buffer.alloc(0);
  #state: State = { at: 'head' };

  push(bytes: Buffer): RequestPart[] {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    const parts: RequestPart[] = [];
    while (this.#step(parts));
    return parts;
  }

  /** Each step reads one thing; false when it needs more bytes. */
  #step(parts: RequestPart[]): boolean {
    const state = this.#state;
    switch (state.at) {
      case 'head':
        return this.#readHead(parts);
      case 'length':
        if (!this.#takeBody(state, parts)) return false;
        if (state.leftBytes === 0) this.#end(parts);
        return true;
      case 'chunk':
        if (!this.#takeBody(state, parts)) return false;
        if (state.leftBytes === 0) this.#state = { at: 'chunk-end' };
        return true;
      default:
        return this.#readLine(state.at, parts);
    }
  }

  #readHead(parts: RequestPart[]): boolean {
    const rawHead = this.#takeUntil('\r\n\r\n');
    if (rawHead === null) return false;
    const head = parseHead(rawHead);
    parts.push({ type: 'head', head });
    const length = head.headers['content-length'];
    const coding = head.headers['transfer-encoding'];
    if (length !== undefined && coding !== undefined)
      throw new Error('both Content-Length and Transfer-Encoding');
    if (coding !== undefined) {
      if (coding !== 'chunked') throw new Error(`Transfer-Encoding ${coding}`);
      this.#state = { at: 'chunk-size' };
    } else if (length !== undefined && length !== '0') {
      if (!/^\d+$/.test(length)) throw new Error(`Content-Length ${length}`);
      this.#state = { at: 'length', leftBytes: Number(length) };
    } else {
      parts.push({ type: 'end' });
    }
    return true;
  }

  #readLine(at: 'chunk-size' | 'chunk-end' | 'trailers', parts: RequestPart[]): boolean {
    const line = this.#takeUntil('\r\n');
    if (line === null) return false;
    if (at === 'chunk-size') {
      if (!/^[0-9a-f]{1,8}$/i.test(line)) throw new Error(`not a chunk size: ${line}`);
      const leftBytes = Number.parseInt(line, 16);
      this.#state = leftBytes === 0 ? { at: 'trailers' } : { at: 'chunk', leftBytes };
    } else if (at === 'chunk-end') {
      if (line !== '') throw new Error(`bytes after a chunk: ${line}`);
      this.#state = { at: 'chunk-size' };
    } else if (line === '') {
      this.#end(parts);
    }
    return true;
  }

  #end(parts: RequestPart[]): void {
    parts.push({ type: 'end' });
    this.#state = { at: 'head' };
  }

  #takeBody(state: { leftBytes: number }, parts: RequestPart[]): boolean {
    const bytes = this.#buffer.subarray(0, state.leftBytes);
    if (bytes.length === 0) return false;
    this.#buffer = this.#buffer.subarray(bytes.length);
    state.leftBytes -= bytes.length;
    parts.push({ type: 'body', bytes });
    return true;
  }

  #takeUntil(mark: string): string | null {
    const end = this.#buffer.indexOf(mark);
    if (end < 0) return null;
    const text = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + mark.length);
    return text;
  }
}

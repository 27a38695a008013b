type State = 'head' | 'sized' | 'size' | 'chunk' | 'chunkEnd' | 'trailer';

const CRLF_BYTES = 2;
const CR = 13;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const LETTER_A = 97;
/** Set in a lower-case letter's code only. */
const LOWER_CASE = 32;
const NOTHING = Buffer.alloc(0);

/**
 * Reads HTTP/1.1 responses of one connection as they come, with Content-Length or chunked: just enough, and
 * cheap, so that the load generator is not what is measured.
 */
export class ResponseReader {
  readonly #onBody: (bytes: Buffer) => void;
  #state: State = 'head';
  #left = 0;
  #pending: Buffer = NOTHING;
  status = 0;
  /** The server closes the connection after this response. */
  isLast = false;

  constructor(onBody: (bytes: Buffer) => void) {
    this.#onBody = onBody;
  }

  /** True when the response is complete. Throws when it is not HTTP. */
  read(data: Buffer): boolean {
    const bytes = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    this.#pending = NOTHING;
    let at = 0;
    while (true) {
      const next = this.#step(bytes, at);
      if (next === null) {
        this.#pending = bytes.subarray(at);
        return false;
      }
      at = next;
      if (this.#state === 'head') {
        if (at < bytes.length) throw new Error('bytes after the end of the response');
        return true;
      }
      if (at === bytes.length) return false;
    }
  }

  /** Where the next step goes on, or null when it needs bytes that have not come. */
  #step(bytes: Buffer, at: number): number | null {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at);
      case 'size':
        return this.#readSize(bytes, at);
      case 'sized':
      case 'chunk': {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        this.#onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        if (this.#left === 0) this.#state = this.#state === 'sized' ? 'head' : 'chunkEnd';
        return end;
      }
      case 'chunkEnd':
      case 'trailer': {
        if (bytes.length < at + CRLF_BYTES) return null;
        this.#state = this.#state === 'trailer' ? 'head' : 'size';
        return at + CRLF_BYTES;
      }
    }
  }

  #readHead(bytes: Buffer, at: number): number | null {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end === -1) return null;
    const head = bytes.toString('latin1', at, end);
    if (!head.startsWith('HTTP/1.1 ')) throw new Error('not an HTTP/1.1 response');
    this.status = Number(head.slice(9, 12));
    this.isLast = /^connection: *close/im.test(head);
    const length = /^content-length: *(\d+)/im.exec(head);
    if (length === null) {
      if (!/^transfer-encoding: *chunked/im.test(head)) throw new Error('a response without a length');
      this.#state = 'size';
    } else {
      this.#left = Number(length[1]);
      this.#state = this.#left === 0 ? 'head' : 'sized';
    }
    return end + 4;
  }

  /** Byte by byte: streams have a hundred of these each. Extensions after the size are not expected. */
  #readSize(bytes: Buffer, at: number): number | null {
    let size = 0;
    for (let index = at; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      if (byte === CR) {
        if (index + 1 === bytes.length) return null;
        this.#left = size;
        this.#state = size === 0 ? 'trailer' : 'chunk';
        return index + CRLF_BYTES;
      }
      const digit = byte <= DIGIT_9 ? byte - DIGIT_0 : (byte | LOWER_CASE) - LETTER_A + 10;
      if (digit < 0 || digit > 15) throw new Error('a chunk without a size');
      size = size * 16 + digit;
    }
    return null;
  }
}

import type { Exchange } from './load-order.ts';

/** How one request went; times in ms of `performance.now()`. */
export interface Outcome {
  readonly startedMs: number;
  readonly firstTokenMs: number | null;
  readonly endedMs: number;
  /** Null: answered in full. */
  readonly failure: string | null;
}

/** One caller's connection; one request at a time. */
export interface Connection {
  /** Resolves when requests can be sent. */
  open(): Promise<void>;
  /** Sends the request. `done` is called once. */
  send(done: (outcome: Outcome) => void): void;
  /** Ends the running request with a failure. */
  abandon(failure: string): void;
  close(): void;
  /** The last answer's body, when it was to be kept. */
  readonly body: string;
}

const TAIL_BYTES = 512;

/** Looks at an answer's bytes on their way: when the first token came, and whether the end is the right one. */
export class AnswerCheck {
  readonly #exchange: Exchange;
  readonly #withBody: boolean;
  /** The answer's last bytes, so that a mark cut in two is still found. */
  readonly #tail = Buffer.alloc(TAIL_BYTES);
  firstTokenMs: number | null = null;
  body = '';

  constructor(exchange: Exchange, withBody: boolean) {
    this.#exchange = exchange;
    this.#withBody = withBody;
  }

  start(): void {
    this.#tail.fill(0);
    this.firstTokenMs = null;
    this.body = '';
  }

  take(bytes: Buffer): void {
    if (bytes.length >= TAIL_BYTES) bytes.copy(this.#tail, 0, bytes.length - TAIL_BYTES);
    else {
      this.#tail.copyWithin(0, bytes.length);
      bytes.copy(this.#tail, TAIL_BYTES - bytes.length);
    }
    if (this.#withBody) this.body += bytes.toString('latin1');
    const mark = this.#exchange.firstMark;
    if (mark === null || this.firstTokenMs !== null) return;
    if (bytes.includes(mark) || this.#tail.includes(mark)) this.firstTokenMs = performance.now();
  }

  /** What is wrong with the answer that has ended now, or null. */
  end(): string | null {
    if (!this.#tail.includes(this.#exchange.endMark)) return 'the answer lacks its end';
    if (this.#exchange.firstMark !== null && this.firstTokenMs === null)
      return 'the answer has no first token';
    return null;
  }
}

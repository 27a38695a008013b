import type { ChatRequest } from '../protocols/blocks.ts';
import type { TokenWork } from './worker-messages.ts';

/** Counts tokens, off the event loop. */
export interface TokenCounter {
  /**
   * Tokens of a text, by the o200k vocabulary; other vendors' own counts differ by some per cent. The rough
   * estimate (bytes / 4) stands where the text is too long, too much is waiting, or counting takes too long.
   * Never rejects.
   */
  count(text: string): Promise<number>;
  /** Of everything that a chat request says: messages, calls, results and tools; media count nothing. */
  countRequest(request: ChatRequest): Promise<number>;
}

/** Gets the count; null where there is none. */
export type OnCount = (tokens: number | null) => void;

/** Takes work to count, as far as there is room for it. */
export interface TokenThread {
  /** False when it is not taken: then `done` is not called. Bytes are given away. */
  submit(work: TokenWork, done: OnCount): boolean;
  /** A number for the pieces of one answer; null when too many are counted. Ends with `closeStream`. */
  openStream(): number | null;
  /** False when the thread that knew the pieces before has ended. */
  hasStream(stream: number): boolean;
  closeStream(stream: number): void;
}

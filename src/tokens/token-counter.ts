import type { ChatRequest } from '../protocols/blocks.ts';

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

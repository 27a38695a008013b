import type { ChatRequest } from '../protocols/blocks.ts';
import { requestText } from './request-text.ts';
import { roughTokens } from './rough.ts';
import type { TokenCounter, TokenThread } from './token-counter.ts';

/** @param textCharsMax longer texts are estimated only. */
export function createTokenCounter(thread: TokenThread, textCharsMax: number): TokenCounter {
  const count = (text: string): Promise<number> => {
    if (text === '') return Promise.resolve(0);
    if (text.length > textCharsMax) return Promise.resolve(roughTokens(text));
    return new Promise((resolve) => {
      const isTaken = thread.submit({ kind: 'text', text }, (tokens) => resolve(tokens ?? roughTokens(text)));
      if (!isTaken) resolve(roughTokens(text));
    });
  };
  return {
    count,
    async countRequest(request: ChatRequest) {
      const { text, frameTokens } = requestText(request);
      return (await count(text)) + frameTokens;
    },
  };
}

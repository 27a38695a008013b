import type { ChatResponse, ProtocolName } from '../../../../src/protocols/blocks.ts';
import type { Said } from '../../../support/recorded-answer.ts';
import { type Digest, digest } from '../digest.ts';

/** What a caller hears of an answer; the counts by name, because protocols differ in which they have. */
export interface Heard extends Omit<Digest, 'usage'> {
  readonly counts: Readonly<Record<Count, number | null>>;
}
type Count = 'input' | 'output' | 'cached' | 'reasoning' | 'cacheWrite' | 'cacheWrite1h';

export function heard(response: ChatResponse): Heard {
  const { usage, ...rest } = digest(response);
  const [input = null, output = null, cached = null, reasoning = null] = usage;
  const { cacheWriteTokens: cacheWrite, cacheWrite1hTokens: cacheWrite1h } = response.usage;
  return { ...rest, counts: { input, output, cached, reasoning, cacheWrite, cacheWrite1h } };
}

/** What a protocol has no word for. All else must arrive as it was said. */
interface Speech {
  readonly noCount: readonly Count[];
  /** A refusal is text among the rest. */
  readonly isRefusalText?: boolean;
  /** Its stream must have both counts: where nobody knows them they are 0. */
  readonly needsCounts?: boolean;
  /** It has no word for a filtered answer, and calls it an error, which ends a stream. */
  readonly isFilteredError?: boolean;
}
const SPEECH: Readonly<Record<ProtocolName, Speech>> = {
  'openai-chat': { noCount: ['cacheWrite1h'] },
  'openai-responses': { noCount: ['cacheWrite1h'] },
  'anthropic-messages': { noCount: [], needsCounts: true },
  gemini: { noCount: ['cacheWrite', 'cacheWrite1h'] },
  'bedrock-converse': { noCount: ['reasoning'], isRefusalText: true },
  'cohere-chat': {
    noCount: ['reasoning', 'cacheWrite', 'cacheWrite1h'],
    isRefusalText: true,
    isFilteredError: true,
  },
};

/** What a caller of this protocol must hear of an answer. */
export function expected(caller: ProtocolName, response: ChatResponse, how: 'stream' | 'whole'): Heard {
  const { noCount, isRefusalText, needsCounts } = SPEECH[caller];
  const said = heard(response);
  const counts = { ...said.counts };
  for (const name of noCount) counts[name] = null;
  if (needsCounts && how === 'stream') {
    counts.input ??= 0;
    counts.output ??= 0;
  }
  return {
    ...said,
    ...(isRefusalText && { text: said.text + said.refusal, refusal: '' }),
    ...(isError(caller, response) && { finishReason: 'error' }),
    counts,
  };
}

/** The answer cannot be told to this caller but as an error. */
export const isError = (caller: ProtocolName, { finishReason }: ChatResponse): boolean =>
  finishReason === 'content_filter' && SPEECH[caller].isFilteredError === true;

/** The same in the words of the recordings, which are folded by hand. */
export function saidBy(response: ChatResponse): Said {
  const { text, calls, counts } = heard(response);
  const { finishReason } = response;
  return { text, calls, finishReason, inputTokens: counts.input, outputTokens: counts.output };
}

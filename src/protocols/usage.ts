import type { Usage } from './blocks.ts';

/** The largest count that a record can hold; a thousand times the largest context window. */
const COUNT_MAX = 2 ** 31 - 1;

/** A count of tokens as a provider sends it; null for whatever is none. */
export function readCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= COUNT_MAX
    ? value
    : null;
}

/** The sum of what is known; null when nothing is. */
export function sumCounts(...counts: readonly (number | null)[]): number | null {
  let sum: number | null = null;
  for (const count of counts) if (count !== null) sum = (sum ?? 0) + count;
  return sum;
}

/** Both counts or nothing: half a total is none. */
export function totalOf(inputTokens: number | null, outputTokens: number | null): number | null {
  return inputTokens === null || outputTokens === null ? null : inputTokens + outputTokens;
}

/** For protocols whose every usage object is whole: the later one stands, field by field. */
export function laterUsage(earlier: Usage, later: Usage): Usage {
  return {
    inputTokens: later.inputTokens ?? earlier.inputTokens,
    outputTokens: later.outputTokens ?? earlier.outputTokens,
    totalTokens: later.totalTokens ?? earlier.totalTokens,
    cachedInputTokens: later.cachedInputTokens ?? earlier.cachedInputTokens,
    cacheWriteTokens: later.cacheWriteTokens ?? earlier.cacheWriteTokens,
    cacheWrite1hTokens: later.cacheWrite1hTokens ?? earlier.cacheWrite1hTokens,
    reasoningTokens: later.reasoningTokens ?? earlier.reasoningTokens,
    audioInputTokens: later.audioInputTokens ?? earlier.audioInputTokens,
    audioOutputTokens: later.audioOutputTokens ?? earlier.audioOutputTokens,
  };
}

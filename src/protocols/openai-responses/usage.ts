import { UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readCount, totalOf } from '../usage.ts';

/** `usage` of a response. Input includes what came from the cache and what went there; output the reasoning. */
export function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const inputTokens = readCount(value['input_tokens']);
  const outputTokens = readCount(value['output_tokens']);
  if (inputTokens === null && outputTokens === null) return undefined;
  const input = value['input_tokens_details'];
  const output = value['output_tokens_details'];
  return {
    ...UNKNOWN_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: readCount(value['total_tokens']) ?? totalOf(inputTokens, outputTokens),
    cachedInputTokens: isJsonObject(input) ? readCount(input['cached_tokens']) : null,
    cacheWriteTokens: isJsonObject(input) ? readCount(input['cache_write_tokens']) : null,
    reasoningTokens: isJsonObject(output) ? readCount(output['reasoning_tokens']) : null,
  };
}

/**
 * The other way. Clients check that input and output are both numbers where there is usage at all, so half of it
 * is told as none; details that are not known are left out.
 */
export function writeUsage(usage: Usage): JsonObject | null {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage;
  if (inputTokens === null || outputTokens === null) return null;
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      ...(cachedInputTokens === null ? {} : { cached_tokens: cachedInputTokens }),
      ...(cacheWriteTokens === null ? {} : { cache_write_tokens: cacheWriteTokens }),
    },
    output_tokens: outputTokens,
    output_tokens_details: reasoningTokens === null ? {} : { reasoning_tokens: reasoningTokens },
    total_tokens: usage.totalTokens ?? inputTokens + outputTokens,
  };
}

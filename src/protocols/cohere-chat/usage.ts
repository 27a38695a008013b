import { UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readCount, totalOf } from '../usage.ts';

/**
 * A `usage` object. `tokens` is what the model saw and wrote, the vendor's own prompt included: it counts for
 * records and context windows. `billed_units` is what the invoice says, often far less: it counts for the cost.
 * Cached tokens are part of `tokens.input_tokens`.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const tokens = isJsonObject(value['tokens']) ? value['tokens'] : {};
  const billed = isJsonObject(value['billed_units']) ? value['billed_units'] : {};
  const billedInput = readCount(billed['input_tokens']);
  const billedOutput = readCount(billed['output_tokens']);
  const inputTokens = readCount(tokens['input_tokens']) ?? billedInput;
  const outputTokens = readCount(tokens['output_tokens']) ?? billedOutput;
  if (inputTokens === null && outputTokens === null) return undefined;
  const usage: Usage = {
    ...UNKNOWN_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: totalOf(inputTokens, outputTokens),
    cachedInputTokens: readCount(value['cached_tokens']),
  };
  if (billedInput === null || billedOutput === null) return usage;
  return { ...usage, billedInputTokens: billedInput, billedOutputTokens: billedOutput };
}

/**
 * The other way; unknown counts are left out, and undefined is returned when nothing is known. Where the provider
 * bills what its model saw, both members say the same: clients read either.
 */
export function writeUsage(usage: Usage): JsonObject | undefined {
  const { inputTokens, outputTokens } = usage;
  if (inputTokens === null && outputTokens === null) return undefined;
  const tokens = { input_tokens: inputTokens ?? undefined, output_tokens: outputTokens ?? undefined };
  return {
    billed_units: {
      input_tokens: usage.billedInputTokens ?? tokens.input_tokens,
      output_tokens: usage.billedOutputTokens ?? tokens.output_tokens,
    },
    tokens,
    cached_tokens: usage.cachedInputTokens ?? undefined,
  };
}

import { UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readCount, totalOf } from '../usage.ts';

/**
 * A `usage` object of an OpenAI-style server. Details have several spellings: Mistral's singular
 * `prompt_token_details`, DeepSeek's `prompt_cache_hit_tokens`, Moonshot's `cached_tokens`.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const inputTokens = readCount(value['prompt_tokens']);
  const completionTokens = readCount(value['completion_tokens']);
  const input = detailsOf(value['prompt_tokens_details'] ?? value['prompt_token_details']);
  const output = detailsOf(value['completion_tokens_details'] ?? value['completion_token_details']);
  const reasoningTokens = readCount(output['reasoning_tokens']) ?? readCount(value['reasoning_tokens']);
  const total = readCount(value['total_tokens']);
  const outputTokens = withReasoning(inputTokens, completionTokens, reasoningTokens, total);
  if (inputTokens === null && outputTokens === null) return undefined;
  return {
    ...UNKNOWN_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: total ?? totalOf(inputTokens, outputTokens),
    cachedInputTokens:
      readCount(input['cached_tokens']) ??
      readCount(value['prompt_cache_hit_tokens']) ??
      readCount(value['cached_tokens']) ??
      readCount(value['num_cached_tokens']),
    cacheWriteTokens: readCount(input['cache_write_tokens']),
    reasoningTokens,
    audioInputTokens: readCount(input['audio_tokens']),
    audioOutputTokens: readCount(output['audio_tokens']),
  };
}

/** Of a chunk or an answer; Groq has a copy under its own name, sometimes only there. */
export function usageOf(body: JsonObject): Usage | undefined {
  const own = readUsage(body['usage']);
  if (own !== undefined) return own;
  const groq = body['x_groq'];
  return isJsonObject(groq) ? readUsage(groq['usage']) : undefined;
}

/** xAI counts reasoning outside of `completion_tokens`; the total gives it away. */
function withReasoning(
  input: number | null,
  completion: number | null,
  reasoning: number | null,
  total: number | null,
): number | null {
  if (input === null || completion === null || reasoning === null || total === null) return completion;
  return reasoning > 0 && total === input + completion + reasoning ? completion + reasoning : completion;
}

/** The other way; unknown counts are left out. Undefined when nothing is known. */
export function writeUsage(usage: Usage): JsonObject | undefined {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage;
  if (inputTokens === null && outputTokens === null) return undefined;
  return {
    prompt_tokens: inputTokens ?? undefined,
    completion_tokens: outputTokens ?? undefined,
    total_tokens: usage.totalTokens ?? totalOf(inputTokens, outputTokens) ?? undefined,
    prompt_tokens_details: known({
      cached_tokens: cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.audioInputTokens,
    }),
    completion_tokens_details: known({
      reasoning_tokens: reasoningTokens,
      audio_tokens: usage.audioOutputTokens,
    }),
  };
}

function known(counts: Readonly<Record<string, number | null>>): JsonObject | undefined {
  const entries = Object.entries(counts).filter(([, count]) => count !== null);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const detailsOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

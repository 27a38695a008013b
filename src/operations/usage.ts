import { UNKNOWN_USAGE, type Usage } from '../protocols/blocks.ts';
import { isJsonObject } from '../protocols/json-parse.ts';
import { readCount } from '../protocols/usage.ts';

/**
 * A `usage` object of an endpoint besides chat: OpenAI's images and audio count in `input_tokens` and
 * `output_tokens`, its embeddings and everybody's in `prompt_tokens`; Voyage tells only a total. What there is
 * besides input is output, so that a total without anything else tells that there is none.
 * Audio billed by the second (`{ type: "duration" }`) has no tokens: null.
 */
export function readTokens(value: unknown, hasOutput: boolean): Usage | null {
  if (!isJsonObject(value)) return null;
  const total = readCount(value['total_tokens']);
  const told = readCount(value['input_tokens']) ?? readCount(value['prompt_tokens']);
  const inputTokens = told ?? (hasOutput ? null : total);
  const outputTokens =
    readCount(value['output_tokens']) ??
    readCount(value['completion_tokens']) ??
    (hasOutput || inputTokens === null ? null : (total ?? inputTokens) - inputTokens);
  if (inputTokens === null && outputTokens === null) return null;
  const known = inputTokens === null || outputTokens === null ? null : inputTokens + outputTokens;
  const details = value['input_tokens_details'] ?? value['input_token_details'];
  const input = isJsonObject(details) ? details : {};
  return {
    ...UNKNOWN_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: total ?? known,
    cachedInputTokens: readCount(input['cached_tokens']),
    audioInputTokens: readCount(input['audio_tokens']),
  };
}

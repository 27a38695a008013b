import { UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readCount, sumCounts, totalOf } from '../usage.ts';

/**
 * `usageMetadata` (Gemini API reference, "UsageMetadata"). Thoughts are counted beside the candidates' tokens, and
 * what the provider's own tools read beside the prompt; both belong to the canonical sums. Proto3 JSON leaves out
 * counts of zero, so that the total says what a missing one means. Undefined when nothing is known.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const prompt = readCount(value['promptTokenCount']);
  const inputTokens = prompt === null ? null : sumCounts(prompt, readCount(value['toolUsePromptTokenCount']));
  const reasoningTokens = readCount(value['thoughtsTokenCount']);
  const total = readCount(value['totalTokenCount']);
  const candidates = readCount(value['candidatesTokenCount']);
  const outputTokens = outputOf(candidates, reasoningTokens, inputTokens, total);
  if (inputTokens === null && outputTokens === null) return undefined;
  return {
    ...UNKNOWN_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: total ?? totalOf(inputTokens, outputTokens),
    cachedInputTokens: readCount(value['cachedContentTokenCount']),
    reasoningTokens,
    audioInputTokens: audioIn(value['promptTokensDetails']),
    audioOutputTokens: audioIn(value['candidatesTokensDetails']),
  };
}

function outputOf(
  candidates: number | null,
  thoughts: number | null,
  input: number | null,
  total: number | null,
): number | null {
  if (candidates !== null && thoughts !== null) {
    const isInside = input !== null && total === input + candidates;
    return isInside ? candidates : candidates + thoughts;
  }
  const known = sumCounts(candidates, thoughts);
  if (known !== null || input === null || total === null) return known;
  return total >= input ? total - input : null;
}

function audioIn(details: unknown): number | null {
  if (!Array.isArray(details)) return null;
  const audio: unknown = details.find((one: unknown) => isJsonObject(one) && one['modality'] === 'AUDIO');
  return isJsonObject(audio) ? readCount(audio['tokenCount']) : null;
}

/** The other way; unknown counts are left out. Undefined when nothing is known. */
export function writeUsage(usage: Usage): JsonObject | undefined {
  const { inputTokens, outputTokens, reasoningTokens, cachedInputTokens } = usage;
  if (inputTokens === null && outputTokens === null) return undefined;
  const candidates = outputTokens === null ? null : Math.max(0, outputTokens - (reasoningTokens ?? 0));
  return {
    promptTokenCount: inputTokens ?? undefined,
    cachedContentTokenCount: cachedInputTokens ?? undefined,
    candidatesTokenCount: candidates ?? undefined,
    thoughtsTokenCount: reasoningTokens ?? undefined,
    totalTokenCount: usage.totalTokens ?? totalOf(inputTokens, outputTokens) ?? undefined,
    promptTokensDetails: audioDetails(usage.audioInputTokens),
    candidatesTokensDetails: audioDetails(usage.audioOutputTokens),
  };
}

const audioDetails = (tokenCount: number | null) =>
  tokenCount === null ? undefined : [{ modality: 'AUDIO', tokenCount }];

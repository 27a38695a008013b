import { UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readCount, sumCounts, totalOf } from '../usage.ts';

/**
 * Anthropic counts cache reads and writes beside `input_tokens`; the canonical input is the sum of all three.
 * With server-side compaction the top level leaves out what the compaction itself cost: `iterations` has it.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const rounds = Array.isArray(value['iterations']) ? value['iterations'].filter(isBilledRound) : [];
  const hasCompaction = rounds.some((round) => round['type'] === 'compaction');
  const parts = (hasCompaction ? rounds : [value]).map(readPart);
  const sum = (pick: (part: Part) => number | null) => sumCounts(...parts.map(pick));
  const cached = sum((part) => part.cached);
  const written = sum((part) => part.written);
  const input = sum((part) => part.input);
  const outputTokens = sum((part) => part.output);
  const inputTokens = input === null ? null : sumCounts(input, cached, written);
  if (inputTokens === null && outputTokens === null) return undefined;
  const details = value['output_tokens_details'];
  return {
    ...UNKNOWN_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: totalOf(inputTokens, outputTokens),
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    cacheWrite1hTokens: sum((part) => part.written1h),
    reasoningTokens: isJsonObject(details) ? readCount(details['thinking_tokens']) : null,
  };
}

interface Part {
  readonly input: number | null;
  readonly output: number | null;
  readonly cached: number | null;
  readonly written: number | null;
  readonly written1h: number | null;
}

function readPart(value: JsonObject): Part {
  const creation = value['cache_creation'];
  return {
    input: readCount(value['input_tokens']),
    output: readCount(value['output_tokens']),
    cached: readCount(value['cache_read_input_tokens']),
    written: readCount(value['cache_creation_input_tokens']),
    written1h: isJsonObject(creation) ? readCount(creation['ephemeral_1h_input_tokens']) : null,
  };
}

/** An advisor's round is another model's bill. */
function isBilledRound(round: unknown): round is JsonObject {
  return isJsonObject(round) && (round['type'] === 'message' || round['type'] === 'compaction');
}

/**
 * `message_start` has the input, `message_delta` the output and sometimes the input again, with another number:
 * later wins, part by part.
 */
export function joinUsage(earlier: Usage, later: Usage): Usage {
  const cachedInputTokens = later.cachedInputTokens ?? earlier.cachedInputTokens;
  const cacheWriteTokens = later.cacheWriteTokens ?? earlier.cacheWriteTokens;
  const fresh = freshInput(later) ?? freshInput(earlier);
  const inputTokens = fresh === null ? null : fresh + (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0);
  const outputTokens = later.outputTokens ?? earlier.outputTokens;
  return {
    ...UNKNOWN_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: totalOf(inputTokens, outputTokens),
    cachedInputTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: later.cacheWrite1hTokens ?? earlier.cacheWrite1hTokens,
    reasoningTokens: later.reasoningTokens ?? earlier.reasoningTokens,
  };
}

function freshInput(usage: Usage): number | null {
  if (usage.inputTokens === null) return null;
  return usage.inputTokens - (usage.cachedInputTokens ?? 0) - (usage.cacheWriteTokens ?? 0);
}

/** The other way. What is not known is null, also where Anthropic itself always has a number. */
export function writeUsage(usage: Usage): JsonObject {
  const written = usage.cacheWriteTokens;
  const hourly = usage.cacheWrite1hTokens;
  const split = {
    ephemeral_5m_input_tokens: (written ?? 0) - (hourly ?? 0),
    ephemeral_1h_input_tokens: hourly,
  };
  return {
    input_tokens: freshInput(usage),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: usage.cachedInputTokens,
    ...(written !== null && hourly !== null ? { cache_creation: split } : {}),
    output_tokens: usage.outputTokens,
    ...(usage.reasoningTokens === null
      ? {}
      : { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }),
  };
}

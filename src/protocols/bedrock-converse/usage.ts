import { UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { readCount, sumCounts, totalOf } from '../usage.ts';

/**
 * A `TokenUsage`. Cache reads and writes are counted beside `inputTokens`; the canonical input is the sum of all
 * three. `cacheDetails` splits the writes by how long they stay.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const input = readCount(value['inputTokens']);
  const outputTokens = readCount(value['outputTokens']);
  if (input === null && outputTokens === null) return undefined;
  const cachedInputTokens = readCount(value['cacheReadInputTokens']);
  const cacheWriteTokens = readCount(value['cacheWriteInputTokens']);
  const inputTokens = input === null ? null : sumCounts(input, cachedInputTokens, cacheWriteTokens);
  return {
    ...UNKNOWN_USAGE,
    inputTokens,
    outputTokens,
    totalTokens: totalOf(inputTokens, outputTokens) ?? readCount(value['totalTokens']),
    cachedInputTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: hourlyWrites(value['cacheDetails']),
  };
}

function hourlyWrites(details: unknown): number | null {
  if (!Array.isArray(details)) return null;
  const hourly: unknown = details.find((detail: unknown) => isJsonObject(detail) && detail['ttl'] === '1h');
  return isJsonObject(hourly) ? readCount(hourly['inputTokens']) : null;
}

/** The other way; counts that are not known are left out. */
export function writeUsage(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, cachedInputTokens: read, cacheWriteTokens: written } = usage;
  const hourly = usage.cacheWrite1hTokens;
  const fresh = inputTokens === null ? null : inputTokens - (read ?? 0) - (written ?? 0);
  const details = [
    { ttl: '1h', inputTokens: hourly },
    { ttl: '5m', inputTokens: (written ?? 0) - (hourly ?? 0) },
  ];
  return {
    inputTokens: fresh ?? undefined,
    outputTokens: outputTokens ?? undefined,
    totalTokens: usage.totalTokens ?? totalOf(inputTokens, outputTokens) ?? undefined,
    cacheReadInputTokens: read ?? undefined,
    cacheWriteInputTokens: written ?? undefined,
    cacheDetails: hourly === null ? undefined : details,
  };
}

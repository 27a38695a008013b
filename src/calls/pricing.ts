/**
 * What a call costs, in integer pico-dollars.
 *
 * Prices are those of the catalogue that comes with the program (@pydantic/genai-prices); it is not updated
 * over the network. Looking a model up there takes some 30 µs, so its row is kept, for as many models as are in
 * use at once; unknown ones too, because callers choose their names.
 *
 * It deliberately does not guess: without token counts or a price there is no cost. Tokens that the provider
 * prices apart (cached, written to a cache, audio, reasoning) count at that price only as far as their number is
 * known, and else as plain input or output. Searches and other tools of the provider are not in it.
 */
import { calcPrice, findProvider, type ModelInfo } from '@pydantic/genai-prices';
import { LIMITS } from '../limits.ts';
import type { Usage } from '../protocols/blocks.ts';
import { type DatedPriceRow, type PriceRow, priceRowsOf, type Rate } from './price-row.ts';

/** Pico-dollars for a million tokens, of a small request. */
export interface ModelPrice {
  readonly inputPico: bigint;
  readonly outputPico: bigint;
}

export interface Pricing {
  /**
   * Cost of these tokens at this instant (ms since the epoch); null when the price or the number of input or
   * output tokens is not known. `priceId` is the provider's name in the catalogue, `model` what it calls it.
   */
  costPico(priceId: string | null, model: string, usage: Usage, atMs: number): bigint | null;
  /** For comparing targets by price; null when it is not known. `atMs` counts for dated prices: the latest if absent. */
  pricePico(priceId: string | null, model: string, atMs?: number): ModelPrice | null;
  /** Names of the provider's models that chat, without those that it has withdrawn. */
  knownModels(priceId: string | null): readonly string[];
}

const ATTO_PER_PICO = 1_000_000n;
/** Models that take and give something else than a conversation, and those that only complete text, by name. */
const NOT_CHAT =
  /embed|rerank|moderation|whisper|transcri|\btts\b|speech|realtime|-live|dall-e|image|imagen|audio|video|veo|sora|lyria|guard|ocr|voxtral|computer-use|turbo-instruct|^(ft:|ada$|babbage|curie|davinci|text-)/i;

export function createPricing(modelsMax: number = LIMITS.pricesKeptMax): Pricing {
  const kept = new Map<string, readonly DatedPriceRow[]>();

  const rowsOf = (priceId: string, model: string): readonly DatedPriceRow[] => {
    const key = `${priceId}\n${model}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const rows = lookUp(priceId, model);
    if (kept.size >= modelsMax) dropOldest(kept);
    kept.set(key, rows);
    return rows;
  };
  const rowAt = (priceId: string | null, model: string, atMs: number): PriceRow | null => {
    if (priceId === null) return null;
    for (const { row, holdsAt } of rowsOf(priceId, model)) if (holdsAt(atMs)) return row;
    return null;
  };

  return {
    costPico(priceId, model, usage, atMs) {
      const { inputTokens, outputTokens } = usage;
      if (inputTokens === null || outputTokens === null) return null;
      const row = rowAt(priceId, model, atMs);
      return row === null ? null : costOf(row, usage, inputTokens, outputTokens);
    },
    pricePico(priceId, model, atMs = Number.MAX_SAFE_INTEGER) {
      const row = rowAt(priceId, model, atMs);
      return row === null ? null : { inputPico: row.input.base, outputPico: row.output.base };
    },
    knownModels(priceId) {
      const models = priceId === null ? [] : (findProvider({ providerId: priceId })?.models ?? []);
      const names = models.filter(isChat).map(({ id }) => id);
      return names.slice(0, LIMITS.modelsPerConnectionMax);
    },
  };
}

function dropOldest(kept: Map<string, unknown>): void {
  for (const key of kept.keys()) {
    kept.delete(key);
    return;
  }
}

function lookUp(priceId: string, model: string): readonly DatedPriceRow[] {
  // The catalogue would fall back to guessing a provider by the model's name for an id that it does not know.
  const provider = findProvider({ providerId: priceId });
  if (provider === undefined) return [];
  const found = calcPrice({}, model, { providerId: provider.id });
  return found === null ? [] : priceRowsOf(found.model);
}

function isChat({ id, deprecated, prices }: ModelInfo): boolean {
  if (deprecated === true || NOT_CHAT.test(id)) return false;
  const all = Array.isArray(prices) ? prices.map((dated) => dated.prices) : [prices];
  return all.some((price) => price['input_mtok'] !== undefined && price['output_mtok'] !== undefined);
}

function costOf(row: PriceRow, usage: Usage, inputTokens: number, outputTokens: number): bigint | null {
  let atto = 0n;
  let plainInput = inputTokens;
  let plainOutput = outputTokens;
  const input = (tokens: number | null, rate: Rate | null) => {
    if (tokens === null || rate === null) return;
    const count = Math.min(tokens, plainInput);
    plainInput -= count;
    atto += times(count, rateAt(rate, inputTokens));
  };
  const output = (tokens: number | null, rate: Rate | null) => {
    if (tokens === null || rate === null) return;
    const count = Math.min(tokens, plainOutput);
    plainOutput -= count;
    atto += times(count, rateAt(rate, inputTokens));
  };
  const longWrites = row.cacheWrite1h === null ? 0 : (usage.cacheWrite1hTokens ?? 0);
  input(usage.cachedInputTokens, row.cacheRead);
  input(longWrites, row.cacheWrite1h);
  input(usage.cacheWriteTokens === null ? null : usage.cacheWriteTokens - longWrites, row.cacheWrite);
  input(usage.audioInputTokens, row.audioInput);
  output(usage.reasoningTokens, row.reasoning);
  output(usage.audioOutputTokens, row.audioOutput);
  input(plainInput, row.input);
  output(plainOutput, row.output);
  atto += rateAt(row.request, inputTokens);
  return (atto + ATTO_PER_PICO / 2n) / ATTO_PER_PICO;
}

function rateAt({ base, tiers }: Rate, inputTokens: number): bigint {
  let rate = base;
  for (const tier of tiers) if (inputTokens > tier.start) rate = tier.rate;
  return rate;
}

/** Counts are whole and not negative, or they are none. */
function times(tokens: number, rate: bigint): bigint {
  return tokens > 0 && Number.isSafeInteger(tokens) ? BigInt(tokens) * rate : 0n;
}

/**
 * What a call costs, in integer pico-dollars.
 *
 * The operator's own prices come first, then those of the catalogue. Tokens are the ledger and money is derived
 * from them, so a cost is given with the price's source and the day from which that price holds. Looking a model
 * up in the catalogue takes some 30 µs, so its row is kept, for as many models as are in use at once; unknown
 * ones too, because callers choose their names.
 *
 * It deliberately does not guess: without token counts or a price there is no cost. Tokens that the provider
 * prices apart (cached, written to a cache, audio, reasoning) count at that price only as far as their number is
 * known, and else as plain input or output. Searches and other tools of the provider are not in it.
 */
import { LIMITS } from '../limits.ts';
import type { Usage } from '../protocols/blocks.ts';
import { catalogueRows, chatModels, PRICE_CATALOGUE } from '../providers/price-catalogue.ts';
import { type DatedPriceRow, FREE, type OwnPrice, type PriceRow, type Rate } from '../providers/price-row.ts';

/** Where a connection's prices are. */
export interface Priced {
  /** The provider's name in the catalogue. */
  readonly priceId: string | null;
  /** The operator's own for it, the first that fits is the one. */
  readonly prices?: readonly OwnPrice[] | undefined;
}

export interface Cost {
  readonly pico: bigint;
  /** The day from which the price holds, ms since the epoch; null where the price has none. */
  readonly fromMs: number | null;
  readonly source: string;
}

/** Pico-dollars for a million tokens, of a small request. */
export interface ModelPrice {
  readonly inputPico: bigint;
  readonly outputPico: bigint;
}

export interface Pricing {
  /**
   * Cost of these tokens at this instant (ms since the epoch), by the name under which the model served and else
   * by the name that was asked of the upstream. Null when no price is known, or the number of input or output
   * tokens is not.
   */
  cost(connection: Priced, served: string | null, asked: string, usage: Usage, atMs: number): Cost | null;
  /** As `cost` by the catalogue alone, in pico-dollars. */
  costPico(priceId: string | null, model: string, usage: Usage, atMs: number): bigint | null;
  /** For comparing targets by price; null when it is not known. `atMs` counts for dated prices: the latest if absent. */
  price(connection: Priced, model: string, atMs?: number): ModelPrice | null;
  /** Names of the provider's models that chat, without those that it has withdrawn. */
  knownModels(priceId: string | null): readonly string[];
}

export const OWN_PRICE = 'operator';

interface FoundRow {
  readonly row: PriceRow;
  readonly fromMs: number | null;
  readonly source: string;
}

export function createPricing(modelsMax: number = LIMITS.pricesKeptMax): Pricing {
  const kept = new Map<string, readonly DatedPriceRow[]>();

  const rowsOf = (priceId: string, model: string): readonly DatedPriceRow[] => {
    const key = `${priceId}\n${model}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const rows = catalogueRows(priceId, model);
    if (kept.size >= modelsMax) dropOldest(kept);
    kept.set(key, rows);
    return rows;
  };
  const inCatalogue = (priceId: string | null, model: string, atMs: number): FoundRow | null => {
    if (priceId === null) return null;
    for (const { row, fromMs, holdsAt } of rowsOf(priceId, model)) {
      if (holdsAt(atMs)) return row === null ? null : { row, fromMs, source: PRICE_CATALOGUE };
    }
    return null;
  };

  const cost: Pricing['cost'] = (connection, served, asked, usage, atMs) => {
    const { inputTokens } = usage;
    if (inputTokens === null) return null;
    const found =
      ownPrice(connection, served, atMs) ??
      ownPrice(connection, asked, atMs) ??
      (served === null ? null : inCatalogue(connection.priceId, served, atMs)) ??
      inCatalogue(connection.priceId, asked, atMs);
    if (found === null) return null;
    // Models without a price for output (embeddings, rankings) have none to count.
    const outputTokens = usage.outputTokens ?? (found.row.output === FREE ? 0 : null);
    if (outputTokens === null) return null;
    const pico = costOf(found.row, usage, inputTokens, outputTokens);
    return { pico, fromMs: found.fromMs, source: found.source };
  };

  return {
    cost,
    costPico: (priceId, model, usage, atMs) => cost({ priceId }, null, model, usage, atMs)?.pico ?? null,
    price(connection, model, atMs = Number.MAX_SAFE_INTEGER) {
      const found = ownPrice(connection, model, atMs) ?? inCatalogue(connection.priceId, model, atMs);
      if (found === null) return null;
      return { inputPico: found.row.input.base, outputPico: found.row.output.base };
    },
    knownModels(priceId) {
      return priceId === null ? [] : chatModels(priceId).slice(0, LIMITS.modelsPerConnectionMax);
    },
  };
}

function ownPrice({ prices }: Priced, model: string | null, atMs: number): FoundRow | null {
  if (prices === undefined || model === null) return null;
  for (const own of prices) {
    if ((own.fromMs === null || atMs >= own.fromMs) && own.matches(model)) {
      return { row: own.row, fromMs: own.fromMs, source: OWN_PRICE };
    }
  }
  return null;
}

function dropOldest(kept: Map<string, unknown>): void {
  for (const key of kept.keys()) {
    kept.delete(key);
    return;
  }
}

const ATTO_PER_PICO = 1_000_000n;

function costOf(row: PriceRow, usage: Usage, inputTokens: number, outputTokens: number): bigint {
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

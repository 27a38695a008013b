/**
 * What a model costs, as integers. The catalogue gives dollars per million tokens as decimal numbers; here they
 * are atto-dollars (10⁻¹⁸) per token, so that twelve decimals are exact and nothing drifts.
 */
import type { ModelInfo, ModelPrice, TieredPrices } from '@pydantic/genai-prices';

/** A price that may change with the size of the request's input. Atto-dollars per unit. */
export interface Rate {
  readonly base: bigint;
  /** Ascending; the last one whose start is below the input's tokens holds for all of them. */
  readonly tiers: readonly { readonly start: number; readonly rate: bigint }[];
}

/** Rates that the catalogue gives; where one is missing, its tokens cost what plain input or output costs. */
export interface PriceRow {
  readonly input: Rate;
  readonly output: Rate;
  readonly cacheRead: Rate | null;
  readonly cacheWrite: Rate | null;
  readonly cacheWrite1h: Rate | null;
  readonly audioInput: Rate | null;
  readonly audioOutput: Rate | null;
  readonly reasoning: Rate | null;
  /** For the call itself, whatever its tokens. */
  readonly request: Rate;
}

/** A row and when it holds: always, from a day on, or between two times of every day (UTC). */
export interface DatedPriceRow {
  readonly row: PriceRow | null;
  /** Of the day on which it came into force, ms since the epoch; null for none that is known. */
  readonly fromMs: number | null;
  holdsAt(atMs: number): boolean;
}

/** A price of the operator's own. */
export interface OwnPrice {
  /** Whether it is for the model of this name. */
  matches(model: string): boolean;
  /** Holds from this instant on, ms since the epoch; null for always. */
  readonly fromMs: number | null;
  readonly row: PriceRow;
}

const DAY_MS = 86_400_000;
export const FREE: Rate = { base: 0n, tiers: [] };

/** The model's rows, the first that holds is the one; the last always does. */
export function priceRowsOf({ prices }: ModelInfo): readonly DatedPriceRow[] {
  if (!Array.isArray(prices)) return [{ row: compile(prices), fromMs: null, holdsAt: () => true }];
  const rows = prices.map(({ constraint, prices: price }) => ({
    row: compile(price),
    fromMs: constraint?.type === 'start_date' ? Date.parse(constraint.start_date) : null,
    holdsAt: holding(constraint),
  }));
  const [first] = rows;
  // The catalogue's order is oldest first, and its first row is what is left when none holds.
  return first === undefined
    ? []
    : [...rows.reverse(), { row: first.row, fromMs: null, holdsAt: () => true }];
}

type Constraint = Exclude<ModelInfo['prices'], ModelPrice>[number]['constraint'];

function holding(constraint: Constraint): (atMs: number) => boolean {
  if (constraint === undefined) return () => true;
  if (constraint.type === 'start_date') {
    const startMs = Date.parse(constraint.start_date);
    return (atMs) => atMs >= startMs;
  }
  const startMs = timeOfDayMs(constraint.start_time);
  const endMs = timeOfDayMs(constraint.end_time);
  if (endMs < startMs) return (atMs) => atMs % DAY_MS >= startMs || atMs % DAY_MS < endMs;
  return (atMs) => atMs % DAY_MS >= startMs && atMs % DAY_MS < endMs;
}

/** "16:30:00Z" or with an offset, as milliseconds after midnight UTC. */
function timeOfDayMs(time: string): number {
  return (Date.parse(`1970-01-02T${time}`) + DAY_MS) % DAY_MS;
}

/** Null for a model that has no price for tokens or calls. */
function compile(price: ModelPrice): PriceRow | null {
  const perToken = (key: string) => rateOf(price[key], 12);
  const input = perToken('input_mtok');
  const output = perToken('output_mtok');
  const request = rateOf(price['requests_kcount'], 15);
  if (input === null && output === null && request === null) return null;
  return {
    input: input ?? FREE,
    output: output ?? FREE,
    cacheRead: perToken('cache_read_mtok'),
    cacheWrite: perToken('cache_write_mtok'),
    cacheWrite1h: perToken('cache_write_1h_mtok'),
    audioInput: perToken('input_audio_mtok'),
    audioOutput: perToken('output_audio_mtok'),
    reasoning: perToken('output_reasoning_mtok'),
    request: request ?? FREE,
  };
}

function rateOf(price: number | TieredPrices | undefined, digits: number): Rate | null {
  if (price === undefined) return null;
  if (typeof price === 'number') return { base: scaled(price, digits), tiers: [] };
  const tiers = price.tiers.map((tier) => ({ start: tier.start, rate: scaled(tier.price, digits) }));
  return { base: scaled(price.base, digits), tiers: tiers.sort((a, b) => a.start - b.start) };
}

/** The decimal number that the catalogue wrote, times 10^digits; what is finer than that is cut off. */
function scaled(value: number, digits: number): bigint {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = digits - fraction.length + Number(exponent);
  const integer = BigInt(whole + fraction);
  return shift >= 0 ? integer * 10n ** BigInt(shift) : integer / 10n ** BigInt(-shift);
}

import type { ConnectionRow, OwnPriceRow } from '../db/queries/configuration-read.ts';
import { FREE, type OwnPrice, type Rate } from '../providers/price-row.ts';

/**
 * The operator's prices for a connection, the first that fits is the one: those of the connection before those of
 * its provider, names before patterns, long patterns before short ones, later days before earlier ones.
 */
export function ownPricesOf(rows: readonly OwnPriceRow[], connection: ConnectionRow): OwnPrice[] {
  return rows
    .filter((row) => row.connection_id === connection.id || row.provider === connection.provider)
    .sort(
      (a, b) =>
        Number(b.connection_id !== null) - Number(a.connection_id !== null) ||
        Number(a.model.includes('*')) - Number(b.model.includes('*')) ||
        b.model.length - a.model.length ||
        (b.holds_from ?? '').localeCompare(a.holds_from ?? ''),
    )
    .map(ownPriceOf);
}

/** Without an amount, tokens of input and output cost nothing, and all others what input and output cost. */
export function ownPriceOf(row: OwnPriceRow): OwnPrice {
  return {
    matches: matcherOf(row.model),
    fromMs: row.holds_from === null ? null : Date.parse(row.holds_from),
    row: {
      input: rateOf(row.input_pico) ?? FREE,
      output: rateOf(row.output_pico) ?? FREE,
      cacheRead: rateOf(row.cached_input_pico),
      cacheWrite: rateOf(row.cache_write_pico),
      cacheWrite1h: rateOf(row.cache_write_1h_pico),
      audioInput: rateOf(row.audio_input_pico),
      audioOutput: rateOf(row.audio_output_pico),
      reasoning: rateOf(row.reasoning_pico),
      request:
        row.request_pico === null ? FREE : { base: BigInt(row.request_pico) * ATTO_PER_PICO, tiers: [] },
    },
  };
}

const ATTO_PER_PICO = 1_000_000n;

/** Pico-dollars for a million tokens are as many atto-dollars for one. */
function rateOf(pico: string | null): Rate | null {
  return pico === null ? null : { base: BigInt(pico), tiers: [] };
}

/** `*` stands for any characters, also none. In one pass: names come from callers. */
function matcherOf(pattern: string): (model: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (model) => model === pattern;
  return (model) => {
    if (!model.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = model.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return model.length >= at + last.length && model.endsWith(last);
  };
}

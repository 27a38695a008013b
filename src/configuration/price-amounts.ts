import type { OwnPriceRow } from '../db/queries/configuration-read.ts';

const PICO_DIGITS = 12;

/** Members of a price in sluice.yaml, and where each is stored. */
export const PRICE_COLUMNS = {
  input: 'input_pico',
  output: 'output_pico',
  cachedInput: 'cached_input_pico',
  cacheWrite: 'cache_write_pico',
  cacheWrite1h: 'cache_write_1h_pico',
  reasoning: 'reasoning_pico',
  audioInput: 'audio_input_pico',
  audioOutput: 'audio_output_pico',
  perRequest: 'request_pico',
} as const satisfies Readonly<Record<string, keyof OwnPriceRow>>;

export const PRICE_MEMBERS = Object.keys(PRICE_COLUMNS) as (keyof typeof PRICE_COLUMNS)[];

/**
 * Dollars as whole pico-dollars; null for what is no such amount. A number is taken by its shortest decimal form,
 * which is what was written in the file; at most twelve decimals.
 */
export function picoOf(dollars: number | string): string | null {
  const match = /^(\d{1,9})(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i.exec(String(dollars).trim());
  if (match === null) return null;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const shift = PICO_DIGITS - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return String(digits * 10n ** BigInt(shift));
  const unit = 10n ** BigInt(-shift);
  return digits % unit === 0n ? String(digits / unit) : null;
}

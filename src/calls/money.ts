const PICO_PER_USD = 1_000_000_000_000n;

/** Pico-dollars as a decimal number of dollars without trailing zeros: 1_500_000n → "0.0000015". */
export function formatUsd(pico: bigint): string {
  const sign = pico < 0n ? '-' : '';
  const value = pico < 0n ? -pico : pico;
  const fraction = (value % PICO_PER_USD).toString().padStart(12, '0').replace(/0+$/, '');
  return `${sign}${value / PICO_PER_USD}${fraction === '' ? '' : `.${fraction}`}`;
}

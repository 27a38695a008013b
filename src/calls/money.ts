const PICO_PER_USD = 1_000_000_000_000n;
const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/** Pico-dollars as a decimal number of dollars without trailing zeros: 1_500_000n → "0.0000015". */
export function formatUsd(pico: bigint): string {
  // Nearly every call costs less than 9,007 dollars, and numbers are many times faster than bigints.
  if (pico >= 0n && pico <= MAX_EXACT) return formatSmall(Number(pico));
  const sign = pico < 0n ? '-' : '';
  const value = pico < 0n ? -pico : pico;
  const fraction = (value % PICO_PER_USD).toString().padStart(12, '0').replace(/0+$/, '');
  return `${sign}${value / PICO_PER_USD}${fraction === '' ? '' : `.${fraction}`}`;
}

function formatSmall(pico: number): string {
  const perUsd = 1e12;
  const fraction = pico % perUsd;
  const whole = (pico - fraction) / perUsd;
  if (fraction === 0) return `${whole}`;
  const digits = `${fraction + perUsd}`;
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return `${whole}.${digits.slice(1, end)}`;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd } from '../../../src/calls/money.ts';

const PICO_PER_USD = 10n ** 12n;

/** The number that a decimal stands for, in pico-dollars. */
function picoOf(text: string): bigint {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text) ?? [];
  const pico = BigInt(whole) * PICO_PER_USD + BigInt(fraction.padEnd(12, '0'));
  return sign === '-' ? -pico : pico;
}

describe('an amount of money as text', () => {
  it('says exactly the pico-dollars it was made from, below and above what numbers hold exactly', () => {
    const amount = fc.oneof(
      fc.bigInt({ min: 0n, max: 10n ** 13n }),
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
    );
    fc.assert(fc.property(amount, (pico) => picoOf(formatUsd(pico)) === pico));
  });

  it.each([
    [0n, '0'],
    [1n, '0.000000000001'],
    [1_500_000n, '0.0000015'],
    [10n * PICO_PER_USD, '10'],
    [12_340_000_000_000n, '12.34'],
    [2n ** 53n, '9007.199254740992'],
  ])('%s pico-dollars are %s, without zeros at the end', (pico, text) => {
    expect(formatUsd(pico)).toBe(text);
  });
});

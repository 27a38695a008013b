import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { countText } from '../../../src/tokens/count-text.ts';
import { GrowingCount } from '../../../src/tokens/growing-count.ts';
import { roughRequestTokens, roughTokens } from '../../../src/tokens/rough.ts';

const PROSE =
  'The quick brown fox jumps over the lazy dog. Grüezi mitenand, wie gaats? 東京は日本の首都です。 def f(x):\n    return x ** 2\n';

describe('countText', () => {
  it.each([
    ['nothing', ''],
    ['prose of several languages', PROSE.repeat(20)],
    ['names of control tokens, as text', 'a <|endoftext|> b <|im_start|>'],
    ['half of an emoji', 'a \ud83d b'],
  ])('is the tokenizer’s own count for %s', (_name, text) => {
    expect(countText(text)).toBe(countTokens(text, { disallowedSpecial: new Set() }));
  });

  it('counts long runs in pieces, a token or two more a piece at most', () => {
    const text = 'abcdefghij'.repeat(200);
    const whole = countTokens(text);
    expect(countText(text)).toBeGreaterThanOrEqual(whole);
    expect(countText(text)).toBeLessThanOrEqual(whole + 2 * Math.ceil(text.length / 256));
  });

  it.each(['a', '字', ' ', '-', '\n'])(
    'takes twice the time for twice as many equal characters (%j)',
    (character) => {
      const time = (count: number): number => {
        const text = character.repeat(count);
        const beganMs = performance.now();
        countText(text);
        return performance.now() - beganMs;
      };
      time(1_000);
      const once = Math.min(time(20_000), time(20_000), time(20_000));
      const tenfold = Math.min(time(200_000), time(200_000));
      // By the square, as the tokenizer alone needs for letters, it would be a hundredfold.
      expect(tenfold).toBeLessThan(once * 40 + 20);
    },
  );
});

describe('GrowingCount', () => {
  const grown = (pieces: readonly string[]): number => {
    const count = new GrowingCount(countText);
    return pieces.reduce((_tokens, piece) => count.add(piece), 0);
  };

  it('counts text in pieces as if it came whole, wherever it is cut', () => {
    const whole = countText(PROSE);
    for (let at = 1; at < PROSE.length; at += 1) {
      const tokens = grown([PROSE.slice(0, at), PROSE.slice(at)]);
      expect(Math.abs(tokens - whole), `cut at ${at}`).toBeLessThanOrEqual(1);
    }
  });

  it('is near the whole count for any pieces', () => {
    const words = fc.array(
      fc.constantFrom('The ', 'answer', ' is', ' 42', '.\n', 'über', ' ', 'naïve', '東京'),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(words, (pieces) => {
        const whole = countText(pieces.join(''));
        expect(Math.abs(grown(pieces) - whole)).toBeLessThanOrEqual(2 + whole * 0.1);
      }),
    );
  });

  it('does not wait for the end of a word that has none', () => {
    const pieces = Array.from({ length: 200 }, () => 'x'.repeat(100));
    const whole = countText('x'.repeat(20_000));
    expect(Math.abs(grown(pieces) - whole)).toBeLessThan(whole * 0.2);
  });
});

describe('the rough estimate', () => {
  it('is a token for four bytes', () => {
    expect(roughTokens('')).toBe(0);
    expect(roughTokens('12345678')).toBe(2);
    expect(roughTokens('東京')).toBe(2);
    expect(roughTokens('12345678', 0.5)).toBe(4);
  });

  it('takes all texts of a request, and no media', () => {
    const text = 'word '.repeat(100);
    const data = 'iVBORw0KGgo'.repeat(100);
    const plain = { messages: [{ role: 'user', content: text }] };
    const media = {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
            { inlineData: { data } },
          ],
        },
      ],
    };
    expect(roughRequestTokens(plain)).toBeGreaterThanOrEqual(125);
    expect(roughRequestTokens(plain)).toBeLessThan(130);
    expect(roughRequestTokens(media)).toBeLessThan(140);
    expect(roughRequestTokens(null)).toBe(0);
  });

  it('looks at so many values only', () => {
    const many = Array.from({ length: 1_000_000 }, () => 'abcd');
    expect(roughRequestTokens(many)).toBeLessThan(20_000);
  });
});

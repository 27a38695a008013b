import { calcPrice, findProvider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPricing } from '../../../src/calls/pricing.ts';
import { UNKNOWN_USAGE, type Usage } from '../../../src/protocols/blocks.ts';

const PROVIDERS = [
  'openai',
  'anthropic',
  'google',
  'groq',
  'deepseek',
  'mistral',
  'x-ai',
  'aws',
  'azure',
  'cohere',
];
const MODELS = PROVIDERS.flatMap((priceId) =>
  (findProvider({ providerId: priceId })?.models ?? []).map((model) => ({ priceId, model: model.id })),
);
const AT = Date.UTC(2026, 5, 1, 12);

const usage = (changes: Partial<Usage>): Usage => ({ ...UNKNOWN_USAGE, ...changes });
const pricing = createPricing();

/** What the catalogue's own calculation says, in floating-point pico-dollars; null where it says nothing. */
function catalogueCost(
  priceId: string,
  model: string,
  tokens: Record<string, number>,
  atMs: number,
): number | null {
  const found = calcPrice(tokens, model, { providerId: priceId, timestamp: new Date(atMs) });
  return found === null ? null : found.total_price * 1e12;
}

/** To within the rounding of floating point. What has no price for tokens costs nothing in the catalogue. */
function isClose(cost: bigint | null, expected: number | null): boolean {
  if (cost === null || expected === null) return cost === null && (expected ?? 0) === 0;
  return Math.abs(Number(cost) - expected) <= 1 + expected * 1e-9;
}

describe('the cost of a call', () => {
  test('is exact in pico-dollars', () => {
    const cost = pricing.costPico('openai', 'gpt-5', usage({ inputTokens: 1_000, outputTokens: 100 }), AT);
    expect(cost).toBe(2_250_000_000n);
  });

  test('counts tokens read from a cache at their own price', () => {
    const tokens = usage({ inputTokens: 1_000, cachedInputTokens: 200, outputTokens: 100 });
    expect(pricing.costPico('openai', 'gpt-5', tokens, AT)).toBe(2_025_000_000n);
  });

  test('counts the two lifetimes of cache writes apart', () => {
    const tokens = usage({
      inputTokens: 1_000,
      outputTokens: 0,
      cacheWriteTokens: 300,
      cacheWrite1hTokens: 100,
    });
    // 700 plain at 2 dollars a million, 200 for five minutes at 2.50, 100 for an hour at 4.
    expect(pricing.costPico('anthropic', 'claude-sonnet-5', tokens, AT)).toBe(2_300_000_000n);
  });

  test('takes the higher price for the whole of a large request', () => {
    const tokens = usage({ inputTokens: 300_000, outputTokens: 100 });
    expect(pricing.costPico('google', 'gemini-2.5-pro', tokens, AT)).toBe(751_500_000_000n);
    const atTheLimit = usage({ inputTokens: 200_000, outputTokens: 100 });
    expect(pricing.costPico('google', 'gemini-2.5-pro', atTheLimit, AT)).toBe(251_000_000_000n);
  });

  test('is that of the day on which the call began', () => {
    const tokens = usage({ inputTokens: 300_000, outputTokens: 0 });
    const before = pricing.costPico('anthropic', 'claude-sonnet-4-6', tokens, Date.UTC(2026, 2, 12));
    const after = pricing.costPico('anthropic', 'claude-sonnet-4-6', tokens, Date.UTC(2026, 2, 13));
    expect([before, after]).toEqual([1_800_000_000_000n, 900_000_000_000n]);
  });

  test('is not known without a price or without token counts', () => {
    const tokens = usage({ inputTokens: 1, outputTokens: 1 });
    expect(pricing.costPico(null, 'gpt-5', tokens, AT)).toBeNull();
    expect(pricing.costPico('openai', 'no-such-model', tokens, AT)).toBeNull();
    expect(pricing.costPico('no-such-provider', 'gpt-5', tokens, AT)).toBeNull();
    expect(pricing.costPico('openai', 'gpt-5', usage({ inputTokens: 1 }), AT)).toBeNull();
    expect(pricing.costPico('openai', 'gpt-5', usage({ outputTokens: 1 }), AT)).toBeNull();
  });

  test('never falls below zero when an upstream counts more cached tokens than tokens', () => {
    const tokens = usage({ inputTokens: 10, outputTokens: 0, cachedInputTokens: 1_000_000 });
    expect(pricing.costPico('openai', 'gpt-5', tokens, AT)).toBe(1_250_000n);
  });

  test('agrees with the catalogue for every model, tokens of text and instants', () => {
    const counts = fc.record({
      model: fc.constantFrom(...MODELS),
      parts: fc.array(fc.nat(400_000), { minLength: 4, maxLength: 4 }),
      output: fc.nat(100_000),
      reasoning: fc.nat(100),
      atMs: fc.integer({ min: Date.UTC(2023, 0, 1), max: Date.UTC(2027, 0, 1) }),
    });
    fc.assert(
      fc.property(counts, ({ model: { priceId, model }, parts, output, reasoning, atMs }) => {
        const [plain = 0, read = 0, write = 0, write1h = 0] = parts;
        const input = plain + read + write + write1h;
        const tokens = usage({
          inputTokens: input,
          outputTokens: output + reasoning,
          cachedInputTokens: read,
          cacheWriteTokens: write + write1h,
          cacheWrite1hTokens: write1h,
          reasoningTokens: reasoning,
        });
        const expected = catalogueCost(
          priceId,
          model,
          {
            input_tokens: input,
            output_tokens: output + reasoning,
            cache_read_tokens: read,
            cache_write_tokens: write + write1h,
            cache_write_1h_tokens: write1h,
            output_reasoning_tokens: reasoning,
          },
          atMs,
        );
        return isClose(pricing.costPico(priceId, model, tokens, atMs), expected);
      }),
      { numRuns: 3_000 },
    );
  });

  test('counts tokens of audio as the catalogue does', () => {
    for (const { priceId, model } of MODELS) {
      const tokens = usage({
        inputTokens: 700,
        outputTokens: 90,
        audioInputTokens: 500,
        audioOutputTokens: 40,
      });
      const expected = catalogueCost(
        priceId,
        model,
        { input_tokens: 700, output_tokens: 90, input_audio_tokens: 500, output_audio_tokens: 40 },
        AT,
      );
      expect(isClose(pricing.costPico(priceId, model, tokens, AT), expected), `${priceId}/${model}`).toBe(
        true,
      );
    }
  });

  test('stays the same when more models are asked for than are kept at hand', () => {
    const small = createPricing(2);
    const tokens = usage({ inputTokens: 1_000, outputTokens: 100 });
    const names = ['gpt-5', 'gpt-4o', 'gpt-4.1', 'o3', 'unknown-1', 'unknown-2', 'gpt-5'];
    const costs = names.map((name) => small.costPico('openai', name, tokens, AT));
    expect(costs).toEqual(names.map((name) => pricing.costPico('openai', name, tokens, AT)));
  });
});

describe('prices', () => {
  test('are pico-dollars for a million tokens', () => {
    expect(pricing.price({ priceId: 'openai' }, 'gpt-5')).toEqual({
      inputPico: 1_250_000_000_000n,
      outputPico: 10_000_000_000_000n,
    });
    expect(pricing.price({ priceId: 'openai' }, 'no-such-model')).toBeNull();
  });

  test.each([
    'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    'eu.anthropic.claude-haiku-4-5-20251001-v1:0',
    'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0',
  ])('trap 130 %s has the price of the model in a region', (model) => {
    const price = pricing.price({ priceId: 'aws' }, model);
    expect(price).toEqual({ inputPico: 1_100_000_000_000n, outputPico: 5_500_000_000_000n });
  });
});

describe('known models', () => {
  test('are those that chat', () => {
    const names = pricing.knownModels('openai');
    expect(names).toContain('gpt-5-mini');
    expect(names.filter((name) => /embed|whisper|dall-e|tts|davinci|moderation/.test(name))).toEqual([]);
    expect(pricing.knownModels('anthropic')).toContain('claude-haiku-4-5');
  });

  test('are none that only stand for those of every region', () => {
    const names = pricing.knownModels('aws');
    expect(names).toContain('amazon.nova-pro-v1:0');
    expect(names.filter((name) => name.startsWith('regional.'))).toEqual([]);
  });

  test('are none for a provider that the catalogue does not have', () => {
    expect(pricing.knownModels(null)).toEqual([]);
    expect(pricing.knownModels('no-such-provider')).toEqual([]);
  });
});

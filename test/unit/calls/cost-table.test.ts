/**
 * What calls cost, by hand: the arithmetic stands beside each case, in micro-dollars (tokens times dollars a
 * million). A new version of the price catalogue must not change the price of a day that has passed.
 */
import { describe, expect, it } from 'vitest';
import { formatUsd } from '../../../src/calls/money.ts';
import { createPricing, type Priced } from '../../../src/calls/pricing.ts';
import { ownPricesOf } from '../../../src/configuration/own-prices.ts';
import type { ConnectionRow, OwnPriceRow } from '../../../src/db/queries/configuration-read.ts';
import { UNKNOWN_USAGE, type Usage } from '../../../src/protocols/blocks.ts';
import { PRICE_CATALOGUE } from '../../../src/providers/price-catalogue.ts';

const pricing = createPricing();
const JUNE = '2026-06-01T12:00:00Z';

interface Case {
  readonly what: string;
  readonly priceId: string;
  readonly model: string;
  readonly usage: Partial<Usage>;
  readonly at?: string;
  readonly usd: string;
  /** The day from which the price holds; null where it has none. */
  readonly from?: string;
}

const CASES: readonly Case[] = [
  {
    what: 'cached reads',
    priceId: 'openai',
    model: 'gpt-5',
    usage: { inputTokens: 10_000, cachedInputTokens: 4_000, outputTokens: 1_000 },
    // 6,000 × 1.25 + 4,000 × 0.125 + 1,000 × 10 = 7,500 + 500 + 10,000 = 18,000
    usd: '0.018',
  },
  {
    what: 'a read and both lifetimes of cache writes',
    priceId: 'anthropic',
    model: 'claude-haiku-4-5',
    usage: {
      inputTokens: 20_000,
      cachedInputTokens: 5_000,
      cacheWriteTokens: 3_000,
      cacheWrite1hTokens: 1_000,
      outputTokens: 500,
    },
    // plain 20,000 − 5,000 − 3,000 = 12,000 × 1; read 5,000 × 0.1; 5 min 2,000 × 1.25; 1 h 1,000 × 2; 500 × 5
    // = 12,000 + 500 + 2,500 + 2,000 + 2,500 = 19,500
    usd: '0.0195',
  },
  {
    what: 'a context at the tier’s bound',
    priceId: 'anthropic',
    model: 'claude-sonnet-4-5',
    usage: { inputTokens: 200_000, outputTokens: 1_000 },
    // 200,000 × 3 + 1,000 × 15 = 600,000 + 15,000 = 615,000
    usd: '0.615',
  },
  {
    what: 'a long context, all of it at the higher price, cached reads too',
    priceId: 'anthropic',
    model: 'claude-sonnet-4-5',
    usage: { inputTokens: 250_000, cachedInputTokens: 50_000, outputTokens: 1_000 },
    // 200,000 × 6 + 50,000 × 0.6 + 1,000 × 22.5 = 1,200,000 + 30,000 + 22,500 = 1,252,500
    usd: '1.2525',
  },
  {
    what: 'writes of a long context',
    priceId: 'anthropic',
    model: 'claude-sonnet-4-5',
    usage: {
      inputTokens: 210_000,
      cacheWriteTokens: 200_000,
      cacheWrite1hTokens: 100_000,
      outputTokens: 0,
    },
    // 10,000 × 6 + 100,000 × 7.5 + 100,000 × 12 = 60,000 + 750,000 + 1,200,000 = 2,010,000
    usd: '2.01',
  },
  {
    what: 'a small context of Gemini',
    priceId: 'google',
    model: 'gemini-2.5-pro',
    usage: { inputTokens: 200_000, outputTokens: 2_000 },
    // 200,000 × 1.25 + 2,000 × 10 = 250,000 + 20,000 = 270,000
    usd: '0.27',
  },
  {
    what: 'a long context of Gemini, whose reasoning costs what output costs',
    priceId: 'google',
    model: 'gemini-2.5-pro',
    usage: { inputTokens: 300_000, cachedInputTokens: 100_000, outputTokens: 2_000, reasoningTokens: 1_500 },
    // 200,000 × 2.5 + 100,000 × 0.25 + 2,000 × 15 = 500,000 + 25,000 + 30,000 = 555,000
    usd: '0.555',
  },
  {
    what: 'a long context of OpenAI',
    priceId: 'openai',
    model: 'gpt-5.4',
    usage: { inputTokens: 300_000, outputTokens: 1_000 },
    // 300,000 × 5 + 1,000 × 22.5 = 1,500,000 + 22,500 = 1,522,500
    usd: '1.5225',
  },
  {
    what: 'audio in',
    priceId: 'google',
    model: 'gemini-2.5-flash',
    usage: { inputTokens: 10_000, audioInputTokens: 4_000, outputTokens: 1_000 },
    // 6,000 × 0.3 + 4,000 × 1 + 1,000 × 2.5 = 1,800 + 4,000 + 2,500 = 8,300
    usd: '0.0083',
  },
  {
    what: 'reasoning with a price of its own',
    priceId: 'perplexity',
    model: 'sonar-deep-research',
    usage: { inputTokens: 1_000, outputTokens: 10_000, reasoningTokens: 6_000 },
    // 1,000 × 2 + 4,000 × 8 + 6,000 × 3 = 2,000 + 32,000 + 18,000 = 52,000
    usd: '0.052',
  },
  {
    what: 'a price for the request besides its tokens',
    priceId: 'perplexity',
    model: 'sonar',
    usage: { inputTokens: 1_000, outputTokens: 500 },
    // 12 dollars for 1,000 requests = 12,000 for one; 1,000 × 1 + 500 × 1 = 1,500; together 13,500
    usd: '0.0135',
  },
  {
    what: 'the day before a price fell',
    priceId: 'openai',
    model: 'o3',
    usage: { inputTokens: 1_000, outputTokens: 1_000 },
    at: '2025-06-09T23:59:59Z',
    // 1,000 × 10 + 1,000 × 40 = 50,000
    usd: '0.05',
  },
  {
    what: 'the day on which it fell',
    priceId: 'openai',
    model: 'o3',
    usage: { inputTokens: 1_000, outputTokens: 1_000 },
    at: '2025-06-10T00:00:00Z',
    // 1,000 × 2 + 1,000 × 8 = 10,000
    usd: '0.01',
    from: '2025-06-10',
  },
  {
    what: 'a long context after its tier was given up',
    priceId: 'anthropic',
    model: 'claude-sonnet-4-6',
    usage: { inputTokens: 300_000, outputTokens: 1_000 },
    // 300,000 × 3 + 1,000 × 15 = 900,000 + 15,000 = 915,000
    usd: '0.915',
    from: '2026-03-13',
  },
  {
    what: 'a price by day',
    priceId: 'deepseek',
    model: 'deepseek-chat',
    usage: { inputTokens: 1_000, outputTokens: 1_000 },
    at: '2025-05-01T12:00:00Z',
    // 1,000 × 0.27 + 1,000 × 1.1 = 1,370
    usd: '0.00137',
  },
  {
    what: 'a price by night',
    priceId: 'deepseek',
    model: 'deepseek-chat',
    usage: { inputTokens: 1_000, outputTokens: 1_000 },
    at: '2025-05-01T20:00:00Z',
    // 1,000 × 0.135 + 1,000 × 0.55 = 685
    usd: '0.000685',
  },
  {
    what: 'a cloud’s regional surcharge',
    priceId: 'aws',
    model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    usage: { inputTokens: 1_000, outputTokens: 1_000 },
    // 1,000 × 1.1 + 1,000 × 5.5 = 6,600
    usd: '0.0066',
  },
  {
    what: 'embeddings, which have no output',
    priceId: 'voyageai',
    model: 'voyage-3.5',
    usage: { inputTokens: 1_000 },
    // 1,000 × 0.06 = 60
    usd: '0.00006',
  },
];

const usage = (changes: Partial<Usage>): Usage => ({ ...UNKNOWN_USAGE, ...changes });

describe('the cost of a call, worked out by hand', () => {
  it.each(CASES)('$what: $priceId/$model is $usd', ({ priceId, model, usage: tokens, at, usd, from }) => {
    const cost = pricing.cost({ priceId }, null, model, usage(tokens), Date.parse(at ?? JUNE));
    expect(cost && formatUsd(cost.pico)).toBe(usd);
    expect(cost?.source).toBe(PRICE_CATALOGUE);
    expect(cost?.fromMs).toBe(from === undefined ? null : Date.parse(from));
  });

  it('is by the model that served, and else by the one that was asked for', () => {
    const tokens = usage({ inputTokens: 1_000, outputTokens: 0 });
    const by = (served: string | null) =>
      pricing.cost({ priceId: 'openai' }, served, 'gpt-5', tokens, Date.parse(JUNE))?.pico;
    // 1,000 × 1.25 = 1,250 micro-dollars; of gpt-5-mini 1,000 × 0.25 = 250
    expect(by(null)).toBe(1_250_000_000n);
    expect(by('gpt-5-2025-08-07')).toBe(1_250_000_000n);
    expect(by('gpt-5-mini-2025-08-07')).toBe(250_000_000n);
    expect(by('some internal name')).toBe(1_250_000_000n);
  });

  it('is null without a price or without tokens', () => {
    const tokens = usage({ inputTokens: 1_000, outputTokens: 1_000 });
    const cost = (priced: Priced, model: string, of = tokens) =>
      pricing.cost(priced, null, model, of, Date.parse(JUNE));
    expect(cost({ priceId: 'openai' }, 'no-such-model')).toBeNull();
    expect(cost({ priceId: null }, 'gpt-5')).toBeNull();
    expect(cost({ priceId: 'openai' }, 'gpt-5', usage({ inputTokens: 1 }))).toBeNull();
    expect(cost({ priceId: 'openai' }, 'gpt-5', usage({ outputTokens: 1 }))).toBeNull();
    expect(cost({ priceId: 'openai' }, 'gpt-5', UNKNOWN_USAGE)).toBeNull();
  });
});

const NO_AMOUNTS = {
  input_pico: null,
  output_pico: null,
  cached_input_pico: null,
  cache_write_pico: null,
  cache_write_1h_pico: null,
  reasoning_pico: null,
  audio_input_pico: null,
  audio_output_pico: null,
  request_pico: null,
};

/** Dollars for a million tokens, as sluice.yaml stores them. */
const pico = (dollars: number) => String(BigInt(Math.round(dollars * 1e6)) * 1_000_000n);

const CONNECTION = { id: 'c1', provider: 'openai' } as ConnectionRow; // nothing else is read

function own(model: string, changes: Partial<OwnPriceRow>): OwnPriceRow {
  return {
    id: model,
    connection_id: 'c1',
    provider: null,
    model,
    holds_from: null,
    source: 'file',
    ...NO_AMOUNTS,
    ...changes,
  };
}

describe('the operator’s own prices', () => {
  const costBy = (rows: readonly OwnPriceRow[], model: string, tokens: Partial<Usage>, at = JUNE) => {
    const priced = { priceId: 'openai', prices: ownPricesOf(rows, CONNECTION) };
    const cost = pricing.cost(priced, null, model, usage(tokens), Date.parse(at));
    return cost === null ? null : [formatUsd(cost.pico), cost.source];
  };

  it('win over the catalogue, with every kind of token', () => {
    const rows = [
      own('gpt-5', {
        input_pico: pico(1),
        output_pico: pico(4),
        cached_input_pico: pico(0.1),
        cache_write_pico: pico(1.5),
        cache_write_1h_pico: pico(3),
        reasoning_pico: pico(2),
        audio_input_pico: pico(8),
        audio_output_pico: pico(16),
        request_pico: String(500_000_000n),
      }),
    ];
    const tokens = {
      inputTokens: 10_000,
      cachedInputTokens: 2_000,
      cacheWriteTokens: 3_000,
      cacheWrite1hTokens: 1_000,
      audioInputTokens: 500,
      outputTokens: 1_000,
      reasoningTokens: 400,
      audioOutputTokens: 100,
    };
    // in: 4,500 × 1 + 2,000 × 0.1 + 2,000 × 1.5 + 1,000 × 3 + 500 × 8 = 4,500 + 200 + 3,000 + 3,000 + 4,000 = 14,700
    // out: 500 × 4 + 400 × 2 + 100 × 16 = 2,000 + 800 + 1,600 = 4,400; the request 500; together 19,600
    expect(costBy(rows, 'gpt-5', tokens)).toEqual(['0.0196', 'operator']);
  });

  it('leave to the catalogue what they do not name', () => {
    const rows = [own('gpt-5', { input_pico: pico(1) })];
    // 1,000 × 0.25 of gpt-5-mini
    expect(costBy(rows, 'gpt-5-mini', { inputTokens: 1_000, outputTokens: 0 })).toEqual([
      '0.00025',
      PRICE_CATALOGUE,
    ]);
  });

  it('may be for the request alone', () => {
    const rows = [own('*', { request_pico: String(2_000_000_000n) })];
    expect(costBy(rows, 'gpt-5', { inputTokens: 9, outputTokens: 9 })).toEqual(['0.002', 'operator']);
  });

  it('hold from their day on, the latest that has come', () => {
    const rows = [
      own('gpt-5', { id: 'a', input_pico: pico(1) }),
      own('gpt-5', { id: 'b', input_pico: pico(2), holds_from: '2026-06-01' }),
      own('gpt-5', { id: 'c', input_pico: pico(3), holds_from: '2026-07-01' }),
    ];
    const tokens = { inputTokens: 1_000, outputTokens: 0 };
    expect(costBy(rows, 'gpt-5', tokens, '2026-05-31T23:59:59Z')?.[0]).toBe('0.001');
    expect(costBy(rows, 'gpt-5', tokens, '2026-06-01T00:00:00Z')?.[0]).toBe('0.002');
    expect(costBy(rows, 'gpt-5', tokens, '2026-08-01T00:00:00Z')?.[0]).toBe('0.003');
  });

  it('are the connection’s before the provider’s, and a name before a pattern', () => {
    const rows = [
      own('gpt-*', { id: 'a', connection_id: null, provider: 'openai', input_pico: pico(1) }),
      own('gpt-5', { id: 'b', connection_id: null, provider: 'openai', input_pico: pico(2) }),
      own('*', { id: 'c', input_pico: pico(3) }),
      own('*mini*', { id: 'd', input_pico: pico(4) }),
      own('gpt-5', { id: 'e', connection_id: 'other', input_pico: pico(9) }),
    ];
    const tokens = { inputTokens: 1_000, outputTokens: 0 };
    expect(costBy(rows, 'gpt-5', tokens)?.[0]).toBe('0.003');
    expect(costBy(rows, 'gpt-5-mini-x', tokens)?.[0]).toBe('0.004');
    expect(costBy(rows.slice(0, 2), 'gpt-5', tokens)?.[0]).toBe('0.002');
    expect(costBy(rows.slice(0, 2), 'gpt-4o', tokens)?.[0]).toBe('0.001');
  });

  it.each([
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*c', 'acb', false],
    ['aa*aa', 'aaa', false],
    ['*b*', 'abc', true],
    ['*b*b*', 'abc', false],
    ['a.c', 'abc', false],
    ['*', '', true],
  ])('%s for %j: %s', (pattern, model, fits) => {
    const [price] = ownPricesOf([own(pattern, { input_pico: '1' })], CONNECTION);
    expect(price?.matches(model)).toBe(fits);
  });

  it('match names of callers in one pass over them', () => {
    const [price] = ownPricesOf([own('*a'.repeat(100), { input_pico: '1' })], CONNECTION);
    const startMs = performance.now();
    expect(price?.matches('a'.repeat(256))).toBe(true);
    expect(price?.matches(`${'a'.repeat(255)}b`)).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(50);
  });
});

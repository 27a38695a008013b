import { describe, expect, it } from 'vitest';
import type { ModelCapabilities } from '../../../src/protocols/capabilities.ts';
import { capabilitiesByName } from '../../../src/providers/capabilities/index.ts';
import { familyName } from '../../../src/providers/capabilities/names.ts';
import { capabilitiesOf, targetFacts } from '../../../src/providers/facts.ts';
import { ModelCatalogue } from '../../../src/providers/model-catalogue.ts';

describe('names of models', () => {
  it.each([
    ['gpt-5', 'gpt-5'],
    ['models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['publishers/google/models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5-20250929-v1:0'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5-20250929-v1:0'],
    ['global.amazon.nova-2-lite-v1:0', 'nova-2-lite-v1:0'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0',
      'claude-haiku-4-5-20251001-v1:0',
    ],
    ['openai/gpt-5', 'gpt-5'],
    ['accounts/fireworks/models/llama-v3p3-70b-instruct', 'llama-v3p3-70b-instruct'],
    ['@cf/meta/llama-3.1-8b-instruct', 'llama-3.1-8b-instruct'],
    ['meta-llama/Llama-3.3-70B-Instruct-Turbo', 'llama-3.3-70b-instruct-turbo'],
    ['databricks-claude-opus-4-5', 'claude-opus-4-5'],
    ['databricks-meta-llama-3-3-70b-instruct', 'llama-3-3-70b-instruct'],
    ['ft:gpt-4o-mini-2024-07-18:acme::abc', 'gpt-4o-mini-2024-07-18:acme::abc'],
    ['', ''],
  ])('trap 130 %s is %s', (model, name) => {
    expect(familyName(model)).toBe(name);
  });
});

describe('capabilities', () => {
  const EXPECTED: readonly (readonly [string, ModelCapabilities])[] = [
    ['gpt-5-mini', { reasoning: true, sampling: false, tools: true, outputTokensMax: 128_000 }],
    ['gpt-5.2', { reasoning: true, sampling: false, samplingWithoutReasoning: true }],
    ['gpt-5-chat-latest', { reasoning: false, sampling: true }],
    ['gpt-4o-2024-08-06', { reasoning: false, structuredOutput: true, outputTokensMax: 16_384 }],
    ['gpt-4o-2024-05-13', { structuredOutput: false, outputTokensMax: 4_096 }],
    ['gpt-4.1-nano', { contextTokens: 1_047_576, outputTokensMax: 32_768 }],
    ['o4-mini', { reasoning: true, sampling: false, contextTokens: 200_000 }],
    ['claude-opus-4-8', { sampling: false, contextTokens: 1_000_000, outputTokensMax: 128_000 }],
    ['claude-opus-4-1-20250805', { reasoning: true, outputTokensMax: 32_000 }],
    ['claude-sonnet-4-20250514', { structuredOutput: false, outputTokensMax: 64_000 }],
    ['claude-3-5-sonnet-20241022', { reasoning: false, outputTokensMax: 8_192 }],
    ['claude-3-haiku-20240307', { outputTokensMax: 4_096 }],
    ['gemini-2.5-flash', { reasoning: true, inputs: ['text', 'image', 'audio', 'video', 'file'] }],
    ['gemini-2.0-flash', { reasoning: false, outputTokensMax: 8_192 }],
    ['gemini-2.5-flash-image', { outputs: ['text', 'image'], tools: false }],
    ['mistral-large-2512', { inputs: ['text', 'image'], reasoning: false }],
    ['magistral-medium-2509', { reasoning: true }],
    ['meta-llama/Llama-4-Scout-17B-16E-Instruct', { inputs: ['text', 'image'] }],
    ['meta.llama3-3-70b-instruct-v1:0', { inputs: ['text'], tools: true }],
    ['qwen3-235b-a22b-thinking-2507', { reasoning: true }],
    ['qwen3-coder-480b-a35b-instruct', { reasoning: false }],
    ['deepseek-reasoner', { reasoning: true }],
    ['deepseek-ai/DeepSeek-R1', { reasoning: true }],
    ['grok-4-fast-non-reasoning', { reasoning: false }],
    ['grok-4-0709', { reasoning: true, contextTokens: 256_000 }],
    ['command-a-03-2025', { contextTokens: 256_000, outputTokensMax: 8_000 }],
    ['amazon.nova-pro-v1:0', { contextTokens: 300_000, tools: true }],
    ['text-embedding-3-small', { tools: false, contextTokens: 8_192 }],
  ];

  it.each(EXPECTED)('of %s', (model, expected) => {
    expect(capabilitiesByName(model)).toMatchObject(expected);
  });

  it('are not guessed: an unknown model has none, and open models have no limits of their own', () => {
    for (const model of ['', 'my-deployment', 'gpt', 'claude', 'a-model-of-tomorrow']) {
      expect(capabilitiesByName(model)).toBeNull();
    }
    for (const model of ['llama-3.3-70b-instruct', 'qwen3-32b', 'deepseek-v3.1', 'kimi-k2-instruct']) {
      expect(capabilitiesByName(model)?.outputTokensMax).toBeUndefined();
    }
  });

  it('have the context that the list of prices says where the name says none', () => {
    expect(capabilitiesOf('groq', 'openai/gpt-oss-120b')?.contextTokens).toBe(131_072);
    expect(capabilitiesOf('moonshotai', 'kimi-k2-thinking')).toMatchObject({
      contextTokens: 262_144,
      reasoning: true,
    });
    expect(capabilitiesOf(null, 'kimi-k2-thinking')?.contextTokens).toBeUndefined();
    expect(capabilitiesOf('openai', 'no-such-model')).toBeNull();
  });

  it('are part of what a target is resolved with', () => {
    const facts = targetFacts({ provider: 'anthropic', protocol: 'anthropic-messages' }, 'claude-opus-4-1');
    expect(facts).toMatchObject({ capabilities: { outputTokensMax: 32_000 }, quirks: null, repairs: null });
  });

  it('are found without looking at a name more than once over', () => {
    const startMs = performance.now();
    for (const model of ['claude-3-'.repeat(5_000), 'gemini-'.repeat(5_000), 'qwen'.repeat(5_000)]) {
      capabilitiesByName(model);
    }
    expect(performance.now() - startMs).toBeLessThan(250);
  });
});

describe('the list of models', () => {
  it('has over 1,000 with prices, in order, each once', () => {
    const models = new ModelCatalogue().list();
    const priced = models.filter((model) => model.prices().some(({ row }) => row !== null));
    expect(priced.length).toBeGreaterThan(1_000);
    const keys = models.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
  });

  it('knows what most of the important ones can do', () => {
    const catalogue = new ModelCatalogue();
    const known = (provider: string) => {
      const models = catalogue.list().filter((model) => model.provider === provider);
      return models.filter(({ capabilities }) => capabilities !== null).length / models.length;
    };
    for (const provider of ['openai', 'anthropic', 'mistral', 'xai', 'deepseek', 'groq', 'moonshot']) {
      expect([provider, known(provider) > 0.75]).toEqual([provider, true]);
    }
    expect(catalogue.has('openai/gpt-5')).toBe(true);
    expect(catalogue.has('openai/no-such-model')).toBe(false);
  });
});

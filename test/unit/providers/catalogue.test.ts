import { readFileSync } from 'node:fs';
import { findProvider as findPrices } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { normaliseBaseUrl } from '../../../src/configuration/base-url.ts';
import { PROTOCOL_NAMES } from '../../../src/protocols/blocks.ts';
import { REFUSED_MEMBERS } from '../../../src/protocols/openai-chat/quirks.ts';
import { accessOf, findProvider, PROVIDERS } from '../../../src/providers/catalogue.ts';
import { PRICE_CATALOGUE } from '../../../src/providers/price-catalogue.ts';
import { printProviders } from '../../../src/providers/print-providers.ts';
import { PROVIDER_ENDPOINTS } from '../../../src/providers/provider.ts';

/** Those that users of other gateways look for. */
const EXPECTED = [
  ...['openai', 'azure', 'azure-foundry', 'anthropic', 'gemini', 'vertex', 'bedrock', 'mistral', 'cohere'],
  ...['groq', 'together', 'fireworks', 'deepseek', 'xai', 'perplexity', 'openrouter', 'cerebras'],
  ...['sambanova', 'nvidia', 'huggingface', 'cloudflare', 'github', 'databricks', 'watsonx', 'moonshot'],
  ...['dashscope', 'zhipu', 'minimax', 'volcengine', 'baidu', 'tencent', 'siliconflow', 'hyperbolic'],
  ...['deepinfra', 'novita', 'nebius', 'replicate', 'ai21', 'voyage', 'jina', 'ollama', 'vllm', 'lmstudio'],
  ...['llama-cpp', 'tgi', 'litellm', 'custom', 'demo'],
];

const VARIABLE = /^[A-Z][A-Z0-9_]*$/;

describe('the catalogue', () => {
  it('has every provider that is expected of it, at least 45', () => {
    const names = PROVIDERS.map((provider) => provider.name);
    expect(EXPECTED.filter((name) => !names.includes(name))).toEqual([]);
    expect(names.length).toBeGreaterThanOrEqual(45);
  });

  it('has each name, title and variable once', () => {
    for (const list of [
      PROVIDERS.map((provider) => provider.name),
      PROVIDERS.map((provider) => provider.title),
      PROVIDERS.flatMap((provider) => provider.keyVariables),
    ]) {
      expect(list.filter((item, index) => list.indexOf(item) !== index)).toEqual([]);
    }
  });

  it.each(PROVIDERS.map((provider) => [provider.name, provider] as const))(
    '%s has an address in its one form, or says how to make one, and a price list that exists',
    (name, provider) => {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(findProvider(name)).toBe(provider);
      if (provider.baseUrl !== null) {
        expect(normaliseBaseUrl(provider.baseUrl)).toBe(provider.baseUrl);
        expect(provider.baseUrlTemplates).toBeUndefined();
      } else if (name !== 'custom' && name !== 'demo') {
        expect(provider.baseUrlTemplates?.length).toBeGreaterThan(0);
      }
      for (const template of provider.baseUrlTemplates ?? []) {
        const variables = [...template.matchAll(/\{(.*?)\}/g)].map(([, variable]) => variable ?? '');
        expect(variables.filter((variable) => !VARIABLE.test(variable))).toEqual([]);
        expect(variables.length).toBeGreaterThan(0);
        const filled = template.replace(/^\{\w+\}/, 'https://a.test').replace(/\{\w+\}/g, 'a');
        expect(normaliseBaseUrl(filled)).toBe(filled);
      }
      if (provider.priceId !== null) {
        expect(findPrices({ providerId: provider.priceId })?.id).toBe(provider.priceId);
      }
    },
  );

  it.each(PROVIDERS.map((provider) => [provider.name, provider] as const))(
    '%s speaks a known protocol, has known endpoints and says where that is documented',
    (_name, provider) => {
      expect(PROTOCOL_NAMES).toContain(provider.protocol);
      expect(provider.endpoints.length).toBeGreaterThan(0);
      expect(new Set(provider.endpoints).size).toBe(provider.endpoints.length);
      for (const endpoint of provider.endpoints) expect(PROVIDER_ENDPOINTS).toContain(endpoint);
      expect(new URL(provider.docs).protocol).toBe('https:');
      for (const variable of provider.keyVariables) expect(variable).toMatch(VARIABLE);
      if (provider.auth === 'none') expect(provider.keyVariables).toEqual([]);
    },
  );

  it.each(
    PROVIDERS.filter((provider) => provider.quirks !== undefined).map((one) => [one.name, one] as const),
  )('%s has quirks that its writer knows', (_name, { quirks, quirkRules }) => {
    for (const { refuses, temperatureMax, stopsMax } of [
      quirks ?? {},
      ...(quirkRules ?? []).map((rule) => rule.quirks),
    ]) {
      for (const member of refuses ?? []) expect(REFUSED_MEMBERS).toContain(member);
      if (temperatureMax !== undefined) expect(temperatureMax).toBeGreaterThan(0);
      if (stopsMax !== undefined) expect(stopsMax).toBeGreaterThan(0);
    }
  });

  it('finds nothing by a name that it does not have', () => {
    for (const name of ['', 'OpenAI', '__proto__', 'constructor']) expect(findProvider(name)).toBeUndefined();
  });

  it('authenticates to Azure in its own way in both of OpenAI’s protocols', () => {
    const azure = findProvider('azure');
    if (azure === undefined) throw new Error('no azure');
    expect(accessOf(azure, 'openai-chat', true).auth).toBe('api-key');
    expect(accessOf(azure, 'openai-responses', true).auth).toBe('api-key');
    expect(accessOf(azure, 'anthropic-messages', true).auth).toBe('x-api-key');
  });

  it('is what docs/providers.md says', () => {
    const page = readFileSync(new URL('../../../docs/providers.md', import.meta.url), 'utf8');
    expect(page, 'run "npm run schema"').toBe(printProviders());
  });

  it('names the version of the prices that are installed', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(PRICE_CATALOGUE).toBe(`genai-prices ${manifest.dependencies['@pydantic/genai-prices']}`);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PRICE_CATALOGUE } from '../../src/providers/price-catalogue.ts';
import { ADMIN_KEY, APP_KEY } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { openaiAnswer, openaiStream } from '../support/fake-upstream-openai.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { recordOf } from '../support/sdk-rig.ts';
import { until } from '../support/wait.ts';

const upstream = new FakeUpstream();
let gateway: TestGateway;

const USAGE = { inputTokens: 1_000, outputTokens: 100, cachedInputTokens: 400 };

function config(prices: readonly object[]): string {
  const origin = upstream.origin;
  return JSON.stringify({
    connections: [
      {
        name: 'own',
        provider: 'custom',
        protocol: 'openai-chat',
        baseUrl: `${origin}/v1`,
        apiKey: 'k',
        models: ['llama-lab', 'qwen3-32b'],
      },
      { name: 'openai', provider: 'openai', baseUrl: `${origin}/v1`, apiKey: 'k' },
      { name: 'mistral', provider: 'mistral', baseUrl: `${origin}/v1`, apiKey: 'k' },
      { name: 'classic', provider: 'azure', baseUrl: origin, apiKey: 'azure-key', apiVersion: '2024-10-21' },
      { name: 'modern', provider: 'azure', baseUrl: origin, apiKey: 'azure-key' },
    ],
    prices,
    tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
  });
}

const PRICES = [
  { connection: 'own', model: 'llama-*', input: 0.5, output: 2, cachedInput: 0.05, perRequest: 0.001 },
  { provider: 'openai', model: 'gpt-5-mini', input: 100, output: 100, from: '2026-01-31' },
];

beforeAll(async () => {
  await upstream.listen();
  gateway = await startGateway({ config: config(PRICES) });
});
beforeEach(() => {
  upstream.requests.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

async function chat(body: object, key = APP_KEY) {
  const response = await fetch(`${gateway.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body }),
  });
  await response.text();
  return response;
}

async function record(response: Response) {
  return recordOf(gateway, response.headers.get('x-sluice-call-id'));
}

async function ask<T>(query: string, key = APP_KEY): Promise<T> {
  const response = await fetch(`${gateway.baseUrl}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const json = (await response.json()) as { data: T; errors?: readonly { message: string }[] };
  expect(json.errors).toBeUndefined();
  return json.data;
}

describe('prices in records', () => {
  it('are the operator’s own for the connection, with where they are from', async () => {
    upstream.answer(openaiAnswer({ model: 'llama-lab', usage: USAGE }));
    const response = await chat({ model: 'own/llama-lab' });
    // 600 × 0.5 + 400 × 0.05 + 100 × 2 = 300 + 20 + 200 = 520 micro-dollars, and 1,000 for the request
    expect(response.headers.get('x-sluice-cost-usd')).toBe('0.00152');
    const row = await record(response);
    expect(row).toMatchObject({ cost_pico: '1520000000', price_source: 'operator', price_from: null });
    const { call } = await ask<{ call: { cost: object } }>(
      `{ call(id: "${row.id}") { cost { usd priceFrom priceSource } } }`,
    );
    expect(call.cost).toEqual({ usd: '0.00152', priceFrom: null, priceSource: 'operator' });
  });

  it('are the operator’s for a provider, with the day from which they hold, also of a stream', async () => {
    upstream.answer(openaiStream({ model: 'gpt-5-mini-2025-08-07', deltas: ['a'], usage: USAGE }));
    const row = await record(await chat({ model: 'openai/gpt-5-mini', stream: true }));
    // 1,000 × 100 + 100 × 100 = 110,000 micro-dollars, cached ones as all others
    expect(row).toMatchObject({
      model_served: 'gpt-5-mini-2025-08-07',
      cost_pico: '110000000000',
      price_source: 'operator',
      price_from: '2026-01-31',
    });
  });

  it('are the catalogue’s with its version for everything else', async () => {
    upstream.answer(openaiAnswer({ model: 'gpt-5', usage: USAGE }));
    const row = await record(await chat({ model: 'openai/gpt-5' }));
    // 600 × 1.25 + 400 × 0.125 + 100 × 10 = 750 + 50 + 1,000 = 1,800 micro-dollars
    expect(row).toMatchObject({ cost_pico: '1800000000', price_source: PRICE_CATALOGUE, price_from: null });
  });

  it('are none for a model that nobody has priced, and none in GraphQL', async () => {
    upstream.answer(openaiAnswer({ model: 'unheard-of', usage: USAGE }));
    const response = await chat({ model: 'own/unheard-of' });
    expect(response.headers.get('x-sluice-cost-usd')).toBeNull();
    const row = await record(response);
    expect(row).toMatchObject({ cost_pico: null, price_source: null, price_from: null });
    expect(await ask(`{ call(id: "${row.id}") { cost { usd } } }`)).toEqual({ call: { cost: null } });
  });

  it('change with sluice.yaml, for calls from then on', async () => {
    upstream.answer(openaiAnswer({ model: 'llama-lab', usage: USAGE }));
    const before = gateway.configuration.snapshot.version;
    gateway.writeConfig(config([{ connection: 'own', model: 'llama-lab', input: 1, output: 1 }]));
    await until(() => gateway.configuration.snapshot.version > before, { what: 'the new prices' });
    expect((await chat({ model: 'own/llama-lab' })).headers.get('x-sluice-cost-usd')).toBe('0.0011');
    upstream.answer(openaiAnswer({ model: 'gpt-5-mini', usage: USAGE }));
    // 600 × 0.25 + 400 × 0.025 + 100 × 2 = 150 + 10 + 200 = 360 micro-dollars of the catalogue
    expect((await chat({ model: 'openai/gpt-5-mini' })).headers.get('x-sluice-cost-usd')).toBe('0.00036');
    const after = gateway.configuration.snapshot.version;
    gateway.writeConfig(config(PRICES));
    await until(() => gateway.configuration.snapshot.version > after, { what: 'the old prices' });
  });
});

describe('a connection’s own list of models', () => {
  it('is what /v1/models shows of it', async () => {
    const response = await fetch(`${gateway.baseUrl}/v1/models`, {
      headers: { authorization: `Bearer ${APP_KEY}` },
    });
    const { data } = (await response.json()) as { data: { id: string }[] };
    const ids = data.map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith('own/'))).toEqual(['own/llama-lab', 'own/qwen3-32b']);
    expect(ids).toContain('openai/gpt-5');
  });
});

describe('quirks on the wire', () => {
  it('trap 46 and 78 change what Mistral would refuse, and say so', async () => {
    upstream.answer(openaiStream({ model: 'mistral-large-2512', deltas: ['a'], usage: USAGE }));
    const response = await chat({
      model: 'mistral/mistral-large-2512',
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 9,
      seed: 3,
      store: false,
    });
    expect(response.status).toBe(200);
    const asked = await upstream.seen();
    expect(asked.json()).toEqual({
      model: 'mistral-large-2512',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      max_tokens: 9,
      random_seed: 3,
    });
    const row = await record(response);
    expect(row).toMatchObject({ lane: 'byte', input_tokens: 1_000, output_tokens: 100 });
    expect(row.receipt).toEqual(
      expect.arrayContaining([
        { field: 'max_completion_tokens', action: 'converted', to: 'max_tokens', reason: expect.any(String) },
        { field: 'seed', action: 'converted', to: 'random_seed', reason: expect.any(String) },
        { field: 'store', action: 'dropped', reason: expect.any(String) },
        { field: 'messages', action: 'carried' },
      ]),
    );
  });

  it('refuse in strict mode what would be left out, before anything is sent', async () => {
    const response = await fetch(`${gateway.baseUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${APP_KEY}`,
        'content-type': 'application/json',
        'x-sluice-strict': 'true',
      },
      body: JSON.stringify({ model: 'mistral/m', messages: [{ role: 'user', content: 'hi' }], store: false }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'lossy_translation', param: 'store' } });
    expect(upstream.requests).toHaveLength(0);
  });

  it('pass a body untouched where nothing is known to be refused', async () => {
    upstream.answer(openaiAnswer({ model: 'm', usage: USAGE }));
    const body = { model: 'own/m', max_completion_tokens: 9, seed: 3, store: false };
    const row = await record(await chat(body));
    expect((await upstream.seen()).json()).toEqual({
      messages: [{ role: 'user', content: 'hi' }],
      ...body,
      model: 'm',
    });
    expect(row).toMatchObject({ lane: 'byte', receipt: null });
  });
});

describe('Azure', () => {
  it('trap 129 is called with deployment, version and api-key, or through its v1 API', async () => {
    upstream.answer(openaiAnswer({ model: 'gpt-4o-2024-08-06', usage: USAGE }));
    const row = await record(await chat({ model: 'classic/my-gpt4o' }));
    const [classic] = upstream.requests;
    expect(classic?.path).toBe('/openai/deployments/my-gpt4o/chat/completions?api-version=2024-10-21');
    expect(classic?.headers).toMatchObject({ 'api-key': 'azure-key' });
    expect(classic?.headers).not.toHaveProperty('authorization');
    // Priced by the model that served: a deployment's name says nothing.
    expect(row).toMatchObject({ target: 'classic/my-gpt4o', price_source: PRICE_CATALOGUE });

    await chat({ model: 'modern/my-gpt4o' });
    const modern = await upstream.seen(2);
    expect(modern.path).toBe('/openai/v1/chat/completions');
    expect(modern.headers).toMatchObject({ 'api-key': 'azure-key' });
    expect(modern.json()['model']).toBe('my-gpt4o');
  });
});

interface Models {
  readonly catalogModels: {
    readonly totalCount: number;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly edges: readonly { readonly cursor: string; readonly node: Readonly<Record<string, unknown>> }[];
  };
}

describe('providers and catalogModels', () => {
  const page = (args: string, fields = 'id') =>
    ask<Models>(
      `{ catalogModels(${args}) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ${fields} } } } }`,
    );

  it('lists providers, and which of them have a key', async () => {
    const { providers } = await ask<{ providers: readonly Record<string, unknown>[] }>(
      '{ providers { name title protocol baseUrl endpoints keyVariables isConfigured docs } }',
    );
    const by = (name: string) => providers.find((provider) => provider['name'] === name);
    expect(providers.length).toBeGreaterThanOrEqual(45);
    expect(by('openai')).toMatchObject({
      title: 'OpenAI',
      protocol: 'openai-chat',
      baseUrl: 'https://api.openai.com/v1',
      keyVariables: ['OPENAI_API_KEY'],
      isConfigured: true,
    });
    expect(by('azure')).toMatchObject({ baseUrl: null, isConfigured: true });
    expect(by('groq')).toMatchObject({ isConfigured: false });
  });

  it('pages through every model once', async () => {
    const ids: string[] = [];
    let after = '';
    for (;;) {
      const { catalogModels } = await page(`first: 50, provider: "openai"${after}`);
      ids.push(...catalogModels.edges.map(({ node }) => String(node['id'])));
      if (!catalogModels.pageInfo.hasNextPage) {
        expect(ids).toHaveLength(catalogModels.totalCount);
        break;
      }
      after = `, after: "${catalogModels.pageInfo.endCursor}"`;
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('openai/gpt-5');
    expect((await page('first: 0')).catalogModels.totalCount).toBeGreaterThan(1_000);
  });

  it('finds by text, provider and capability', async () => {
    const found = await page('search: "GPT-5-Mini", provider: "openai"');
    expect(found.catalogModels.edges.map(({ node }) => node['id'])).toEqual(['openai/gpt-5-mini']);
    const seeing = await page(
      'provider: "groq", capability: IMAGE_INPUT, first: 50',
      'id capabilities { inputs }',
    );
    expect(seeing.catalogModels.totalCount).toBeGreaterThan(0);
    for (const { node } of seeing.catalogModels.edges) {
      expect(node['capabilities']).toMatchObject({ inputs: expect.arrayContaining(['IMAGE']) });
    }
    expect((await page('search: "no such model"')).catalogModels).toMatchObject({ totalCount: 0, edges: [] });
  });

  it('gives prices as exact decimals, tiers and capabilities', async () => {
    const fields = `id provider name connections isDeprecated
      capabilities { contextTokens outputTokensMax inputs tools reasoning sampling }
      price { input output cachedInput cacheWrite perRequest source from tiers { aboveInputTokens input output cachedInput } }`;
    const [gemini] = (await page('search: "gemini-2.5-pro", provider: "gemini", first: 1', fields))
      .catalogModels.edges;
    expect(gemini?.node).toEqual({
      id: 'gemini/gemini-2.5-pro',
      provider: 'gemini',
      name: 'gemini-2.5-pro',
      connections: [],
      isDeprecated: expect.any(Boolean),
      capabilities: {
        contextTokens: 1_048_576,
        outputTokensMax: 65_536,
        inputs: ['TEXT', 'IMAGE', 'AUDIO', 'VIDEO', 'FILE'],
        tools: true,
        reasoning: true,
        sampling: true,
      },
      price: {
        input: '1.25',
        output: '10',
        cachedInput: '0.125',
        cacheWrite: null,
        perRequest: '0',
        source: PRICE_CATALOGUE,
        from: null,
        tiers: [{ aboveInputTokens: 200_000, input: '2.5', output: '15', cachedInput: '0.25' }],
      },
    });
  });

  it('shows the operator’s prices and models before the catalogue’s', async () => {
    const fields = 'id connections capabilities { reasoning } price { input output perRequest source from }';
    const [mini] = (await page('search: "openai/gpt-5-mini", provider: "openai"', fields)).catalogModels
      .edges;
    expect(mini?.node).toMatchObject({
      connections: ['openai'],
      price: { input: '100', output: '100', source: 'operator', from: '2026-01-31T00:00:00.000Z' },
    });
    const own = (await page('provider: "custom"', fields)).catalogModels.edges.map(({ node }) => node);
    expect(own).toEqual([
      {
        id: 'custom/llama-lab',
        connections: ['own'],
        capabilities: { reasoning: false },
        price: { input: '0.5', output: '2', perRequest: '0.001', source: 'operator', from: null },
      },
      { id: 'custom/qwen3-32b', connections: ['own'], capabilities: { reasoning: true }, price: null },
    ]);
  });

  it('refuses a page that is too large, and strangers', async () => {
    const query = (key: string, text: string) =>
      fetch(`${gateway.baseUrl}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query: text }),
      });
    for (const first of [-1, 100_000]) {
      const json = await (await query(ADMIN_KEY, `{ catalogModels(first: ${first}) { totalCount } }`)).json();
      expect(json).toMatchObject({ errors: [{ extensions: { code: 'invalid_request' } }] });
    }
    for (const text of ['{ providers { name } }', '{ catalogModels { totalCount } }']) {
      const json = await (await query('sk-nobody-nobody-nobody', text)).json();
      expect(json).not.toHaveProperty('data.providers');
      expect(json).toMatchObject({
        errors: [{ extensions: { code: expect.stringMatching(/invalid_key|unauthenticated/) } }],
      });
    }
  });
});

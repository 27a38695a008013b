import { LLMock } from '@copilotkit/aimock';
import { CohereClientV2 } from 'cohere-ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { json } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { recordOf } from '../support/sdk-rig.ts';

/** Upstreams in other protocols: Cohere's, played by a server that nobody here wrote, and Gemini's. */
let mock: LLMock;
let gateway: TestGateway;
let openai: OpenAI;
const google = new FakeUpstream();

beforeAll(async () => {
  mock = new LLMock({ port: 0, host: '127.0.0.1' });
  await mock.start();
  await google.listen();
  const connection = (name: string, protocol: string, baseUrl: string) => ({
    name,
    provider: 'custom',
    protocol,
    baseUrl,
    apiKey: `secret-of-${name}-0001`,
  });
  gateway = await startGateway({
    config: JSON.stringify({
      connections: [
        connection('cohere', 'cohere-chat', mock.url),
        connection('google', 'gemini', `http://127.0.0.1:${google.port}`),
        connection('claude', 'anthropic-messages', mock.url),
        connection('bedrock', 'bedrock-converse', mock.url),
      ],
      models: [
        { name: 'c', targets: [{ connection: 'cohere', model: 'embed-v4.0' }] },
        { name: 'g', targets: [{ connection: 'google', model: 'gemini-embedding-001' }] },
        { name: 'a', targets: [{ connection: 'claude', model: 'claude' }] },
        { name: 'b', targets: [{ connection: 'bedrock', model: 'titan' }] },
      ],
      tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
    }),
  });
  openai = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
});
afterAll(async () => {
  await gateway?.close();
  await mock?.stop();
  await google.close();
});

describe('the openai SDK’s embeddings', () => {
  it('from Cohere', async () => {
    mock.onEmbedding(/hello/, { embedding: [0.5, -0.25, 1] });
    const { data, response } = await openai.embeddings
      .create({ model: 'c', input: ['hello there', 'hello again'] })
      .withResponse();
    expect(data.data.map(({ embedding }) => embedding)).toEqual([
      [0.5, -0.25, 1],
      [0.5, -0.25, 1],
    ]);
    expect(response.headers.get('x-sluice-receipt')).toBe('renamed=input>texts; carried=2');
    expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
      operation: 'embeddings',
      lane: 'block',
      target_protocol: 'cohere-chat',
      outcome: 'succeeded',
    });
  });

  it('from Gemini, with what is lost in the receipt, or refused', async () => {
    google.answer(json({ embeddings: [{ values: [0.5, 2] }] }));
    const asked = { model: 'g', input: 'hello', user: 'somebody' };
    const { data, response } = await openai.embeddings.create(asked).withResponse();
    expect(data.data[0]?.embedding).toEqual([0.5, 2]);
    expect(response.headers.get('x-sluice-receipt')).toContain('dropped=user');
    const seen = await google.seen();
    expect(seen.path).toBe('/v1beta/models/gemini-embedding-001:batchEmbedContents');
    expect(seen.headers['x-goog-api-key']).toBe('secret-of-google-0001');
    await expect(
      openai.embeddings.create(asked, { headers: { 'x-sluice-strict': 'true' } }),
    ).rejects.toMatchObject({ status: 400, code: 'lossy_translation', param: 'user' });
    expect(google.requests).toHaveLength(1);
  });

  it('show Gemini’s refusal as their own', async () => {
    google.answer(
      json({ error: { code: 400, message: 'text is too long', status: 'INVALID_ARGUMENT' } }, 400),
    );
    await expect(openai.embeddings.create({ model: 'g', input: 'x' })).rejects.toMatchObject({
      status: 400,
      code: 'upstream_invalid_request',
      message: expect.stringContaining('text is too long'),
    });
  });

  it.each(['a', 'b'])('from %s, which has none, name those that have', async (model) => {
    await expect(openai.embeddings.create({ model, input: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'endpoint_unsupported',
      param: 'model',
      message: expect.stringMatching(/may have it: c, g, cohere\/…, google\/…\.$/),
    });
  });
});

describe('rerank', () => {
  const documents = ['Basel', 'Zürich'];
  const results = [
    { index: 1, relevance_score: 0.9 },
    { index: 0, relevance_score: 0.1 },
  ];

  it('for Cohere’s own client', async () => {
    mock.onRerank(/where/, results);
    const cohere = new CohereClientV2({ token: APP_KEY, environment: gateway.baseUrl, maxRetries: 0 });
    const answer = await cohere.rerank({ model: 'c', query: 'where', documents, topN: 2 });
    expect(answer.results).toMatchObject([
      { index: 1, relevanceScore: 0.9 },
      { index: 0, relevanceScore: 0.1 },
    ]);
  });

  it('in the form that everybody shares', async () => {
    mock.onRerank(/where/, results);
    const answer = await fetch(`${gateway.baseUrl}/v1/rerank`, {
      method: 'POST',
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'c', query: 'where', documents, return_documents: true }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      model: 'embed-v4.0',
      results: [{ index: 1, relevance_score: 0.9, document: { text: 'Zürich' } }, { index: 0 }],
    });
  });

  it('a model that is not there is an error that Cohere’s client understands', async () => {
    const cohere = new CohereClientV2({ token: APP_KEY, environment: gateway.baseUrl, maxRetries: 0 });
    await expect(cohere.rerank({ model: 'none', query: 'q', documents })).rejects.toMatchObject({
      statusCode: 404,
    });
  });
});

it.each([
  ['/v1/audio/speech', { input: 'x', voice: 'alloy' }],
  ['/v1/images/generations', { prompt: 'x' }],
  ['/v1/moderations', { input: 'x' }],
  ['/v1/completions', { prompt: 'x' }],
])('%s has nobody here, and says so', async (path, body) => {
  const answer = await fetch(`${gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'c', ...body }),
  });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({
    error: { code: 'endpoint_unsupported', message: expect.stringContaining('No model of this key has it.') },
  });
});

it('files have no connection here', async () => {
  await expect(openai.files.list()).rejects.toMatchObject({ status: 404, code: 'endpoint_unsupported' });
  await expect(openai.files.list({}, { headers: { 'x-sluice-connection': 'cohere' } })).rejects.toMatchObject(
    {
      status: 404,
      code: 'endpoint_unsupported',
    },
  );
  await expect(
    openai.files.list({}, { headers: { 'x-sluice-connection': 'nowhere' } }),
  ).rejects.toMatchObject({
    status: 404,
    code: 'not_found',
    param: 'connection',
  });
});

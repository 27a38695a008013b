import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { completions } from '../../../src/operations/completions.ts';
import { embeddings } from '../../../src/operations/embeddings.ts';
import { jsonTask } from '../../../src/operations/model-task.ts';
import { moderation } from '../../../src/operations/moderation.ts';
import { rerank } from '../../../src/operations/rerank.ts';
import type { JsonSpec } from '../../../src/operations/spec.ts';
import type { ReadAnswer, Sending } from '../../../src/operations/task.ts';
import { vectorFromBase64, vectorToBase64 } from '../../../src/operations/vectors.ts';
import type { ProtocolName } from '../../../src/protocols/blocks.ts';
import { targetOf } from '../../../src/tenancy/routes.ts';
import type { SnapshotConnection } from '../../../src/tenancy/snapshot.ts';
import { hasFixtures, loadText } from '../../support/fixtures.ts';

function connection(protocol: ProtocolName, provider = 'custom'): SnapshotConnection {
  return {
    id: '01980000-0000-7000-8000-00000000000c',
    name: 'lab',
    tenantId: null,
    provider,
    protocol,
    baseUrl: 'https://example.com',
    auth: 'bearer',
    secret: null,
    headers: {},
    isTrusted: false,
    priceId: null,
    knownModels: [],
  };
}

/** The request for a target in this protocol. */
function send(spec: JsonSpec, body: object | string, protocol: ProtocolName, provider?: string) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const asked = jsonTask(spec, bytes, LIMITS);
  if (asked instanceof CallError) throw asked;
  const target = targetOf(connection(protocol, provider), { model: 'up/model', priority: 1, weight: 1 });
  return asked.task.send(target);
}

function sent(...args: Parameters<typeof send>): Sending {
  const sending = send(...args);
  if (sending instanceof CallError) throw sending;
  return sending;
}

const jsonOf = ({ body }: Pick<Sending, 'body'>) => JSON.parse(String(body)) as unknown;
const actions = ({ receipt }: Sending) => receipt?.map(({ field, action, to }) => [field, action, to]);

function read(sending: Sending, answer: unknown): ReadAnswer & { json: unknown } {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  const found = sending.answer.read(Buffer.from(text), 'application/json');
  if ('class' in found) throw new Error(`${found.code}: ${found.message}`);
  return { ...found, json: JSON.parse(found.body.toString()) };
}

function failure(sending: Sending, answer: unknown) {
  const found = sending.answer.read(Buffer.from(JSON.stringify(answer)), 'application/json');
  if (!('class' in found)) throw new Error('the answer was taken');
  return found;
}

const EMBED = { model: 'asked', input: ['one', 'two'] };

describe('requests that pass', () => {
  it('keep every byte but the model’s', () => {
    const body = '{ "input" : [1, 2.0],\n"model":"asked" , "x":1e400, "y":"\\u00e9" }';
    expect(String(sent(embeddings, body, 'openai-chat').body)).toBe(body.replace('"asked"', '"up/model"'));
    expect(sent(embeddings, body, 'openai-responses')).toMatchObject({ path: '/embeddings', receipt: null });
  });

  it('are the caller’s own bytes where the model has the same name', () => {
    const bytes = Buffer.from('{"model":"up/model","prompt":"x"}');
    const asked = jsonTask(completions, bytes, LIMITS);
    if (asked instanceof CallError) throw asked;
    const target = targetOf(connection('openai-chat'), { model: 'up/model', priority: 1, weight: 1 });
    const sending = asked.task.send(target);
    expect(sending).toMatchObject({ body: bytes });
  });

  it('are refused before for a missing model, input or query', () => {
    for (const [spec, body, param] of [
      [embeddings, { input: 'x' }, 'model'],
      [embeddings, { model: '' }, 'model'],
      [embeddings, { model: 'm' }, 'input'],
      [moderation, { model: 'm' }, 'input'],
      [rerank, { model: 'm', documents: [] }, 'query'],
      [rerank, { model: 'm', query: 'q' }, 'documents'],
      [completions, { model: 'm', stream: 'yes' }, 'stream'],
    ] as const) {
      expect(jsonTask(spec, Buffer.from(JSON.stringify(body)), LIMITS)).toMatchObject({
        code: 'invalid_request',
        param,
      });
    }
    expect(jsonTask(embeddings, Buffer.from('{"model":"a","model":"b"}'), LIMITS)).toMatchObject({
      code: 'duplicate_field',
      param: 'model',
    });
  });
});

describe('embeddings for Gemini', () => {
  it('ask for each text', () => {
    const sending = sent(embeddings, { ...EMBED, dimensions: 2, user: 'u' }, 'gemini');
    expect(sending.path).toBe('/v1beta/models/up%2Fmodel:batchEmbedContents');
    expect(jsonOf(sending)).toEqual({
      requests: ['one', 'two'].map((text) => ({
        model: 'models/up/model',
        content: { parts: [{ text }] },
        outputDimensionality: 2,
      })),
    });
    expect(actions(sending)).toEqual([
      ['model', 'carried', undefined],
      ['input', 'renamed', 'requests[].content'],
      ['dimensions', 'renamed', 'outputDimensionality'],
      ['user', 'dropped', undefined],
    ]);
  });

  it('trap 112 are answered in OpenAI’s form, as floats and as base64, without a count that nobody gave', () => {
    const answer = { embeddings: [{ values: [0.25, -1] }, { values: [2, 3] }] };
    const floats = read(sent(embeddings, EMBED, 'gemini'), answer);
    expect(floats.json).toEqual({
      object: 'list',
      model: 'up/model',
      data: [
        { object: 'embedding', index: 0, embedding: [0.25, -1] },
        { object: 'embedding', index: 1, embedding: [2, 3] },
      ],
    });
    expect(floats.usage).toBeNull();
    const base64 = read(sent(embeddings, { ...EMBED, encoding_format: 'base64' }, 'gemini'), {
      ...answer,
      usageMetadata: { promptTokenCount: 7 },
    });
    expect(base64.json).toMatchObject({
      data: [{ embedding: vectorToBase64([0.25, -1]) }, { embedding: vectorToBase64([2, 3]) }],
      usage: { prompt_tokens: 7, total_tokens: 7 },
    });
    expect(base64.usage).toMatchObject({ inputTokens: 7, outputTokens: 0 });
  });

  it('are malformed when a vector is missing, or is none', () => {
    const sending = sent(embeddings, EMBED, 'gemini');
    for (const answer of [
      {},
      { embeddings: [{ values: [1] }] },
      { embeddings: [{ values: [1] }, {}] },
      { embeddings: [{ values: [1] }, { values: ['1'] }] },
    ]) {
      expect(failure(sending, answer).code).toBe('upstream_malformed');
    }
  });

  it.each<[unknown, string]>([
    [[1, 2, 3], 'token ids'],
    [[[1, 2]], 'lists of token ids'],
    [[], 'nothing'],
    [{ text: 'x' }, 'an object'],
  ])('refuse %j: %s', (input) => {
    expect(send(embeddings, { ...EMBED, input }, 'gemini')).toMatchObject({
      code: 'invalid_request',
      param: 'input',
    });
  });

  it('refuse a field that nobody documents', () => {
    expect(send(embeddings, { ...EMBED, foo: 1 }, 'gemini')).toMatchObject({
      code: 'unknown_field',
      param: 'foo',
    });
    expect(send(embeddings, { ...EMBED, toString: 1 }, 'gemini')).toMatchObject({ code: 'unknown_field' });
    expect(sent(embeddings, { ...EMBED, foo: null }, 'gemini').receipt).toHaveLength(2);
  });
});

describe('embeddings for Cohere', () => {
  it('take texts for documents where the caller does not say', () => {
    const sending = sent(embeddings, { ...EMBED, input: 'one', dimensions: 256 }, 'cohere-chat');
    expect(sending.path).toBe('/v2/embed');
    expect(jsonOf(sending)).toEqual({
      model: 'up/model',
      texts: ['one'],
      input_type: 'search_document',
      embedding_types: ['float'],
      output_dimension: 256,
    });
    const asked = sent(embeddings, { ...EMBED, input_type: 'search_query', truncate: 'END' }, 'cohere-chat');
    expect(jsonOf(asked)).toMatchObject({ input_type: 'search_query', truncate: 'END' });
  });

  it.skipIf(!hasFixtures)('read recorded vectors and their tokens', () => {
    const answer = read(sent(embeddings, EMBED, 'cohere-chat'), loadText('cohere/cohere-embedding.json'));
    expect(answer.json).toMatchObject({
      data: [
        { index: 0, embedding: [0.03302002, 0.020904541, -0.019744873, -0.0625, 0.04437256] },
        { index: 1 },
      ],
      usage: { prompt_tokens: 10, total_tokens: 10 },
    });
    expect(answer.usage).toMatchObject({ inputTokens: 10, outputTokens: 0, totalTokens: 10 });
  });
});

const RERANK = {
  model: 'asked',
  query: 'q',
  documents: ['a', { text: 'b' }],
  top_n: 1,
  return_documents: true,
};

it('trap 109 Cohere’s embeddings are counted by what the model saw and paid by what is billed', () => {
  const answer = read(sent(embeddings, { ...EMBED, input: 'one' }, 'cohere-chat'), {
    embeddings: { float: [[1]] },
    meta: { tokens: { input_tokens: 12 }, billed_units: { input_tokens: 3 } },
  });
  expect(answer.usage).toMatchObject({
    inputTokens: 12,
    outputTokens: 0,
    totalTokens: 12,
    billedInputTokens: 3,
    billedOutputTokens: 0,
  });
});

describe('rerank', () => {
  it('for Cohere sends texts, and puts the documents back into the answer', () => {
    const sending = sent(rerank, RERANK, 'cohere-chat');
    expect(sending.path).toBe('/v2/rerank');
    expect(jsonOf(sending)).toEqual({ model: 'up/model', query: 'q', documents: ['a', 'b'], top_n: 1 });
    const answer = read(sending, {
      id: 'x',
      results: [{ index: 1, relevance_score: 0.5 }],
      meta: { billed_units: { search_units: 1 } },
    });
    expect(answer.json).toEqual({
      id: 'x',
      model: 'up/model',
      results: [{ index: 1, relevance_score: 0.5, document: { text: 'b' } }],
      meta: { billed_units: { search_units: 1 } },
    });
    expect(answer.usage).toBeNull();
    expect(failure(sending, { results: [{ index: 9, relevance_score: 1 }] }).code).toBe('upstream_malformed');
    expect(send(rerank, { ...RERANK, documents: [{ title: 'x' }] }, 'cohere-chat')).toMatchObject({
      code: 'invalid_request',
      param: 'documents',
    });
    expect(send(rerank, { ...RERANK, rank_fields: ['x'] }, 'cohere-chat')).toMatchObject({
      code: 'unknown_field',
    });
  });

  it.skipIf(!hasFixtures)('reads what Cohere and Together were recorded to send', () => {
    const cohere = sent(rerank, { ...RERANK, return_documents: false }, 'cohere-chat');
    expect(read(cohere, loadText('cohere/reranking/cohere-reranking.1.json')).json).toMatchObject({
      results: [
        { index: 1, relevance_score: 0.10183054 },
        { index: 0, relevance_score: 0.03762639 },
      ],
    });
    const text = loadText('togetherai/reranking/togetherai-reranking.1.json');
    const together = read(sent(rerank, RERANK, 'openai-chat'), text);
    expect(together.body.toString()).toBe(text);
    expect(together.usage).toMatchObject({ inputTokens: 2966, outputTokens: 0, totalTokens: 2966 });
    expect(together.model).toBe('Salesforce/Llama-Rank-v1');
  });

  it('for Voyage says top_k, and reads its list', () => {
    const sending = sent(rerank, RERANK, 'openai-chat', 'voyage');
    expect(sending.path).toBe('/rerank');
    expect(jsonOf(sending)).toMatchObject({ top_k: 1, model: 'up/model' });
    expect(
      jsonOf(sent(rerank, { ...RERANK, top_k: 3, top_n: undefined }, 'openai-chat', 'jina')),
    ).toMatchObject({
      top_n: 3,
    });
    const answer = read(sending, {
      object: 'list',
      data: [{ index: 0, relevance_score: 0.9 }],
      model: 'rerank-2.5',
      usage: { total_tokens: 26 },
    });
    expect(answer.json).toEqual({
      model: 'rerank-2.5',
      results: [{ index: 0, relevance_score: 0.9 }],
      usage: { total_tokens: 26 },
    });
    expect(answer.usage).toMatchObject({ inputTokens: 26, outputTokens: 0, totalTokens: 26 });
  });
});

it('an answer with status 200 that tells of a failure is one', () => {
  const sending = sent(embeddings, EMBED, 'openai-chat');
  expect(failure(sending, { error: { message: 'rate limit reached', type: 'rate_limit' } }).class).toBe(
    'rateLimited',
  );
  expect(failure(sending, 'text').code).toBe('upstream_malformed');
  expect(read(sending, { data: [], error: null }).usage).toBeNull();
});

it('vectors survive base64', () => {
  const vector = [0, 1.5, -2.25, 3.4028234663852886e38];
  expect(vectorFromBase64(vectorToBase64(vector))).toEqual(vector);
  expect(vectorFromBase64('AAA=')).toBeNull();
  expect(vectorFromBase64('')).toBeNull();
});

import { describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import type { Script } from '../support/fake-upstream-exchange.ts';
import { bytes, fin, json, respond, stall } from '../support/fake-upstream-steps.ts';
import { type GraphqlAnswer, post } from '../support/graphql-request.ts';
import { useTaskRig } from '../support/task-rig.ts';
import { until, within } from '../support/wait.ts';

const rig = useTaskRig({ graphqlMediaBytesMax: 10_000 });

const COMMON = `callId model servedBy { connection provider model protocol attempts }
  usage { inputTokens outputTokens totalTokens } cost { usd } receipt { entries { field action } }`;

async function mutate(field: string, type: string, selection: string, input: object): Promise<GraphqlAnswer> {
  const query = `mutation ($input: ${type}!) { ${field}(input: $input) { ${COMMON} ${selection} } }`;
  return post(`${rig.gateway.baseUrl}/graphql`, { query, variables: { input } }, { key: APP_KEY });
}

/** The answer's only field. */
function dataOf(answer: GraphqlAnswer): Record<string, unknown> {
  expect(answer.json.errors).toBeUndefined();
  const [value] = Object.values(answer.json.data ?? {});
  return value as Record<string, unknown>;
}

const SERVED = {
  model: 'solo',
  servedBy: { connection: 'main', provider: 'custom', protocol: 'openai-chat', attempts: 1 },
  receipt: null,
};
const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex').toString('base64');
const audio = { mediaType: 'audio/mpeg', data: Buffer.from('sound').toString('base64') };

interface Kind {
  readonly field: string;
  readonly type: string;
  readonly selection: string;
  readonly input: object;
  readonly upstream: Script;
  readonly expected: object;
  readonly operation: string;
}

const KINDS: readonly Kind[] = [
  {
    field: 'embed',
    type: 'EmbedInput',
    selection: 'vectors',
    input: { model: 'solo', input: ['a', 'b'], dimensions: 2 },
    upstream: json({
      data: [
        { index: 1, embedding: [3, 4.5] },
        { index: 0, embedding: [0.1, -2] },
      ],
      model: 'served-model',
      usage: { prompt_tokens: 4, total_tokens: 4 },
    }),
    expected: {
      vectors: [
        [0.1, -2],
        [3, 4.5],
      ],
      usage: { inputTokens: 4, outputTokens: 0, totalTokens: 4 },
      servedBy: { model: 'served-model' },
    },
    operation: 'embeddings',
  },
  {
    field: 'moderate',
    type: 'ModerateInput',
    selection: 'results { flagged categories scores }',
    input: { model: 'solo', input: ['bad'] },
    upstream: json({
      model: 'omni',
      results: [{ flagged: true, categories: { hate: true }, category_scores: { hate: 0.5 } }],
    }),
    expected: { results: [{ flagged: true, categories: { hate: true }, scores: { hate: 0.5 } }] },
    operation: 'moderation',
  },
  {
    field: 'rerank',
    type: 'RerankInput',
    selection: 'results { index relevanceScore document }',
    input: { model: 'solo', query: 'q', documents: ['first', 'second'], topN: 1 },
    upstream: json({
      results: [{ index: 1, relevance_score: 0.75 }],
      usage: { total_tokens: 12 },
    }),
    expected: {
      results: [{ index: 1, relevanceScore: 0.75, document: 'second' }],
      usage: { inputTokens: 12, outputTokens: 0, totalTokens: 12 },
    },
    operation: 'rerank',
  },
  {
    field: 'generateImage',
    type: 'GenerateImageInput',
    selection: 'images { media { mediaType data } url revisedPrompt }',
    input: { model: 'solo', prompt: 'a cat', count: 2, size: '1024x1024' },
    upstream: json({
      created: 1,
      data: [{ b64_json: PNG, revised_prompt: 'a nice cat' }, { url: 'https://example.com/1.png' }],
      usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    }),
    expected: {
      images: [
        { media: { mediaType: 'image/png', data: PNG }, url: null, revisedPrompt: 'a nice cat' },
        { media: null, url: 'https://example.com/1.png', revisedPrompt: null },
      ],
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    },
    operation: 'imageGeneration',
  },
  {
    field: 'transcribe',
    type: 'TranscribeInput',
    selection: 'text language durationSeconds segments { startSeconds endSeconds text }',
    input: { model: 'solo', audio, language: 'en', segments: true },
    upstream: json({
      text: 'Hi',
      language: 'english',
      duration: 1.5,
      segments: [{ id: 0, start: 0, end: 1.5, text: 'Hi' }],
    }),
    expected: {
      text: 'Hi',
      language: 'english',
      durationSeconds: 1.5,
      segments: [{ startSeconds: 0, endSeconds: 1.5, text: 'Hi' }],
    },
    operation: 'transcription',
  },
  {
    field: 'speak',
    type: 'SpeakInput',
    selection: 'audio { mediaType data }',
    input: { model: 'solo', input: 'Hello', voice: 'alloy', format: 'wav' },
    upstream: [respond(200, { 'content-type': 'audio/wav', 'content-length': '5' }), bytes('sound')],
    expected: { audio: { mediaType: 'audio/wav', data: Buffer.from('sound').toString('base64') } },
    operation: 'speech',
  },
];

describe.each(KINDS)('$field', ({ field, type, selection, input, upstream, expected, operation }) => {
  it('gives the answer, what is known of its call, and a record', async () => {
    rig.main.answer(upstream);
    const answer = await mutate(field, type, selection, input);
    const data = dataOf(answer);
    expect(data).toMatchObject({
      ...SERVED,
      ...expected,
      servedBy: expect.objectContaining({ connection: 'main' }),
    });
    expect(answer.headers.get('x-sluice-call-id')).toBe(data['callId']);
    expect(await rig.record(String(data['callId']))).toMatchObject({
      operation,
      caller_protocol: 'graphql',
      outcome: 'succeeded',
      model_asked: 'solo',
    });
    const query = `query ($id: ID!) { call(id: $id) { operation outcome } }`;
    const call = await post(
      `${rig.gateway.baseUrl}/graphql`,
      { query, variables: { id: data['callId'] } },
      { key: APP_KEY },
    );
    const name = operation.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    expect(call.json.data).toEqual({ call: { operation: name, outcome: 'SUCCEEDED' } });
  });

  it('fails over like every call', async () => {
    rig.main.answer(json({ error: { message: 'no', type: 'rate_limit' } }, 429));
    rig.spare.answer(upstream);
    const data = dataOf(await mutate(field, type, selection, { ...input, model: 'pair' }));
    expect(data).toMatchObject({ servedBy: { connection: 'spare', attempts: 2 } });
    expect(await rig.rows()).toHaveLength(1);
  });

  it('fails with the same codes as the facade', async () => {
    rig.main.answer(
      json({ error: { message: 'slow down', type: 'rate_limit' } }, 429, { 'retry-after': '7' }),
    );
    const refused = await mutate(field, type, selection, input);
    expect(refused.json.errors?.[0]).toMatchObject({
      path: [field],
      extensions: { code: 'upstream_rate_limited', retryAfterMs: 7_000 },
    });
    const none = await mutate(field, type, selection, { ...input, model: 'nothing' });
    expect(none.json.errors?.[0]?.extensions.code).toBe('model_not_found');
    const unable = await mutate(field, type, selection, { ...input, model: 'claude' });
    expect(unable.json.errors?.[0]?.extensions.code).toBe('endpoint_unsupported');
    expect(unable.json.errors?.[0]?.message).toContain('mixed');
    rig.main.answer(json({ nothing: true }));
    const empty = await mutate(field, type, selection, input);
    expect(empty.json.errors?.[0]?.extensions.code).toBe('upstream_malformed');
  });

  it('that nobody waits for any more is cancelled', async () => {
    rig.main.answer(stall());
    const controller = new AbortController();
    const query = `mutation ($input: ${type}!) { ${field}(input: $input) { callId } }`;
    const sent = post(
      `${rig.gateway.baseUrl}/graphql`,
      { query, variables: { input } },
      { key: APP_KEY, signal: controller.signal },
    ).catch(() => null);
    const seen = await rig.main.seen();
    controller.abort();
    await within(seen.peerClosed, { what: 'the upstream is let go' });
    await sent;
    await until(() => rig.gateway.gateway.callsInFlight === 0, { what: 'the call ends' });
    expect(await rig.record()).toMatchObject({ outcome: 'cancelled' });
  });
});

describe('inputs that cannot be', () => {
  it.each([
    ['embed', 'EmbedInput', { model: 'solo', input: [] }, 'input.input'],
    ['embed', 'EmbedInput', { model: '', input: ['x'] }, 'input.model'],
    ['embed', 'EmbedInput', { model: 'solo', input: ['x'], idempotencyKey: '' }, 'input.idempotencyKey'],
    ['moderate', 'ModerateInput', { model: 'solo', input: [] }, 'input.input'],
    ['rerank', 'RerankInput', { model: 'solo', query: 'q', documents: [] }, 'input.documents'],
    ['rerank', 'RerankInput', { model: 'solo', query: 'q', documents: ['a'], topN: 0 }, 'input.topN'],
    ['generateImage', 'GenerateImageInput', { model: 'solo', prompt: 'x', count: 0 }, 'input.count'],
    ['speak', 'SpeakInput', { model: 'solo', input: '', voice: 'alloy' }, 'input.input'],
    [
      'transcribe',
      'TranscribeInput',
      { model: 'solo', audio: { ...audio, data: 'not base64' } },
      'input.audio.data',
    ],
    [
      'transcribe',
      'TranscribeInput',
      { model: 'solo', audio: { ...audio, mediaType: 'x"\r\n' } },
      'input.audio.mediaType',
    ],
    [
      'transcribe',
      'TranscribeInput',
      { model: 'solo', audio: { ...audio, fileName: 'a"b' } },
      'input.audio.fileName',
    ],
  ])('%s(%s %j) names %s', async (field, type, input, param) => {
    const query = `mutation ($input: ${type}!) { ${field}(input: $input) { callId } }`;
    const answer = await post(
      `${rig.gateway.baseUrl}/graphql`,
      { query, variables: { input } },
      { key: APP_KEY },
    );
    expect(answer.json.errors?.[0]?.extensions).toMatchObject({ code: 'invalid_request', param });
    expect(rig.main.requests).toHaveLength(0);
  });

  it('a transcription whose words look like a part of the form asks for nothing else', async () => {
    const prompt = 'x\r\n--sluice\r\nContent-Disposition: form-data; name="model"\r\n\r\nother';
    rig.main.answer(json({ text: 'Hi' }));
    dataOf(await mutate('transcribe', 'TranscribeInput', 'text', { model: 'solo', audio, prompt }));
    const asked = await rig.main.seen();
    const type = asked.headers['content-type'] ?? '';
    const form = await new Response(new Uint8Array(asked.body), {
      headers: { 'content-type': type },
    }).formData();
    expect(form.getAll('model')).toEqual(['upstream-model']);
    expect(form.get('prompt')).toBe(prompt);
  });
});

describe('media in answers', () => {
  const spoken = (size: number): Script => [
    respond(200, { 'content-type': 'audio/mpeg', 'content-length': String(size) }),
    bytes(Buffer.alloc(size, 1)),
  ];
  const speak = () =>
    mutate('speak', 'SpeakInput', 'audio { data }', { model: 'pair', input: 'Hi', voice: 'a' });

  it('may be as large as the bound and not a byte larger', async () => {
    rig.main.answer(spoken(10_000));
    const { audio: sound } = dataOf(await speak()) as { audio: { data: string } };
    expect(Buffer.from(sound.data, 'base64')).toHaveLength(10_000);
    rig.main.answer(spoken(10_001));
    const answer = await speak();
    expect(answer.json.errors?.[0]?.extensions.code).toBe('upstream_response_too_large');
    expect((await rig.rows()).at(-1)).toMatchObject({ error_code: 'upstream_response_too_large' });
  });

  it('that break off are no answer', async () => {
    rig.main.answer([
      respond(200, { 'content-type': 'audio/mpeg', 'content-length': '10' }),
      bytes('half'),
      fin(),
    ]);
    const answer = await speak();
    expect(answer.json.errors?.[0]?.extensions.code).toBe('upstream_interrupted');
    expect(answer.json.data?.['speak'] ?? null).toBeNull();
  });
});

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { geminiAnswer, geminiError, geminiEvent, geminiStream } from '../support/fake-upstream-gemini.ts';
import { end, fin, respondStream } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { UPSTREAM_MODEL, useGeminiRig } from '../support/gemini-rig.ts';
import { CHAT, CHAT_STREAM, eventsOf, post } from '../support/graphql-request.ts';

/** Every model is the vendor's: what callers name `gpt` and `claude` are other names of it. */
const rig = useGeminiRig({ 'openai-chat': 'gemini', 'anthropic-messages': 'gemini' });
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const TWO_CALLS = [
  { id: 'g1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'g2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
/** As older models call: without an id. */
const NAMELESS = TWO_CALLS.map((call) => ({ ...call, id: '' }));
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };
const SENTINEL = 'skip_thought_signature_validator';
const said = (role: string, ...parts: readonly object[]) => ({ role, parts });

async function thrownBy(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('the OpenAI SDK before a Gemini upstream', () => {
  const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: SCHEMA } }];

  it('text, streamed, with reasoning, usage and the finish reason', async () => {
    rig.streams('gemini', {
      deltas: ['Hi, ', 'Zürich'],
      reasoning: 'hm',
      usage: { inputTokens: 12, outputTokens: 9, reasoningTokens: 4, cachedInputTokens: 2 },
    });
    const stream = rig.openai.chat.completions.stream({
      model: 'gpt',
      messages: HELLO,
      stream_options: { include_usage: true },
    });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: 'Hi, Zürich', reasoning_content: 'hm' },
    });
    expect(await stream.totalUsage()).toMatchObject({
      prompt_tokens: 12,
      completion_tokens: 9,
      total_tokens: 21,
    });
    expect((await rig.asked('gemini')).path).toBe(
      `/v1beta/models/${UPSTREAM_MODEL}:streamGenerateContent?alt=sse`,
    );
  });

  it.each([
    ['with ids', TWO_CALLS],
    ['without ids', NAMELESS],
  ])('trap 22 23 70 a whole loop of parallel calls %s', async (_how, toolCalls) => {
    rig.answers('gemini', { text: '', toolCalls }, { text: 'Rain in both.' });
    const ask = { model: 'gpt', messages: HELLO, tools, tool_choice: 'required' as const };
    const first = await rig.openai.chat.completions.create(ask);
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    const calls = message.tool_calls ?? [];
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    // In the other order, as programs that run tools at once may answer.
    const results = calls
      .map(({ id }, at) => ({ role: 'tool' as const, tool_call_id: id, content: `rain ${at}` }))
      .reverse();
    const messages = [...HELLO, message, ...results];
    const second = await rig.openai.chat.completions.create({ ...ask, messages });
    expect(second.choices[0]?.message.content).toBe('Rain in both.');
    const sent = (await rig.asked('gemini', 2)).json();
    const part = (at: number, city: string, more: object = {}) => ({
      functionCall: { id: calls[at]?.id, name: 'get_weather', args: { city } },
      ...more,
    });
    const response = (at: number) => ({
      functionResponse: { id: calls[at]?.id, name: 'get_weather', response: { output: `rain ${at}` } },
    });
    expect(sent['contents']).toEqual([
      said('user', { text: 'Hello' }),
      said('model', part(0, 'Basel', { thoughtSignature: SENTINEL }), part(1, 'Zürich')),
      said('user', response(0), response(1)),
    ]);
    expect(sent['toolConfig']).toEqual({ functionCallingConfig: { mode: 'ANY' } });
    expect(sent['tools']).toEqual([
      { functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: SCHEMA }] },
    ]);
  });

  it('structured output is parsed, and the upstream is told the schema', async () => {
    rig.answers('gemini', { text: '{"city":"Basel"}' });
    const completion = await rig.openai.chat.completions.parse({
      model: 'gpt',
      messages: HELLO,
      response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: SCHEMA } },
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ city: 'Basel' });
    expect((await rig.asked('gemini')).json()['generationConfig']).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: SCHEMA,
    });
  });

  it('the receipt tells what was renamed, converted and dropped', async () => {
    rig.answers('gemini', { text: 'ok' });
    const { response } = await rig.openai.chat.completions
      .create({ model: 'gpt', messages: HELLO, top_p: 1, user: 'u', reasoning_effort: 'low' })
      .withResponse();
    const receipt = response.headers.get('x-sluice-receipt') ?? '';
    expect(receipt).toContain('dropped=user;');
    expect(receipt).toContain('reasoning_effort>generationConfig.thinkingConfig');
    expect(receipt).toContain('renamed=top_p>generationConfig.topP');
  });

  it('in strict mode nothing is lost', async () => {
    rig.answers('gemini', { text: 'ok' });
    const error = await thrownBy(() =>
      rig.openai.chat.completions.create(
        { model: 'gpt', messages: HELLO, user: 'u' },
        { headers: { 'x-sluice-strict': 'true' } },
      ),
    );
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe('lossy_translation');
  });

  it('trap 124 sources become annotations', async () => {
    const text = 'Zürich is big.';
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://a.test', title: 'A' } }],
      groundingSupports: [
        { segment: { endIndex: Buffer.byteLength(text), text }, groundingChunkIndices: [0] },
      ],
    };
    rig.plays('gemini', [
      respondStream(),
      geminiEvent({ candidates: [{ content: { parts: [{ text }] } }] }),
      geminiEvent({
        candidates: [{ content: { parts: [{ text: '' }] }, finishReason: 'STOP', groundingMetadata }],
      }),
      end(),
    ]);
    const stream = await rig.openai.chat.completions.create({ model: 'gpt', messages: HELLO, stream: true });
    const annotations: unknown[] = [];
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta as { annotations?: unknown[] } | undefined;
      annotations.push(...(delta?.annotations ?? []));
    }
    expect(annotations).toEqual([
      {
        type: 'url_citation',
        url_citation: { start_index: 0, end_index: text.length, url: 'https://a.test', title: 'A' },
      },
    ]);
  });

  it('trap 117 a rate limit is the SDK’s own class, with the time to wait out of the body', async () => {
    const wait = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' };
    rig.plays('gemini', geminiError(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', [wait]));
    const error = await thrownBy(() => rig.openai.chat.completions.create({ model: 'gpt', messages: HELLO }));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('35');
    expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe('upstream_rate_limited');
  });

  it.each([
    [
      'trap 116 a bad key',
      400,
      'INVALID_ARGUMENT',
      'API key not valid. Please pass a valid API key.',
      'upstream_credential',
    ],
    ['a wrong argument', 400, 'INVALID_ARGUMENT', 'Invalid value', 'upstream_invalid_request'],
    ['no such model', 404, 'NOT_FOUND', 'models/x is not found', 'upstream_model_unavailable'],
    ['an overload', 503, 'UNAVAILABLE', 'The model is overloaded.', 'upstream_overloaded'],
  ])('%s', async (_what, status, word, message, code) => {
    rig.plays('gemini', geminiError(status, word, message));
    const error = await thrownBy(() => rig.openai.chat.completions.create({ model: 'gpt', messages: HELLO }));
    expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe(code);
  });

  it('trap 40 64 a stream that breaks off throws', async () => {
    for (const stream of [
      geminiStream({ deltas: ['one ', 'two'], until: 'terminator' }),
      geminiStream({ deltas: ['one ', 'two'], before: (at) => (at === 1 ? fin() : undefined) }),
    ]) {
      rig.plays('gemini', stream);
      const { data, response } = await rig.openai.chat.completions
        .create({ model: 'gpt', messages: HELLO, stream: true })
        .withResponse();
      const read = async () => {
        for await (const _ of data);
      };
      await expect(read()).rejects.toThrow();
      expect(await rig.record(response.headers.get('x-sluice-call-id'))).toMatchObject({
        outcome: 'interrupted',
        error_code: 'upstream_interrupted',
      });
    }
  });

  it('trap 56 usage behind the finish is told and recorded', async () => {
    rig.plays('gemini', [
      respondStream(),
      geminiEvent({ candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] }),
      geminiEvent({ usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 } }),
      end(),
    ]);
    const stream = rig.openai.chat.completions.stream({
      model: 'gpt',
      messages: HELLO,
      stream_options: { include_usage: true },
    });
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 });
  });

  it('leaving in mid-stream cancels the upstream', async () => {
    rig.streams('gemini', {
      deltas: ['Hel', 'lo'],
      before: (at) => (at === 1 ? (e) => e.stall() : undefined),
    });
    const stream = await rig.openai.chat.completions.create({ model: 'gpt', messages: HELLO, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'Hel') break;
    expect(await (await rig.asked('gemini')).peerClosed).toBeGreaterThan(0);
  });
});

describe('the Anthropic SDK before a Gemini upstream', () => {
  const tools = [{ name: 'get_weather', input_schema: SCHEMA }];

  it('a whole loop of streamed parallel calls, with thinking that does not go back', async () => {
    rig.streams(
      'gemini',
      { deltas: ['Let me see.'], reasoning: 'hm', toolCalls: NAMELESS },
      { deltas: ['Rain.'] },
    );
    const ask = { model: 'claude', max_tokens: 4_000, messages: HELLO, tools };
    const first = await rig.anthropic.messages
      .stream({ ...ask, thinking: { type: 'enabled', budget_tokens: 2_000 } })
      .finalMessage();
    expect(first.stop_reason).toBe('tool_use');
    expect(first.content).toMatchObject([
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', name: 'get_weather', input: { city: 'Basel' } },
      { type: 'tool_use', name: 'get_weather', input: { city: 'Zürich' } },
    ]);
    expect((await rig.asked('gemini')).json()['generationConfig']).toEqual({
      maxOutputTokens: 4_000,
      thinkingConfig: { thinkingLevel: 'low', includeThoughts: true },
    });
    const content = first.content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'rain', is_error: true }]
        : [],
    );
    const messages = [
      ...HELLO,
      { role: 'assistant' as const, content: first.content },
      { role: 'user' as const, content },
    ];
    const last = await rig.anthropic.messages.stream({ ...ask, messages }).finalMessage();
    expect(last.content).toMatchObject([{ type: 'text', text: 'Rain.' }]);
    const sent = (await rig.asked('gemini', 2)).body.toString();
    expect(sent).not.toContain('"hm"');
    expect(sent.split('"error":"rain"')).toHaveLength(3);
    expect(sent.split(SENTINEL)).toHaveLength(2);
  });

  it('trap 95 a blocked prompt is a refusal', async () => {
    rig.plays('gemini', (exchange) => geminiBlocked(exchange));
    const message = await rig.anthropic.messages.create({
      model: 'claude',
      max_tokens: 100,
      messages: HELLO,
    });
    expect(message).toMatchObject({ content: [], stop_reason: 'refusal', usage: { input_tokens: 9 } });
  });

  it('trap 96 an image and a document go inline', async () => {
    rig.answers('gemini', { text: 'ok' });
    const source = { type: 'base64' as const, media_type: 'image/png' as const, data: 'iVBORw0KGgo=' };
    const pdf = { type: 'base64' as const, media_type: 'application/pdf' as const, data: 'JVBERi0=' };
    const content = [
      { type: 'image' as const, source },
      { type: 'document' as const, source: pdf },
      { type: 'text' as const, text: 'See' },
    ];
    await rig.anthropic.messages.create({
      model: 'claude',
      max_tokens: 100,
      messages: [{ role: 'user', content }],
    });
    expect((await rig.asked('gemini')).json()['contents']).toEqual([
      said(
        'user',
        { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
        { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
        { text: 'See' },
      ),
    ]);
  });

  it('an overload is the SDK’s own class', async () => {
    rig.plays('gemini', geminiError(503, 'UNAVAILABLE', 'The model is overloaded.'));
    const error = await thrownBy(() =>
      rig.anthropic.messages.create({ model: 'claude', max_tokens: 100, messages: HELLO }),
    );
    expect(error).toBeInstanceOf(Anthropic.InternalServerError);
  });
});

const geminiBlocked = async (exchange: Parameters<ReturnType<typeof geminiAnswer>>[0]): Promise<void> => {
  const body = Buffer.from(
    JSON.stringify({
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 },
    }),
  );
  await exchange.respond(200, { 'content-type': 'application/json', 'content-length': String(body.length) });
  await exchange.bytes(body);
};

describe('GraphQL before a Gemini upstream', () => {
  const input = { model: 'flash', messages: [{ role: 'USER', content: 'Hello' }] };
  const url = () => `${rig.gateway.baseUrl}/graphql`;

  it('chat', async () => {
    rig.answers('gemini', {
      text: 'Hi',
      reasoning: 'hm',
      usage: { inputTokens: 5, outputTokens: 6, reasoningTokens: 2 },
    });
    const variables = { input: { ...input, reasoningEffort: 'HIGH', temperature: 0.5 } };
    const { json } = await post(url(), { query: CHAT, variables }, { key: APP_KEY });
    expect(json).toMatchObject({
      data: {
        chat: {
          text: 'Hi',
          reasoning: 'hm',
          finishReason: 'STOP',
          usage: { inputTokens: 5, outputTokens: 6, totalTokens: 11, reasoningTokens: 2 },
          servedBy: { protocol: 'gemini', model: 'gemini-fake', attempts: 1 },
        },
      },
    });
    expect((await rig.asked('gemini')).json()['generationConfig']).toEqual({
      temperature: 0.5,
      thinkingConfig: { thinkingLevel: 'high', includeThoughts: true },
    });
  });

  it('chatStream, with a call', async () => {
    rig.streams('gemini', { deltas: ['Hi, ', 'there'], toolCalls: TWO_CALLS });
    const options = { key: APP_KEY, headers: { accept: 'text/event-stream' } };
    const { text } = await post(url(), { query: CHAT_STREAM, variables: { input } }, options);
    const { results, isComplete } = eventsOf(text);
    expect(isComplete).toBe(true);
    const events = results.map(({ data }) => data?.['chatStream'] as Record<string, unknown>);
    expect(
      events
        .filter((one) => one['__typename'] === 'ChatTextDelta')
        .map((one) => one['text'])
        .join(''),
    ).toBe('Hi, there');
    expect(
      events
        .filter((one) => one['__typename'] === 'ChatToolCallDelta')
        .map((one) => one['arguments'])
        .join(''),
    ).toBe('{"city":"Basel"}{"city":"Zürich"}');
    expect(events.at(-1)).toMatchObject({ completion: { finishReason: 'TOOL_CALLS' } });
  });
});

describe('providers of the catalogue', () => {
  const upstream = new FakeUpstream({ answer: geminiAnswer({ text: 'ok' }) });
  let gateway: TestGateway;

  beforeAll(async () => {
    await upstream.listen();
    const at = `http://127.0.0.1:${upstream.port}`;
    gateway = await startGateway({
      config: JSON.stringify({
        connections: [
          { name: 'gemini', provider: 'gemini', baseUrl: at, apiKey: 'AIza-secret' },
          {
            name: 'vertex',
            provider: 'vertex',
            baseUrl: `${at}/v1/projects/p-1/locations/us-central1`,
            apiKey: 'ya29.token',
          },
        ],
        models: [],
        tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
      }),
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await upstream.close();
  });
  const ask = async (model: string) => {
    upstream.requests.length = 0;
    const openai = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
    const { choices } = await openai.chat.completions.create({ model, messages: HELLO });
    expect(choices[0]?.message.content).toBe('ok');
    return upstream.seen();
  };

  it('gemini: its own path, the key in its own header', async () => {
    const { path, headers } = await ask('gemini/gemini-2.5-flash');
    expect(path).toBe('/v1beta/models/gemini-2.5-flash:generateContent');
    expect(headers['x-goog-api-key']).toBe('AIza-secret');
    expect(headers['authorization']).toBeUndefined();
  });

  it('vertex: the path of project, location and publisher, the token as bearer', async () => {
    const { path, headers } = await ask('vertex/gemini-2.5-flash');
    expect(path).toBe(
      '/v1/projects/p-1/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent',
    );
    expect(headers['authorization']).toBe('Bearer ya29.token');
    expect(headers['x-goog-api-key']).toBeUndefined();
    expect((await ask('vertex/publishers/meta/models/llama-4')).path).toBe(
      '/v1/projects/p-1/locations/us-central1/publishers/meta/models/llama-4:generateContent',
    );
  });
});

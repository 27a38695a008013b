import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { APP_KEY, configText } from '../support/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { MODEL_OF, recordOf, WIRES } from '../support/sdk-rig.ts';

/** A server of both protocols that nobody here wrote. */
let mock: LLMock;
let gateway: TestGateway;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  mock = new LLMock({ port: 0, host: '127.0.0.1' });
  await mock.start();
  const port = Number(new URL(mock.url).port);
  const config = configText(
    WIRES.map((protocol) => ({ name: MODEL_OF[protocol], protocol, port })),
    [
      ...WIRES.map((wire) => ({ name: MODEL_OF[wire], targets: [`${MODEL_OF[wire]}/upstream-model`] })),
      { name: 'either', targets: ['gpt/upstream-model', 'claude/upstream-model'] },
    ],
  );
  gateway = await startGateway({ config });
  openai = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.baseUrl, apiKey: APP_KEY, authToken: null, maxRetries: 0 });
});
afterAll(async () => {
  await gateway?.close();
  await mock?.stop();
});
beforeEach(() => {
  mock.clearFixtures();
  mock.clearRequests();
});

const HELLO = [{ role: 'user' as const, content: 'hello there' }];
/** In the words of both protocols: each takes its own. */
const usage = { prompt_tokens: 12, completion_tokens: 5, input_tokens: 12, output_tokens: 5 };
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } } };

describe.each(WIRES)('aimock as %s upstream', (wire) => {
  const model = MODEL_OF[wire];

  it('openai SDK: text, whole and streamed, with usage in the record', async () => {
    mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
    const { data, response } = await openai.chat.completions
      .create({ model, messages: HELLO })
      .withResponse();
    expect(data.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hi, Zürich ✓' } });
    expect(data.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 });
    expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      input_tokens: 12,
      output_tokens: 5,
      usage_source: 'provider',
    });
    const stream = openai.chat.completions.stream({
      model,
      messages: HELLO,
      stream_options: { include_usage: true },
    });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe('Hi, Zürich ✓');
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 12, completion_tokens: 5 });
  });

  it('Anthropic SDK: text, whole and streamed, with usage in the record', async () => {
    mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
    const base = { model, max_tokens: 100, messages: HELLO };
    const { data, response } = await anthropic.messages.create(base).withResponse();
    expect(data).toMatchObject({
      content: [{ type: 'text', text: 'Hi, Zürich ✓' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 12, output_tokens: 5 },
    });
    expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      input_tokens: 12,
      output_tokens: 5,
    });
    const final = await anthropic.messages.stream(base).finalMessage();
    expect(final).toMatchObject({
      content: [{ type: 'text', text: 'Hi, Zürich ✓' }],
      usage: { output_tokens: 5 },
    });
  });

  it('both SDKs: parallel tool calls, and their results on the way back', async () => {
    mock.on({ hasToolResult: true }, { content: 'Rain in both.', usage });
    mock.on({ userMessage: 'hello' }, { toolCalls: TWO_CALLS, usage });
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: SCHEMA } }];
    const first = await openai.chat.completions.create({ model, messages: HELLO, tools });
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    const calls = message.tool_calls ?? [];
    expect(
      calls.map((call) => (call.type === 'function' ? JSON.parse(call.function.arguments) : null)),
    ).toEqual([{ city: 'Basel' }, { city: 'Zürich' }]);
    const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'rain' }));
    const second = await openai.chat.completions.create({
      model,
      messages: [...HELLO, message, ...results],
      tools,
    });
    expect(second.choices[0]?.message.content).toBe('Rain in both.');

    const stream = anthropic.messages.stream({
      model,
      max_tokens: 100,
      messages: HELLO,
      tools: [{ name: 'get_weather', input_schema: SCHEMA }],
    });
    const { content, stop_reason: stopReason } = await stream.finalMessage();
    expect(stopReason).toBe('tool_use');
    expect(content.map((block) => (block.type === 'tool_use' ? block.input : null))).toEqual([
      { city: 'Basel' },
      { city: 'Zürich' },
    ]);
    const answers = content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'rain' }]
        : [],
    );
    const last = await anthropic.messages.create({
      model,
      max_tokens: 100,
      messages: [...HELLO, { role: 'assistant', content }, { role: 'user', content: answers }],
      tools: [{ name: 'get_weather', input_schema: SCHEMA }],
    });
    expect(last.content).toMatchObject([{ type: 'text', text: 'Rain in both.' }]);
  });

  it('reasoning comes through to both SDKs', async () => {
    mock.onMessage('hello', { content: '42', reasoning: 'Six times seven.', usage });
    const chat = await openai.chat.completions.stream({ model, messages: HELLO }).finalChatCompletion();
    expect(chat.choices[0]?.message).toMatchObject({ content: '42' });
    expect(JSON.stringify(chat.choices[0]?.message)).toContain('Six times seven.');
    const message = await anthropic.messages
      .stream({ model, max_tokens: 100, messages: HELLO })
      .finalMessage();
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Six times seven.' },
      { type: 'text', text: '42' },
    ]);
  });

  it('a stream that the server cuts throws in both SDKs and is recorded as interrupted', async () => {
    const content = 'This is a long answer that will not be told to its end, whoever asks for it.';
    mock.onMessage('hello', { content, usage }, { truncateAfterChunks: 6, chunkSize: 5, latency: 3 });
    const chat = await openai.chat.completions
      .create({ model, messages: HELLO, stream: true })
      .withResponse();
    let text = '';
    const read = async () => {
      for await (const chunk of chat.data) text += chunk.choices[0]?.delta.content ?? '';
    };
    await expect(read()).rejects.toThrow();
    expect(content.startsWith(text)).toBe(true);
    expect(await recordOf(gateway, chat.response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'interrupted',
      error_code: 'upstream_interrupted',
    });
    const stream = anthropic.messages.stream({ model, max_tokens: 100, messages: HELLO });
    await expect(stream.finalMessage()).rejects.toThrow();
  });

  it('a rate limit is the SDK’s own class, with the time to wait', async () => {
    mock.on({ userMessage: 'hello' }, { error: { message: 'slow down' }, status: 429, retryAfter: 7 });
    const error = await openai.chat.completions
      .create({ model, messages: HELLO })
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof OpenAI.RateLimitError)) throw new Error(String(error));
    expect(error.headers?.get('retry-after')).toBe('7');
    await expect(
      anthropic.messages.create({ model, max_tokens: 100, messages: HELLO }),
    ).rejects.toBeInstanceOf(Anthropic.RateLimitError);
  });

  it('GraphQL chat says the same', async () => {
    mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
    const input = { model, messages: [{ role: 'USER', content: 'hello there' }] };
    const { json } = await post(
      `${gateway.baseUrl}/graphql`,
      { query: CHAT, variables: { input } },
      {
        key: APP_KEY,
      },
    );
    expect(json).toMatchObject({
      data: {
        chat: {
          text: 'Hi, Zürich ✓',
          finishReason: 'STOP',
          usage: { inputTokens: 12, outputTokens: 5, totalTokens: 17 },
          servedBy: { connection: model, protocol: wire, attempts: 1 },
        },
      },
    });
  });
});

it('one server fails, the other protocol answers, and the caller sees no error', async () => {
  mock.nextRequestError(500, { message: 'broken' });
  mock.onMessage('hello', { content: 'Hi', usage });
  const { data, response } = await openai.chat.completions
    .create({ model: 'either', messages: HELLO })
    .withResponse();
  expect(data.choices[0]?.message.content).toBe('Hi');
  expect(response.headers.get('x-sluice-attempts')).toBe('2');
  const record = await recordOf(gateway, response.headers.get('x-sluice-call-id'));
  expect(record.attempts).toMatchObject([
    { target: 'gpt/upstream-model', errorCode: 'upstream_error', status: 500 },
    { target: 'claude/upstream-model', errorCode: null, status: 200 },
  ]);
});

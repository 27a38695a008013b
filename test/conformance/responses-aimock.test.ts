import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { APP_KEY, configText } from '../support/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { recordOf } from '../support/sdk-rig.ts';

/** A server of OpenAI's Responses that nobody here wrote. */
let mock: LLMock;
let gateway: TestGateway;
let openai: OpenAI;
let anthropic: Anthropic;
const model = 'resp';
const usage = { prompt_tokens: 12, completion_tokens: 5, input_tokens: 12, output_tokens: 5 };
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } } };
const HELLO = [{ role: 'user' as const, content: 'hello there' }];

beforeAll(async () => {
  mock = new LLMock({ port: 0, host: '127.0.0.1' });
  await mock.start();
  gateway = await startGateway({
    config: configText(
      [{ name: model, protocol: 'openai-responses', port: Number(new URL(mock.url).port) }],
      [{ name: model, targets: [`${model}/upstream-model`] }],
    ),
  });
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

describe('aimock as openai-responses upstream', () => {
  it('all clients: text, whole and streamed, with usage in the record', async () => {
    mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
    const { data, response } = await openai.responses.create({ model, input: 'hello there' }).withResponse();
    expect(data.output_text).toBe('Hi, Zürich ✓');
    expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      lane: 'byte',
      input_tokens: 12,
      output_tokens: 5,
      usage_source: 'provider',
    });
    const final = await openai.responses.stream({ model, input: 'hello there' }).finalResponse();
    expect(final.output).toMatchObject([{ content: [{ text: 'Hi, Zürich ✓' }] }]);

    const chat = await openai.chat.completions.create({ model, messages: HELLO });
    expect(chat.choices[0]?.message.content).toBe('Hi, Zürich ✓');
    const streamed = await openai.chat.completions.stream({ model, messages: HELLO }).finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe('Hi, Zürich ✓');
    const message = await anthropic.messages
      .stream({ model, max_tokens: 100, messages: HELLO })
      .finalMessage();
    expect(message.content).toMatchObject([{ type: 'text', text: 'Hi, Zürich ✓' }]);
    const input = { model, messages: [{ role: 'USER', content: 'hello there' }] };
    const { json } = await post(
      `${gateway.baseUrl}/graphql`,
      { query: CHAT, variables: { input } },
      { key: APP_KEY },
    );
    expect(json).toMatchObject({
      data: { chat: { text: 'Hi, Zürich ✓', finishReason: 'STOP', usage: { inputTokens: 12 } } },
    });
  });

  it('all clients: parallel tool calls, and their results on the way back', async () => {
    mock.on({ hasToolResult: true }, { content: 'Rain in both.', usage });
    mock.on({ userMessage: 'hello' }, { toolCalls: TWO_CALLS, usage });
    const tool = { type: 'function' as const, name: 'get_weather', parameters: SCHEMA, strict: false };
    const first = await openai.responses.create({ model, input: HELLO, tools: [tool] });
    const calls = first.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
    expect(calls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual([
      { city: 'Basel' },
      { city: 'Zürich' },
    ]);
    const results = calls.map(({ call_id }) => ({
      type: 'function_call_output' as const,
      call_id,
      output: 'rain',
    }));
    const input = [...HELLO, ...calls, ...results];
    const second = await openai.responses.create({ model, input, tools: [tool] });
    expect(second.output_text).toBe('Rain in both.');

    const tools = [{ name: 'get_weather', input_schema: SCHEMA }];
    const { content } = await anthropic.messages
      .stream({ model, max_tokens: 100, messages: HELLO, tools })
      .finalMessage();
    const answers = content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'rain' }]
        : [],
    );
    expect(answers).toHaveLength(2);
    const last = await anthropic.messages.create({
      model,
      max_tokens: 100,
      messages: [...HELLO, { role: 'assistant', content }, { role: 'user', content: answers }],
      tools,
    });
    expect(last.content).toMatchObject([{ type: 'text', text: 'Rain in both.' }]);
  });

  it('a stream that the server cuts throws and is recorded as interrupted', async () => {
    const content = 'This is a long answer that will not be told to its end, whoever asks for it.';
    mock.onMessage('hello', { content, usage }, { truncateAfterChunks: 8, chunkSize: 5, latency: 3 });
    const { data, response } = await openai.responses
      .create({ model, input: 'hello there', stream: true })
      .withResponse();
    let text = '';
    const read = async () => {
      for await (const event of data) if (event.type === 'response.output_text.delta') text += event.delta;
    };
    await expect(read()).rejects.toThrow();
    expect(content.startsWith(text)).toBe(true);
    expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'interrupted',
      error_code: 'upstream_interrupted',
    });
  });

  it('a rate limit is the SDK’s own class, with the time to wait', async () => {
    mock.on({ userMessage: 'hello' }, { error: { message: 'slow down' }, status: 429, retryAfter: 7 });
    const error = await openai.responses
      .create({ model, input: 'hello there' })
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof OpenAI.RateLimitError)) throw new Error(String(error));
    expect(error.headers?.get('retry-after')).toBe('7');
  });
});

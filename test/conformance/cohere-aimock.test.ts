import { LLMock } from '@copilotkit/aimock';
import { Cohere, CohereClientV2 } from 'cohere-ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { APP_KEY, configText } from '../support/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { recordOf } from '../support/sdk-rig.ts';

/** A server of the vendor's protocol that nobody here wrote. */
let mock: LLMock;
let gateway: TestGateway;
let cohere: CohereClientV2;
let openai: OpenAI;

beforeAll(async () => {
  mock = new LLMock({ port: 0, host: '127.0.0.1' });
  await mock.start();
  const port = Number(new URL(mock.url).port);
  const config = configText(
    [{ name: 'command', protocol: 'cohere-chat', port }],
    [{ name: 'command', targets: ['command/command-r'] }],
  );
  gateway = await startGateway({ config });
  cohere = new CohereClientV2({ token: APP_KEY, environment: gateway.baseUrl, maxRetries: 0 });
  openai = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
});
afterAll(async () => {
  await gateway?.close();
  await mock?.stop();
});
beforeEach(() => {
  mock.clearFixtures();
  mock.clearRequests();
});

const model = 'command';
const messages = [{ role: 'user' as const, content: 'hello there' }];
const usage = { prompt_tokens: 12, completion_tokens: 5 };
const CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];

it('cohere-ai: text, whole and streamed, with usage in the record', async () => {
  mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
  const { data, rawResponse } = await cohere.chat({ model, messages }).withRawResponse();
  expect(data.message.content).toEqual([{ type: 'text', text: 'Hi, Zürich ✓' }]);
  expect(await recordOf(gateway, rawResponse.headers.get('x-sluice-call-id'))).toMatchObject({
    outcome: 'succeeded',
    input_tokens: 12,
    output_tokens: 5,
    usage_source: 'provider',
  });
  let text = '';
  for await (const event of await cohere.chatStream({ model, messages })) {
    if (event.type === 'content-delta') text += event.delta?.message?.content?.text ?? '';
  }
  expect(text).toBe('Hi, Zürich ✓');
});

it('the OpenAI SDK: text, tool calls and their results', async () => {
  mock.on({ hasToolResult: true }, { content: 'Rain in both.', usage });
  mock.on({ userMessage: 'hello' }, { toolCalls: CALLS, usage });
  const tools = [
    { type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object' } } },
  ];
  const stream = openai.chat.completions.stream({
    model,
    messages,
    tools,
    stream_options: { include_usage: true },
  });
  const message = (await stream.finalChatCompletion()).choices[0]?.message;
  if (message === undefined) throw new Error('no message');
  const calls = message.tool_calls ?? [];
  expect(calls.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual([
    { city: 'Basel' },
    { city: 'Zürich' },
  ]);
  expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 12, completion_tokens: 5 });
  const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'rain' }));
  const second = await openai.chat.completions.create({
    model,
    messages: [...messages, message, ...results],
    tools,
  });
  expect(second.choices[0]?.message.content).toBe('Rain in both.');
});

it('a stream that the server cuts throws and is recorded as interrupted', async () => {
  const content = 'This is a long answer that will not be told to its end, whoever asks for it.';
  mock.onMessage('hello', { content, usage }, { truncateAfterChunks: 6, chunkSize: 5, latency: 3 });
  const { data, rawResponse } = await cohere.chatStream({ model, messages }).withRawResponse();
  let text = '';
  const read = async () => {
    for await (const event of data) {
      if (event.type === 'content-delta') text += event.delta?.message?.content?.text ?? '';
    }
  };
  await expect(read()).rejects.toThrow();
  expect(content.startsWith(text)).toBe(true);
  expect(await recordOf(gateway, rawResponse.headers.get('x-sluice-call-id'))).toMatchObject({
    outcome: 'interrupted',
    error_code: 'upstream_interrupted',
  });
});

it('a rate limit is the client’s own class, with the time to wait', async () => {
  mock.on({ userMessage: 'hello' }, { error: { message: 'slow down' }, status: 429, retryAfter: 7 });
  const error: unknown = await cohere.chat({ model, messages }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Cohere.TooManyRequestsError)) throw new Error(String(error));
  expect(error.rawResponse?.headers.get('retry-after')).toBe('7');
});

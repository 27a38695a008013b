import {
  type BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  ThrottlingException,
} from '@aws-sdk/client-bedrock-runtime';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bedrockClient } from '../support/bedrock-rig.ts';
import { APP_KEY } from '../support/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { recordOf } from '../support/sdk-rig.ts';

/** A Bedrock that nobody here wrote. */
let mock: LLMock;
let gateway: TestGateway;
let aws: BedrockRuntimeClient;
let openai: OpenAI;
const model = 'claude';

beforeAll(async () => {
  mock = new LLMock({ port: 0, host: '127.0.0.1' });
  await mock.start();
  gateway = await startGateway({
    config: JSON.stringify({
      connections: [{ name: 'aws', provider: 'bedrock', baseUrl: mock.url, apiKey: 'bedrock-api-key-0001' }],
      models: [
        {
          name: model,
          targets: [{ connection: 'aws', model: 'us.anthropic.claude-3-7-sonnet-20250219-v1:0' }],
        },
      ],
      tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
    }),
  });
  aws = bedrockClient(gateway.baseUrl, APP_KEY);
  openai = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
});
afterAll(async () => {
  aws?.destroy();
  await gateway?.close();
  await mock?.stop();
});
beforeEach(() => {
  mock.clearFixtures();
  mock.clearRequests();
});

const usage = { prompt_tokens: 12, completion_tokens: 5, input_tokens: 12, output_tokens: 5 };
const HELLO = [{ role: 'user' as const, content: 'hello there' }];
const TURNS = [{ role: 'user' as const, content: [{ text: 'hello there' }] }];
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } } };
const TWO_CALLS = [
  { id: 'tooluse_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'tooluse_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];

async function textOf(
  command: ConverseStreamCommand,
): Promise<{ text: string; reasoning: string; requestId: string | undefined }> {
  const { stream, $metadata } = await aws.send(command);
  let text = '';
  let reasoning = '';
  for await (const { contentBlockDelta: event } of stream ?? []) {
    text += event?.delta?.text ?? '';
    reasoning += event?.delta?.reasoningContent?.text ?? '';
  }
  return { text, reasoning, requestId: $metadata.requestId };
}

describe('aimock as Bedrock', () => {
  it('AWS SDK: text, whole and streamed, with usage in the record', async () => {
    mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
    const whole = await aws.send(new ConverseCommand({ modelId: model, messages: TURNS }));
    expect(whole.output?.message?.content).toEqual([{ text: 'Hi, Zürich ✓' }]);
    expect(whole.usage).toMatchObject({ inputTokens: 12, outputTokens: 5, totalTokens: 17 });
    const streamed = await textOf(new ConverseStreamCommand({ modelId: model, messages: TURNS }));
    expect(streamed.text).toBe('Hi, Zürich ✓');
    for (const id of [whole.$metadata.requestId, streamed.requestId]) {
      expect(await recordOf(gateway, id)).toMatchObject({
        outcome: 'succeeded',
        lane: 'byte',
        input_tokens: 12,
        output_tokens: 5,
        usage_source: 'provider',
      });
    }
  });

  it('openai SDK: text, whole and streamed, with usage', async () => {
    mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
    const { choices, usage: counts } = await openai.chat.completions.create({ model, messages: HELLO });
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hi, Zürich ✓' } });
    expect(counts).toMatchObject({ prompt_tokens: 12, completion_tokens: 5 });
    const stream = openai.chat.completions.stream({
      model,
      messages: HELLO,
      stream_options: { include_usage: true },
    });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe('Hi, Zürich ✓');
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 12, completion_tokens: 5 });
  });

  it('parallel tool calls, whole and streamed, and their results on the way back', async () => {
    mock.on({ hasToolResult: true }, { content: 'Rain in both.', usage });
    mock.on({ userMessage: 'hello' }, { toolCalls: TWO_CALLS, usage });
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: SCHEMA } }];
    const streamed = await openai.chat.completions
      .stream({ model, messages: HELLO, tools })
      .finalChatCompletion();
    expect(streamed.choices[0]?.finish_reason).toBe('tool_calls');
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
  });

  it('reasoning comes through', async () => {
    mock.onMessage('hello', { content: '42', reasoning: 'Six times seven.', usage });
    const chat = await openai.chat.completions.stream({ model, messages: HELLO }).finalChatCompletion();
    expect(JSON.stringify(chat.choices[0]?.message)).toContain('Six times seven.');
    expect(await textOf(new ConverseStreamCommand({ modelId: model, messages: TURNS }))).toMatchObject({
      text: '42',
      reasoning: 'Six times seven.',
    });
  });

  it('a stream that the server cuts throws in both SDKs and is recorded as interrupted', async () => {
    const content = 'This is a long answer that will not be told to its end, whoever asks for it.';
    mock.onMessage('hello', { content, usage }, { truncateAfterChunks: 6, chunkSize: 5, latency: 3 });
    const { data, response } = await openai.chat.completions
      .create({ model, messages: HELLO, stream: true })
      .withResponse();
    const read = async () => {
      for await (const _chunk of data);
    };
    await expect(read()).rejects.toThrow();
    expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'interrupted',
      error_code: 'upstream_interrupted',
    });
    await expect(textOf(new ConverseStreamCommand({ modelId: model, messages: TURNS }))).rejects.toThrow();
  });

  it('a rate limit is the SDK’s own class', async () => {
    mock.on({ userMessage: 'hello' }, { error: { message: 'slow down' }, status: 429, retryAfter: 7 });
    await expect(openai.chat.completions.create({ model, messages: HELLO })).rejects.toBeInstanceOf(
      OpenAI.RateLimitError,
    );
    await expect(aws.send(new ConverseCommand({ modelId: model, messages: TURNS }))).rejects.toBeInstanceOf(
      ThrottlingException,
    );
  });

  it('GraphQL chat says the same', async () => {
    mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
    const input = { model, messages: [{ role: 'USER', content: 'hello there' }] };
    const { json } = await post(
      `${gateway.baseUrl}/graphql`,
      { query: CHAT, variables: { input } },
      { key: APP_KEY },
    );
    expect(json).toMatchObject({
      data: {
        chat: {
          text: 'Hi, Zürich ✓',
          finishReason: 'STOP',
          usage: { inputTokens: 12, outputTokens: 5, totalTokens: 17 },
          servedBy: { connection: 'aws', protocol: 'bedrock-converse', attempts: 1 },
        },
      },
    });
  });
});

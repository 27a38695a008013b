import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { APP_KEY, configText } from '../support/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { recordOf } from '../support/sdk-rig.ts';

/** A server of Google's protocol that nobody here wrote. */
let mock: LLMock;
let gateway: TestGateway;
let openai: OpenAI;
let anthropic: Anthropic;
let google: GoogleGenAI;
const model = 'flash';

beforeAll(async () => {
  mock = new LLMock({ port: 0, host: '127.0.0.1' });
  await mock.start();
  const port = Number(new URL(mock.url).port);
  const config = configText(
    [{ name: 'google', protocol: 'gemini', port }],
    [{ name: model, targets: ['google/gemini-2.5-flash'] }],
  );
  gateway = await startGateway({ config });
  openai = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.baseUrl, apiKey: APP_KEY, authToken: null, maxRetries: 0 });
  google = new GoogleGenAI({ apiKey: APP_KEY, httpOptions: { baseUrl: gateway.baseUrl } });
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
const usage = {
  promptTokenCount: 12,
  candidatesTokenCount: 5,
  input_tokens: 12,
  output_tokens: 5,
  prompt_tokens: 12,
  completion_tokens: 5,
};
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } } };

describe('aimock as Gemini upstream', () => {
  it('text to every SDK, whole and streamed', async () => {
    mock.onMessage('hello', { content: 'Hi, Zürich ✓', usage });
    const { data, response } = await openai.chat.completions
      .create({ model, messages: HELLO })
      .withResponse();
    expect(data.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hi, Zürich ✓' } });
    expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      usage_source: 'provider',
    });
    const chat = await openai.chat.completions.stream({ model, messages: HELLO }).finalChatCompletion();
    expect(chat.choices[0]?.message.content).toBe('Hi, Zürich ✓');
    const base = { model, max_tokens: 100, messages: HELLO };
    expect((await anthropic.messages.create(base)).content).toMatchObject([
      { type: 'text', text: 'Hi, Zürich ✓' },
    ]);
    expect((await anthropic.messages.stream(base).finalMessage()).content).toMatchObject([
      { text: 'Hi, Zürich ✓' },
    ]);
    expect((await google.models.generateContent({ model, contents: 'hello there' })).text).toBe(
      'Hi, Zürich ✓',
    );
    let text = '';
    for await (const chunk of await google.models.generateContentStream({ model, contents: 'hello there' })) {
      text += chunk.text ?? '';
    }
    expect(text).toBe('Hi, Zürich ✓');
    const input = { model, messages: [{ role: 'USER', content: 'hello there' }] };
    const { json } = await post(
      `${gateway.baseUrl}/graphql`,
      { query: CHAT, variables: { input } },
      { key: APP_KEY },
    );
    expect(json).toMatchObject({ data: { chat: { text: 'Hi, Zürich ✓', finishReason: 'STOP' } } });
  });

  it('parallel tool calls, and their results on the way back', async () => {
    mock.on({ hasToolResult: true }, { content: 'Rain in both.', usage });
    mock.on({ userMessage: 'hello' }, { toolCalls: TWO_CALLS, usage });
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: SCHEMA } }];
    for (const stream of [false, true]) {
      const asked = stream
        ? openai.chat.completions.stream({ model, messages: HELLO, tools }).finalChatCompletion()
        : openai.chat.completions.create({ model, messages: HELLO, tools });
      const first = await asked;
      const message = first.choices[0]?.message;
      if (message === undefined) throw new Error('no message');
      const calls = message.tool_calls ?? [];
      expect(
        calls.map((call) => (call.type === 'function' ? JSON.parse(call.function.arguments) : null)),
      ).toEqual([{ city: 'Basel' }, { city: 'Zürich' }]);
      expect(first.choices[0]?.finish_reason).toBe('tool_calls');
      const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'rain' }));
      const second = await openai.chat.completions.create({
        model,
        messages: [...HELLO, message, ...results],
        tools,
      });
      expect(second.choices[0]?.message.content).toBe('Rain in both.');
    }
  });

  it('reasoning comes through', async () => {
    mock.onMessage('hello', { content: '42', reasoning: 'Six times seven.', usage });
    const message = await anthropic.messages
      .stream({ model, max_tokens: 100, messages: HELLO })
      .finalMessage();
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Six times seven.' },
      { type: 'text', text: '42' },
    ]);
  });

  it('a stream that the server cuts throws in every SDK', async () => {
    const content = 'This is a long answer that will not be told to its end, whoever asks for it.';
    mock.onMessage('hello', { content, usage }, { truncateAfterChunks: 4, chunkSize: 5, latency: 3 });
    const read = async (stream: AsyncIterable<unknown>) => {
      for await (const _ of stream);
    };
    await expect(
      openai.chat.completions.create({ model, messages: HELLO, stream: true }).then(read),
    ).rejects.toThrow();
    await expect(
      anthropic.messages.stream({ model, max_tokens: 100, messages: HELLO }).finalMessage(),
    ).rejects.toThrow();
    await expect(
      google.models.generateContentStream({ model, contents: 'hello there' }).then(read),
    ).rejects.toThrow();
  });

  it('a rate limit is each SDK’s own class', async () => {
    mock.on({ userMessage: 'hello' }, { error: { message: 'slow down' }, status: 429, retryAfter: 7 });
    await expect(openai.chat.completions.create({ model, messages: HELLO })).rejects.toBeInstanceOf(
      OpenAI.RateLimitError,
    );
    await expect(
      anthropic.messages.create({ model, max_tokens: 100, messages: HELLO }),
    ).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    const error: unknown = await google.models
      .generateContent({ model, contents: 'hello there' })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).status).toBe(429);
  });
});

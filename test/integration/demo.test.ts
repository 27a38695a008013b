import { request } from 'node:http';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type DemoProvider, startDemoProvider } from '../../src/demo/demo-provider.ts';
import { FakeClock } from '../support/clock.ts';
import { captureLog } from '../support/ports.ts';
import { until } from '../support/wait.ts';

const model = 'demo-chat';
const log = captureLog();
let provider: DemoProvider;
let client: OpenAI;

beforeAll(async () => {
  provider = await startDemoProvider({ log });
  client = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'none', maxRetries: 0 });
});
afterAll(async () => {
  await provider.close();
  expect(log.entries).toEqual([]);
});

const user = (content: string) => ({ role: 'user' as const, content });
const tool = (name: string, parameters: Record<string, unknown>) => ({
  type: 'function' as const,
  function: { name, parameters },
});
const weather = tool('get_weather', {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } },
  required: ['city', 'days'],
});
const clock = tool('get_time', { type: 'object', properties: {} });

const LABEL = "This is Sluice's built-in demo, not a language model.";
const ADVICE = 'Give Sluice a provider key, such as OPENAI_API_KEY, to talk to a real model.';

describe('the demo provider', () => {
  it('lists its one model', async () => {
    const models = await client.models.list();
    expect(models.data.map((entry) => entry.id)).toEqual([model]);
  });

  it('says what it is, repeats what was said, and counts words', async () => {
    const messages = [{ role: 'system' as const, content: 'Be brief.' }, user('Hello  there, "you"!')];
    const [first, second] = await Promise.all(
      [1, 2].map(() => client.chat.completions.create({ model, messages })),
    );
    expect(first?.choices[0]?.message.content).toBe(`${LABEL} You wrote: "Hello  there, "you"!". ${ADVICE}`);
    expect(first?.choices[0]?.finish_reason).toBe('stop');
    expect(first?.model).toBe(model);
    expect(first?.usage).toEqual({ prompt_tokens: 5, completion_tokens: 28, total_tokens: 33 });
    expect({ ...second, created: 0 }).toEqual({ ...first, created: 0 });
  });

  it('names what was attached and shortens what is long without tearing a character', async () => {
    const content = [
      { type: 'text' as const, text: '😀'.repeat(300) },
      { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AAAA' } },
    ];
    const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content }] });
    expect(answer.choices[0]?.message.content).toBe(
      `${LABEL} You wrote: "${'😀'.repeat(200)}…". You attached: image_url. ${ADVICE}`,
    );
  });

  it('streams the same answer word by word, with usage when asked for', async () => {
    const messages = [user('Hello there')];
    const whole = await client.chat.completions.create({ model, messages });
    const stream = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const deltas = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').filter((text) => text !== '');
    expect(deltas.join('')).toBe(whole.choices[0]?.message.content);
    expect(deltas.length).toBe(whole.usage?.completion_tokens);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });

    const plain = await client.chat.completions.create({ model, messages, stream: true });
    for await (const chunk of plain) expect(chunk).not.toHaveProperty('usage');
  });

  it('ends early at a stop sequence and at the limit of words', async () => {
    const ask = (limits: object) =>
      client.chat.completions.create({ model, messages: [user('Hi')], ...limits });
    const stopped = await ask({ stop: [' demo', ' not'] });
    expect(stopped.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: "This is Sluice's built-in" },
    });
    const limited = await ask({ max_completion_tokens: 3 });
    expect(limited.choices[0]).toMatchObject({
      finish_reason: 'length',
      message: { content: "This is Sluice's " },
    });
    expect(limited.usage?.completion_tokens).toBe(3);
  });

  it('answers structured output that the SDK parses', async () => {
    const format = z.object({
      name: z.string(),
      age: z.number().int().min(18),
      tags: z.array(z.string()).nullable(),
    });
    const answer = await client.chat.completions.parse({
      model,
      messages: [user('A person, please')],
      response_format: zodResponseFormat(format, 'person'),
    });
    expect(answer.choices[0]?.message.parsed).toEqual({ name: 'demo', age: 18, tags: [] });
    const json = await client.chat.completions.create({
      model,
      messages: [user('Hi')],
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(json.choices[0]?.message.content ?? '')).toEqual({
      message: LABEL,
      echo: 'You wrote: "Hi".',
    });
  });

  it('calls a tool that the user names, that is forced, or any when one is required', async () => {
    const tools = [weather, clock];
    const ask = async (content: string, more: object = {}) => {
      const answer = await client.chat.completions.create({
        model,
        messages: [user(content)],
        tools,
        ...more,
      });
      const calls = answer.choices[0]?.message.tool_calls ?? [];
      expect(answer.choices[0]?.finish_reason).toBe(calls.length === 0 ? 'stop' : 'tool_calls');
      return calls.map((call) =>
        call.type === 'function' ? [call.function.name, call.function.arguments] : [],
      );
    };
    const weatherCall = ['get_weather', '{"city":"demo","days":1}'];
    expect(await ask('Hello')).toEqual([]);
    expect(await ask('Use get_time')).toEqual([['get_time', '{}']]);
    expect(await ask('Use GET_TIME and get_weather')).toEqual([weatherCall, ['get_time', '{}']]);
    expect(await ask('get_time and get_weather', { parallel_tool_calls: false })).toEqual([weatherCall]);
    expect(await ask('Hello', { tool_choice: 'required' })).toEqual([weatherCall]);
    expect(await ask('Hello', { tool_choice: { type: 'function', function: { name: 'get_time' } } })).toEqual(
      [['get_time', '{}']],
    );
    expect(await ask('Use get_time', { tool_choice: 'none' })).toEqual([]);
  });

  it("streams a tool call and answers its result with words, through the SDK's runner", async () => {
    const seen: string[] = [];
    const runner = client.chat.completions.runTools({
      model,
      stream: true,
      messages: [user('Please get_weather')],
      tools: [
        {
          ...weather,
          function: {
            ...weather.function,
            description: 'The weather',
            parse: JSON.parse,
            function: (given: unknown) => {
              seen.push(JSON.stringify(given));
              return 'sunny';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe(`${LABEL} The tool get_weather returned: "sunny". ${ADVICE}`);
    expect(seen).toEqual(['{"city":"demo","days":1}']);
  });

  it.each([
    [404, { model: 'gpt-5', messages: [user('Hi')] }, 'its only model is demo-chat'],
    [400, { model, messages: [] }, 'messages'],
    [400, { model, messages: [user('Hi')], n: 2 }, 'n:'],
    [400, { model, messages: [user('Hi')], tools: [], tool_choice: 'required' }, 'there are no tools'],
    [
      400,
      {
        model,
        messages: [user('Hi')],
        response_format: { type: 'json_schema', json_schema: { schema: false } },
      },
      'a schema is neither an object nor true',
    ],
  ])('refuses with %i and a reason that names the demo: %j', async (status, body, reason) => {
    const response = await fetch(`${provider.baseUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toContain("Sluice's built-in demo: ");
    expect(error.message).toContain(reason);
  });

  it('refuses what is not JSON, other paths and other methods', async () => {
    const url = `${provider.baseUrl}/chat/completions`;
    expect((await fetch(url, { method: 'POST', body: '{' })).status).toBe(400);
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(`${provider.baseUrl}/embeddings`, { method: 'POST' })).status).toBe(404);
  });

  it('stops streaming when the caller leaves, and leaves no timer behind', async () => {
    const fakeClock = new FakeClock();
    const own = await startDemoProvider({ log, clock: fakeClock });
    const body = JSON.stringify({ model, messages: [user('Hi')], stream: true });
    const call = request(`${own.baseUrl}/chat/completions`, { method: 'POST' });
    call.end(body);
    await new Promise<void>((resolve) => {
      call.once('response', (response) => {
        response.once('data', () => {
          call.destroy();
          resolve();
        });
        response.on('error', () => {});
      });
    });
    await until(() => fakeClock.timerCount === 0, { what: 'the end of the stream' });
    await own.close();
  });
});

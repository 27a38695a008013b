import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { responsesFailure } from '../support/fake-upstream-responses.ts';
import { fin } from '../support/fake-upstream-steps.ts';
import { CHAT, CHAT_STREAM, eventsOf, post } from '../support/graphql-request.ts';
import { SPOKEN, useResponsesRig } from '../support/responses-rig.ts';

const rig = useResponsesRig();
const WIRE = 'openai-responses';
const { model, stream: streamOf, error: errorOf } = SPOKEN[WIRE];
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5, reasoningTokens: 3 };
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } } };
const FULL = { text: 'Grüezi ✓', reasoning: 'hm', toolCalls: TWO_CALLS, usage: USAGE };
const STREAMED = { deltas: ['Grü', 'ezi ', '✓'], reasoning: 'hm', toolCalls: TWO_CALLS, usage: USAGE };
const BROKEN = [streamOf({ deltas: ['Hel', 'lo'], until: 'content' }), fin()];
const FAILED = [
  streamOf({ deltas: ['Hel', 'lo'], until: 'content' }),
  ...[responsesFailure('server_error', 'it broke')].flat(),
];

describe('openai SDK, chat, before a Responses upstream', () => {
  const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: SCHEMA } }];
  const ask = { model, messages: HELLO, tools };

  it('gets text, reasoning, calls and usage, whole and streamed', async () => {
    rig.answers(WIRE, FULL);
    const { data, response } = await rig.openai.chat.completions.create(ask).withResponse();
    const message = {
      content: 'Grüezi ✓',
      reasoning_content: 'hm',
      tool_calls: TWO_CALLS.map(({ id, ...call }) => ({ id, type: 'function', function: call })),
    };
    expect(data).toMatchObject({
      choices: [{ finish_reason: 'tool_calls', message }],
      usage: { prompt_tokens: 20, completion_tokens: 7, completion_tokens_details: { reasoning_tokens: 3 } },
    });
    expect((await rig.asked(WIRE)).json()).toMatchObject({
      model: 'upstream-model',
      store: false,
      input: [{ role: 'user', content: 'Hello' }],
    });
    expect((await rig.asked(WIRE)).path).toBe('/v1/responses');
    expect(await rig.record(response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      lane: 'block',
      input_tokens: 20,
      output_tokens: 7,
      usage_source: 'provider',
      finish_reason: 'tool_calls',
    });

    rig.streams(WIRE, STREAMED);
    const final = await rig.openai.chat.completions.stream(ask).finalChatCompletion();
    expect(final.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: 'Grüezi ✓', tool_calls: message.tool_calls },
    });
  });

  it('results of tools arrive as items', async () => {
    rig.answers(WIRE, FULL, { text: 'Rain.' });
    const first = await rig.openai.chat.completions.create(ask);
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    const results = TWO_CALLS.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: id }));
    const second = await rig.openai.chat.completions.create({
      ...ask,
      messages: [...HELLO, message, ...results],
    });
    expect(second.choices[0]?.message.content).toBe('Rain.');
    expect((await rig.asked(WIRE, 2)).json()['input']).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'Grüezi ✓' }] },
      { type: 'function_call', call_id: 'call_1', arguments: '{"city":"Basel"}' },
      { type: 'function_call', call_id: 'call_2' },
      { type: 'function_call_output', call_id: 'call_1', output: 'call_1' },
      { type: 'function_call_output', call_id: 'call_2', output: 'call_2' },
    ]);
  });

  it.each([
    ['breaks off', BROKEN, 'upstream_interrupted'],
    ['fails', FAILED, 'upstream_error'],
  ])('a stream that %s throws', async (_name, script, code) => {
    rig.plays(WIRE, script);
    const stream = await rig.openai.chat.completions.create({ ...ask, stream: true });
    let text = '';
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    };
    const error: unknown = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ code });
    expect(text).toBe('Hello');
  });

  it('leaving closes the connection to the upstream', async () => {
    rig.streams(WIRE, { deltas: ['a', 'b'], before: (at) => (at === 1 ? (e) => e.stall() : undefined) });
    const stream = await rig.openai.chat.completions.create({ model, messages: HELLO, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'a') break;
    expect(await (await rig.asked(WIRE)).peerClosed).toBeGreaterThan(0);
  });

  it('a failure before any output is tried at the next target, or told with its status', async () => {
    rig.plays(WIRE, errorOf(429, 'slow down'));
    await expect(rig.openai.chat.completions.create(ask)).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    rig.plays(WIRE, [
      streamOf({ deltas: [], until: 'content' }),
      ...[responsesFailure('server_error', 'x')].flat(),
    ]);
    await expect(rig.openai.chat.completions.create({ ...ask, stream: true })).rejects.toBeInstanceOf(
      OpenAI.InternalServerError,
    );
  });
});

describe('Anthropic SDK before a Responses upstream', () => {
  const tools = [{ name: 'get_weather', input_schema: SCHEMA }];
  const ask = { model, max_tokens: 100, messages: HELLO, tools, system: 'Be brief.' };
  const content = [
    { type: 'thinking', thinking: 'hm' },
    { type: 'text', text: 'Grüezi ✓' },
    ...TWO_CALLS.map(({ id, name, arguments: text }) => ({
      type: 'tool_use',
      id,
      name,
      input: JSON.parse(text) as unknown,
    })),
  ];

  it('gets the same, whole and streamed', async () => {
    rig.answers(WIRE, FULL);
    const message = await rig.anthropic.messages.create(ask);
    const usage = { input_tokens: 15, cache_read_input_tokens: 5, output_tokens: 7 };
    expect(message).toMatchObject({ stop_reason: 'tool_use', content, usage });
    expect((await rig.asked(WIRE)).json()).toMatchObject({
      instructions: 'Be brief.',
      max_output_tokens: 100,
    });
    rig.streams(WIRE, STREAMED);
    const final = await rig.anthropic.messages.stream(ask).finalMessage();
    expect(final).toMatchObject({ stop_reason: 'tool_use', content, usage: { output_tokens: 7 } });
  });

  it('gets max_tokens for an incomplete answer, and errors of its own classes', async () => {
    rig.answers(WIRE, { text: 'one two', finishReason: 'max_output_tokens' });
    expect(await rig.anthropic.messages.create(ask)).toMatchObject({ stop_reason: 'max_tokens' });
    rig.plays(WIRE, errorOf(429, 'slow down'));
    await expect(rig.anthropic.messages.create(ask)).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    rig.plays(WIRE, BROKEN);
    await expect(rig.anthropic.messages.stream(ask).finalMessage()).rejects.toThrow();
  });
});

describe('GraphQL before a Responses upstream', () => {
  const input = { model, messages: [{ role: 'USER', content: 'Hello' }] };
  const ask = async (query: string, headers: Record<string, string> = {}) =>
    await post(`${rig.gateway.baseUrl}/graphql`, { query, variables: { input } }, { key: APP_KEY, headers });

  it('chat says the same', async () => {
    rig.answers(WIRE, FULL);
    const { json } = await ask(CHAT);
    expect(json).toMatchObject({
      data: {
        chat: {
          text: 'Grüezi ✓',
          reasoning: 'hm',
          finishReason: 'TOOL_CALLS',
          toolCalls: TWO_CALLS,
          usage: { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5, reasoningTokens: 3 },
          servedBy: { protocol: WIRE },
        },
      },
    });
  });

  it('chatStream says it event by event, and a broken one never completes', async () => {
    const events = async () => {
      const { text } = await ask(CHAT_STREAM, { accept: 'text/event-stream' });
      return eventsOf(text).results;
    };
    rig.streams(WIRE, STREAMED);
    const told = (await events()).map(({ data }) => data?.['chatStream'] as Record<string, unknown>);
    const textOf = (name: string) =>
      told.map((event) => (event['__typename'] === name ? event['text'] : '')).join('');
    expect(textOf('ChatTextDelta')).toBe('Grüezi ✓');
    expect(textOf('ChatReasoningDelta')).toBe('hm');
    expect(told.at(-1)).toMatchObject({
      __typename: 'ChatCompleted',
      completion: { finishReason: 'TOOL_CALLS' },
    });

    rig.plays(WIRE, BROKEN);
    const results = await events();
    expect(results.at(-1)?.errors?.[0]?.extensions['code']).toBe('upstream_interrupted');
    expect(JSON.stringify(results)).not.toContain('ChatCompleted');
  });
});

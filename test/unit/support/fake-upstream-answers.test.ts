import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nonce } from '../../support/canary.ts';
import { readAnswer } from '../../support/checker-answer.ts';
import { type FakeUpstream, startFakeUpstream } from '../../support/fake-upstream.ts';
import type { FakeStream } from '../../support/fake-upstream-answer.ts';
import { anthropicAnswer, anthropicError, anthropicStream } from '../../support/fake-upstream-anthropic.ts';
import { openaiAnswer, openaiError, openaiStream } from '../../support/fake-upstream-openai.ts';
import { fin, reset } from '../../support/fake-upstream-steps.ts';

const WEATHER = { id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' };
const TIME = { id: 'call_2', name: 'time', arguments: '{"zone":"CET"}' };
const USAGE = { inputTokens: 20, outputTokens: 9, cachedInputTokens: 5, reasoningTokens: 2 };

let upstream: FakeUpstream;
let openai: OpenAI;
let anthropic: Anthropic;

beforeEach(async () => {
  upstream = await startFakeUpstream();
  const options = { apiKey: 'test', baseURL: upstream.origin, maxRetries: 0 };
  openai = new OpenAI(options);
  anthropic = new Anthropic(options);
});
afterEach(() => upstream.close());

const messages = (content: string) => [{ role: 'user' as const, content }];

const collectOpenai = (content = 'hi') =>
  openai.chat.completions
    .stream({ model: 'm', messages: messages(content), stream_options: { include_usage: true } })
    .finalChatCompletion();

const collectAnthropic = (content = 'hi') =>
  anthropic.messages.stream({ model: 'm', max_tokens: 9, messages: messages(content) }).finalMessage();

/** What the ledger, which reads its own bytes back, thinks of the last answer. */
function ownAnswer() {
  const response = upstream.requests.at(-1)?.response;
  return response === null || response === undefined ? null : readAnswer(response);
}

describe('openai scripts', () => {
  it('answer in a form that the official SDK reads', async () => {
    upstream.answer(openaiAnswer({ text: 'Hello', reasoning: 'hm', toolCalls: [WEATHER], usage: USAGE }));
    const completion = await openai.chat.completions.create({ model: 'm', messages: messages('hi') });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: 'Hello', reasoning_content: 'hm', tool_calls: [{ function: { name: 'weather' } }] },
    });
    expect(completion.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 9, total_tokens: 29 });
    expect(ownAnswer()).toEqual({
      ...{ text: 'Hello', reasoning: 'hm', toolArguments: WEATHER.arguments },
      ...{ isComplete: true, hasError: false, outputTokens: 9 },
    });
  });

  it('stream in a form that the official SDK reads, parallel tool calls too', async () => {
    upstream.answer(openaiStream({ deltas: ['Hel', 'lo'], toolCalls: [WEATHER, TIME], usage: USAGE }));
    const completion = await collectOpenai();
    expect(completion.choices[0]?.message.content).toBe('Hello');
    const calls = completion.choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => call.type === 'function' && call.function.arguments)).toEqual([
      WEATHER.arguments,
      TIME.arguments,
    ]);
    expect(completion.usage?.completion_tokens).toBe(9);
    expect(ownAnswer()).toMatchObject({ text: 'Hello', isComplete: true, outputTokens: 9 });
  });

  it('repeat the nonce of the request', async () => {
    upstream.answer(openaiStream());
    const word = nonce();
    expect((await collectOpenai(word)).choices[0]?.message.content).toContain(word);
    upstream.answer(openaiAnswer());
    const completion = await openai.chat.completions.create({ model: 'm', messages: messages(word) });
    expect(completion.choices[0]?.message.content).toContain(word);
  });

  it('give the error that the official SDK throws', async () => {
    upstream.answer(openaiError(429, 'slow down'));
    await expect(openai.chat.completions.create({ model: 'm', messages: messages('hi') })).rejects.toThrow(
      OpenAI.RateLimitError,
    );
  });
});

describe('anthropic scripts', () => {
  it('answer in a form that the official SDK reads', async () => {
    upstream.answer(anthropicAnswer({ text: 'Hello', reasoning: 'hm', toolCalls: [WEATHER], usage: USAGE }));
    const message = await anthropic.messages.create({ model: 'm', max_tokens: 9, messages: messages('hi') });
    expect(message.content.map((block) => block.type)).toEqual(['thinking', 'text', 'tool_use']);
    expect(message.stop_reason).toBe('tool_use');
    expect(message.usage).toMatchObject({ input_tokens: 15, cache_read_input_tokens: 5, output_tokens: 9 });
    expect(ownAnswer()).toMatchObject({ text: 'Hello', toolArguments: WEATHER.arguments, isComplete: true });
  });

  it('stream in a form that the official SDK reads', async () => {
    upstream.answer(
      anthropicStream({ deltas: ['Hel', 'lo'], reasoning: 'hm', toolCalls: [WEATHER, TIME], usage: USAGE }),
    );
    const message = await collectAnthropic();
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'hm', signature: 'c2lnbmF0dXJl' },
      { type: 'text', text: 'Hello' },
      { type: 'tool_use', name: 'weather', input: { city: 'Bern' } },
      { type: 'tool_use', name: 'time', input: { zone: 'CET' } },
    ]);
    expect(message.usage.output_tokens).toBe(9);
    expect(ownAnswer()).toMatchObject({ text: 'Hello', reasoning: 'hm', isComplete: true, outputTokens: 9 });
  });

  it('give the error that the official SDK throws', async () => {
    upstream.answer(anthropicError(529, 'overloaded_error', 'Overloaded'));
    await expect(collectAnthropic()).rejects.toThrow(Anthropic.InternalServerError);
  });
});

const PROTOCOLS = {
  openai: { stream: openaiStream, collect: collectOpenai },
  anthropic: { stream: anthropicStream, collect: collectAnthropic },
};

describe.each(Object.entries(PROTOCOLS))('a broken %s stream', (_name, { stream, collect }) => {
  const cut: readonly [string, FakeStream][] = [
    ['after its content', { until: 'content' }],
    ['before a delta', { before: (index) => (index === 2 ? reset() : undefined) }],
  ];

  it.each(cut)('is no answer when it is reset %s', async (_where, options) => {
    upstream.answer([stream({ deltas: ['a', 'b', 'c'], ...options }), reset()]);
    await expect(collect()).rejects.toThrow();
    expect(ownAnswer()).toMatchObject({
      isComplete: false,
      text: options.until === 'content' ? 'abc' : 'ab',
    });
  });

  it('is no answer when it ends in order without its terminator', async () => {
    upstream.answer([stream({ until: 'terminator' }), fin()]);
    await collect().catch(() => {});
    expect(upstream.requests[0]?.response?.isComplete).toBe(true);
    expect(ownAnswer()).toMatchObject({ isComplete: false });
  });
});

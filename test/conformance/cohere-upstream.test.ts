import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { FinishReason } from '../../src/protocols/blocks.ts';
import { COHERE_PRICE, useCohereRig } from '../support/cohere-rig.ts';
import { APP_KEY } from '../support/config.ts';
import { cohereError, cohereStream } from '../support/fake-upstream-cohere.ts';
import { fin } from '../support/fake-upstream-steps.ts';
import { FIXTURES, hasFixtures, listFixtures, loadJson, loadText } from '../support/fixtures.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { parsedCall, type Recording } from '../support/recorded-answer.ts';
import { CUTS, type Division, replayAnswer, replayCut, replayStream } from '../support/replay.ts';
import { CALLERS } from '../support/replay-callers.ts';
import type { SdkRig } from '../support/sdk-rig.ts';

/** Every model is the vendor's: what callers name `gpt` and `claude` are other names of it. */
const rig = useCohereRig({ 'openai-chat': 'cohere-chat', 'anthropic-messages': 'cohere-chat' });
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const TWO_CALLS = [
  { id: 'get_weather_a1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'get_weather_b2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } } };

describe('the OpenAI SDK before a Cohere upstream', () => {
  const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: SCHEMA } }];

  it('a whole loop of tools, with the plan as reasoning that does not go back', async () => {
    rig.answers(
      'cohere-chat',
      { text: '', reasoning: 'I will look.', toolCalls: TWO_CALLS },
      { text: 'Rain in both.' },
    );
    const ask = { model: 'gpt', messages: HELLO, tools, tool_choice: 'required' as const };
    const first = await rig.openai.chat.completions.create(ask);
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    expect(message).toMatchObject({ reasoning_content: 'I will look.' });
    const calls = message.tool_calls ?? [];
    const results = calls.map(({ id }, at) => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: `rain ${at}`,
    }));
    const second = await rig.openai.chat.completions.create({
      ...ask,
      messages: [...HELLO, message, ...results],
    });
    expect(second.choices[0]?.message.content).toBe('Rain in both.');
    const sent = (await rig.asked('cohere-chat', 2)).json();
    expect(sent['tool_choice']).toBe('REQUIRED');
    expect(sent['messages']).toEqual([
      { role: 'user', content: 'Hello' },
      {
        role: 'assistant',
        tool_calls: TWO_CALLS.map(({ id, ...call }) => ({ id, type: 'function', function: call })),
      },
      { role: 'tool', tool_call_id: 'get_weather_a1', content: 'rain 0' },
      { role: 'tool', tool_call_id: 'get_weather_b2', content: 'rain 1' },
    ]);
  });

  it('structured output is parsed, and the upstream is told the schema', async () => {
    rig.answers('cohere-chat', { text: '{"city":"Basel"}' });
    const completion = await rig.openai.chat.completions.parse({
      model: 'gpt',
      messages: HELLO,
      response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: SCHEMA } },
    });
    expect(completion.choices[0]?.message.parsed).toEqual({ city: 'Basel' });
    expect((await rig.asked('cohere-chat')).json()['response_format']).toEqual({
      type: 'json_object',
      json_schema: SCHEMA,
    });
  });

  it('trap 109 the record counts what the model saw, and its cost is that of the billed units', async () => {
    const usage = { inputTokens: 1_000, outputTokens: 200 };
    rig.answers('cohere-chat', { text: 'Rain', usage });
    const whole = await rig.openai.chat.completions.create({ model: 'gpt', messages: HELLO }).withResponse();
    rig.streams('cohere-chat', { deltas: ['Ra', 'in'], usage });
    const params = { model: 'command', messages: HELLO };
    const streamed = await rig.cohere.chatStream(params).withRawResponse();
    for await (const _event of streamed.data);
    for (const { headers } of [whole.response, streamed.rawResponse]) {
      expect(await rig.record(headers.get('x-sluice-call-id'))).toMatchObject({
        usage_source: 'provider',
        input_tokens: 1_000,
        output_tokens: 200,
        // The fake upstream bills one unit of each; a dollar for a million is 1,000,000 pico-dollars for one.
        cost_pico: String((COHERE_PRICE.input + COHERE_PRICE.output) * 1_000_000),
      });
    }
  });

  it('the receipt tells what was renamed, converted and dropped', async () => {
    rig.answers('cohere-chat', { text: 'ok' });
    const { response } = await rig.openai.chat.completions
      .create({ model: 'gpt', messages: HELLO, top_p: 1, user: 'u', stop: 'X' })
      .withResponse();
    expect(response.headers.get('x-sluice-receipt')).toBe(
      'dropped=user; converted=top_p>p; renamed=stop>stop_sequences; carried=2',
    );
  });

  it('leaving in mid-stream cancels the upstream', async () => {
    rig.streams('cohere-chat', {
      deltas: ['Hel', 'lo'],
      before: (at) => (at === 1 ? (e) => e.stall() : undefined),
    });
    const stream = await rig.openai.chat.completions.create({ model: 'gpt', messages: HELLO, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'Hel') break;
    expect(await (await rig.asked('cohere-chat')).peerClosed).toBeGreaterThan(0);
  });

  it.each([
    [400, OpenAI.BadRequestError, 'upstream_invalid_request'],
    [401, OpenAI.InternalServerError, 'upstream_credential'],
    [404, OpenAI.NotFoundError, 'upstream_model_unavailable'],
    [429, OpenAI.RateLimitError, 'upstream_rate_limited'],
    [500, OpenAI.InternalServerError, 'upstream_error'],
  ])('the upstream answers %i: the SDK throws its class', async (status, errorClass, code) => {
    rig.plays('cohere-chat', cohereError(status, 'no'));
    const error: unknown = await rig.openai.chat.completions
      .create({ model: 'gpt', messages: HELLO })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(errorClass);
    expect((error as InstanceType<typeof OpenAI.APIError>).code).toBe(code);
  });
});

describe('the Anthropic SDK before a Cohere upstream', () => {
  it('thinking, text and usage, whole and streamed', async () => {
    const usage = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
    const base = { model: 'claude', max_tokens: 2_000, messages: HELLO };
    rig.answers('cohere-chat', { text: '42', reasoning: 'Six times seven.', usage });
    const answer = await rig.anthropic.messages.create(base);
    expect(answer).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'Six times seven.' },
        { type: 'text', text: '42' },
      ],
      stop_reason: 'end_turn',
      usage: { input_tokens: 15, cache_read_input_tokens: 5, output_tokens: 7 },
    });
    rig.streams('cohere-chat', { deltas: ['4', '2'], reasoning: 'Six times seven.', usage });
    const final = await rig.anthropic.messages.stream(base).finalMessage();
    expect(final.content).toMatchObject([
      { type: 'thinking', thinking: 'Six times seven.' },
      { type: 'text', text: '42' },
    ]);
  });

  it('parallel tool calls in a stream, and a cut stream throws', async () => {
    const base = { model: 'claude', max_tokens: 2_000, messages: HELLO };
    rig.streams('cohere-chat', { deltas: [], reasoning: 'I will look.', toolCalls: TWO_CALLS });
    const final = await rig.anthropic.messages.stream(base).finalMessage();
    expect(final.stop_reason).toBe('tool_use');
    expect(final.content).toMatchObject([
      { type: 'thinking' },
      { type: 'tool_use', id: 'get_weather_a1', input: { city: 'Basel' } },
      { type: 'tool_use', id: 'get_weather_b2', input: { city: 'Zürich' } },
    ]);
    rig.plays('cohere-chat', [cohereStream({ deltas: ['Hel'], until: 'content' }), fin()]);
    await expect(rig.anthropic.messages.stream(base).finalMessage()).rejects.toThrow();
    rig.plays('cohere-chat', cohereError(429, 'slow'));
    await expect(rig.anthropic.messages.create(base)).rejects.toBeInstanceOf(Anthropic.RateLimitError);
  });
});

describe('the graph before a Cohere upstream', () => {
  it('chat says the same, and who served it', async () => {
    rig.answers('cohere-chat', { text: 'Hi, Zürich ✓', usage: { inputTokens: 12, outputTokens: 5 } });
    const input = { model: 'command', messages: [{ role: 'USER', content: 'Hello' }] };
    const { json } = await post(
      `${rig.gateway.baseUrl}/graphql`,
      { query: CHAT, variables: { input } },
      { key: APP_KEY },
    );
    expect(json).toMatchObject({
      data: {
        chat: {
          text: 'Hi, Zürich ✓',
          finishReason: 'STOP',
          usage: { inputTokens: 12, outputTokens: 5, totalTokens: 17 },
          servedBy: { protocol: 'cohere-chat', attempts: 1 },
        },
      },
    });
  });
});

interface Body {
  readonly finish_reason: string;
  readonly message: {
    readonly content?: readonly { readonly text?: string }[];
    readonly tool_calls?: readonly { readonly function: { name: string; arguments: string } }[];
  };
  readonly usage: { readonly tokens: { input_tokens: number; output_tokens: number } };
}

const FINISH: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
};
const callOf = ({ name, arguments: text }: { name: string; arguments: string }) =>
  parsedCall({ name, arguments: text === 'null' ? '' : text });

function saidBy({ message, finish_reason: finish, usage }: Body): Omit<Recording, 'raw'> {
  return {
    text: (message.content ?? []).map((part) => part.text ?? '').join(''),
    calls: (message.tool_calls ?? []).map((call) => callOf(call.function)),
    finishReason: FINISH[finish] ?? 'other',
    inputTokens: usage.tokens.input_tokens,
    outputTokens: usage.tokens.output_tokens,
  };
}

interface Event {
  readonly type: string;
  readonly index?: number;
  readonly delta: {
    readonly finish_reason?: string;
    readonly usage?: Body['usage'];
    readonly message?: {
      readonly content?: { readonly text?: string };
      readonly tool_calls?: { readonly function: { name?: string; arguments: string } };
    };
  };
}

/** Puts the events of a recording together, in the fewest words. */
function fold(events: readonly string[]): Omit<Recording, 'raw'> {
  let text = '';
  const calls: { name: string; arguments: string }[] = [];
  let last: Event['delta'] = {};
  for (const { type, index = 0, delta } of events.map((line) => JSON.parse(line) as Event)) {
    const spec = delta?.message?.tool_calls?.function;
    if (type === 'content-delta') text += delta.message?.content?.text ?? '';
    if (type === 'tool-call-start') calls[index] = { name: spec?.name ?? '', arguments: '' };
    const call = calls[index];
    if (type === 'tool-call-delta' && call !== undefined) call.arguments += spec?.arguments ?? '';
    if (type === 'message-end') last = delta;
  }
  const message = { content: [{ text }], tool_calls: calls.map((call) => ({ function: call })) };
  const usage = last.usage ?? { tokens: { input_tokens: 0, output_tokens: 0 } };
  return saidBy({ message, finish_reason: last.finish_reason ?? '', usage });
}

const eventsIn = (file: string) =>
  loadText(file)
    .split('\n')
    .filter((line) => line.trim() !== '');
const callers = CALLERS.map((caller) => {
  const model =
    caller.protocol === 'anthropic-messages' ? ('anthropic-messages' as const) : ('openai-chat' as const);
  return { caller, model };
});

describe.skipIf(!hasFixtures)(
  `recorded Cohere traffic through every caller (skipped without ${FIXTURES})`,
  () => {
    // Callers need no more of a rig than its clients and its gateway.
    const asSdkRig = rig as unknown as SdkRig;

    it.each(listFixtures(['cohere'], '.chunks.txt'))(
      '%s comes out the same, however it was divided',
      async (file) => {
        const events = eventsIn(file);
        const expected = fold(events);
        expect(expected.finishReason).not.toBe('other');
        const divisions: Division[] = ['one piece', 'at every event', 'byte by byte'];
        for (const division of divisions) {
          rig.plays('cohere-chat', replayStream(events, 'cohere-chat', division));
          for (const { caller, model } of callers) {
            const heard = await caller.stream(asSdkRig, model);
            if (heard.failure !== null) throw heard.failure;
            expect(heard.said, `${caller.name}, ${division}`).toEqual(expected);
            expect(await rig.record(heard.callId)).toMatchObject({
              outcome: 'succeeded',
              usage_source: 'provider',
              input_tokens: expected.inputTokens,
              output_tokens: expected.outputTokens,
            });
          }
        }
      },
    );

    it.each(listFixtures(['cohere'], '.json').filter((file) => !file.includes('embedding')))(
      '%s comes out the same',
      async (file) => {
        const expected = saidBy(loadJson(file) as Body);
        rig.plays('cohere-chat', replayAnswer(loadText(file)));
        for (const { caller, model } of callers) {
          const heard = await caller.whole(asSdkRig, model);
          if (heard.failure !== null) throw heard.failure;
          expect(heard.said, caller.name).toEqual(expected);
        }
      },
    );

    it('never looks complete, wherever and however it is cut', async () => {
      const file = 'cohere/cohere-empty-tool-call.chunks.txt';
      const events = eventsIn(file);
      for (const cut of CUTS) {
        for (let count = 0; count < events.length; count += 1) {
          rig.plays('cohere-chat', replayCut(events, 'cohere-chat', count, cut));
          for (const { caller, model } of callers) {
            const heard = await caller.stream(asSdkRig, model);
            expect(heard.said, `${caller.name}, ${cut} after ${count}`).toBeNull();
            expect(heard.failure).toBeInstanceOf(Error);
          }
        }
      }
    });
  },
);

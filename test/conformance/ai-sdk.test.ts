import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  APICallError,
  generateObject,
  generateText,
  type LanguageModel,
  type ModelMessage,
  stepCountIs,
  streamText,
  tool,
} from 'ai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { APP_KEY } from '../support/config.ts';
import { fin } from '../support/fake-upstream-steps.ts';
import { SPOKEN, UPSTREAM_WIRES, type UpstreamWire, useResponsesRig } from '../support/responses-rig.ts';

const rig = useResponsesRig();

/** The ways in which this package asks. The first is what `openai('…')` gives. */
const CLIENTS = {
  'openai (Responses)': (model: string) => createOpenAI({ baseURL: rig.baseURL, apiKey: APP_KEY })(model),
  'openai.chat': (model: string) => createOpenAI({ baseURL: rig.baseURL, apiKey: APP_KEY }).chat(model),
  'openai-compatible': (model: string) =>
    createOpenAICompatible({
      name: 'sluice',
      baseURL: rig.baseURL,
      apiKey: APP_KEY,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })(model),
} as const satisfies Record<string, (model: string) => LanguageModel>;
type Client = keyof typeof CLIENTS;

const PAIRS = (Object.keys(CLIENTS) as Client[]).flatMap(
  (
    client, // the keys above
  ) => UPSTREAM_WIRES.map((wire): readonly [Client, UpstreamWire] => [client, wire]),
);
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
const TWO_CALLS = [
  { id: 'call_1', name: 'weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'weather', arguments: '{"city":"Zürich"}' },
];
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const Person = z.object({ name: z.string(), age: z.int(), tags: z.array(z.string()) });
const ADA = { name: 'Ada', age: 36, tags: ['countess', 'λ'] };
/** Without it this package only refers to earlier items, which are not stored. */
const STATELESS = { openai: { store: false } };

describe.each(PAIRS)('ai with %s before an %s upstream', (client, wire) => {
  const modelOf = () => CLIENTS[client](SPOKEN[wire].model);
  const ask = (prompt = 'Hello') => ({ model: modelOf(), maxRetries: 0, prompt });
  const toolsOf = (asked: string[]) => ({
    weather: tool({
      description: 'Weather of a city',
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => {
        asked.push(city);
        return `rain in ${city}`;
      },
    }),
  });

  it('generateText gives text, finish reason and usage', async () => {
    rig.answers(wire, { text: 'Grüezi ✓', usage: USAGE });
    const { text, finishReason, usage, warnings } = await generateText({ ...ask(), system: 'Be brief.' });
    expect({ text, finishReason }).toEqual({ text: 'Grüezi ✓', finishReason: 'stop' });
    expect(usage).toMatchObject({ inputTokens: 20, outputTokens: 7, totalTokens: 27 });
    expect(usage.inputTokenDetails.cacheReadTokens).toBe(5);
    expect(warnings ?? []).toEqual([]);
    expect(JSON.stringify((await rig.asked(wire)).json())).toContain('Be brief.');
  });

  it('streamText gives each delta, then finish reason and usage', async () => {
    rig.streams(wire, { deltas: ['Grü', 'ezi ', '✓'], usage: USAGE });
    const result = streamText(ask());
    const deltas: string[] = [];
    for await (const delta of result.textStream) deltas.push(delta);
    expect(deltas).toEqual(['Grü', 'ezi ', '✓']);
    expect(await result.finishReason).toBe('stop');
    expect(await result.usage).toMatchObject({ inputTokens: 20, outputTokens: 7 });
  });

  it('a loop of tools: both results reach the upstream, whole and streamed', async () => {
    const asked: string[] = [];
    const settings = { ...ask(), tools: toolsOf(asked), stopWhen: stepCountIs(3) };
    rig.answers(wire, { text: '', toolCalls: TWO_CALLS }, { text: 'Rain in both.' });
    const { text, steps } = await generateText(settings);
    expect(text).toBe('Rain in both.');
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
    expect(asked).toEqual(['Basel', 'Zürich']);
    const sent = JSON.stringify((await rig.asked(wire, 2)).json());
    for (const word of ['rain in Basel', 'rain in Zürich', 'call_1', 'call_2']) expect(sent).toContain(word);

    rig.streams(wire, { deltas: [], toolCalls: TWO_CALLS }, { deltas: ['Rain ', 'in both.'] });
    const result = streamText(settings);
    expect(await result.text).toBe('Rain in both.');
    expect(asked).toHaveLength(4);
    expect((await result.steps)[0]?.toolCalls.map(({ input }) => input)).toEqual([
      { city: 'Basel' },
      { city: 'Zürich' },
    ]);
  });

  it('a loop in which the model also thinks and talks goes on with all of it', async () => {
    const asked: string[] = [];
    rig.answers(
      wire,
      { text: 'Let me look.', reasoning: 'hm', toolCalls: TWO_CALLS.slice(0, 1) },
      { text: 'Rain.' },
    );
    const { text, steps } = await generateText({
      ...ask(),
      tools: toolsOf(asked),
      stopWhen: stepCountIs(3),
      providerOptions: STATELESS,
    });
    expect(text).toBe('Rain.');
    // The chat client of OpenAI's package does not read `reasoning_content`.
    if (client !== 'openai.chat') expect(steps[0]?.reasoningText).toBe('hm');
    expect(JSON.stringify((await rig.asked(wire, 2)).json())).toContain('Let me look.');
  });

  it('generateObject gives the object, validated', async () => {
    rig.answers(wire, { text: JSON.stringify(ADA), usage: USAGE });
    const { object } = await generateObject({ ...ask('Who?'), schema: Person });
    expect(object).toEqual(ADA);
    const sent = JSON.stringify((await rig.asked(wire)).json());
    for (const word of ['"tags"', '"age"', '"name"']) expect(sent).toContain(word);
  });

  it('images arrive', async () => {
    rig.answers(wire, { text: 'A pixel' });
    const messages: ModelMessage[] = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image', image: PIXEL, mediaType: 'image/png' },
        ],
      },
    ];
    await generateText({ model: modelOf(), maxRetries: 0, messages });
    expect(JSON.stringify((await rig.asked(wire)).json())).toContain(PIXEL);
  });

  it('leaving closes the connection to the upstream', async () => {
    rig.streams(wire, { deltas: ['a', 'b'], before: (at) => (at === 1 ? (e) => e.stall() : undefined) });
    const leave = new AbortController();
    const result = streamText({ ...ask(), abortSignal: leave.signal, onError: () => undefined });
    for await (const _ of result.textStream) leave.abort();
    expect(await (await rig.asked(wire)).peerClosed).toBeGreaterThan(0);
  });

  it('a stream that breaks off is an error, not an end', async () => {
    rig.plays(wire, [SPOKEN[wire].stream({ deltas: ['Hel', 'lo'], until: 'content' }), fin()]);
    const result = streamText({ ...ask(), onError: () => undefined });
    const errors: unknown[] = [];
    let text = '';
    const read = async () => {
      for await (const part of result.fullStream) {
        if (part.type === 'text-delta') text += part.text;
        if (part.type === 'error') errors.push(part.error);
        expect(part.type).not.toBe('finish');
      }
    };
    // The error event comes first, then the connection ends as no whole answer does.
    await expect(read()).rejects.toThrow();
    expect(text).toBe('Hello');
    expect(`${errors.map(String).join()} ${JSON.stringify(errors)}`).toContain('broke off');
  });

  it.each([
    [400, false],
    [429, true],
    [500, true],
  ])('an answer %i is an APICallError that says whether to try again', async (status, isRetryable) => {
    rig.plays(wire, SPOKEN[wire].error(status, 'no'));
    const error: unknown = await generateText(ask()).catch((thrown: unknown) => thrown);
    if (!APICallError.isInstance(error)) throw new Error(`no APICallError: ${String(error)}`);
    expect(error.isRetryable).toBe(isRetryable);
    expect(error.responseHeaders).toHaveProperty('x-sluice-call-id');
  });
});

describe('ai with openai (Responses): what is not stored', () => {
  it('trap 15 a reference to an earlier item is refused with the way out', async () => {
    rig.answers('anthropic-messages', { text: 'Let me look.', toolCalls: TWO_CALLS }, { text: 'Rain.' });
    const asked = generateText({
      model: CLIENTS['openai (Responses)']('claude'),
      maxRetries: 0,
      prompt: 'Hello',
      tools: { weather: tool({ inputSchema: z.object({ city: z.string() }), execute: () => 'rain' }) },
      stopWhen: stepCountIs(3),
    });
    await expect(asked).rejects.toThrow(/stored conversations are not available.*"store": false/);
  });
});

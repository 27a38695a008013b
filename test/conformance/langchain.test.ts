import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { APP_KEY } from '../support/config.ts';
import { fin } from '../support/fake-upstream-steps.ts';
import { SPOKEN, UPSTREAM_WIRES, type UpstreamWire, useResponsesRig } from '../support/responses-rig.ts';

const rig = useResponsesRig();
const APIS = ['responses', 'chat'] as const;
const PAIRS = APIS.flatMap((api) =>
  UPSTREAM_WIRES.map((wire): readonly [(typeof APIS)[number], UpstreamWire] => [api, wire]),
);
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
const TWO_CALLS = [
  { id: 'call_1', name: 'weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'weather', arguments: '{"city":"Zürich"}' },
];
const Person = z.object({ name: z.string(), age: z.int() });
interface Used {
  readonly usage_metadata?: { readonly output_tokens: number };
}
const ADA = { name: 'Ada', age: 36 };
const weather = tool(({ city }: { city: string }) => `rain in ${city}`, {
  name: 'weather',
  description: 'Weather of a city',
  schema: z.object({ city: z.string() }),
});

describe.each(PAIRS)('ChatOpenAI with %s before an %s upstream', (api, wire) => {
  const modelOf = (fields: ChatOpenAIFields = {}) =>
    new ChatOpenAI({
      model: SPOKEN[wire].model,
      apiKey: APP_KEY,
      configuration: { baseURL: rig.baseURL },
      useResponsesApi: api === 'responses',
      maxRetries: 0,
      ...fields,
    });

  it('invoke gives text and usage', async () => {
    rig.answers(wire, { text: 'Grüezi ✓', usage: USAGE });
    const answer = await modelOf().invoke([new SystemMessage('Be brief.'), new HumanMessage('Hello')]);
    expect(answer.text).toBe('Grüezi ✓');
    expect(answer.usage_metadata).toMatchObject({
      input_tokens: 20,
      output_tokens: 7,
      total_tokens: 27,
      input_token_details: { cache_read: 5 },
    });
    expect(JSON.stringify((await rig.asked(wire)).json())).toContain('Be brief.');
  });

  it('stream gives each delta, and usage at the end', async () => {
    rig.streams(wire, { deltas: ['Grü', 'ezi ', '✓'], usage: USAGE });
    const deltas: string[] = [];
    let tokens = 0;
    for await (const chunk of await modelOf().stream('Hello')) {
      if (chunk.text !== '') deltas.push(chunk.text);
      // The package's own type says that a chunk of unknown structure has none.
      const { usage_metadata: usage } = chunk as unknown as Used;
      tokens += usage?.output_tokens ?? 0;
    }
    expect(deltas).toEqual(['Grü', 'ezi ', '✓']);
    expect(tokens).toBe(7);
  });

  it.each(['invoke', 'stream'] as const)(
    'a loop of tools with %s: both results reach the upstream',
    async (way) => {
      const model = modelOf().bindTools([weather]);
      const call = { deltas: ['Let me look.'], text: 'Let me look.', toolCalls: TWO_CALLS };
      if (way === 'invoke') rig.answers(wire, call, { text: 'Rain in both.' });
      else rig.plays(wire, SPOKEN[wire].stream(call), SPOKEN[wire].answer({ text: 'Rain in both.' }));
      const first =
        way === 'invoke' ? await model.invoke('Weather?') : await gathered(await model.stream('Weather?'));
      expect(first.tool_calls?.map(({ id, name, args }) => ({ id, name, args }))).toEqual(
        TWO_CALLS.map((one) => ({ id: one.id, name: one.name, args: JSON.parse(one.arguments) as unknown })),
      );
      const results: ToolMessage[] = [];
      for (const one of first.tool_calls ?? []) {
        const result: unknown = await weather.invoke({ ...one, type: 'tool_call' });
        if (result instanceof ToolMessage) results.push(result);
      }
      const second = await model.invoke([new HumanMessage('Weather?'), first, ...results]);
      expect(second.text).toBe('Rain in both.');
      const sent = JSON.stringify((await rig.asked(wire, 2)).json());
      for (const word of ['rain in Basel', 'rain in Zürich', 'Let me look.']) expect(sent).toContain(word);
    },
  );

  it('withStructuredOutput gives the object', async () => {
    rig.answers(wire, { text: JSON.stringify(ADA) });
    const structured = modelOf().withStructuredOutput(Person, { name: 'person', method: 'jsonSchema' });
    expect(await structured.invoke('Who?')).toEqual(ADA);
  });

  it('a conversation goes on with what was said', async () => {
    rig.answers(wire, { text: 'Paris', reasoning: 'hm' }, { text: 'Berne' });
    const first = await modelOf().invoke('Capital of France?');
    const second = await modelOf().invoke([
      new HumanMessage('Capital of France?'),
      first,
      new AIMessage('Anything else?'),
      new HumanMessage('And of Switzerland?'),
    ]);
    expect(second.text).toBe('Berne');
    const sent = JSON.stringify((await rig.asked(wire, 2)).json());
    for (const word of ['Paris', 'Anything else?', 'And of Switzerland?']) expect(sent).toContain(word);
  });

  it('a stream that breaks off throws', async () => {
    rig.plays(wire, [SPOKEN[wire].stream({ deltas: ['Hel', 'lo'], until: 'content' }), fin()]);
    let text = '';
    const read = async () => {
      for await (const chunk of await modelOf().stream('Hello')) text += chunk.text;
    };
    await expect(read()).rejects.toThrow();
    expect(text).toBe('Hello');
  });

  it.each([
    [400, 400],
    [429, 429],
    [500, 502],
  ])('an answer %i is an error with status %i', async (status, expected) => {
    rig.plays(wire, SPOKEN[wire].error(status, 'no'));
    await expect(modelOf().invoke('Hello')).rejects.toMatchObject({ status: expected });
  });
});

async function gathered(stream: AsyncIterable<AIMessage & { concat?: unknown }>): Promise<AIMessage> {
  let whole: AIMessage | null = null;
  for await (const chunk of stream) {
    const one = chunk as AIMessage & { concat: (other: AIMessage) => AIMessage };
    whole = whole === null ? one : (whole as typeof one).concat(one);
  }
  if (whole === null) throw new Error('nothing was streamed');
  return whole;
}

import { zodResponseFormat } from 'openai/helpers/zod';
import type { ChatCompletionTool } from 'openai/resources/chat/completions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MODEL_OF, useSdkRig, WIRES } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const ASK = [{ role: 'user' as const, content: 'Weather in Basel and Zürich?' }];
const WEATHER: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const Person = z.object({ name: z.string(), age: z.int(), tags: z.array(z.string()) });
const ADA = { name: 'Ada', age: 36, tags: ['countess', 'λ'] };

describe.each(WIRES)('openai SDK with tools before an %s upstream', (wire) => {
  const model = MODEL_OF[wire];
  const isByteLane = wire === 'openai-chat';

  /** Answers of tools as the upstream got them: id and text, in order. */
  function resultsIn(body: Record<string, unknown>): readonly (readonly [unknown, unknown])[] {
    const messages = body['messages'] as { role: string; content: unknown; tool_call_id?: string }[];
    if (isByteLane)
      return messages.filter(({ role }) => role === 'tool').map((m) => [m.tool_call_id, m.content]);
    const last = messages.at(-1);
    const blocks = last?.content as { type: string; tool_use_id: string; content: unknown }[];
    return blocks.map((block) => [block.tool_use_id, textOf(block.content)]);
  }

  it('parallel calls come whole, each with its id, name and arguments', async () => {
    rig.answers(wire, { text: '', toolCalls: TWO_CALLS });
    const answer = await rig.openai.chat.completions.create({
      model,
      messages: ASK,
      tools: [WEATHER],
      tool_choice: 'required',
      parallel_tool_calls: true,
    });
    const [choice] = answer.choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    expect(choice?.message.tool_calls?.map(callOf)).toEqual(TWO_CALLS.map(parsed));
    const sent = (await rig.asked(wire)).json();
    expect(sent['tools']).toMatchObject(
      isByteLane
        ? [WEATHER]
        : [{ name: 'get_weather', input_schema: (WEATHER as Fn).function.parameters as object }],
    );
    if (isByteLane) expect(sent['tool_choice']).toBe('required');
    else expect(sent['tool_choice']).toMatchObject({ type: 'any' });
  });

  it('parallel calls in a stream are put together by the helper', async () => {
    rig.streams(wire, { deltas: ['Let me look.'], toolCalls: TWO_CALLS });
    const stream = rig.openai.chat.completions.stream({ model, messages: ASK, tools: [WEATHER] });
    const done: string[] = [];
    stream.on('tool_calls.function.arguments.done', (call) => done.push(call.arguments));
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.finish_reason).toBe('tool_calls');
    expect(choices[0]?.message.content).toBe('Let me look.');
    expect(choices[0]?.message.tool_calls?.map(callOf)).toEqual(TWO_CALLS.map(parsed));
    expect(done.map((text) => JSON.parse(text) as unknown)).toEqual(
      TWO_CALLS.map((call) => parsed(call).arguments),
    );
  });

  it('a loop by hand: the results of both calls reach the upstream in order', async () => {
    rig.answers(wire, { text: '', toolCalls: TWO_CALLS }, { text: 'Rain in both.' });
    const first = await rig.openai.chat.completions.create({ model, messages: ASK, tools: [WEATHER] });
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    const results = (message.tool_calls ?? []).map((call, at) => ({
      role: 'tool' as const,
      tool_call_id: call.id,
      content: `rain ${at}`,
    }));
    const second = await rig.openai.chat.completions.create({
      model,
      messages: [...ASK, message, ...results],
      tools: [WEATHER],
    });
    expect(second.choices[0]?.message.content).toBe('Rain in both.');
    expect(resultsIn((await rig.asked(wire, 2)).json())).toEqual([
      ['call_1', 'rain 0'],
      ['call_2', 'rain 1'],
    ]);
  });

  it.each([false, true])('runTools runs the whole loop (streamed: %s)', async (isStreamed) => {
    const done = 'Rain in both.';
    if (isStreamed)
      rig.streams(wire, { deltas: [], toolCalls: TWO_CALLS }, { deltas: ['Rain ', 'in both.'] });
    else rig.answers(wire, { text: '', toolCalls: TWO_CALLS }, { text: done });
    const asked: string[] = [];
    const tool = {
      type: 'function' as const,
      function: {
        name: 'get_weather',
        description: 'Weather of a city',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
        parse: (text: string) => JSON.parse(text) as { city: string },
        function: ({ city }: { city: string }) => {
          asked.push(city);
          return `rain in ${city}`;
        },
      },
    };
    const { completions } = rig.openai.chat;
    const runner = isStreamed
      ? completions.runTools({ model, messages: ASK, tools: [tool], stream: true })
      : completions.runTools({ model, messages: ASK, tools: [tool] });
    expect(await runner.finalContent()).toBe(done);
    expect(asked).toEqual(['Basel', 'Zürich']);
    expect(resultsIn((await rig.asked(wire, 2)).json())).toEqual([
      ['call_1', 'rain in Basel'],
      ['call_2', 'rain in Zürich'],
    ]);
  });

  it('parse gives structured output as an object', async () => {
    rig.answers(wire, { text: JSON.stringify(ADA) });
    const answer = await rig.openai.chat.completions.parse({
      model,
      messages: [{ role: 'user', content: 'Who?' }],
      response_format: zodResponseFormat(Person, 'person'),
    });
    expect(answer.choices[0]?.message.parsed).toEqual(ADA);
    const sent = (await rig.asked(wire)).json();
    const schema = { type: 'object', properties: { name: { type: 'string' }, tags: { type: 'array' } } };
    if (isByteLane)
      expect(sent['response_format']).toMatchObject({
        json_schema: { name: 'person', strict: true, schema },
      });
    else expect(sent['output_config']).toMatchObject({ format: { type: 'json_schema', schema } });
  });

  it('the stream helper parses structured output', async () => {
    const text = JSON.stringify(ADA);
    rig.streams(wire, { deltas: [text.slice(0, 9), text.slice(9, 20), text.slice(20)] });
    const stream = rig.openai.chat.completions.stream({
      model,
      messages: [{ role: 'user', content: 'Who?' }],
      response_format: zodResponseFormat(Person, 'person'),
    });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.message.parsed).toEqual(ADA);
  });

  it('parse of structured output that the token limit cut is refused by the SDK', async () => {
    rig.answers(wire, { text: '{"name":"A', finishReason: isByteLane ? 'length' : 'max_tokens' });
    const asked = rig.openai.chat.completions.parse({
      model,
      messages: [{ role: 'user', content: 'Who?' }],
      response_format: zodResponseFormat(Person, 'person'),
    });
    await expect(asked).rejects.toThrow(/length/i);
  });
});

type Fn = Extract<ChatCompletionTool, { type: 'function' }>;

function callOf(call: { id: string; type: string; function?: { name: string; arguments: string } }) {
  return parsed({
    id: call.id,
    name: call.function?.name ?? '',
    arguments: call.function?.arguments ?? '',
  });
}

function parsed({ id, name, arguments: text }: { id: string; name: string; arguments: string }) {
  return { id, name, arguments: JSON.parse(text) as unknown };
}

function textOf(content: unknown): unknown {
  return Array.isArray(content)
    ? content.map((block: { text?: string }) => block.text ?? '').join('')
    : content;
}

import type OpenAI from 'openai';
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
import type { FunctionTool, ResponseInput, ResponseOutputItem } from 'openai/resources/responses/responses';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SPOKEN, UPSTREAM_WIRES, useResponsesRig } from '../support/responses-rig.ts';

const rig = useResponsesRig();
const ASK = { role: 'user' as const, content: 'Weather in Basel and Zürich?' };
const WEATHER: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: true,
};
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const Person = z.object({ name: z.string(), age: z.int(), tags: z.array(z.string()) });
const ADA = { name: 'Ada', age: 36, tags: ['countess', 'λ'] };

const callsIn = (output: readonly ResponseOutputItem[]) =>
  output.flatMap((item) =>
    item.type === 'function_call'
      ? [{ id: item.call_id, name: item.name, arguments: JSON.parse(item.arguments) as unknown }]
      : [],
  );
const parsed = TWO_CALLS.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) as unknown }));
const resultsOf = (output: readonly ResponseOutputItem[]): ResponseInput =>
  callsIn(output).map(({ id, arguments: args }) => ({
    type: 'function_call_output',
    call_id: id,
    output: `rain in ${(args as { city: string }).city}`,
  }));

describe.each(UPSTREAM_WIRES)('openai SDK, Responses, with tools before an %s upstream', (wire) => {
  const { model } = SPOKEN[wire];

  /** Answers of tools as the upstream got them: id and text, in order. */
  function resultsIn(body: Record<string, unknown>): readonly (readonly [unknown, unknown])[] {
    const items = (body['input'] ?? body['messages']) as Record<string, unknown>[];
    if (wire === 'openai-responses') {
      return items
        .filter(({ type }) => type === 'function_call_output')
        .map((i) => [i['call_id'], i['output']]);
    }
    if (wire === 'openai-chat') {
      return items.filter(({ role }) => role === 'tool').map((m) => [m['tool_call_id'], m['content']]);
    }
    const blocks = items.at(-1)?.['content'] as { tool_use_id: string; content: { text: string }[] }[];
    return blocks.map((block) => [block.tool_use_id, block.content[0]?.text]);
  }

  it('parallel calls come whole, each with its two ids', async () => {
    rig.answers(wire, { text: '', toolCalls: TWO_CALLS });
    const answer = await rig.openai.responses.create({
      model,
      input: [ASK],
      tools: [WEATHER],
      tool_choice: 'required',
      parallel_tool_calls: true,
    });
    expect(answer.status).toBe('completed');
    expect(callsIn(answer.output)).toEqual(parsed);
    for (const item of answer.output) if (item.type === 'function_call') expect(item.id).toMatch(/^fc_/);
    const sent = (await rig.asked(wire)).json();
    const { name, parameters } = WEATHER;
    const tools = {
      'openai-responses': [WEATHER],
      'openai-chat': [{ type: 'function', function: { name, parameters, strict: true } }],
      'anthropic-messages': [{ name, input_schema: parameters }],
    };
    expect(sent['tools']).toMatchObject(tools[wire]);
    const choice = wire === 'anthropic-messages' ? { type: 'any' } : 'required';
    expect(sent['tool_choice']).toEqual(
      wire === 'anthropic-messages' ? expect.objectContaining(choice as object) : choice,
    );
  });

  it('a loop by hand: what the model said goes back as it is, with the results', async () => {
    rig.answers(
      wire,
      { text: 'Let me look.', reasoning: 'hm', toolCalls: TWO_CALLS },
      { text: 'Rain in both.' },
    );
    const first = await rig.openai.responses.create({ model, input: [ASK], tools: [WEATHER] });
    const input = [ASK, ...first.output, ...resultsOf(first.output)] as ResponseInput;
    const second = await rig.openai.responses.create({ model, input, tools: [WEATHER] });
    expect(second.output_text).toBe('Rain in both.');
    const sent = (await rig.asked(wire, 2)).json();
    expect(resultsIn(sent)).toEqual([
      ['call_1', 'rain in Basel'],
      ['call_2', 'rain in Zürich'],
    ]);
    expect(JSON.stringify(sent)).toContain('Let me look.');
  });

  it('parallel calls in a stream are put together by the helper', async () => {
    rig.streams(wire, { deltas: ['Let me look.'], toolCalls: TWO_CALLS });
    const stream = rig.openai.responses.stream({ model, input: [ASK], tools: [WEATHER] });
    const snapshots: string[] = [];
    stream.on('response.function_call_arguments.delta', (event) => {
      snapshots.push((event as unknown as { snapshot: string }).snapshot);
    });
    const final = await stream.finalResponse();
    expect(callsIn(final.output)).toEqual(parsed);
    for (const { arguments: text } of TWO_CALLS) expect(snapshots).toContain(text);
    const said = final.output.filter((item) => item.type === 'message');
    expect(said).toMatchObject([{ content: [{ text: 'Let me look.' }] }]);
  });

  it('responses.parse gives the object and the arguments, validated', async () => {
    rig.answers(wire, { text: JSON.stringify(ADA) });
    const text = { format: zodTextFormat(Person, 'person') };
    const answer = await rig.openai.responses.parse({ model, input: [ASK], text });
    expect(answer.output_parsed).toEqual(ADA);
    const sent = JSON.stringify((await rig.asked(wire)).json());
    for (const word of ['"tags"', '"age"', '"name"']) expect(sent).toContain(word);

    rig.answers(wire, { text: '', toolCalls: [TWO_CALLS[0] as (typeof TWO_CALLS)[0]] });
    const tool = zodResponsesFunction({ name: 'get_weather', parameters: z.object({ city: z.string() }) });
    const called = await rig.openai.responses.parse({ model, input: [ASK], tools: [tool], text });
    // The SDK puts the whole call into `parsed_arguments`, and its arguments into that one's.
    const args = { parsed_arguments: { city: 'Basel' } };
    expect(called.output).toMatchObject([{ type: 'function_call', parsed_arguments: args }]);
  });

  it('the stream helper parses too', async () => {
    rig.streams(wire, { deltas: [...JSON.stringify(ADA)] });
    const text = { format: zodTextFormat(Person, 'person') };
    const final = await rig.openai.responses.stream({ model, input: [ASK], text }).finalResponse();
    expect(final.output_parsed).toEqual(ADA);
  });

  it('trap 27 one allowed tool of two is the only one that may be called', async () => {
    rig.answers(wire, { text: 'x' });
    await rig.openai.responses.create({
      model,
      input: [ASK],
      tools: [WEATHER, { ...WEATHER, name: 'other' }],
      tool_choice: {
        type: 'allowed_tools',
        mode: 'auto',
        tools: [{ type: 'function', name: 'get_weather' }],
      },
    });
    const sent = (await rig.asked(wire)).json();
    if (wire === 'openai-responses') expect(sent['tool_choice']).toMatchObject({ type: 'allowed_tools' });
    else expect(JSON.stringify(sent['tools'])).not.toContain('"other"');
  });
});

describe('openai SDK, Responses: what only OpenAI has', () => {
  it('traps 34 and 36 goes through to its own upstream, and is told as dropped elsewhere', async () => {
    const tools = [
      WEATHER,
      { type: 'web_search' },
      { type: 'custom', name: 'sql', format: { type: 'text' } },
    ] as OpenAI.Responses.Tool[];
    rig.answers('openai-responses', { text: 'x' });
    await rig.openai.responses.create({ model: 'resp', input: [ASK], tools });
    expect((await rig.asked('openai-responses')).json()['tools']).toEqual(tools);

    rig.answers('anthropic-messages', { text: 'x' });
    const { response } = await rig.openai.responses
      .create({ model: 'claude', input: [ASK], tools })
      .withResponse();
    expect((await rig.asked('anthropic-messages')).json()['tools']).toMatchObject([{ name: 'get_weather' }]);
    expect(response.headers.get('x-sluice-receipt')).toContain('web_search');
  });

  it('strict mode refuses a hop that loses something, and names it', async () => {
    const asked = rig.openai.responses.create(
      { model: 'claude', input: [ASK], text: { verbosity: 'low' } },
      { headers: { 'x-sluice-strict': 'true' } },
    );
    await expect(asked).rejects.toMatchObject({ code: 'lossy_translation', param: 'text.verbosity' });
  });
});

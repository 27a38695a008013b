import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import type { MessageParam, Tool, ToolUseBlock } from '@anthropic-ai/sdk/resources/messages';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MODEL_OF, useSdkRig, WIRES } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const ASK: MessageParam[] = [{ role: 'user', content: 'Weather in Basel and Zürich?' }];
const WEATHER: Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const Person = z.object({ name: z.string(), age: z.int(), tags: z.array(z.string()) });
const ADA = { name: 'Ada', age: 36, tags: ['countess', 'λ'] };

describe.each(WIRES)('Anthropic SDK with tools before an %s upstream', (wire) => {
  const model = MODEL_OF[wire];
  const isByteLane = wire === 'anthropic-messages';
  const base = { model, max_tokens: 2_000, messages: ASK, tools: [WEATHER] };

  function resultsIn(body: Record<string, unknown>): readonly (readonly [unknown, unknown])[] {
    const messages = body['messages'] as { role: string; content: unknown; tool_call_id?: string }[];
    if (!isByteLane)
      return messages.filter(({ role }) => role === 'tool').map((m) => [m.tool_call_id, textOf(m.content)]);
    const blocks = messages.at(-1)?.content as { tool_use_id: string; content: unknown }[];
    return blocks.map((block) => [block.tool_use_id, textOf(block.content)]);
  }

  it('parallel calls come whole, each with its id, name and input', async () => {
    rig.answers(wire, { text: '', toolCalls: TWO_CALLS });
    const answer = await rig.anthropic.messages.create({ ...base, tool_choice: { type: 'any' } });
    expect(answer.stop_reason).toBe('tool_use');
    expect(answer.content).toMatchObject([
      { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Basel' } },
      { type: 'tool_use', id: 'call_2', name: 'get_weather', input: { city: 'Zürich' } },
    ]);
    const sent = (await rig.asked(wire)).json();
    if (isByteLane) expect(sent['tools']).toEqual([WEATHER]);
    else {
      expect(sent['tools']).toMatchObject([
        { type: 'function', function: { name: 'get_weather', parameters: WEATHER.input_schema } },
      ]);
      expect(sent['tool_choice']).toBe('required');
    }
  });

  it('parallel calls in a stream are put together by the helper, behind the text', async () => {
    rig.streams(wire, { deltas: ['Let me look.'], toolCalls: TWO_CALLS });
    const stream = rig.anthropic.messages.stream(base);
    const json: string[] = [];
    stream.on('inputJson', (delta) => json.push(delta));
    const message = await stream.finalMessage();
    expect(json.join('')).toBe('{"city":"Basel"}{"city":"Zürich"}');
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toMatchObject([
      { type: 'text', text: 'Let me look.' },
      { type: 'tool_use', id: 'call_1', input: { city: 'Basel' } },
      { type: 'tool_use', id: 'call_2', input: { city: 'Zürich' } },
    ]);
  });

  it('a loop by hand: the results of both calls reach the upstream in order', async () => {
    rig.answers(wire, { text: '', toolCalls: TWO_CALLS }, { text: 'Rain in both.' });
    const first = await rig.anthropic.messages.create(base);
    const calls = first.content.filter((block): block is ToolUseBlock => block.type === 'tool_use');
    const results = calls.map((call, at) => ({
      type: 'tool_result' as const,
      tool_use_id: call.id,
      content: at === 0 ? 'rain 0' : [{ type: 'text' as const, text: 'rain 1' }],
      is_error: false,
    }));
    const second = await rig.anthropic.messages.create({
      ...base,
      messages: [...ASK, { role: 'assistant', content: first.content }, { role: 'user', content: results }],
    });
    expect(second.content).toMatchObject([{ type: 'text', text: 'Rain in both.' }]);
    expect(resultsIn((await rig.asked(wire, 2)).json())).toEqual([
      ['call_1', 'rain 0'],
      ['call_2', 'rain 1'],
    ]);
  });

  it.each([false, true])('toolRunner runs the whole loop (streamed: %s)', async (isStreamed) => {
    if (isStreamed)
      rig.streams(wire, { deltas: [], toolCalls: TWO_CALLS }, { deltas: ['Rain ', 'in both.'] });
    else rig.answers(wire, { text: '', toolCalls: TWO_CALLS }, { text: 'Rain in both.' });
    const asked: string[] = [];
    const tool = betaZodTool({
      name: 'get_weather',
      description: 'Weather of a city',
      inputSchema: z.object({ city: z.string() }),
      run: ({ city }) => {
        asked.push(city);
        return `rain in ${city}`;
      },
    });
    const { messages } = rig.anthropic.beta;
    const params = { model, max_tokens: 2_000, messages: ASK, tools: [tool] };
    const final = isStreamed
      ? await messages.toolRunner({ ...params, stream: true }).runUntilDone()
      : await messages.toolRunner(params).runUntilDone();
    expect(final.content).toMatchObject([{ type: 'text', text: 'Rain in both.' }]);
    expect([...asked].sort()).toEqual(['Basel', 'Zürich']);
    expect(resultsIn((await rig.asked(wire, 2)).json())).toEqual([
      ['call_1', 'rain in Basel'],
      ['call_2', 'rain in Zürich'],
    ]);
  });

  it('parse gives structured output as an object', async () => {
    rig.answers(wire, { text: JSON.stringify(ADA) });
    const message = await rig.anthropic.messages.parse({
      model,
      max_tokens: 2_000,
      messages: [{ role: 'user', content: 'Who?' }],
      output_config: { format: zodOutputFormat(Person) },
    });
    expect(message.parsed_output).toEqual(ADA);
    const sent = (await rig.asked(wire)).json();
    const schema = { type: 'object', properties: { name: { type: 'string' }, tags: { type: 'array' } } };
    if (isByteLane) expect(sent['output_config']).toMatchObject({ format: { type: 'json_schema', schema } });
    else
      expect(sent['response_format']).toMatchObject({
        type: 'json_schema',
        json_schema: { strict: true, schema },
      });
  });

  it('the stream helper parses structured output', async () => {
    const text = JSON.stringify(ADA);
    rig.streams(wire, { deltas: [text.slice(0, 9), text.slice(9, 20), text.slice(20)] });
    const stream = rig.anthropic.messages.stream({
      model,
      max_tokens: 2_000,
      messages: [{ role: 'user', content: 'Who?' }],
      output_config: { format: zodOutputFormat(Person) },
    });
    expect((await stream.finalMessage()).parsed_output).toEqual(ADA);
  });
});

it('a thread that the target cannot keep: the SDK is told, or goes on without it', async () => {
  const params = { model: 'gpt', max_tokens: 500, messages: [] };
  const hello = { role: 'user' as const, content: 'Hello' };
  const strict = rig.anthropic.beta.messages.thread(params);
  await expect(strict.send(hello)).rejects.toMatchObject({
    status: 400,
    error: { error: { code: 'thread_unsupported', param: 'thread' } },
  });
  rig.answers('openai-chat', { text: 'one' }, { text: 'two' });
  const lenient = rig.anthropic.beta.messages.thread({
    ...params,
    unsupportedRequestBehavior: 'continue_unthreaded',
  });
  await lenient.send(hello);
  await lenient.send({ role: 'user', content: 'And now?' });
  const { messages } = (await rig.asked('openai-chat', 2)).json();
  expect(JSON.stringify(messages)).toMatch(/Hello.*one.*And now\?/);
});

function textOf(content: unknown): unknown {
  return Array.isArray(content)
    ? content.map((block: { text?: string }) => block.text ?? '').join('')
    : content;
}

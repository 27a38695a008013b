import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import { cohereChat } from '../../../../src/protocols/cohere-chat/index.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import type { TargetContext } from '../../../../src/protocols/protocol.ts';
import { HELLO, refusalOf, type Translated, translate } from '../translate.ts';

const TARGET: TargetContext = {
  provider: 'cohere',
  model: 'command-a-reasoning-08-2025',
  maxOutputTokens: null,
};
const PIXEL = 'iVBORw0KGgo=';
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } } };
const tool = (name: string, more: object = {}) => ({
  type: 'function',
  function: { name, parameters: SCHEMA, ...more },
});

const fromOpenai = (body: object, target: Partial<TargetContext> = {}): Translated =>
  translate(openaiChat, cohereChat, { model: 'm', messages: [HELLO], ...body }, { ...TARGET, ...target });
const fromAnthropic = (body: object, target: Partial<TargetContext> = {}): Translated =>
  translate(
    anthropicMessages,
    cohereChat,
    { model: 'm', max_tokens: 4_000, messages: [HELLO], ...body },
    { ...TARGET, ...target },
  );

describe('an OpenAI request for a Cohere target', () => {
  it('has the names of the target, and the receipt says which were renamed', () => {
    const { body, receipt } = fromOpenai({
      max_completion_tokens: 50,
      temperature: 0.5,
      top_p: 0.7,
      seed: 4,
      stop: 'END',
      presence_penalty: 0.5,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(body).toEqual({
      model: TARGET.model,
      messages: [HELLO],
      max_tokens: 50,
      temperature: 0.5,
      p: 0.7,
      seed: 4,
      stop_sequences: ['END'],
      presence_penalty: 0.5,
      stream: true,
    });
    expect(receipt).toMatchObject({
      temperature: { action: 'carried' },
      top_p: { action: 'renamed', to: 'p' },
      stop: { action: 'renamed', to: 'stop_sequences' },
      stream_options: { action: 'converted' },
    });
  });

  it('traps 80 and 83 values outside of the ranges of the target are clamped and reported', () => {
    const { body, receipt } = fromOpenai({
      temperature: 1.7,
      top_p: 1,
      presence_penalty: -1,
      frequency_penalty: 2,
    });
    expect(body).toMatchObject({ temperature: 1, p: 0.99, presence_penalty: 0, frequency_penalty: 1 });
    for (const name of ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty']) {
      expect(receipt[name]?.action, name).toBe('converted');
    }
  });

  it('trap 84 takes five stop sequences at most', () => {
    const stop = ['1', '2', '3', '4'];
    expect(fromOpenai({ stop }).body['stop_sequences']).toEqual(stop);
    const more = fromAnthropic({ stop_sequences: [...stop, '5', '6'] });
    expect(more.body['stop_sequences']).toEqual([...stop, '5']);
    expect(more.receipt['stop_sequences']).toMatchObject({ action: 'converted' });
  });

  it('says what it drops: users, tiers, other vendors’ fields', () => {
    const { body, receipt } = fromOpenai({
      user: 'u',
      service_tier: 'flex',
      logit_bias: { 1: 2 },
      metadata: { a: 'b' },
    });
    expect(Object.keys(body).sort()).toEqual(['messages', 'model', 'stream']);
    for (const name of ['user', 'service_tier', 'logit_bias', 'metadata']) {
      expect(receipt[name]?.action, name).toBe('dropped');
    }
  });

  it('trap 1 system and developer messages keep their places', () => {
    const { body, receipt } = fromOpenai({
      messages: [
        { role: 'system', content: 'Be brief.' },
        HELLO,
        { role: 'developer', content: [{ type: 'text', text: 'Now long.' }] },
        { ...HELLO, name: 'Ann' },
      ],
    });
    expect(body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      HELLO,
      { role: 'system', content: 'Now long.' },
      HELLO,
    ]);
    expect(receipt['messages']).toMatchObject({ action: 'converted' });
    expect(receipt['messages[].name']).toMatchObject({ action: 'dropped' });
  });

  it('trap 96 images go as data URIs or addresses, with their detail', () => {
    const images = [
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
    ];
    const { body } = fromOpenai({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'What?' }, ...images] }],
    });
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'What?' }, ...images] },
    ]);
  });

  it('text files become documents; other files and audio are refused', () => {
    const file = (type: string, text: string) => ({
      type: 'file',
      file: { filename: 'a.txt', file_data: `data:${type};base64,${Buffer.from(text).toString('base64')}` },
    });
    const ask = (part: object) => ({
      messages: [{ role: 'user', content: [part, { type: 'text', text: 'Sum?' }] }],
    });
    const { body, receipt } = fromOpenai(ask(file('text/plain', 'one two')));
    expect(body['documents']).toEqual([{ data: { title: 'a.txt', text: 'one two' } }]);
    expect(body['messages']).toEqual([{ role: 'user', content: 'Sum?' }]);
    expect(receipt['messages[].content[].file']).toMatchObject({ action: 'converted', to: 'documents' });
    expect(refusalOf(() => fromOpenai(ask(file('application/pdf', 'x'))))).toMatchObject({
      code: 'invalid_request',
      param: 'messages[].content[].file',
    });
    const audio = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    expect(refusalOf(() => fromOpenai(ask(audio)))).toMatchObject({ code: 'invalid_request' });
    expect(refusalOf(() => fromOpenai({ n: 2 }))).toMatchObject({ param: 'n' });
    expect(refusalOf(() => fromOpenai({ foo: 2 }))).toMatchObject({ code: 'unknown_field', param: 'foo' });
  });

  it('traps 16 and 17 tools keep their form, and one without parameters gets an empty schema', () => {
    const { body, receipt } = fromOpenai({
      tools: [tool('f', { description: 'd' }), { type: 'function', function: { name: 'g' } }],
      parallel_tool_calls: false,
      tool_choice: 'auto',
    });
    expect(body['tools']).toEqual([
      tool('f', { description: 'd' }),
      { type: 'function', function: { name: 'g', parameters: { type: 'object', properties: {} } } },
    ]);
    expect(body['tool_choice']).toBeUndefined();
    expect(receipt).toMatchObject({
      tools: { action: 'carried' },
      tool_choice: { action: 'converted' },
      parallel_tool_calls: { action: 'dropped' },
    });
  });

  it('trap 27 one tool alone is offered and required', () => {
    const tools = [tool('f'), tool('g')];
    const one = fromOpenai({ tools, tool_choice: { type: 'function', function: { name: 'g' } } });
    expect(one.body).toMatchObject({ tools: [tool('g')], tool_choice: 'REQUIRED' });
    expect(one.receipt['tool_choice']).toMatchObject({ action: 'converted', to: 'tools, tool_choice' });
    expect(fromOpenai({ tools, tool_choice: 'required' }).body).toMatchObject({
      tools,
      tool_choice: 'REQUIRED',
    });
    expect(fromOpenai({ tools, tool_choice: 'none' }).body).toMatchObject({ tools, tool_choice: 'NONE' });
  });

  it('trap 30 an empty list of tools is left out, and its choice with it', () => {
    const { body } = fromOpenai({ tools: [], tool_choice: 'auto' });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('tool_choice');
  });

  it('trap 20 strict holds for all tools or for none', () => {
    expect(fromOpenai({ tools: [tool('f', { strict: true })] }).body['strict_tools']).toBe(true);
    const some = fromOpenai({ tools: [tool('f', { strict: true }), tool('g')] });
    expect(some.body).not.toHaveProperty('strict_tools');
    expect(some.receipt['tools[].function.strict']).toMatchObject({ action: 'dropped' });
    expect(fromOpenai({ tools: [tool('f', { strict: false })] }).body).not.toHaveProperty('strict_tools');
  });

  it('trap 32 arguments go over as they were written, and none is an empty object', () => {
    const text = '{"big": 12345678901234567890, "b":1e21,"b":2}';
    const call = (id: string, args: string) => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: args },
    });
    const { body } = fromOpenai({
      messages: [
        HELLO,
        { role: 'assistant', content: null, tool_calls: [call('a', text), call('b', '')] },
        { role: 'tool', tool_call_id: 'a', content: 'rain' },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'sun' }] },
      ],
    });
    expect(body['messages']).toEqual([
      HELLO,
      { role: 'assistant', tool_calls: [call('a', text), call('b', '{}')] },
      { role: 'tool', tool_call_id: 'a', content: 'rain' },
      { role: 'tool', tool_call_id: 'b', content: 'sun' },
    ]);
  });

  it('trap 91 a schema becomes the schema of a JSON object, and the prompt names JSON', () => {
    const format = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: SCHEMA } };
    const { body, receipt } = fromOpenai({ response_format: format });
    expect(body['response_format']).toEqual({ type: 'json_object', json_schema: SCHEMA });
    expect(body['messages']).toEqual([{ role: 'system', content: 'Answer in JSON.' }, HELLO]);
    expect(receipt['response_format']).toMatchObject({ action: 'converted' });
    const said = fromOpenai({ response_format: format, messages: [{ role: 'user', content: 'Give json' }] });
    expect(said.body['messages']).toHaveLength(1);
  });

  it('trap 93 beside tools or documents a format becomes an instruction', () => {
    const format = { type: 'json_schema', json_schema: { name: 'x', schema: SCHEMA } };
    const messages = [{ role: 'system', content: 'Be brief.' }, HELLO];
    const { body, receipt } = fromOpenai({ tools: [tool('f')], response_format: format, messages });
    expect(body).not.toHaveProperty('response_format');
    const [system] = body['messages'] as { content: string }[];
    expect(system?.content).toContain('Be brief.\n\nAnswer with one valid JSON object');
    expect(system?.content).toContain(JSON.stringify(SCHEMA));
    expect(receipt['response_format']).toMatchObject({ action: 'converted', to: 'messages' });
  });

  it('trap 75 an effort is a budget of tokens that leaves room for the answer', () => {
    expect(fromOpenai({ reasoning_effort: 'high' }).body['thinking']).toEqual({
      type: 'enabled',
      token_budget: 16_384,
    });
    expect(fromOpenai({ reasoning_effort: 'none' }).body['thinking']).toEqual({ type: 'disabled' });
    const tight = fromOpenai({ reasoning_effort: 'high', max_completion_tokens: 3_000 });
    expect(tight.body['thinking']).toEqual({ type: 'enabled', token_budget: 2_000 });
    const older = fromOpenai({ reasoning_effort: 'high' }, { model: 'command-r-08-2024' });
    expect(older.body).not.toHaveProperty('thinking');
    expect(older.receipt['reasoning_effort']).toMatchObject({ action: 'dropped' });
  });

  it('trap 79 more tokens than the model gives are cut to what it gives', () => {
    const { body, receipt } = fromOpenai({ max_tokens: 90_000 }, { maxOutputTokens: 8_000 });
    expect(body['max_tokens']).toBe(8_000);
    expect(receipt['max_tokens']).toMatchObject({ action: 'converted' });
  });
});

describe('an Anthropic request for a Cohere target', () => {
  it('has its turns, results and settings in the words of the target', () => {
    const { body, receipt } = fromAnthropic({
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      top_k: 1_000,
      tools: [{ name: 'get-weather', input_schema: SCHEMA, cache_control: { type: 'ephemeral' } }],
      tool_choice: { type: 'any' },
      messages: [
        HELLO,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'secret', signature: 's' },
            { type: 'text', text: 'Looking.' },
            { type: 'tool_use', id: 'toolu_1', name: 'get-weather', input: { city: 'Basel' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: 'no such city' },
            { type: 'text', text: 'Well?' },
          ],
        },
      ],
    });
    const [, , assistant, result, user] = body['messages'] as Record<string, unknown>[];
    expect(body['messages']).toHaveLength(5);
    expect(assistant).toMatchObject({ role: 'assistant', content: 'Looking.' });
    expect(assistant?.['tool_calls']).toMatchObject([
      { id: 'toolu_1', function: { arguments: '{"city":"Basel"}' } },
    ]);
    expect(result).toEqual({ role: 'tool', tool_call_id: 'toolu_1', content: 'Error: no such city' });
    expect(user).toEqual({ role: 'user', content: 'Well?' });
    expect(body).toMatchObject({ k: 500, tool_choice: 'REQUIRED', max_tokens: 4_000 });
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(receipt).toMatchObject({
      top_k: { action: 'converted' },
      'messages[].content[].thinking': { action: 'dropped' },
      'messages[].content[].cache_control': { action: 'dropped' },
      'messages[].content[].is_error': { action: 'converted' },
    });
  });

  it('trap 24 documents and images of tool results find a place', () => {
    const { body, receipt } = fromAnthropic({
      messages: [
        HELLO,
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'f', input: {} }] },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't1',
              content: [
                { type: 'text', text: 'Two things.' },
                {
                  type: 'document',
                  title: 'D',
                  source: { type: 'text', media_type: 'text/plain', data: 'words' },
                },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
              ],
            },
          ],
        },
      ],
    });
    const [, , result, moved] = body['messages'] as Record<string, unknown>[];
    expect(result).toEqual({
      role: 'tool',
      tool_call_id: 't1',
      content: [
        { type: 'text', text: 'Two things.' },
        { type: 'document', document: { data: { title: 'D', text: 'words' } } },
      ],
    });
    expect(moved).toMatchObject({ role: 'user', content: [{ type: 'text' }, { type: 'image_url' }] });
    expect(receipt['messages[].content[].content']).toMatchObject({ action: 'converted' });
  });

  it('a thinking budget goes over, adaptive thinking is switched on, disabled off', () => {
    const thinking = (value: object) =>
      fromAnthropic({ max_tokens: 20_000, thinking: value }).body['thinking'];
    expect(thinking({ type: 'enabled', budget_tokens: 3_000 })).toEqual({
      type: 'enabled',
      token_budget: 3_000,
    });
    expect(thinking({ type: 'adaptive' })).toEqual({ type: 'enabled' });
    expect(thinking({ type: 'disabled' })).toEqual({ type: 'disabled' });
  });

  it('trap 126 the same request gives the same bytes', () => {
    const ask = { system: 'S', tools: [{ name: 'f', input_schema: SCHEMA }] };
    expect(fromAnthropic(ask).text).toBe(fromAnthropic(ask).text);
  });
});

import { describe, expect, it } from 'vitest';
import { HELLO, refusalOf, openaiToAnthropic as translate } from '../translate.ts';

const CALL = (id: string, text: string) => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: text },
});
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };
const text = (value: string) => ({ type: 'text', text: value });

describe('conversations for Anthropic', () => {
  it('trap 1 joins leading system messages in order, each with its cache breakpoint', () => {
    const marked = { ...text('b'), cache_control: { type: 'ephemeral' } };
    const { body, receipt } = translate({
      messages: [{ role: 'system', content: 'a' }, { role: 'developer', content: [marked] }, HELLO],
    });
    expect(body).toMatchObject({
      system: [text('a'), marked],
      messages: [{ role: 'user', content: [text('Hello')] }],
    });
    expect(receipt['messages']).toMatchObject({ action: 'converted', to: 'system, messages' });
  });

  it('trap 2 leaves a later system message in its place', () => {
    const { body, receipt } = translate({
      messages: [
        HELLO,
        { role: 'assistant', content: 'Hi' },
        { role: 'system', content: 'Be brief.' },
        HELLO,
      ],
    });
    expect(body['messages']).toEqual([
      { role: 'user', content: [text('Hello')] },
      { role: 'assistant', content: [text('Hi')] },
      { role: 'user', content: [text('<system>\nBe brief.\n</system>'), text('Hello')] },
    ]);
    expect(receipt['messages']?.action).toBe('converted');
  });

  it('trap 5 merges turns of one role and puts parallel results into one user turn', () => {
    const { body } = translate({
      messages: [
        HELLO,
        HELLO,
        { role: 'assistant', content: 'calling', tool_calls: [CALL('c1', '{"a":1}'), CALL('c2', '{"a":2}')] },
        { role: 'tool', tool_call_id: 'c1', content: 'one' },
        { role: 'tool', tool_call_id: 'c2', content: 'two' },
        HELLO,
      ],
      tools: [TOOL],
    });
    expect(body['messages']).toEqual([
      { role: 'user', content: [text('Hello'), text('Hello')] },
      {
        role: 'assistant',
        content: [
          text('calling'),
          { type: 'tool_use', id: 'c1', name: 'f', input: { a: 1 } },
          { type: 'tool_use', id: 'c2', name: 'f', input: { a: 2 } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'c1', content: [text('one')] },
          { type: 'tool_result', tool_use_id: 'c2', content: [text('two')] },
          text('Hello'),
        ],
      },
    ]);
  });

  it('trap 6 leaves empty texts out', () => {
    const { body } = translate({
      messages: [
        { role: 'system', content: '' },
        HELLO,
        { role: 'assistant', content: '' },
        { role: 'user', content: [text(' \n'), text('x')] },
      ],
    });
    expect(body).not.toHaveProperty('system');
    expect(body['messages']).toEqual([{ role: 'user', content: [text('Hello'), text('x')] }]);
  });

  it('trap 7 trims a last assistant message, which Anthropic continues', () => {
    const { body } = translate({ messages: [HELLO, { role: 'assistant', content: 'Once upon \n' }] });
    expect(body['messages']).toMatchObject([{}, { role: 'assistant', content: [text('Once upon')] }]);
  });

  it('trap 9 begins with a user turn', () => {
    const { body, receipt } = translate({ messages: [{ role: 'assistant', content: 'Welcome' }, HELLO] });
    expect(body['messages']).toMatchObject([
      { role: 'user', content: [text('.')] },
      { role: 'assistant' },
      {},
    ]);
    expect(receipt['messages']?.action).toBe('converted');
  });

  it('trap 10 reports dropped names', () => {
    const { receipt } = translate({ messages: [{ ...HELLO, name: 'Ann' }] });
    expect(receipt['messages[].name']).toMatchObject({ action: 'dropped' });
  });

  it('trap 96 turns images into sources, and reports the lost detail', () => {
    const image = (url: string) => ({ type: 'image_url', image_url: { url, detail: 'low' } });
    const content = [image('data:image/jpeg;base64,/9j/'), image('https://x.test/a.png')];
    const { body, receipt } = translate({ messages: [{ role: 'user', content }] });
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/' } },
          { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
        ],
      },
    ]);
    expect(receipt['messages[].content[].image_url.detail']?.action).toBe('dropped');
  });

  it('trap 97 turns files into documents', () => {
    const file = { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } };
    const { body } = translate({ messages: [{ role: 'user', content: [file] }] });
    const source = { type: 'base64', media_type: 'application/pdf', data: 'JVBE' };
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'document', source, title: 'a.pdf' }] },
    ]);
  });

  it.each([
    ['trap 98 audio', { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }],
    ['trap 99 a file of another account', { type: 'file', file: { file_id: 'file-1' } }],
    [
      'a file of a type without form',
      { type: 'file', file: { file_data: 'data:application/zip;base64,UEs' } },
    ],
  ])('%s is refused with its path', (_name, part) => {
    const refused = refusalOf(() =>
      translate({ messages: [HELLO, { role: 'user', content: [text('a'), part] }] }),
    );
    expect(refused).toMatchObject({ code: 'invalid_request', param: 'messages[1].content[1]' });
  });

  it('traps 73 and 74 send no reasoning of others', () => {
    const { body, receipt } = translate({
      messages: [HELLO, { role: 'assistant', content: 'a', reasoning_content: 'secret thoughts' }, HELLO],
    });
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(receipt['messages[].reasoning_content']?.action).toBe('dropped');
  });
});

describe('tool calls for Anthropic', () => {
  const inputOf = (args: string) => {
    const messages = [HELLO, { role: 'assistant', tool_calls: [CALL('c1', args)] }];
    return translate({ messages, tools: [TOOL] });
  };

  it('traps 31 and 32 carry arguments byte for byte, and none as the empty object', () => {
    expect(inputOf('{"n": 12345678901234567890, "e":1e21,"n":2}').text).toContain(
      '"input":{"n": 12345678901234567890, "e":1e21,"n":2}',
    );
    expect(inputOf('').text).toContain('"input":{}');
  });

  it.each(['{"a": "trunc', '[1]', '"x"', 'null'])(
    'trap 33 wraps arguments that are no object: %s',
    (args) => {
      const { body, receipt } = inputOf(args);
      expect(body['messages']).toMatchObject([{}, { content: [{ input: { invalid_arguments: args } }] }]);
      expect(receipt['messages[].tool_calls[].function.arguments']?.action).toBe('converted');
    },
  );

  it('trap 22 maps ids outside of the charset the same way in call and result, every time', () => {
    const messages = [
      HELLO,
      { role: 'assistant', tool_calls: [CALL('call:1/ä', '{}'), CALL('call:2/ä', '{}')] },
      { role: 'tool', tool_call_id: 'call:1/ä', content: 'x' },
      { role: 'tool', tool_call_id: 'call:2/ä', content: 'y' },
    ];
    const { body, text: first } = translate({ messages, tools: [TOOL] });
    const [, calls, results] = body['messages'] as { content: { id?: string; tool_use_id?: string }[] }[];
    const ids = calls?.content.map(({ id }) => id) ?? [];
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/);
    expect(new Set(ids).size).toBe(2);
    expect(results?.content.map((result) => result.tool_use_id)).toEqual(ids);
    expect(translate({ messages, tools: [TOOL] }).text).toBe(first);
  });

  it('traps 16 and 17 give every tool an object schema', () => {
    const { body, receipt } = translate({
      tools: [
        { type: 'function', function: { name: 'a' } },
        { type: 'function', function: { name: 'b', description: 'd', parameters: {} } },
      ],
    });
    expect(body['tools']).toEqual([
      { name: 'a', input_schema: { type: 'object', properties: {} } },
      { name: 'b', description: 'd', input_schema: { type: 'object' } },
    ]);
    expect(receipt['tools']).toMatchObject({ action: 'converted' });
  });

  it('traps 19 and 20 keep strict and move what strict tools do not take', () => {
    const parameters = {
      type: 'object',
      properties: { n: { type: 'integer', minimum: 1, description: 'count' } },
    };
    const { body, receipt } = translate({
      tools: [{ type: 'function', function: { name: 'a', parameters, strict: true } }],
    });
    expect(body['tools']).toEqual([
      {
        name: 'a',
        input_schema: {
          type: 'object',
          properties: { n: { type: 'integer', description: 'count (minimum: 1)' } },
          additionalProperties: false,
        },
        strict: true,
      },
    ]);
    expect(receipt['tools[].function.strict']).toMatchObject({ action: 'renamed', to: 'tools[].strict' });
  });

  it('reports a free-text tool that only its own protocol knows (trap 36)', () => {
    const { body, receipt } = translate({
      tools: [{ type: 'custom', custom: { name: 'sql' } }],
      tool_choice: 'auto',
    });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('tool_choice');
    expect(receipt).toMatchObject({
      'tools[].custom': { action: 'dropped' },
      tool_choice: { action: 'dropped' },
    });
  });

  it.each([
    ['none', { type: 'none' }],
    ['auto', { type: 'auto' }],
    ['required', { type: 'any' }],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
  ])('trap 27 converts tool_choice %j', (choice, expected) => {
    expect(translate({ tools: [TOOL], tool_choice: choice }).body['tool_choice']).toEqual(expected);
  });

  it('trap 29 says one call at a time inside of tool_choice', () => {
    const serial = translate({ tools: [TOOL], parallel_tool_calls: false });
    expect(serial.body['tool_choice']).toEqual({ type: 'auto', disable_parallel_tool_use: true });
    expect(serial.receipt['parallel_tool_calls']?.action).toBe('converted');
    const none = translate({ tools: [TOOL], parallel_tool_calls: false, tool_choice: 'none' });
    expect(none.body['tool_choice']).toEqual({ type: 'none' });
    expect(translate({ tools: [TOOL], parallel_tool_calls: true }).body).not.toHaveProperty('tool_choice');
  });

  it('trap 30 leaves an empty list of tools out', () => {
    const { body } = translate({ tools: [], tool_choice: 'auto', parallel_tool_calls: false });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('tool_choice');
  });

  it('does not force a tool where the model refuses that', () => {
    const { body, receipt } = translate(
      { tools: [TOOL], tool_choice: 'required' },
      { model: 'claude-opus-5-5' },
    );
    expect(body['tool_choice']).toEqual({ type: 'auto' });
    expect(receipt['tool_choice']?.action).toBe('converted');
  });
});

describe('settings for Anthropic', () => {
  it('trap 79 always sends max_tokens and says where it is from', () => {
    const unknown = translate({});
    expect(unknown.body['max_tokens']).toBe(4096);
    expect(unknown.receipt['max_tokens']).toMatchObject({ action: 'converted' });
    expect(unknown.receipt['max_tokens']?.reason).toContain('default');
    expect(translate({}, { maxOutputTokens: 64_000 }).body['max_tokens']).toBe(64_000);
    const capped = translate({ max_completion_tokens: 100_000 }, { maxOutputTokens: 64_000 });
    expect(capped.body['max_tokens']).toBe(64_000);
    expect(capped.receipt['max_completion_tokens']).toMatchObject({ action: 'converted', to: 'max_tokens' });
    const given = translate({ max_completion_tokens: 7 });
    expect(given.receipt['max_completion_tokens']).toEqual({
      field: 'max_completion_tokens',
      action: 'renamed',
      to: 'max_tokens',
    });
    expect(translate({ max_tokens: 7 }).receipt['max_tokens']).toEqual({
      field: 'max_tokens',
      action: 'carried',
    });
  });

  it('trap 80 caps the temperature and reports it', () => {
    expect(translate({ temperature: 1.6 })).toMatchObject({
      body: { temperature: 1 },
      receipt: { temperature: { action: 'converted' } },
    });
    expect(translate({ temperature: 0.3 })).toMatchObject({
      body: { temperature: 0.3 },
      receipt: { temperature: { action: 'carried' } },
    });
  });

  it('trap 81 sends no sampling settings that the model refuses', () => {
    const both = translate({ temperature: 0.5, top_p: 0.9 });
    expect(both.body).not.toHaveProperty('top_p');
    expect(both.receipt).toMatchObject({ temperature: { action: 'carried' }, top_p: { action: 'dropped' } });
    const old = translate({ temperature: 0.5, top_p: 0.9 }, { model: 'claude-3-5-haiku-20241022' });
    expect(old.body).toMatchObject({ temperature: 0.5, top_p: 0.9 });
    const none = translate({ temperature: 0.5, top_p: 0.9 }, { model: 'claude-opus-4-7' });
    expect(none.body).not.toHaveProperty('temperature');
    expect(none.receipt).toMatchObject({ temperature: { action: 'dropped' }, top_p: { action: 'dropped' } });
  });

  it('traps 82, 83, 87 and 88 report what has no counterpart', () => {
    const { body, receipt } = translate({
      ...{
        seed: 1,
        presence_penalty: 1,
        frequency_penalty: 1,
        logit_bias: { 5: 1 },
        logprobs: true,
        top_logprobs: 2,
      },
      ...{
        prompt_cache_key: 'k',
        safety_identifier: 's',
        store: true,
        verbosity: 'low',
        metadata: { a: 'b' },
        n: 1,
      },
    });
    for (const field of [
      'seed',
      'presence_penalty',
      'frequency_penalty',
      'logit_bias',
      'logprobs',
      'top_logprobs',
      'prompt_cache_key',
      'safety_identifier',
      'store',
      'verbosity',
      'metadata',
      'n',
    ]) {
      expect(receipt[field], field).toMatchObject({ action: 'dropped' });
      expect(receipt[field]?.reason, field).not.toBe('');
      expect(body).not.toHaveProperty(field);
    }
  });

  it('trap 84 makes a list of stop sequences, without those of white space', () => {
    expect(translate({ stop: 'END' }).body['stop_sequences']).toEqual(['END']);
    const mixed = translate({ stop: ['\n', 'END'] });
    expect(mixed.body['stop_sequences']).toEqual(['END']);
    expect(mixed.receipt['stop']?.action).toBe('converted');
    const none = translate({ stop: '\n\n' });
    expect(none.body).not.toHaveProperty('stop_sequences');
    expect(none.receipt['stop']?.action).toBe('dropped');
  });

  it('trap 85 refuses more than one answer', () => {
    expect(refusalOf(() => translate({ n: 2 }))).toMatchObject({ code: 'invalid_request', param: 'n' });
  });

  it('refuses undocumented fields with their path', () => {
    expect(refusalOf(() => translate({ foo: 1 }))).toMatchObject({
      code: 'unknown_field',
      param: 'foo',
      status: 400,
    });
    const nested = { messages: [{ ...HELLO, foo: 1 }] };
    expect(refusalOf(() => translate(nested))).toMatchObject({
      code: 'unknown_field',
      param: 'messages[0].foo',
    });
  });

  it('trap 88 carries the user as metadata.user_id', () => {
    const { body, receipt } = translate({ user: 'u1' });
    expect(body['metadata']).toEqual({ user_id: 'u1' });
    expect(receipt['user']).toEqual({ field: 'user', action: 'renamed', to: 'metadata.user_id' });
  });

  it('trap 89 converts the service tiers that have a counterpart', () => {
    expect(translate({ service_tier: 'default' })).toMatchObject({
      body: { service_tier: 'standard_only' },
      receipt: { service_tier: { action: 'converted' } },
    });
    expect(translate({ service_tier: 'flex' }).receipt['service_tier']?.action).toBe('dropped');
  });

  it('trap 91 sends a schema as output_config.format, without what it does not take', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        a: { type: 'string', pattern: '^x', description: 'A' },
        b: {
          type: 'array',
          minItems: 2,
          items: { oneOf: [{ type: 'number', minimum: 0 }, { type: 'null' }] },
        },
        c: { type: 'string', format: 'date' },
      },
      required: ['a'],
      additionalProperties: true,
    };
    const { body, receipt } = translate({
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
    });
    expect(body['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: {
            a: { type: 'string', description: 'A (pattern: "^x")' },
            b: {
              type: 'array',
              items: { anyOf: [{ type: 'number', description: '(minimum: 0)' }, { type: 'null' }] },
              description: '(minItems: 2)',
            },
            c: { type: 'string', format: 'date' },
          },
          required: ['a'],
          additionalProperties: false,
        },
      },
    });
    expect(receipt['response_format']).toMatchObject({ action: 'converted', to: 'output_config.format' });
    expect(receipt['response_format']?.reason).toContain('pattern');
  });

  it('trap 92 asks for JSON in words where there is no schema', () => {
    const { body, receipt } = translate({ response_format: { type: 'json_object' } });
    expect(JSON.stringify(body['system'])).toContain('JSON');
    expect(receipt['response_format']).toMatchObject({ action: 'converted', to: 'system' });
  });

  it('trap 126 gives the same bytes for the same request', () => {
    const request = {
      tools: [TOOL],
      temperature: 0.1,
      stop: ['a'],
      user: 'u',
      messages: [{ role: 'system', content: 's' }, HELLO],
    };
    expect(translate(request).text).toBe(translate(request).text);
    expect(Object.keys(translate(request).body).slice(0, 4)).toEqual([
      'model',
      'max_tokens',
      'system',
      'messages',
    ]);
  });

  it('streams when asked to', () => {
    expect(translate({ stream: true, stream_options: { include_usage: true } })).toMatchObject({
      body: { stream: true },
      receipt: { stream: { action: 'carried' }, stream_options: { action: 'converted' } },
    });
    expect(translate({ stream: false }).body).not.toHaveProperty('stream');
  });
});

describe('reasoning for Anthropic (traps 28, 75, 76)', () => {
  it('gives older models a budget inside of max_tokens', () => {
    const defaulted = translate({ reasoning_effort: 'high' });
    expect(defaulted.body).toMatchObject({
      max_tokens: 20_480,
      thinking: { type: 'enabled', budget_tokens: 16_384 },
    });
    expect(defaulted.receipt['reasoning_effort']).toMatchObject({ action: 'converted', to: 'thinking' });
    expect(translate({ reasoning_effort: 'low', max_completion_tokens: 10_000 }).body).toMatchObject({
      max_tokens: 10_000,
      thinking: { type: 'enabled', budget_tokens: 2048 },
    });
    const tight = translate({ reasoning_effort: 'low', max_completion_tokens: 1000 });
    expect(tight.body).not.toHaveProperty('thinking');
    expect(tight.receipt['reasoning_effort']?.action).toBe('dropped');
  });

  it.each([
    ['claude-opus-4-20250514', 'enabled'],
    ['claude-3-7-sonnet-20250219', 'enabled'],
    ['some-other-model', 'enabled'],
    ['anthropic.claude-sonnet-4-6-v1:0', 'adaptive'],
    ['openrouter/claude-sonnet-5', 'adaptive'],
  ])('knows how %s thinks', (model, type) => {
    expect(translate({ reasoning_effort: 'high' }, { model }).body).toMatchObject({ thinking: { type } });
  });

  it('gives newer models an effort', () => {
    expect(translate({ reasoning_effort: 'minimal' }, { model: 'claude-opus-4-8' }).body).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low' },
    });
  });

  it.each([
    ['claude-sonnet-4-5', { thinking: { type: 'disabled' } }],
    ['claude-sonnet-5-5', { thinking: { type: 'between_tools' } }],
    ['claude-fable-5', { output_config: { effort: 'low' } }],
  ])('turns it off as %s takes it', (model, expected) => {
    expect(translate({ reasoning_effort: 'none' }, { model }).body).toMatchObject(expected);
  });

  it('drops sampling settings beside it', () => {
    const { body, receipt } = translate({ reasoning_effort: 'low', temperature: 0.2, top_p: 0.5 });
    expect(body).not.toHaveProperty('temperature');
    expect(receipt).toMatchObject({ temperature: { action: 'dropped' }, top_p: { action: 'dropped' } });
  });

  it('gives way to a forced tool choice', () => {
    const { body, receipt } = translate({ reasoning_effort: 'low', tools: [TOOL], tool_choice: 'required' });
    expect(body).toMatchObject({ tool_choice: { type: 'any' } });
    expect(body).not.toHaveProperty('thinking');
    expect(receipt['reasoning_effort']?.action).toBe('dropped');
  });
});

it('has a receipt entry for every field that the caller sent', () => {
  const body = {
    ...{
      model: 'm',
      messages: [HELLO],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 1,
      top_p: 1,
    },
    ...{
      max_tokens: 5,
      seed: 1,
      stop: 'x',
      user: 'u',
      metadata: {},
      service_tier: 'auto',
      n: 1,
      logprobs: false,
    },
    ...{ tools: [TOOL], tool_choice: 'auto', parallel_tool_calls: true, response_format: { type: 'text' } },
    ...{
      reasoning_effort: 'none',
      presence_penalty: 0,
      frequency_penalty: 0,
      audio: {},
      modalities: ['text'],
    },
  };
  const { receipt } = translate(body);
  expect(Object.keys(body).filter((field) => receipt[field] === undefined)).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import type { ChatRequest } from '../../../../src/protocols/blocks.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { HELLO } from '../translate.ts';

const read = (body: object): ChatRequest | CallError =>
  openaiChat.readRequest({ model: 'm', messages: [HELLO], ...body } as JsonObject, {
    model: 'm',
    stream: false,
  });
const good = (body: object): ChatRequest => {
  const request = read(body);
  if (request instanceof CallError) throw request;
  return request;
};

describe('reading a chat completion request', () => {
  it('reads every field that has an internal form', () => {
    const request = good({
      ...{
        stream: true,
        stream_options: { include_usage: true },
        max_completion_tokens: 9,
        temperature: 0.5,
        top_p: 0.9,
      },
      ...{
        seed: 7,
        stop: 'END',
        presence_penalty: 1,
        frequency_penalty: -1,
        reasoning_effort: 'low',
        user: 'u',
      },
      ...{ metadata: { a: 'b' }, service_tier: 'flex', parallel_tool_calls: false, tool_choice: 'required' },
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
        },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
      },
    });
    expect(request).toMatchObject({
      ...{
        protocol: 'openai-chat',
        stream: true,
        streamUsage: true,
        maxOutputTokens: 9,
        temperature: 0.5,
        topP: 0.9,
      },
      ...{
        seed: 7,
        stop: ['END'],
        presencePenalty: 1,
        frequencyPenalty: -1,
        reasoning: { effort: 'low' },
        user: 'u',
      },
      ...{
        metadata: { a: 'b' },
        serviceTier: 'flex',
        parallelToolCalls: false,
        toolChoice: { mode: 'required' },
      },
      tools: [{ name: 'f', description: 'd', parameters: { type: 'object' }, strict: true }],
      responseFormat: { type: 'jsonSchema', name: 'n', schema: { type: 'object' }, strict: true },
      unknownFields: [],
    });
    expect(request.fields).toMatchObject({ maxOutputTokens: 'max_completion_tokens', topP: 'top_p' });
  });

  it('keeps documented fields without internal form raw and undocumented ones marked', () => {
    const raw = {
      logit_bias: { '5': 1 },
      store: true,
      prediction: { type: 'content', content: 'x' },
      verbosity: 'low',
    };
    const request = good({ ...raw, foo: 1, messages: [{ ...HELLO, prefix: true }] });
    expect(request.extra).toEqual({ ...raw, foo: 1 });
    expect(request.unknownFields).toEqual(['messages[0].prefix', 'foo']);
  });

  it('takes null for absent', () => {
    const nulls = {
      temperature: null,
      tools: null,
      stop: null,
      n: null,
      logit_bias: null,
      max_tokens: null,
      stream: null,
    };
    expect(good(nulls)).toMatchObject({
      extra: {},
      unknownFields: [],
      fields: { model: 'model', messages: 'messages' },
    });
  });

  it('reads all parts of a user message', () => {
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
      { type: 'file', file: { file_id: 'file-1' } },
    ];
    expect(good({ messages: [{ role: 'user', content: parts, name: 'Ann' }] }).messages).toEqual([
      {
        role: 'user',
        name: 'Ann',
        blocks: [
          { type: 'text', text: 'a' },
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBO' }, detail: 'low' },
          { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' } },
          { type: 'audio', format: 'wav', data: 'AAAA' },
          {
            type: 'file',
            name: 'a.pdf',
            source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBE' },
          },
          { type: 'file', source: { kind: 'file', id: 'file-1' } },
        ],
      },
    ]);
  });

  it('reads tool calls and their results, and keeps arguments as text (trap 32)', () => {
    const args = '{"b":1e21, "a":12345678901234567890}';
    const { messages } = good({
      messages: [
        HELLO,
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: args } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: '42' },
      ],
    });
    expect(messages[1]?.blocks).toEqual([{ type: 'toolCall', id: 'c1', name: 'f', arguments: args }]);
    expect(messages[2]).toEqual({
      role: 'tool',
      blocks: [
        { type: 'toolResult', toolCallId: 'c1', content: [{ type: 'text', text: '42' }], isError: false },
      ],
    });
  });

  it('converts functions and function_call, the forerunners of tools', () => {
    const request = good({
      functions: [{ name: 'f', parameters: { type: 'object' } }],
      function_call: { name: 'f' },
      messages: [
        HELLO,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: '42' },
      ],
    });
    expect(request).toMatchObject({
      tools: [{ name: 'f' }],
      toolChoice: { mode: 'tool', name: 'f' },
      extra: {},
    });
    const [call] = request.messages[1]?.blocks ?? [];
    expect(request.messages[2]?.blocks[0]).toMatchObject({
      toolCallId: call?.type === 'toolCall' ? call.id : '',
    });
  });

  it('trap 27 offers only the allowed tools', () => {
    const tool = (name: string) => ({ type: 'function', function: { name } });
    const request = good({
      tools: [tool('a'), tool('b')],
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool('b')] } },
    });
    expect(request).toMatchObject({ toolChoice: { mode: 'required' } });
    expect(request.tools.map(({ name }) => name)).toEqual(['b']);
  });

  it('takes the reasoning back that this gateway sent', () => {
    const { messages } = good({
      messages: [HELLO, { role: 'assistant', content: 'a', reasoning_content: 'why' }, HELLO],
    });
    expect(messages[1]?.blocks).toEqual([
      { type: 'reasoning', text: 'why', origin: { protocol: 'openai-chat' } },
      { type: 'text', text: 'a' },
    ]);
  });

  const CALL = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
  it.each([
    [{ model: '' }, 'model'],
    [{ model: 5 }, 'model'],
    [{ messages: 'x' }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: ['x'] }, 'messages[0]'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [
      { messages: [HELLO, { role: 'user', content: [{ type: 'video', text: 'x' }] }] },
      'messages[1].content[0].type',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [
      {
        messages: [
          { role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://x.test' } }] },
        ],
      },
      'messages[0].content[0].type',
    ],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] },
        ],
      },
      'messages[0].content[0].image_url.url',
    ],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png,raw' } }] },
        ],
      },
      'messages[0].content[0].image_url.url',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] },
      'messages[0].content[0].file.file_data',
    ],
    [{ messages: [{ role: 'assistant', tool_calls: [{ id: 'c' }] }] }, 'messages[0].tool_calls[0].function'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [{ messages: [{ role: 'tool', content: 'x', tool_call_id: 'c1' }] }, 'messages[0].tool_call_id'],
    [{ messages: [{ role: 'assistant', tool_calls: [CALL] }, HELLO] }, 'messages[0].tool_calls[0].id'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ temperature: 2.1 }, 'temperature'],
    [{ top_p: -0.1 }, 'top_p'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_completion_tokens: 1.5 }, 'max_completion_tokens'],
    [{ stop: ['a', 5] }, 'stop[1]'],
    [{ stream: 'yes' }, 'stream'],
    [{ stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
    [{ reasoning_effort: 'enormous' }, 'reasoning_effort'],
    [{ n: 0 }, 'n'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ tools: [{ type: 'magic' }] }, 'tools[0].type'],
    [{ tool_choice: 'maybe' }, 'tool_choice'],
    [{ tool_choice: { type: 'function', function: { name: 'gone' } } }, 'tool_choice.function.name'],
    [{ response_format: { type: 'xml' } }, 'response_format.type'],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'a b', schema: {} } } },
      'response_format.json_schema.name',
    ],
  ])('trap 26 and others: refuses %j with its path', (body, param) => {
    expect(read(body)).toMatchObject({ code: 'invalid_request', status: 400, param });
  });
});

import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import type { ChatRequest } from '../../../../src/protocols/blocks.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { HELLO } from '../translate.ts';

const read = (body: object): ChatRequest | CallError =>
  anthropicMessages.readRequest({ model: 'm', max_tokens: 100, messages: [HELLO], ...body } as JsonObject, {
    model: 'm',
    stream: false,
  });
const good = (body: object): ChatRequest => {
  const request = read(body);
  if (request instanceof CallError) throw request;
  return request;
};
const ORIGIN = { protocol: 'anthropic-messages' };

describe('reading a messages request', () => {
  it('reads every field that has an internal form', () => {
    const request = good({
      ...{
        stream: true,
        temperature: 0.5,
        top_p: 0.9,
        top_k: 5,
        stop_sequences: ['END'],
        service_tier: 'auto',
      },
      ...{
        thinking: { type: 'enabled', budget_tokens: 2048 },
        metadata: { user_id: 'u' },
        system: 'Be kind.',
      },
      tools: [{ name: 'f', description: 'd', input_schema: { type: 'object' }, strict: true }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      output_config: { effort: 'low', format: { type: 'json_schema', schema: { type: 'object' } } },
    });
    expect(request).toMatchObject({
      ...{
        stream: true,
        maxOutputTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        topK: 5,
        stop: ['END'],
        serviceTier: 'auto',
      },
      ...{ reasoning: { budgetTokens: 2048, effort: 'low' }, user: 'u', parallelToolCalls: false },
      messages: [{ role: 'system', blocks: [{ type: 'text', text: 'Be kind.' }] }, { role: 'user' }],
      tools: [{ name: 'f', description: 'd', parameters: { type: 'object' }, strict: true }],
      toolChoice: { mode: 'required' },
      responseFormat: { type: 'jsonSchema', schema: { type: 'object' } },
      ...{ extra: {}, unknownFields: [] },
    });
  });

  it('keeps documented fields without internal form raw and undocumented ones marked', () => {
    const raw = {
      container: 'c',
      mcp_servers: [],
      context_management: { edits: [] },
      betas: ['x'],
      inference_geo: 'eu',
    };
    const request = good({ ...raw, foo: 1, thinking: { type: 'adaptive', display: 'omitted' } });
    expect(request.extra).toEqual({ ...raw, foo: 1, 'thinking.display': 'omitted' });
    expect(request.unknownFields).toEqual(['foo']);
    expect(request.reasoning).toEqual({ adaptive: true, effort: undefined });
  });

  it('keeps cache breakpoints of system blocks (trap 1)', () => {
    const system = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
    ];
    expect(good({ system }).messages[0]?.blocks).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cacheControl: { type: 'ephemeral' } },
    ]);
  });

  it('trap 5 makes tool results a message of their own, before what else the user says', () => {
    const { messages } = good({
      messages: [
        HELLO,
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } }] },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't1',
              is_error: true,
              content: [{ type: 'text', text: 'no' }],
            },
            { type: 'text', text: 'go on' },
          ],
        },
      ],
    });
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', blocks: [{ type: 'toolCall', id: 't1', name: 'f', arguments: '{"a":1}' }] },
      {
        role: 'tool',
        blocks: [
          { type: 'toolResult', toolCallId: 't1', isError: true, content: [{ type: 'text', text: 'no' }] },
        ],
      },
      { role: 'user', blocks: [{ type: 'text', text: 'go on' }] },
    ]);
  });

  it('trap 69 keeps thinking with its signature and its origin', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'redacted_thinking', data: 'xyz' },
      { type: 'text', text: 'a' },
    ];
    expect(good({ messages: [HELLO, { role: 'assistant', content }] }).messages[1]?.blocks).toEqual([
      { type: 'reasoning', text: 'hm', signature: 'sig', origin: ORIGIN },
      { type: 'reasoning', text: '', redacted: 'xyz', origin: ORIGIN },
      { type: 'text', text: 'a' },
    ]);
  });

  it('trap 73 does not send a thinking block to Anthropic that it never signed', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'text', text: 'a' },
    ];
    const request = good({ messages: [HELLO, { role: 'assistant', content }, HELLO] });
    const target = { provider: 'anthropic', model: 'm', maxOutputTokens: null };
    const written = anthropicMessages.writeRequest(request, target);
    if (written instanceof CallError) throw written;
    expect(written.body.toString()).not.toContain('thinking');
    expect(written.receipt).toContainEqual(
      expect.objectContaining({ field: 'messages[].content[].thinking', action: 'dropped' }),
    );
  });

  it('trap 34 keeps blocks of server tools whole', () => {
    const raw = { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'x' } };
    const request = good({ messages: [HELLO, { role: 'assistant', content: [raw] }, HELLO] });
    expect(request.messages[1]?.blocks).toEqual([{ type: 'unknown', raw, origin: ORIGIN }]);
    const tool = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 };
    expect(good({ tools: [tool] }).tools).toEqual([
      { name: 'web_search', raw: { value: tool, origin: ORIGIN } },
    ]);
  });

  it.each([
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: [{ text: 'x' }] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'ftp' } }] }] },
      'messages[0].content[0].source.type',
    ],
    [
      {
        messages: [
          HELLO,
          { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: '{}' }] },
        ],
      },
      'messages[1].content[0].input',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't9', content: 'x' }] }] },
      'messages[0].content',
    ],
    [{ system: 5 }, 'system'],
    [{ temperature: 1.5 }, 'temperature'],
    [{ stop_sequences: 'END' }, 'stop_sequences'],
    [{ thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
    [{ thinking: { type: 'sometimes' } }, 'thinking.type'],
    [{ tools: [{ name: 'f' }] }, 'tools[0].input_schema'],
    [{ tool_choice: { type: 'tool', name: 'gone' } }, 'tool_choice.name'],
    [{ output_config: { effort: 'enormous' } }, 'output_config.effort'],
    [{ output_config: { format: { type: 'json_object' } } }, 'output_config.format.type'],
    [{ metadata: 'x' }, 'metadata'],
  ])('refuses %j with its path', (body, param) => {
    expect(read(body)).toMatchObject({ code: 'invalid_request', status: 400, param });
  });

  it('writes its own protocol back without loss', () => {
    const body = {
      model: 'm',
      max_tokens: 5000,
      system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'q' },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'é' }, title: 't' },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'sig' },
            { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
            { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't1',
              content: [{ type: 'image', source: { type: 'file', file_id: 'f1' } }],
              is_error: true,
            },
            { type: 'text', text: 'go on' },
          ],
        },
      ],
      tools: [
        {
          name: 'f',
          description: 'd',
          input_schema: { type: 'object', minProperties: 1 },
          strict: false,
          defer_loading: true,
        },
        { type: 'web_search_20250305', name: 'web_search' },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      temperature: 1,
      top_k: 3,
      stop_sequences: ['X'],
      thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' },
      output_config: {
        effort: 'max',
        format: { type: 'json_schema', schema: { type: 'object', minProperties: 1 } },
      },
      metadata: { user_id: 'u' },
      service_tier: 'standard_only',
      container: 'c1',
      stream: true,
    };
    const request = good(body);
    const written = anthropicMessages.writeRequest(request, {
      provider: 'anthropic',
      model: 'm',
      maxOutputTokens: null,
    });
    if (written instanceof CallError) throw written;
    expect(JSON.parse(written.body.toString())).toEqual(body);
    expect(written.receipt.filter(({ action }) => action === 'dropped' || action === 'converted')).toEqual(
      [],
    );
  });
});

import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { HELLO, refusalOf, anthropicToOpenai as translate } from '../translate.ts';

const ASKED = { model: 'm', stream: false };
const TOOL = { name: 'f', input_schema: { type: 'object', properties: {} } };
const USE = (id: string, input: object) => ({ type: 'tool_use', id, name: 'f', input });
const RESULT = (id: string, content: unknown, more: object = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...more,
});
const text = (value: string) => ({ type: 'text', text: value });
const PNG = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } };

describe('conversations for OpenAI', () => {
  it('traps 1 and 11 put system blocks into one message of text', () => {
    const { body, receipt } = translate({
      system: [text('a'), { ...text('b'), cache_control: { type: 'ephemeral' } }],
    });
    expect(body['messages']).toEqual([
      { role: 'system', content: 'a\n\nb' },
      { role: 'user', content: 'Hello' },
    ]);
    expect(receipt).toMatchObject({
      system: { action: 'converted', to: 'messages' },
      'messages[].content[].cache_control': { action: 'dropped' },
    });
  });

  it('traps 5 and 32 give each tool result a message of its own', () => {
    const { body } = translate({
      messages: [
        HELLO,
        { role: 'assistant', content: [text('calling'), USE('t1', { a: 1 }), USE('t2', {})] },
        {
          role: 'user',
          content: [RESULT('t1', 'one'), RESULT('t2', [text('two'), text('more')]), text('go on')],
        },
      ],
      tools: [TOOL],
    });
    const call = (id: string, args: string) => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: args },
    });
    expect(body['messages']).toEqual([
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'calling', tool_calls: [call('t1', '{"a":1}'), call('t2', '{}')] },
      { role: 'tool', tool_call_id: 't1', content: 'one' },
      { role: 'tool', tool_call_id: 't2', content: 'two\nmore' },
      { role: 'user', content: 'go on' },
    ]);
  });

  it('trap 24 says in words that a tool failed', () => {
    const messages = [
      HELLO,
      { role: 'assistant', content: [USE('t1', {})] },
      { role: 'user', content: [RESULT('t1', 'no file', { is_error: true })] },
    ];
    const { body, receipt } = translate({ messages, tools: [TOOL] });
    expect(body['messages']).toMatchObject([
      {},
      { content: null },
      { role: 'tool', content: 'Error: no file' },
    ]);
    expect(receipt['messages[].content[].is_error']?.action).toBe('converted');
  });

  it('trap 100 moves images out of tool results, behind the last result of the turn', () => {
    const { body, receipt } = translate({
      messages: [
        HELLO,
        { role: 'assistant', content: [USE('t1', {}), USE('t2', {})] },
        { role: 'user', content: [RESULT('t1', [PNG]), RESULT('t2', 'two')] },
      ],
      tools: [TOOL],
    });
    expect((body['messages'] as unknown[]).slice(2)).toEqual([
      { role: 'tool', tool_call_id: 't1', content: '' },
      { role: 'tool', tool_call_id: 't2', content: 'two' },
      {
        role: 'user',
        content: [
          text('From the result of tool call t1:'),
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
        ],
      },
    ]);
    expect(receipt['messages[].content[].content']?.action).toBe('converted');
  });

  it('traps 96 and 97 write images and documents', () => {
    const content = [
      text('see'),
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
      {
        type: 'document',
        title: 'a.pdf',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
      },
      { type: 'document', title: 'notes', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' } },
    ];
    expect(translate({ messages: [{ role: 'user', content }] }).body['messages']).toEqual([
      {
        role: 'user',
        content: [
          text('see'),
          { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
          text('notes:\nGrüße'),
        ],
      },
    ]);
  });

  it('keeps what the user gave to read as text, and reports the citations that cannot be asked for', () => {
    const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBE' };
    const content = [
      { type: 'search_result', title: 'T', source: 'https://x.test', content: [text('found')] },
      { type: 'document', title: 'D', source: { type: 'content', content: [text('one'), text('two')] } },
      { type: 'document', source: pdf, citations: { enabled: true } },
    ];
    const { body, receipt } = translate({ messages: [{ role: 'user', content }] });
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          text('T\nhttps://x.test\nfound'),
          text('D\none\ntwo'),
          { type: 'file', file: { filename: 'file', file_data: 'data:application/pdf;base64,JVBE' } },
        ],
      },
    ]);
    expect(receipt['messages[].content[].citations']?.action).toBe('dropped');
    expect(receipt['messages[].content[].search_result']?.action).toBe('converted');
  });

  it.each([
    ['trap 99 a file of another account', { type: 'document', source: { type: 'file', file_id: 'f1' } }],
    ['trap 99 an image of another account', { type: 'image', source: { type: 'file', file_id: 'f1' } }],
    ['a document by its address', { type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' } }],
  ])('%s is refused', (_name, block) => {
    const refused = refusalOf(() => translate({ messages: [{ role: 'user', content: [block] }] }));
    expect(refused).toMatchObject({ code: 'invalid_request', param: 'messages' });
  });

  it('traps 69, 73 and 74 leave signed reasoning at home', () => {
    const content = [
      { type: 'thinking', thinking: 'secret', signature: 's' },
      { type: 'redacted_thinking', data: 'x' },
      text('a'),
    ];
    const { body, receipt } = translate({ messages: [HELLO, { role: 'assistant', content }, HELLO] });
    expect((body['messages'] as unknown[])[1]).toEqual({ role: 'assistant', content: 'a' });
    expect(receipt['messages[].content[].thinking']?.action).toBe('dropped');
  });

  it('trap 34 reports blocks and tools of the vendor, each by its type', () => {
    const content = [
      { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 's1', content: [] },
      text('found'),
    ];
    const { body, receipt } = translate({
      messages: [HELLO, { role: 'assistant', content }, HELLO],
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    });
    expect((body['messages'] as unknown[])[1]).toEqual({ role: 'assistant', content: 'found' });
    expect(body).not.toHaveProperty('tools');
    expect(receipt).toMatchObject({
      'messages[].content[].server_tool_use': { action: 'dropped' },
      'messages[].content[].web_search_tool_result': { action: 'dropped' },
      'tools[].web_search_20250305': { action: 'dropped' },
      tools: { action: 'dropped' },
    });
  });

  it('reports a detail that no writer knows as dropped', () => {
    const use = { ...USE('t1', {}), caller: { type: 'code_execution_20260120', tool_id: 's1' } };
    const messages = [
      HELLO,
      { role: 'assistant', content: [use] },
      { role: 'user', content: [RESULT('t1', 'x')] },
    ];
    const { receipt } = translate({ messages, tools: [TOOL] });
    expect(receipt['messages[].content[].caller']?.action).toBe('dropped');
  });

  it('leaves a turn out that has nothing to say here', () => {
    const content = [{ type: 'thinking', thinking: 'hm', signature: 's' }];
    const { body } = translate({ messages: [HELLO, { role: 'assistant', content }, HELLO] });
    expect(body['messages']).toHaveLength(2);
  });

  it('trap 22 gives Mistral ids of nine characters, the same in call and result', () => {
    const messages = [
      HELLO,
      { role: 'assistant', content: [USE('toolu_abc', {})] },
      { role: 'user', content: [RESULT('toolu_abc', 'x')] },
    ];
    const { body, receipt } = translate({ messages, tools: [TOOL] }, { provider: 'mistral' });
    const [, turn, result] = body['messages'] as { tool_calls?: { id: string }[]; tool_call_id?: string }[];
    expect(turn?.tool_calls?.[0]?.id).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(result?.tool_call_id).toBe(turn?.tool_calls?.[0]?.id);
    expect(receipt['messages[].tool_calls[].id']?.action).toBe('converted');
  });
});

describe('tools for OpenAI', () => {
  it('traps 16 and 27 convert tools and choices', () => {
    const { body } = translate({
      tools: [{ ...TOOL, description: 'd', strict: true }],
      tool_choice: { type: 'tool', name: 'f' },
    });
    expect(body).toMatchObject({
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'd', parameters: TOOL.input_schema, strict: true },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
    });
    expect(translate({ tools: [TOOL], tool_choice: { type: 'any' } }).body['tool_choice']).toBe('required');
  });

  it('trap 29 takes parallel calls out of tool_choice', () => {
    const { body, receipt } = translate({
      tools: [TOOL],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
    expect(body).toMatchObject({ tool_choice: 'auto', parallel_tool_calls: false });
    expect(receipt['tool_choice.disable_parallel_tool_use']).toMatchObject({
      action: 'renamed',
      to: 'parallel_tool_calls',
    });
  });

  it('trap 30 leaves an empty list out', () => {
    expect(translate({ tools: [], tool_choice: { type: 'auto' } }).body).not.toHaveProperty('tools');
  });
});

describe('settings for OpenAI', () => {
  it('trap 78 names the token limit as the server knows it', () => {
    const own = translate({});
    expect(own.body['max_completion_tokens']).toBe(100);
    expect(own.receipt['max_tokens']).toMatchObject({ action: 'renamed', to: 'max_completion_tokens' });
    const other = translate({}, { provider: 'groq', maxOutputTokens: 50 });
    expect(other.body['max_tokens']).toBe(50);
    expect(other.receipt['max_tokens']).toMatchObject({ action: 'converted' });
  });

  it('traps 46 and 112 always asks a stream for usage', () => {
    const { body } = translate({ stream: true });
    expect(body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(translate({}).body).not.toHaveProperty('stream_options');
  });

  it('traps 82 and 84 report top_k and the stop sequences that are too many', () => {
    const { body, receipt } = translate({ top_k: 5, stop_sequences: ['a', 'b', 'c', 'd', 'e'] });
    expect(body['stop']).toEqual(['a', 'b', 'c', 'd']);
    expect(receipt).toMatchObject({
      top_k: { action: 'dropped' },
      stop_sequences: { action: 'converted', to: 'stop' },
    });
  });

  it('trap 75 turns a budget into an effort where the model reasons', () => {
    const thinking = { type: 'enabled', budget_tokens: 10_000 };
    const reasoning = translate({ thinking }, { model: 'gpt-5-mini' });
    expect(reasoning.body['reasoning_effort']).toBe('high');
    expect(reasoning.receipt['thinking']).toMatchObject({ action: 'converted', to: 'reasoning_effort' });
    const plain = translate({ thinking }, { model: 'gpt-4.1' });
    expect(plain.body).not.toHaveProperty('reasoning_effort');
    expect(plain.receipt['thinking']?.action).toBe('dropped');
    expect(translate({ thinking: { type: 'disabled' } }, { model: 'gpt-5.1' }).body['reasoning_effort']).toBe(
      'none',
    );
  });

  it('carries an effort, and reports a setting without counterpart', () => {
    const { body, receipt } = translate(
      { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } },
      { model: 'o3' },
    );
    expect(body['reasoning_effort']).toBe('medium');
    expect(receipt).toMatchObject({
      'output_config.effort': { action: 'renamed' },
      thinking: { action: 'converted' },
    });
    expect(translate({ thinking: { type: 'adaptive' } }, { model: 'o3' }).receipt['thinking']?.action).toBe(
      'dropped',
    );
  });

  it('trap 81 sends no sampling settings to models that refuse them', () => {
    const { body, receipt } = translate({ temperature: 0.5, top_p: 0.5 }, { model: 'o3' });
    expect(body).not.toHaveProperty('temperature');
    expect(receipt).toMatchObject({ temperature: { action: 'dropped' }, top_p: { action: 'dropped' } });
    expect(translate({ temperature: 0.5 }).body['temperature']).toBe(0.5);
  });

  it('trap 91 sends a schema as response_format, strict only where OpenAI takes it so', () => {
    const format = (schema: object) => ({ output_config: { format: { type: 'json_schema', schema } } });
    const properties = { a: { type: 'string' } };
    const strict = { type: 'object', properties, required: ['a'], additionalProperties: false };
    expect(translate(format(strict)).body['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { name: 'response', schema: strict, strict: true },
    });
    const optional = { type: 'object', properties, required: [], additionalProperties: false };
    expect(translate(format(optional)).body['response_format']).toMatchObject({
      json_schema: { strict: false },
    });
    const loose = translate(format({ type: 'object', properties }));
    expect(loose.body['response_format']).toMatchObject({ json_schema: { strict: false } });
    expect(loose.receipt['output_config.format']?.action).toBe('converted');
  });

  it('traps 88, 89 and 90 carry the user, convert the tier and report the rest', () => {
    const { body, receipt } = translate({
      metadata: { user_id: 'u' },
      service_tier: 'standard_only',
      container: 'c',
      mcp_servers: [],
    });
    expect(body).toMatchObject({ user: 'u', service_tier: 'default' });
    expect(receipt).toMatchObject({
      'metadata.user_id': { action: 'renamed', to: 'user' },
      service_tier: { action: 'converted' },
      container: { action: 'dropped' },
      mcp_servers: { action: 'dropped' },
    });
  });

  it('refuses undocumented fields with their path', () => {
    expect(refusalOf(() => translate({ foo: 1 }))).toMatchObject({ code: 'unknown_field', param: 'foo' });
    const nested = { messages: [{ role: 'user', content: [{ type: 'text', text: 'x', foo: 1 }] }] };
    expect(refusalOf(() => translate(nested))).toMatchObject({ param: 'messages[0].content[0].foo' });
  });

  it('has a receipt entry for every field that the caller sent', () => {
    const body = {
      ...{
        model: 'm',
        max_tokens: 9,
        messages: [HELLO],
        system: 's',
        stream: true,
        temperature: 1,
        top_k: 1,
        top_p: 1,
      },
      ...{ stop_sequences: [], thinking: { type: 'disabled' }, tools: [TOOL], tool_choice: { type: 'auto' } },
      ...{
        service_tier: 'auto',
        container: 'c',
        context_management: {},
        cache_control: {},
        betas: [],
        speed: 'fast',
      },
    };
    const { receipt } = translate(body);
    expect(Object.keys(body).filter((field) => receipt[field] === undefined)).toEqual([]);
  });
});

describe('OpenAI to OpenAI through content blocks', () => {
  it('writes its own protocol back without loss', () => {
    const body = {
      model: 'm',
      messages: [
        { role: 'developer', content: 'be kind' },
        {
          role: 'user',
          name: 'Ann',
          content: [
            text('q'),
            { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
            { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
            { type: 'file', file: { file_id: 'f1' } },
          ],
        },
        {
          role: 'assistant',
          content: 'a',
          reasoning_content: 'why',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"n":1e21}' } },
            { id: 'c2', type: 'custom', custom: { name: 'sql', input: 'select 1' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'x' },
        { role: 'user', content: 'go on' },
      ],
      tools: [
        { type: 'function', function: { name: 'f', strict: false } },
        { type: 'custom', custom: { name: 'sql' } },
      ],
      tool_choice: { type: 'custom', custom: { name: 'sql' } },
      parallel_tool_calls: false,
      response_format: { type: 'json_object' },
      max_tokens: 9,
      stop: ['a', 'b', 'c', 'd', 'e'],
      temperature: 1.9,
      seed: 3,
      reasoning_effort: 'xhigh',
      metadata: { a: 'b' },
      service_tier: 'flex',
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      n: 2,
      logit_bias: { '5': 1 },
      foo: 'bar',
    };
    const request = openaiChat.readRequest(body as unknown as JsonObject, ASKED);
    if (request instanceof CallError) throw request;
    const written = openaiChat.writeRequest(request, {
      provider: 'openai',
      model: 'm',
      maxOutputTokens: null,
      quirks: { developerRole: true },
    });
    if (written instanceof CallError) throw written;
    expect(JSON.parse(written.body.toString())).toEqual(body);
    expect(written.receipt.filter(({ action }) => action !== 'carried')).toEqual([]);
  });

  it('traps 46 and 100 asks for usage also where the caller did not, and keeps results together', () => {
    const base = openaiChat.readRequest({ model: 'm', messages: [HELLO], stream: true }, ASKED);
    if (base instanceof CallError) throw base;
    const image = { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png' } } as const;
    const result = (toolCallId: string) =>
      ({
        role: 'tool',
        blocks: [{ type: 'toolResult', toolCallId, content: [image], isError: false }],
      }) as const;
    const request = { ...base, messages: [...base.messages, result('a'), result('b')] };
    const written = openaiChat.writeRequest(request, {
      provider: 'openai',
      model: 'm',
      maxOutputTokens: null,
    });
    if (written instanceof CallError) throw written;
    const body = JSON.parse(written.body.toString()) as { messages: { role: string }[] };
    expect(body).toMatchObject({ stream_options: { include_usage: true } });
    expect(body.messages.map(({ role }) => role)).toEqual(['user', 'tool', 'tool', 'user']);
  });

  it('trap 92 helps callers of other protocols to the word JSON', () => {
    const request = anthropicMessages.readRequest({ model: 'm', max_tokens: 1, messages: [HELLO] }, ASKED);
    if (request instanceof CallError) throw request;
    const target = { provider: 'openai', model: 'm', maxOutputTokens: null };
    const written = openaiChat.writeRequest({ ...request, responseFormat: { type: 'jsonObject' } }, target);
    if (written instanceof CallError) throw written;
    expect(written.body.toString()).toContain('JSON');
  });
});

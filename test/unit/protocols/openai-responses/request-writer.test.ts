import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import { openaiResponses } from '../../../../src/protocols/openai-responses/index.ts';
import type { TargetContext } from '../../../../src/protocols/protocol.ts';
import { HELLO, refusalOf, type Translated, translate } from '../translate.ts';

const TARGET: TargetContext = { provider: 'openai', model: 'gpt-4.1', maxOutputTokens: null };

const fromChat = (body: object, target: Partial<TargetContext> = {}): Translated =>
  translate(
    openaiChat,
    openaiResponses,
    { model: 'm', messages: [HELLO], ...body },
    { ...TARGET, ...target },
  );
const fromAnthropic = (body: object, target: Partial<TargetContext> = {}): Translated =>
  translate(
    anthropicMessages,
    openaiResponses,
    { model: 'm', max_tokens: 100, messages: [HELLO], ...body },
    { ...TARGET, ...target },
  );
const fromResponses = (body: object): Translated =>
  translate(openaiResponses, openaiResponses, { model: 'm', input: 'Hello', ...body }, TARGET);

const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };

describe('writing for OpenAI’s Responses', () => {
  it('traps 13 and 71 stores nothing, and asks for encrypted reasoning where the model reasons', () => {
    expect(fromChat({}).body).toEqual({
      model: 'gpt-4.1',
      input: [{ type: 'message', role: 'user', content: 'Hello' }],
      store: false,
    });
    const include = ['reasoning.encrypted_content'];
    for (const model of ['gpt-5-mini', 'o4-mini', 'gpt-5.1-codex']) {
      expect(fromChat({}, { model }).body).toMatchObject({ store: false, include });
    }
    expect(fromChat({}, { model: 'gpt-5-chat-latest' }).body).not.toHaveProperty('include');
  });

  it('trap 2 leaves system and developer messages where they stand', () => {
    const { body, receipt } = fromChat({
      messages: [
        { role: 'system', content: 'Be brief.' },
        HELLO,
        { role: 'assistant', content: 'Hi' },
        { role: 'developer', content: [{ type: 'text', text: 'Now in French.' }] },
      ],
    });
    expect(body['input']).toEqual([
      { type: 'message', role: 'system', content: 'Be brief.' },
      { type: 'message', role: 'user', content: 'Hello' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] },
      { type: 'message', role: 'developer', content: 'Now in French.' },
    ]);
    expect(receipt['messages']).toMatchObject({ action: 'converted', to: 'input' });
  });

  it('trap 1 puts a system prompt with a place of its own into instructions', () => {
    const { body, receipt } = fromAnthropic({
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } },
      ],
    });
    expect(body).toMatchObject({
      instructions: 'Be brief.\n\nBe kind.',
      input: [{ role: 'user', content: 'Hello' }],
      max_output_tokens: 100,
    });
    expect(receipt['system']).toMatchObject({ action: 'renamed', to: 'instructions' });
    expect(receipt['messages[].content[].cache_control']).toMatchObject({ action: 'dropped' });
  });

  it('traps 14 and 32 writes calls and results as items that pair by call_id, arguments byte for byte', () => {
    const text = '{"n": 12345678901234567890, "a":1}';
    const { body } = fromChat({
      messages: [
        HELLO,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'f', arguments: text } },
            { id: 'call_2', type: 'function', function: { name: 'f', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
        { role: 'tool', tool_call_id: 'call_2', content: 'sun' },
      ],
      tools: [TOOL],
    });
    expect(body['input']).toEqual([
      { type: 'message', role: 'user', content: 'Hello' },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: text },
      { type: 'function_call', call_id: 'call_2', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'rain' },
      { type: 'function_call_output', call_id: 'call_2', output: 'sun' },
    ]);
  });

  it('traps 24 and 100 carries images in results, and says an error in the text', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' };
    const result = (content: unknown, more: object = {}) => ({
      type: 'tool_result',
      tool_use_id: 't1',
      content,
      ...more,
    });
    const written = (block: object) =>
      fromAnthropic({
        messages: [
          HELLO,
          { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'f', input: {} }] },
          { role: 'user', content: [block] },
        ],
      });
    const image = written(
      result([
        { type: 'text', text: 'see' },
        { type: 'image', source },
      ]),
    );
    expect((image.body['input'] as unknown[]).at(-1)).toEqual({
      type: 'function_call_output',
      call_id: 't1',
      output: [
        { type: 'input_text', text: 'see' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
      ],
    });
    const failed = written(result('no such city', { is_error: true }));
    expect((failed.body['input'] as unknown[]).at(-1)).toMatchObject({ output: 'Error: no such city' });
    expect(failed.receipt['messages[].content[].is_error']).toMatchObject({ action: 'converted' });
  });

  it('trap 22 gives ids that the target takes, the same for call and result', () => {
    const id = 'x'.repeat(200);
    const { body } = fromAnthropic({
      messages: [
        HELLO,
        { role: 'assistant', content: [{ type: 'tool_use', id, name: 'f', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'x' }] },
      ],
    });
    const [, call, result] = body['input'] as { call_id: string }[];
    expect(call?.call_id).toMatch(/^call_[A-Za-z0-9]{24}$/);
    expect(result?.call_id).toBe(call?.call_id);
  });

  it('trap 73 drops reasoning of other origin', () => {
    const { body, receipt } = fromAnthropic({
      messages: [
        HELLO,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'sig' },
            { type: 'text', text: 'Hi' },
          ],
        },
        HELLO,
      ],
    });
    expect(JSON.stringify(body)).not.toContain('hm');
    expect(receipt['messages[].content[].thinking']).toMatchObject({ action: 'dropped' });
  });

  it('traps 96 and 97 writes images, files by content and by address', () => {
    const { body } = fromAnthropic({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
            {
              type: 'document',
              title: 'a.pdf',
              source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' },
            },
            { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
            {
              type: 'document',
              title: 'notes',
              source: { type: 'text', media_type: 'text/plain', data: 'hi' },
            },
          ],
        },
      ],
    });
    expect(body['input']).toEqual([
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_image', image_url: 'https://example.com/a.png' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
          { type: 'input_file', file_url: 'https://example.com/a.pdf' },
          { type: 'input_text', text: 'notes:\nhi' },
        ],
      },
    ]);
  });

  it('traps 98 and 99 refuses audio and files of another account', () => {
    const audio = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    const file = { type: 'file', file: { file_id: 'file-1' } };
    for (const part of [audio, file]) {
      const error = refusalOf(() => fromChat({ messages: [{ role: 'user', content: [part] }] }));
      expect(error).toMatchObject({ code: 'invalid_request', status: 400 });
    }
  });

  it('traps 16, 17 and 20 writes flat functions, always with a schema, and says what is not enforced', () => {
    const strictSchema = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    const { body } = fromChat({
      tools: [
        TOOL,
        { type: 'function', function: { name: 'bare' } },
        { type: 'function', function: { name: 'strict', parameters: strictSchema, strict: true } },
      ],
    });
    expect(body['tools']).toEqual([
      { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false },
      { type: 'function', name: 'bare', parameters: { type: 'object', properties: {} }, strict: false },
      { type: 'function', name: 'strict', parameters: strictSchema, strict: true },
    ]);
    const loose = fromAnthropic({
      tools: [{ name: 'g', input_schema: { type: 'object', properties: { a: {} } }, strict: true }],
    });
    expect(loose.body['tools']).toMatchObject([{ strict: false }]);
    expect(loose.receipt['tools[].strict']).toMatchObject({ action: 'converted' });
  });

  it.each([
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'function', name: 'f' },
    ],
  ])('traps 27 and 29 writes the choice %j', (choice, expected) => {
    const { body } = fromChat({ tools: [TOOL], tool_choice: choice, parallel_tool_calls: false });
    expect(body).toMatchObject({ tool_choice: expected, parallel_tool_calls: false });
  });

  it('trap 30 leaves out an empty list of tools, and what depends on it', () => {
    const { body } = fromChat({ tools: [], parallel_tool_calls: true });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('parallel_tool_calls');
  });

  it('trap 34 drops another vendor’s tools', () => {
    const { body, receipt } = fromAnthropic({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] });
    expect(body).not.toHaveProperty('tools');
    expect(receipt['tools']).toMatchObject({ action: 'dropped' });
  });

  it('trap 91 writes a schema a level higher, and json_object with the word that is needed', () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    const format = { type: 'json_schema', json_schema: { name: 'p', schema, strict: true } };
    expect(fromChat({ response_format: format }).body['text']).toEqual({
      format: { type: 'json_schema', name: 'p', schema, strict: true },
    });
    const object = { response_format: { type: 'json_object' } };
    expect(fromChat(object).body['input']).toHaveLength(2);
    expect(fromChat(object).receipt['response_format']).toMatchObject({ action: 'converted' });
    expect(
      fromChat({ ...object, messages: [{ role: 'user', content: 'As JSON' }] }).body['input'],
    ).toHaveLength(1);
  });

  it('trap 92 the word JSON does not count in the instructions', () => {
    const { body } = fromResponses({ instructions: 'JSON', text: { format: { type: 'json_object' } } });
    expect(body['input']).toHaveLength(1);
  });

  it.each([
    [8, 16, 'converted'],
    [16, 16, 'renamed'],
    [200, 100, 'converted'],
  ])('trap 78 writes a limit of %i as %i', (asked, expected, action) => {
    const { body, receipt } = fromChat({ max_completion_tokens: asked }, { maxOutputTokens: 100 });
    expect(body['max_output_tokens']).toBe(expected);
    expect(receipt['max_completion_tokens']).toMatchObject({ action, to: 'max_output_tokens' });
  });

  it('traps 82, 83 and 84 drops what it has no word for, and says so', () => {
    const { body, receipt } = fromChat({
      stop: ['END'],
      seed: 1,
      presence_penalty: 1,
      frequency_penalty: 1,
      temperature: 0.5,
      top_p: 0.9,
    });
    expect(body).toMatchObject({ temperature: 0.5, top_p: 0.9 });
    for (const field of ['stop', 'seed', 'presence_penalty', 'frequency_penalty']) {
      expect(body).not.toHaveProperty(field);
      expect(receipt[field]).toMatchObject({ action: 'dropped' });
    }
    expect(fromAnthropic({ top_k: 5 }).receipt['top_k']).toMatchObject({ action: 'dropped' });
  });

  it('trap 81 keeps sampling settings from models that reason', () => {
    const { body, receipt } = fromChat({ temperature: 0.5 }, { model: 'gpt-5-mini' });
    expect(body).not.toHaveProperty('temperature');
    expect(receipt['temperature']).toMatchObject({ action: 'dropped' });
    const idle = fromChat({ temperature: 0.5, reasoning_effort: 'none' }, { model: 'gpt-5.1' });
    expect(idle.body).toMatchObject({ temperature: 0.5, reasoning: { effort: 'none' } });
  });

  it('trap 75 writes efforts and budgets as efforts', () => {
    const model = { model: 'gpt-5-mini' };
    expect(fromChat({ reasoning_effort: 'high' }, model).body['reasoning']).toEqual({ effort: 'high' });
    const thinking = { type: 'enabled', budget_tokens: 2_000 };
    const { body, receipt } = fromAnthropic({ max_tokens: 4_000, thinking }, model);
    expect(body['reasoning']).toEqual({ effort: 'low' });
    expect(receipt['thinking']).toMatchObject({ action: 'converted' });
    expect(fromChat({ reasoning_effort: 'high' }).receipt['reasoning_effort']).toMatchObject({
      action: 'dropped',
    });
  });

  it('traps 88, 89 and 90 carries account fields, and what Chat Completions says by the same name', () => {
    const { body, receipt } = fromChat({
      user: 'u',
      metadata: { a: 'b' },
      service_tier: 'flex',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      verbosity: 'low',
      logit_bias: { '1': 1 },
    });
    expect(body).toMatchObject({
      user: 'u',
      metadata: { a: 'b' },
      service_tier: 'flex',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      text: { verbosity: 'low' },
    });
    expect(receipt['prompt_cache_key']).toMatchObject({ action: 'carried' });
    expect(receipt['logit_bias']).toMatchObject({ action: 'dropped' });
    const anthropic = fromAnthropic({ metadata: { user_id: 'u' }, service_tier: 'standard_only' });
    expect(anthropic.body).toMatchObject({ user: 'u', service_tier: 'default' });
  });

  it('trap 85 refuses more than one answer', () => {
    expect(refusalOf(() => fromChat({ n: 2 }))).toMatchObject({ code: 'invalid_request', param: 'n' });
  });

  it('trap 126 writes the same bytes for the same request', () => {
    const body = { tools: [TOOL], messages: [{ role: 'system', content: 'x' }, HELLO], stream: true };
    expect(fromChat(body).text).toBe(fromChat(body).text);
    expect(fromChat(body).body).toMatchObject({ stream: true });
  });
});

describe('a request of this protocol written in it', () => {
  it('says the same, without what would be stored', () => {
    const tools = [
      { type: 'function', name: 'f', parameters: { type: 'object' }, defer_loading: true },
      { type: 'web_search' },
    ];
    const input = [
      { type: 'message', role: 'user', content: [{ type: 'input_image', file_id: 'file-1', detail: 'low' }] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'E' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'a', annotations: [{ type: 'file_path', file_id: 'f', index: 1 }] },
        ],
        phase: 'commentary',
      },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'b' }],
        phase: 'final_answer',
      },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}', namespace: 'n' },
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_file', file_id: 'file-2' }] },
    ];
    const settings = {
      instructions: 'Be brief.',
      tool_choice: { type: 'web_search' },
      reasoning: { effort: 'low', summary: 'auto' },
      text: { format: { type: 'text' }, verbosity: 'low' },
      include: ['web_search_call.action.sources'],
      truncation: 'auto',
      temperature: 0.1,
    };
    const { body, receipt } = fromResponses({ input, tools, ...settings, store: true });
    expect(body).toEqual({ model: 'gpt-4.1', input, tools, ...settings, store: false });
    const dropped = Object.values(receipt).filter((entry) => entry.action === 'dropped');
    expect(dropped).toEqual([]);
  });

  it('trap 13 leaves out reasoning that is only a reference', () => {
    const input = [
      { type: 'reasoning', id: 'rs_1', summary: [] },
      { type: 'message', role: 'user', content: 'x' },
    ];
    expect(fromResponses({ input }).body['input']).toEqual([input[1]]);
  });
});

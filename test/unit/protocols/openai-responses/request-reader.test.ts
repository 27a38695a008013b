import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import type { ChatRequest } from '../../../../src/protocols/blocks.ts';
import { openaiResponses } from '../../../../src/protocols/openai-responses/index.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';

const ORIGIN = { protocol: 'openai-responses' } as const;
const ASKED = { model: 'm', stream: false };

function read(body: JsonObject): ChatRequest {
  const request = openaiResponses.readRequest({ model: 'm', input: 'Hello', ...body }, ASKED);
  if (request instanceof CallError) throw request;
  return request;
}

function refusal(body: JsonObject): CallError {
  const request = openaiResponses.readRequest({ model: 'm', input: 'Hello', ...body }, ASKED);
  if (!(request instanceof CallError)) throw new Error('nothing was refused');
  return request;
}

const inputOf = (...items: readonly JsonObject[]) => read({ input: items }).messages;
const CALL = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a": 1e21}' };
const RESULT = { type: 'function_call_output', call_id: 'call_1', output: 'rain' };

describe('reading input', () => {
  it('takes a text for what the user says, and instructions for the system', () => {
    const request = read({ instructions: 'Be brief.' });
    expect(request.messages).toEqual([
      { role: 'system', blocks: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', blocks: [{ type: 'text', text: 'Hello' }] },
    ]);
    expect(request.fields).toMatchObject({ system: 'instructions', messages: 'input', model: 'model' });
    expect(request.unknownFields).toEqual([]);
  });

  it('takes messages with and without a type, with a text or with parts', () => {
    const messages = inputOf(
      { role: 'developer', content: 'Be brief.' },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is this?' },
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
          { type: 'input_image', image_url: 'https://example.com/a.png' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
          { type: 'input_file', file_url: 'https://example.com/a.pdf' },
          { type: 'input_file', file_id: 'file-1' },
          { type: 'input_audio', input_audio: { format: 'wav', data: 'CCCC' } },
        ],
      },
      {
        id: 'msg_1',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'A pixel.', annotations: [], logprobs: [] },
          { type: 'refusal', refusal: 'No more.' },
        ],
      },
    );
    expect(messages).toEqual([
      { role: 'developer', blocks: [{ type: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        blocks: [
          { type: 'text', text: 'What is this?' },
          {
            type: 'image',
            source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
            detail: 'low',
          },
          { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
          {
            type: 'file',
            source: { kind: 'base64', mediaType: 'application/pdf', data: 'BBBB' },
            name: 'a.pdf',
          },
          { type: 'file', source: { kind: 'url', url: 'https://example.com/a.pdf' } },
          { type: 'file', source: { kind: 'file', id: 'file-1' } },
          { type: 'audio', format: 'wav', data: 'CCCC' },
        ],
      },
      {
        role: 'assistant',
        blocks: [
          { type: 'text', text: 'A pixel.' },
          { type: 'refusal', text: 'No more.' },
        ],
      },
    ]);
  });

  it('trap 14 pairs calls and results by call_id, never by the id of the item', () => {
    const other = { ...CALL, id: 'call_1', call_id: 'call_2' };
    const messages = inputOf(CALL, other, RESULT, { ...RESULT, call_id: 'call_2' });
    expect(messages).toEqual([
      {
        role: 'assistant',
        blocks: [
          { type: 'toolCall', id: 'call_1', name: 'f', arguments: '{"a": 1e21}' },
          { type: 'toolCall', id: 'call_2', name: 'f', arguments: '{"a": 1e21}' },
        ],
      },
      {
        role: 'tool',
        blocks: ['call_1', 'call_2'].map((toolCallId) => ({
          type: 'toolResult',
          toolCallId,
          content: [{ type: 'text', text: 'rain' }],
          isError: false,
        })),
      },
    ]);
    expect(refusal({ input: [CALL, { ...RESULT, call_id: 'fc_1' }] })).toMatchObject({
      code: 'invalid_request',
      param: 'input[1].call_id',
    });
  });

  it('trap 26 refuses a call without a result once the conversation goes on', () => {
    const error = refusal({ input: [CALL, { role: 'user', content: 'And?' }] });
    expect(error).toMatchObject({ code: 'invalid_request', param: 'input[0].call_id' });
    expect(inputOf({ role: 'user', content: 'x' }, CALL).at(-1)?.role).toBe('assistant');
  });

  it('trap 5 makes one turn of what the assistant thought, said and called', () => {
    const messages = inputOf(
      { role: 'user', content: 'Weather?' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: 'E',
      },
      { role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }], phase: 'commentary' },
      CALL,
      RESULT,
      { role: 'assistant', content: 'Rain.', phase: 'final_answer' },
    );
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant']);
    expect(messages[1]?.blocks).toMatchObject([
      { type: 'reasoning', text: 'hm', signature: 'E', origin: ORIGIN },
      { type: 'text', text: 'I look.', extra: { phase: 'commentary' } },
      { type: 'toolCall' },
    ]);
  });

  it('traps 13 and 71 reads reasoning with its encrypted content, and leaves out what is only a reference', () => {
    const reasoning = (more: object) => ({ type: 'reasoning', id: 'rs_1', summary: [], ...more });
    const last = { role: 'assistant', content: 'x' };
    expect(inputOf(reasoning({}), last)[0]?.blocks).toEqual([{ type: 'text', text: 'x' }]);
    expect(inputOf(reasoning({ encrypted_content: 'E' }))[0]?.blocks).toEqual([
      { type: 'reasoning', text: '', redacted: 'E', origin: ORIGIN },
    ]);
    const summary = [
      { type: 'summary_text', text: 'one' },
      { type: 'summary_text', text: 'two' },
    ];
    expect(inputOf(reasoning({ summary, encrypted_content: 'E' }))[0]?.blocks).toEqual([
      { type: 'reasoning', text: 'one\n\ntwo', signature: 'E', origin: ORIGIN },
    ]);
  });

  it.each([
    ['custom_tool_call', { call_id: 'c', name: 'sql', input: 'SELECT 1' }],
    ['custom_tool_call_output', { call_id: 'c', output: 'x' }],
    ['web_search_call', { id: 'ws_1', status: 'completed' }],
    ['computer_call_output', { call_id: 'c', output: { type: 'computer_screenshot' } }],
    ['mcp_approval_response', { approval_request_id: 'a', approve: true }],
    ['compaction', { encrypted_content: 'E' }],
  ])('traps 34 and 36 keeps a %s whole, with its origin', (type, members) => {
    const raw = { type, ...members };
    expect(inputOf(raw)).toEqual([{ role: 'assistant', blocks: [{ type: 'unknown', raw, origin: ORIGIN }] }]);
  });

  it('takes results with parts', () => {
    const output = [
      { type: 'input_text', text: 'see' },
      { type: 'input_image', image_url: 'https://example.com/a.png' },
    ];
    expect(inputOf(CALL, { ...RESULT, output })[1]?.blocks).toMatchObject([
      { content: [{ type: 'text', text: 'see' }, { type: 'image' }] },
    ]);
  });

  it('names the place of what it does not know', () => {
    const { unknownFields } = read({
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'x', tone: 'soft' }], mood: 1 }],
      surprise: true,
    });
    expect(unknownFields).toEqual(['input[0].mood', 'input[0].content[0].tone', 'surprise']);
  });

  it.each([
    [{ input: [{ role: 'wizard', content: 'x' }] }, 'input[0].role'],
    [{ input: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] }, 'input[0].content[0].type'],
    [{ input: [{ role: 'user', content: 7 }] }, 'input[0].content'],
    [{ input: [7] }, 'input[0]'],
    [{ input: [] }, 'input'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'ftp://x' }] }] },
      'input[0].content[0].image_url',
    ],
    [{ input: [{ ...CALL, arguments: {} }] }, 'input[0].arguments'],
    [{ temperature: 3 }, 'temperature'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
    [{ reasoning: { effort: 'huge' } }, 'reasoning.effort'],
    [{ text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ text: { format: { type: 'json_schema', name: 'a b', schema: {} } } }, 'text.format.name'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ tool_choice: { type: 'function', name: 'g' } }, 'tool_choice.name'],
  ])('refuses %j and names the field', (body, param) => {
    expect(refusal(body)).toMatchObject({ code: 'invalid_request', status: 400, param });
  });
});

describe('what is not stored', () => {
  it.each([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ conversation: { id: 'conv_1' } }, 'conversation'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
    [{ background: true }, 'background'],
    [
      {
        input: [
          { role: 'user', content: 'x' },
          { type: 'item_reference', id: 'msg_1' },
        ],
      },
      'input[1]',
    ],
    [{ input: [{ id: 'msg_1' }] }, 'input[0]'],
  ])('trap 15 refuses %j in both lanes, and says why', (body, param) => {
    const whole: JsonObject = { model: 'm', input: 'Hello', ...body };
    for (const error of [refusal(body), openaiResponses.shapeError(whole)]) {
      expect(error).toMatchObject({ code: 'invalid_request', status: 400, param });
      expect(error?.message).toContain('stored conversations are not available');
    }
  });

  it('takes what asks for nothing stored', () => {
    const body = {
      background: false,
      conversation: null,
      previous_response_id: null,
      prompt: null,
      store: true,
      truncation: 'disabled',
      include: ['reasoning.encrypted_content'],
    };
    expect(openaiResponses.shapeError({ model: 'm', input: [], ...body })).toBeNull();
    expect(read(body)).toMatchObject({ extra: {}, unknownFields: [] });
  });

  it('refuses a body without input', () => {
    expect(openaiResponses.shapeError({ model: 'm' })).toMatchObject({ param: 'input' });
    expect(openaiResponses.shapeError({ model: 'm', input: {} })).toMatchObject({ param: 'input' });
  });
});

describe('reading settings', () => {
  it('has a word for what others also know, and keeps the rest', () => {
    const request = read({
      stream: true,
      max_output_tokens: 20,
      temperature: 0.5,
      top_p: 0.9,
      reasoning: { effort: 'low', summary: 'auto' },
      text: {
        format: { type: 'json_schema', name: 'p', schema: { type: 'object' }, strict: true },
        verbosity: 'low',
      },
      user: 'u',
      metadata: { a: 'b' },
      service_tier: 'flex',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      truncation: 'auto',
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
      stream_options: { include_obfuscation: false },
      max_tool_calls: 3,
    });
    expect(request).toMatchObject({
      stream: true,
      streamUsage: true,
      maxOutputTokens: 20,
      temperature: 0.5,
      topP: 0.9,
      reasoning: { effort: 'low' },
      responseFormat: { type: 'jsonSchema', name: 'p', schema: { type: 'object' }, strict: true },
      user: 'u',
      metadata: { a: 'b' },
      serviceTier: 'flex',
      unknownFields: [],
    });
    expect(request.extra).toEqual({
      'reasoning.summary': 'auto',
      'text.verbosity': 'low',
      include: ['message.output_text.logprobs'],
      'stream_options.include_obfuscation': false,
      safety_identifier: 's',
      prompt_cache_key: 'k',
      truncation: 'auto',
      max_tool_calls: 3,
    });
    expect(request.fields).toMatchObject({ reasoning: 'reasoning.effort', responseFormat: 'text.format' });
  });

  const TOOLS = [
    { type: 'function', name: 'f', description: 'F', parameters: { type: 'object' }, strict: true },
    { type: 'function', name: 'g', parameters: null, defer_loading: true },
    { type: 'custom', name: 'sql', format: { type: 'text' } },
    { type: 'web_search' },
    { type: 'mcp', server_label: 'docs', server_url: 'https://example.com' },
  ];

  it('trap 16 reads functions, and keeps the vendor’s own tools whole', () => {
    const { tools } = read({ tools: TOOLS, parallel_tool_calls: false });
    expect(tools).toEqual([
      { name: 'f', description: 'F', parameters: { type: 'object' }, strict: true },
      { name: 'g', extra: { defer_loading: true } },
      { name: 'sql', raw: { value: TOOLS[2], origin: ORIGIN } },
      { name: 'web_search', raw: { value: TOOLS[3], origin: ORIGIN } },
      { name: 'docs', raw: { value: TOOLS[4], origin: ORIGIN } },
    ]);
  });

  it.each([
    ['required', { mode: 'required' }, ['f', 'g', 'sql', 'web_search', 'docs']],
    [{ type: 'function', name: 'g' }, { mode: 'tool', name: 'g' }, ['f', 'g', 'sql', 'web_search', 'docs']],
    [
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [{ type: 'function', name: 'g' }, { type: 'web_search' }],
      },
      { mode: 'required' },
      ['g', 'web_search'],
    ],
  ])('trap 27 reads the choice %j', (choice, expected, names) => {
    const { toolChoice, tools } = read({ tools: TOOLS, tool_choice: choice });
    expect(toolChoice).toEqual(expected);
    expect(tools.map(({ name }) => name)).toEqual(names);
  });

  it.each([{ type: 'web_search' }, { type: 'mcp', server_label: 'docs' }, { type: 'custom', name: 'sql' }])(
    'trap 27 keeps the choice %j for the same protocol alone',
    (choice) => {
      const { toolChoice, extra } = read({ tools: TOOLS, tool_choice: choice });
      expect(toolChoice).toBeUndefined();
      expect(extra).toEqual({ tool_choice: choice });
    },
  );
});

import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import { bedrockConverse } from '../../../../src/protocols/bedrock-converse/index.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import type { TargetContext } from '../../../../src/protocols/protocol.ts';
import { HELLO, refusalOf, type Translated, translate } from '../translate.ts';

const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const OLD_CLAUDE = 'anthropic.claude-3-7-sonnet-20250219-v1:0';
const TARGET: TargetContext = { provider: 'bedrock', model: CLAUDE, maxOutputTokens: null };

const fromOpenai = (body: object, model = CLAUDE): Translated =>
  translate(openaiChat, bedrockConverse, { model: 'm', messages: [HELLO], ...body }, { ...TARGET, model });
const fromAnthropic = (body: object, model = CLAUDE): Translated =>
  translate(
    anthropicMessages,
    bedrockConverse,
    { model: 'm', max_tokens: 100, messages: [HELLO], ...body },
    { ...TARGET, model },
  );
const fromBedrock = (body: object, model = CLAUDE): Translated =>
  translate(bedrockConverse, bedrockConverse, { messages: [TEXT_TURN], ...body }, { ...TARGET, model });

const TEXT_TURN = { role: 'user', content: [{ text: 'Hello' }] };
const CALL = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Basel"}' } };
const TOOL = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: {} } },
};
const TOOL_SPEC = {
  toolSpec: { name: 'weather', inputSchema: { json: { type: 'object', properties: {} } } },
};
const HISTORY = [
  HELLO,
  { role: 'assistant', content: null, tool_calls: [CALL] },
  { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
];

describe('messages for Bedrock', () => {
  it('trap 1 joins leading system messages in order, in their own place', () => {
    const { body, receipt } = fromOpenai({
      messages: [{ role: 'system', content: 'Be brief.' }, { role: 'developer', content: 'Be kind.' }, HELLO],
    });
    expect(body).toEqual({ system: [{ text: 'Be brief.' }, { text: 'Be kind.' }], messages: [TEXT_TURN] });
    expect(receipt['messages']).toMatchObject({ action: 'converted' });
  });

  it('trap 2 a later system message stays where it is, marked', () => {
    const { body, receipt } = fromOpenai({ messages: [HELLO, { role: 'system', content: 'Now in verse.' }] });
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ text: 'Hello' }, { text: '<system>\nNow in verse.\n</system>' }] },
    ]);
    expect(receipt['messages']?.reason).toContain('later system message');
  });

  it('trap 5 puts turns of one role together, results of parallel calls first', () => {
    const second = { ...CALL, id: 'call_2' };
    const { body } = fromOpenai({
      messages: [
        HELLO,
        { role: 'assistant', content: null, tool_calls: [CALL, second] },
        { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
        { role: 'tool', tool_call_id: 'call_2', content: 'sun' },
        { role: 'user', content: 'And?' },
      ],
      tools: [TOOL],
    });
    expect(body['messages']).toEqual([
      TEXT_TURN,
      {
        role: 'assistant',
        content: ['call_1', 'call_2'].map((toolUseId) => ({
          toolUse: { toolUseId, name: 'weather', input: { city: 'Basel' } },
        })),
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'call_1', content: [{ text: 'rain' }] } },
          { toolResult: { toolUseId: 'call_2', content: [{ text: 'sun' }] } },
          { text: 'And?' },
        ],
      },
    ]);
  });

  it('trap 6 leaves out empty text', () => {
    const { body } = fromOpenai({
      messages: [HELLO, { role: 'assistant', content: '', tool_calls: [CALL] }, HISTORY[2]],
      tools: [TOOL],
    });
    expect(JSON.stringify(body)).not.toContain('"text":""');
  });

  it('trap 7 a prefill loses the white space at its end, history does not', () => {
    const prefill = { role: 'assistant', content: 'The answer is \n' };
    expect(fromOpenai({ messages: [HELLO, prefill] }).text).toContain('"text":"The answer is"');
    expect(fromOpenai({ messages: [HELLO, prefill, HELLO] }).text).toContain('"text":"The answer is \\n"');
  });

  it('trap 6 trap 8 beside signed reasoning text stays as it was, blank or not', () => {
    const reasoningContent = { reasoningText: { text: 'Hm ', signature: 'c2ln' } };
    const content = [{ reasoningContent }, { text: ' ' }, { text: 'So ' }];
    const messages = [TEXT_TURN, { role: 'assistant', content }];
    expect(fromBedrock({ messages }).body['messages']).toEqual(messages);
  });

  it('trap 9 the first turn must be the user’s', () => {
    const { body, receipt } = fromOpenai({ messages: [{ role: 'assistant', content: 'Hi' }, HELLO] });
    expect(body['messages']).toMatchObject([
      { role: 'user', content: [{ text: '.' }] },
      { role: 'assistant', content: [{ text: 'Hi' }] },
      TEXT_TURN,
    ]);
    expect(receipt['messages']?.reason).toContain('must begin');
  });

  it('trap 10 names are dropped and the receipt says so', () => {
    expect(fromOpenai({ messages: [{ ...HELLO, name: 'ann' }] }).receipt['messages[].name']).toMatchObject({
      action: 'dropped',
    });
  });

  it('trap 32 arguments go over as they were written', () => {
    const raw = '{"b":1e21,"a":12345678901234567890,"u":"\\u00e9"}';
    const call = { ...CALL, function: { name: 'weather', arguments: raw } };
    const { text } = fromOpenai({
      messages: [HELLO, { role: 'assistant', content: null, tool_calls: [call] }, HISTORY[2]],
      tools: [TOOL],
    });
    expect(text).toContain(`"input":${raw}`);
  });

  it.each(['', ' '])('trap 31 no arguments (%j) are the empty object', (text) => {
    const call = { ...CALL, function: { name: 'weather', arguments: text } };
    const messages = [HELLO, { role: 'assistant', content: null, tool_calls: [call] }, HISTORY[2]];
    expect(fromOpenai({ messages, tools: [TOOL] }).text).toContain('"input":{}');
  });

  it('trap 33 truncated arguments are wrapped, for the target takes objects only', () => {
    const call = { ...CALL, function: { name: 'weather', arguments: '{"city":"Ba' } };
    const messages = [HELLO, { role: 'assistant', content: null, tool_calls: [call] }, HISTORY[2]];
    const { text, receipt } = fromOpenai({ messages, tools: [TOOL] });
    expect(text).toContain('"input":{"invalid_arguments":"{\\"city\\":\\"Ba"}');
    expect(receipt['messages[].tool_calls[].function.arguments']).toMatchObject({ action: 'converted' });
  });

  it('trap 22 ids that the target refuses are hashed, alike in call and result', () => {
    const id = 'call:with/other.characters';
    const messages = [
      HELLO,
      { role: 'assistant', content: null, tool_calls: [{ ...CALL, id }] },
      { role: 'tool', tool_call_id: id, content: 'rain' },
    ];
    const { text } = fromOpenai({ messages, tools: [TOOL] });
    const ids = [...text.matchAll(/"toolUseId":"([^"]+)"/g)].map(([, found]) => found);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toMatch(/^tooluse_[a-zA-Z0-9]{24}$/);
    expect(ids[1]).toBe(ids[0]);
    const mistral = fromOpenai({ messages, tools: [TOOL] }, 'mistral.mistral-large-2407-v1:0').text;
    expect(mistral).toMatch(/"toolUseId":"[a-zA-Z0-9]{9}"/);
  });

  it('trap 24 tells an error by the status where the model takes one, else in the text', () => {
    const messages = [
      HELLO,
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'weather', input: {} }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 't1', content: 'no such city', is_error: true }],
      },
    ];
    const tools = [{ name: 'weather', input_schema: { type: 'object' } }];
    expect(fromAnthropic({ messages, tools }).text).toContain(
      '"content":[{"text":"no such city"}],"status":"error"',
    );
    const other = fromAnthropic({ messages, tools }, 'meta.llama3-1-70b-instruct-v1:0');
    expect(other.text).toContain('"content":[{"text":"Error:"},{"text":"no such city"}]}');
    expect(other.receipt['messages[].content[].is_error']).toMatchObject({ action: 'converted' });
  });

  it('trap 73 trap 74 reasoning of others, and without a signature, is left out', () => {
    const assistant = {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm', signature: 's' },
        { type: 'text', text: 'a' },
      ],
    };
    const other = fromAnthropic({ messages: [HELLO, assistant, HELLO] });
    expect(other.text).not.toContain('Hm');
    expect(other.receipt['messages[].content[].thinking']).toMatchObject({ action: 'dropped' });
    const unsigned = { reasoningContent: { reasoningText: { text: 'Hm' } } };
    const own = fromBedrock({
      messages: [TEXT_TURN, { role: 'assistant', content: [unsigned, { text: 'a' }] }, TEXT_TURN],
    });
    expect(own.text).not.toContain('Hm');
    expect(own.receipt['messages[].content[].reasoningContent']?.reason).toContain('without a signature');
  });

  it('trap 69 signed reasoning of its own goes back verbatim', () => {
    const content = [
      { reasoningContent: { reasoningText: { text: 'Hm', signature: 'c2ln' } } },
      { reasoningContent: { redactedContent: 'AAEC' } },
      { text: 'a' },
    ];
    const messages = [TEXT_TURN, { role: 'assistant', content }, TEXT_TURN];
    expect(fromBedrock({ messages }).body['messages']).toEqual(messages);
  });

  it('trap 125 cache breakpoints become blocks of their own behind what they mark', () => {
    const cache_control = { type: 'ephemeral', ttl: '1h' };
    const request = {
      system: [{ type: 'text', text: 'Long.', cache_control }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hello', cache_control: { type: 'ephemeral' } }] },
      ],
      tools: [{ name: 'weather', input_schema: { type: 'object' }, cache_control }],
    };
    const point = { cachePoint: { type: 'default', ttl: '1h' } };
    expect(fromAnthropic(request).body).toMatchObject({
      system: [{ text: 'Long.' }, point],
      messages: [{ content: [{ text: 'Hello' }, { cachePoint: { type: 'default' } }] }],
      toolConfig: { tools: [{ toolSpec: { name: 'weather' } }, point] },
    });
    const other = fromAnthropic(request, 'openai.gpt-oss-120b-1:0');
    expect(other.text).not.toContain('cachePoint');
    expect(other.receipt['messages[].content[].cache_control']).toMatchObject({ action: 'dropped' });
    expect(other.receipt['tools[].cache_control']).toMatchObject({ action: 'dropped' });
  });

  it('a breakpoint inside of a result stands behind the result', () => {
    const cache_control = { type: 'ephemeral' };
    const messages = [
      HELLO,
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'weather', input: {} }] },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't1',
            content: [{ type: 'text', text: 'rain', cache_control }],
          },
        ],
      },
    ];
    const tools = [{ name: 'weather', input_schema: { type: 'object' } }];
    expect(fromAnthropic({ messages, tools }).body['messages']).toMatchObject([
      TEXT_TURN,
      { role: 'assistant' },
      {
        content: [
          { toolResult: { toolUseId: 't1', content: [{ text: 'rain' }] } },
          { cachePoint: { type: 'default' } },
        ],
      },
    ]);
  });
});

describe('media for Bedrock', () => {
  const image = (url: string) =>
    fromOpenai({
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url, detail: 'low' } }] }],
    });
  const file = (...files: readonly object[]) =>
    fromOpenai({ messages: [{ role: 'user', content: files.map((one) => ({ type: 'file', file: one })) }] });
  const pdf = (filename: string) => ({ filename, file_data: 'data:application/pdf;base64,cGRm' });

  it('trap 96 images go as bytes with their format', () => {
    expect(image('data:image/jpg;base64,aW1n').body['messages']).toEqual([
      { role: 'user', content: [{ image: { format: 'jpeg', source: { bytes: 'aW1n' } } }] },
    ]);
    expect(
      image('data:image/webp;base64,aW1n').receipt['messages[].content[].image_url.detail'],
    ).toMatchObject({
      action: 'dropped',
    });
  });

  it('trap 96 an address, another format or a file id is refused with its place', () => {
    for (const url of ['https://example.com/a.png', 'data:image/tiff;base64,aW1n']) {
      expect(refusalOf(() => image(url))).toMatchObject({
        code: 'invalid_request',
        param: 'messages[0].content[0]',
      });
    }
    expect(refusalOf(() => file({ file_id: 'file-1' }))).toMatchObject({ code: 'invalid_request' });
  });

  it('trap 12 a document gets a text beside it and a name that the target takes, each name once', () => {
    const { body, receipt } = file(pdf('Q1_report (final).v2.pdf'), pdf('Q1_report (final).v2.pdf'), pdf(''));
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { document: { format: 'pdf', name: 'Q1-report (final)-v2', source: { bytes: 'cGRm' } } },
          { document: { format: 'pdf', name: 'Q1-report (final)-v2 (2)', source: { bytes: 'cGRm' } } },
          { document: { format: 'pdf', name: 'document', source: { bytes: 'cGRm' } } },
          { text: '.' },
        ],
      },
    ]);
    expect(receipt['messages[].content[].file']?.action).toBe('converted');
  });

  it('trap 12 a document beside text stands as it is', () => {
    const content = [
      { type: 'text', text: 'Read this.' },
      { type: 'file', file: pdf('a.pdf') },
    ];
    expect(fromOpenai({ messages: [{ role: 'user', content }] }).text).not.toContain('"text":"."');
  });

  it.each([
    ['text/csv', 'csv'],
    ['text/markdown', 'md'],
    ['text/x-python', 'txt'],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ])('trap 97 a file of type %s has the format %s', (mediaType, format) => {
    expect(file({ filename: 'a', file_data: `data:${mediaType};base64,YQ==` }).text).toContain(
      `"format":"${format}"`,
    );
  });

  it('trap 97 a file of unknown type goes by its ending, or is refused', () => {
    const data = 'data:application/octet-stream;base64,YQ==';
    expect(file({ filename: 'table.xlsx', file_data: data }).text).toContain('"format":"xlsx"');
    expect(refusalOf(() => file({ filename: 'a.bin', file_data: data }))).toMatchObject({
      code: 'invalid_request',
    });
  });

  it('trap 98 sound goes as bytes', () => {
    const content = [{ type: 'input_audio', input_audio: { data: 'd2F2', format: 'wav' } }];
    expect(fromOpenai({ messages: [{ role: 'user', content }] }).text).toContain(
      '{"audio":{"format":"wav","source":{"bytes":"d2F2"}}}',
    );
  });

  it('trap 100 images stay inside of tool results', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'aW1n' };
    const messages = [
      HELLO,
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'weather', input: {} }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'image', source }] }],
      },
    ];
    const tools = [{ name: 'weather', input_schema: { type: 'object' } }];
    expect(fromAnthropic({ messages, tools }).text).toContain(
      '{"toolResult":{"toolUseId":"t1","content":[{"image":{"format":"png","source":{"bytes":"aW1n"}}}]}}',
    );
  });

  it('context and wish for citations of a document go over', () => {
    const document = {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'abc' },
      title: 'Note',
      context: 'From 1999.',
      citations: { enabled: true },
    };
    const { body } = fromAnthropic({
      messages: [{ role: 'user', content: [document, { type: 'text', text: 'Read.' }] }],
    });
    expect(body['messages']).toMatchObject([
      {
        content: [
          {
            document: {
              format: 'txt',
              name: 'Note',
              source: { bytes: Buffer.from('abc').toString('base64') },
              context: 'From 1999.',
              citations: { enabled: true },
            },
          },
          { text: 'Read.' },
        ],
      },
    ]);
  });

  it('trap 34 tools of a vendor are dropped, what can be read is text', () => {
    const result = {
      type: 'search_result',
      title: 'X',
      source: 'https://x',
      content: [{ type: 'text', text: 'found' }],
    };
    const { text, receipt } = fromAnthropic({
      messages: [{ role: 'user', content: [result, { type: 'text', text: 'Read.' }] }],
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    });
    expect(text).toContain('X\\nhttps://x\\nfound');
    expect(text).not.toContain('web_search');
    expect(receipt['tools']).toMatchObject({ action: 'dropped' });
  });
});

describe('tools for Bedrock', () => {
  it('trap 16 trap 17 writes tools as specifications, without parameters as an empty object', () => {
    const bare = { type: 'function', function: { name: 'now', description: '' } };
    const { body, receipt } = fromOpenai({ tools: [TOOL, bare] });
    expect(body['toolConfig']).toEqual({
      tools: [
        TOOL_SPEC,
        { toolSpec: { name: 'now', inputSchema: { json: { type: 'object', properties: {} } } } },
      ],
    });
    expect(receipt['tools']).toMatchObject({ action: 'converted', to: 'toolConfig.tools' });
  });

  it('trap 20 "strict" is dropped and said', () => {
    const strict = { ...TOOL, function: { ...TOOL.function, strict: true } };
    const { text, receipt } = fromOpenai({ tools: [strict] });
    expect(text).not.toContain('strict');
    expect(receipt['tools[].function.strict']).toMatchObject({ action: 'dropped' });
  });

  it('trap 21 names that the target refuses are replaced, and come back in the answer', () => {
    const name = `github/${'x'.repeat(80)}`;
    const tools = [
      { name: 'ok', input_schema: { type: 'object' } },
      { name: name.slice(0, 60), input_schema: { type: 'object' } },
    ];
    const request = anthropicMessages.readRequest(
      { model: 'm', max_tokens: 1, messages: [HELLO], tools },
      { model: 'm', stream: false },
    );
    if (!('messages' in request)) throw request;
    const written = bedrockConverse.writeRequest(request, TARGET);
    if (!('body' in written)) throw written;
    expect([...(written.toolNames?.values() ?? [])]).toEqual([name.slice(0, 60)]);
    const names = [...written.body.toString().matchAll(/"toolSpec":\{"name":"([^"]+)"/g)].map(
      ([, found]) => found,
    );
    for (const each of names) expect(each).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  it.each([
    ['auto', { auto: {} }],
    ['required', { any: {} }],
    [{ type: 'function', function: { name: 'weather' } }, { tool: { name: 'weather' } }],
  ])('trap 27 tool_choice %j', (tool_choice, toolChoice) => {
    expect(fromOpenai({ tools: [TOOL], tool_choice }).body['toolConfig']).toMatchObject({ toolChoice });
  });

  it('trap 27 "none" has no word: the tools are left out', () => {
    const { body, receipt } = fromOpenai({ tools: [TOOL], tool_choice: 'none' });
    expect(body).not.toHaveProperty('toolConfig');
    expect(receipt['tool_choice']).toMatchObject({ action: 'converted' });
  });

  it('trap 25 calls in the history need a toolConfig, also where no tools are offered any more', () => {
    const { body, receipt } = fromOpenai({ messages: [...HISTORY, HELLO] });
    expect(body['toolConfig']).toEqual({ tools: [TOOL_SPEC] });
    expect(receipt['toolConfig']?.reason).toContain('history');
    expect(body['messages']).toMatchObject([
      {},
      { content: [{ toolUse: {} }] },
      { content: [{ toolResult: {} }, {}] },
    ]);
  });

  it('trap 25 trap 27 "none" with calls in the history gives them as text, for nothing may be called', () => {
    const { body, text, receipt } = fromOpenai({
      messages: [...HISTORY, HELLO],
      tools: [TOOL],
      tool_choice: 'none',
    });
    expect(body).not.toHaveProperty('toolConfig');
    expect(text).not.toContain('toolUse');
    expect(body['messages']).toEqual([
      TEXT_TURN,
      {
        role: 'assistant',
        content: [{ text: '<tool_call name="weather">\n{"city":"Basel"}\n</tool_call>' }],
      },
      { role: 'user', content: [{ text: '<tool_result>\nrain\n</tool_result>' }, { text: 'Hello' }] },
    ]);
    expect(receipt['messages']?.reason).toContain('as text');
  });

  it('trap 28 a model that cannot be forced gets "auto"', () => {
    for (const model of ['meta.llama3-1-70b-instruct-v1:0', 'us.anthropic.claude-fable-5-1-v1:0']) {
      const { body, receipt } = fromOpenai({ tools: [TOOL], tool_choice: 'required' }, model);
      expect(body['toolConfig']).toMatchObject({ toolChoice: { auto: {} } });
      expect(receipt['tool_choice']?.reason).toContain('cannot be forced');
    }
  });

  it('trap 29 one call at a time goes over in the words of Claude, and is dropped elsewhere', () => {
    const request = { tools: [TOOL], parallel_tool_calls: false, tool_choice: 'required' };
    const claude = fromOpenai(request);
    expect(claude.body).toMatchObject({
      toolConfig: { tools: [TOOL_SPEC] },
      additionalModelRequestFields: { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    });
    expect(claude.body['toolConfig']).not.toHaveProperty('toolChoice');
    expect(claude.receipt['parallel_tool_calls']).toMatchObject({ action: 'converted' });
    const other = fromOpenai(request, 'amazon.nova-pro-v1:0');
    expect(other.body).toMatchObject({ toolConfig: { toolChoice: { any: {} } } });
    expect(other.receipt['parallel_tool_calls']).toMatchObject({ action: 'dropped' });
    expect(
      fromOpenai({ ...request, parallel_tool_calls: true }).receipt['parallel_tool_calls'],
    ).toMatchObject({
      action: 'carried',
    });
  });

  it('trap 30 no tools are no toolConfig', () => {
    expect(fromAnthropic({ tools: [] }).body).not.toHaveProperty('toolConfig');
  });
});

describe('settings for Bedrock', () => {
  it('trap 78 writes limits and sampling into inferenceConfig', () => {
    const { body, receipt } = fromOpenai({ max_tokens: 100, top_p: 0.9, stop: 'END' }, OLD_CLAUDE);
    expect(body['inferenceConfig']).toEqual({ maxTokens: 100, topP: 0.9, stopSequences: ['END'] });
    expect(receipt['max_tokens']).toMatchObject({ action: 'renamed', to: 'inferenceConfig.maxTokens' });
    expect(fromOpenai({}).body).not.toHaveProperty('inferenceConfig');
  });

  it('trap 80 temperature is at most 1', () => {
    const { body, receipt } = fromOpenai({ temperature: 1.7 });
    expect(body['inferenceConfig']).toEqual({ temperature: 1 });
    expect(receipt['temperature']).toMatchObject({ action: 'converted' });
  });

  it('trap 81 newer Claude takes one of temperature and top_p, the newest takes none', () => {
    const both = fromOpenai({ temperature: 0.5, top_p: 0.9 });
    expect(both.body['inferenceConfig']).toEqual({ temperature: 0.5 });
    expect(both.receipt['top_p']).toMatchObject({ action: 'dropped' });
    const newest = fromOpenai({ temperature: 0.5 }, 'us.anthropic.claude-opus-4-7-v1:0');
    expect(newest.body).not.toHaveProperty('inferenceConfig');
    expect(newest.receipt['temperature']).toMatchObject({ action: 'dropped' });
  });

  it('trap 82 trap 83 what the target has no field for is dropped and said', () => {
    const { receipt } = fromOpenai({ seed: 1, presence_penalty: 1, frequency_penalty: 1, user: 'u' });
    for (const field of ['seed', 'presence_penalty', 'frequency_penalty', 'user']) {
      expect(receipt[field]).toMatchObject({ action: 'dropped' });
    }
  });

  it('trap 82 top_k goes in the words of the model, or nowhere', () => {
    const topK = (model: string) => fromAnthropic({ top_k: 40 }, model);
    expect(topK(CLAUDE).body['additionalModelRequestFields']).toEqual({ top_k: 40 });
    expect(topK('amazon.nova-pro-v1:0').body['additionalModelRequestFields']).toEqual({
      inferenceConfig: { topK: 40 },
    });
    const llama = topK('meta.llama3-1-70b-instruct-v1:0');
    expect(llama.body).not.toHaveProperty('additionalModelRequestFields');
    expect(llama.receipt['top_k']).toMatchObject({ action: 'dropped' });
  });

  it('trap 84 blank sequences are refused by the target, and Nova takes four', () => {
    expect(fromOpenai({ stop: [' ', 'END'] }).body['inferenceConfig']).toEqual({ stopSequences: ['END'] });
    expect(fromOpenai({ stop: [' '] }).receipt['stop']).toMatchObject({ action: 'dropped' });
    const many = ['a', 'b', 'c', 'd', 'e'];
    const nova = fromAnthropic({ stop_sequences: many }, 'amazon.nova-pro-v1:0');
    expect(nova.body['inferenceConfig']).toMatchObject({ stopSequences: many.slice(0, 4) });
    expect(nova.receipt['stop_sequences']).toMatchObject({ action: 'converted' });
    expect(fromAnthropic({ stop_sequences: many }).body['inferenceConfig']).toMatchObject({
      stopSequences: many,
    });
  });

  it('trap 84 asks Claude which sequence has matched', () => {
    expect(fromAnthropic({ stop_sequences: ['END'] }).body['additionalModelResponseFieldPaths']).toEqual([
      '/stop_sequence',
      '/delta/stop_sequence',
    ]);
    expect(fromAnthropic({}).body).not.toHaveProperty('additionalModelResponseFieldPaths');
  });

  it('trap 89 trap 90 carries tiers and metadata that the target takes', () => {
    const request = { service_tier: 'flex', metadata: { team: 'search', note: 'ü', long: 'x'.repeat(300) } };
    const { body, receipt } = fromOpenai(request);
    expect(body).toMatchObject({ serviceTier: { type: 'flex' }, requestMetadata: { team: 'search' } });
    expect(receipt['metadata']?.reason).toContain('without');
    const usual = fromOpenai({ service_tier: 'auto' });
    expect(usual.body).not.toHaveProperty('serviceTier');
    expect(usual.receipt['service_tier']).toMatchObject({ action: 'carried' });
    expect(fromOpenai({ service_tier: 'scale' }).receipt['service_tier']).toMatchObject({
      action: 'dropped',
    });
  });

  it('trap 128 the model is in the path, encoded', () => {
    const arn = 'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude';
    expect(bedrockConverse.path(arn, false)).toBe(
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic.claude/converse',
    );
    expect(bedrockConverse.path('a', true)).toBe('/model/a/converse-stream');
    expect(bedrockConverse.path('..', false)).toBe('/model/%2E%2E/converse');
    expect(fromOpenai({}).text).not.toContain('model');
  });

  it('trap 126 the same request always gives the same bytes', () => {
    const request = { messages: [...HISTORY, HELLO], tools: [TOOL], temperature: 0.3, metadata: { a: 'b' } };
    expect(fromOpenai(request).text).toBe(fromOpenai(request).text);
  });
});

describe('reasoning for Bedrock', () => {
  it('trap 75 a budget for older Claude, of the room that there is', () => {
    const { body, receipt } = fromOpenai({ reasoning_effort: 'high', max_tokens: 10_000, temperature: 0.5 });
    expect(body).toMatchObject({
      inferenceConfig: { maxTokens: 10_000 },
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 5_000 } },
    });
    expect(receipt['reasoning_effort']).toMatchObject({ action: 'converted' });
    expect(receipt['temperature']?.reason).toContain('thinking');
  });

  it('trap 76 without a limit the budget comes on top of the default', () => {
    expect(fromOpenai({ reasoning_effort: 'high' }).body).toMatchObject({
      inferenceConfig: { maxTokens: 16_384 + 4_096 },
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 16_384 } },
    });
  });

  it('trap 76 a caller who names the budget gets it', () => {
    const request = { max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 3_000 } };
    expect(fromAnthropic(request).body).toMatchObject({
      inferenceConfig: { maxTokens: 4_000 },
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 3_000 } },
    });
  });

  it('trap 76 a limit without room is said', () => {
    const { body, receipt } = fromOpenai({ reasoning_effort: 'low', max_tokens: 500 });
    expect(body).not.toHaveProperty('additionalModelRequestFields');
    expect(receipt['reasoning_effort']).toMatchObject({ action: 'dropped' });
  });

  it('trap 75 newer Claude thinks adaptively with an effort', () => {
    expect(
      fromOpenai({ reasoning_effort: 'minimal' }, 'us.anthropic.claude-opus-4-6-v1:0').body,
    ).toMatchObject({
      additionalModelRequestFields: { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
    });
  });

  it.each([
    [CLAUDE, { thinking: { type: 'disabled' } }],
    ['us.anthropic.claude-opus-5-5-v1:0', { output_config: { effort: 'low' } }],
    ['us.amazon.nova-2-lite-v1:0', { reasoningConfig: { type: 'disabled' } }],
  ])('trap 76 effort "none" is said explicitly to %s', (model, fields) => {
    expect(fromOpenai({ reasoning_effort: 'none' }, model).body['additionalModelRequestFields']).toEqual(
      fields,
    );
  });

  it.each([
    ['us.amazon.nova-2-lite-v1:0', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } }],
    ['openai.gpt-oss-120b-1:0', { reasoning_effort: 'high' }],
  ])('trap 75 an effort of three levels for %s', (model, fields) => {
    expect(fromOpenai({ reasoning_effort: 'xhigh' }, model).body['additionalModelRequestFields']).toEqual(
      fields,
    );
  });

  it('trap 75 models without a setting keep their own default, and the receipt says so', () => {
    const { body, receipt } = fromOpenai({ reasoning_effort: 'high' }, 'us.deepseek.r1-v1:0');
    expect(body).not.toHaveProperty('additionalModelRequestFields');
    expect(receipt['reasoning_effort']).toMatchObject({ action: 'dropped' });
    expect(
      fromOpenai({ reasoning_effort: 'high' }, 'amazon.nova-pro-v1:0').receipt['reasoning_effort']?.reason,
    ).toContain('does not reason');
  });

  it('trap 28 a forced tool and a budget of thinking exclude each other', () => {
    const { body, receipt } = fromOpenai({
      reasoning_effort: 'high',
      tools: [TOOL],
      tool_choice: 'required',
    });
    expect(body).not.toHaveProperty('additionalModelRequestFields');
    expect(receipt['reasoning_effort']?.reason).toContain('forced tool');
  });
});

describe('structured output for Bedrock', () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } } };
  const response_format = {
    type: 'json_schema',
    json_schema: { name: 'city', schema, description: 'A city.' },
  };
  const tool = (name = 'json_response') => ({ toolSpec: { name, inputSchema: { json: schema } } });

  it('trap 91 a schema is a tool that the model must call', () => {
    const { body, receipt } = fromOpenai({ response_format });
    expect(body['toolConfig']).toMatchObject({
      tools: [tool()],
      toolChoice: { tool: { name: 'json_response' } },
    });
    expect(receipt['response_format']).toMatchObject({ action: 'converted', to: 'toolConfig' });
  });

  it('trap 93 beside other tools any of them may be called first', () => {
    const { body } = fromOpenai({ response_format, tools: [TOOL], tool_choice: 'auto' });
    expect(body['toolConfig']).toMatchObject({ tools: [TOOL_SPEC, tool()], toolChoice: { any: {} } });
    const demanded = { type: 'function', function: { name: 'weather' } };
    expect(
      fromOpenai({ response_format, tools: [TOOL], tool_choice: demanded }).body['toolConfig'],
    ).toMatchObject({
      toolChoice: { tool: { name: 'weather' } },
    });
    expect(
      fromOpenai({ response_format, tools: [TOOL], tool_choice: 'none' }).body['toolConfig'],
    ).toMatchObject({
      tools: [tool()],
      toolChoice: { tool: { name: 'json_response' } },
    });
  });

  it('trap 93 the tool has a name of its own', () => {
    const mine = { type: 'function', function: { name: 'json_response', parameters: { type: 'object' } } };
    expect(fromOpenai({ response_format, tools: [mine] }).body['toolConfig']).toMatchObject({
      tools: [{ toolSpec: { name: 'json_response' } }, tool('json_response_2')],
    });
  });

  it('trap 91 the writer says which tool is the answer', () => {
    const request = openaiChat.readRequest(
      { model: 'm', messages: [HELLO], response_format },
      { model: 'm', stream: false },
    );
    if (!('messages' in request)) throw request;
    expect(bedrockConverse.writeRequest(request, TARGET)).toMatchObject({ jsonTool: 'json_response' });
    const text = openaiChat.readRequest({ model: 'm', messages: [HELLO] }, { model: 'm', stream: false });
    if (!('messages' in text)) throw text;
    expect(bedrockConverse.writeRequest(text, TARGET)).toMatchObject({ jsonTool: undefined });
  });

  it('trap 28 trap 91 a model that thinks gets a format, as it cannot be forced', () => {
    const { body } = fromOpenai({ response_format, reasoning_effort: 'low' });
    expect(body).not.toHaveProperty('toolConfig');
    expect(body).toMatchObject({
      outputConfig: {
        textFormat: {
          type: 'json_schema',
          structure: { jsonSchema: { name: 'city', schema: JSON.stringify(schema), description: 'A city.' } },
        },
      },
      additionalModelRequestFields: { thinking: { type: 'enabled' } },
    });
  });

  it('trap 91 an older one that thinks is forced, and does not think', () => {
    const { body, receipt } = fromOpenai({ response_format, reasoning_effort: 'low' }, OLD_CLAUDE);
    expect(body).toHaveProperty('toolConfig');
    expect(receipt['reasoning_effort']?.reason).toContain('forced tool');
  });

  it('trap 91 a schema that no tool can have, and a model that cannot be forced, get an instruction', () => {
    const list = {
      type: 'json_schema',
      json_schema: { name: 'l', schema: { type: 'array', items: schema } },
    };
    const { body, receipt } = fromOpenai({ response_format: list });
    expect(body).not.toHaveProperty('toolConfig');
    expect(JSON.stringify(body['system'])).toContain('JSON Schema');
    expect(receipt['response_format']).toMatchObject({ action: 'converted', to: 'system' });
    expect(fromOpenai({ response_format }, 'meta.llama3-1-70b-instruct-v1:0').body).toHaveProperty('system');
  });

  it('trap 92 "json_object" is an instruction', () => {
    const { body, receipt } = fromOpenai({ response_format: { type: 'json_object' } });
    expect(JSON.stringify(body['system'])).toContain('JSON object');
    expect(receipt['response_format']).toMatchObject({ action: 'converted' });
  });
});

describe('a request of the same protocol', () => {
  it('goes over whole', () => {
    const body = {
      messages: [
        {
          role: 'user',
          content: [
            { text: 'Hello' },
            { cachePoint: { type: 'default' } },
            { guardContent: { text: { text: 'x' } } },
          ],
        },
        { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'a', input: { x: 1 } } }] },
        {
          role: 'user',
          content: [{ toolResult: { toolUseId: 't1', content: [{ text: 'fine' }], status: 'error' } }],
        },
      ],
      system: [{ text: 'Be brief.' }],
      inferenceConfig: {
        maxTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        stopSequences: ['a', 'b', 'c', 'd', 'e'],
      },
      toolConfig: {
        tools: [
          {
            toolSpec: {
              name: 'a',
              description: 'd',
              inputSchema: { json: { type: 'object' } },
              strict: true,
            },
          },
          { systemTool: { name: 'nova_grounding' } },
        ],
        toolChoice: { any: {} },
      },
      additionalModelRequestFields: { top_k: 5, thinking: { type: 'adaptive' }, anthropic_beta: ['x'] },
      requestMetadata: { team: 'search' },
      serviceTier: { type: 'default' },
      outputConfig: {
        textFormat: {
          type: 'json_schema',
          structure: { jsonSchema: { schema: '{"type":"object"}', name: 'n', description: 'd' } },
        },
      },
      guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
      performanceConfig: { latency: 'optimized' },
      additionalModelResponseFieldPaths: ['/stop_sequence'],
    };
    const { body: written, receipt } = fromBedrock(
      body,
      'arn:aws:bedrock:us-east-1:1:application-inference-profile/x',
    );
    expect(written).toEqual(body);
    expect(
      Object.values(receipt).filter(({ action }) => action !== 'carried' && action !== 'renamed'),
    ).toEqual([]);
  });
});

describe('a request of Bedrock for others', () => {
  const toOpenai = (body: object) =>
    translate(
      bedrockConverse,
      openaiChat,
      { messages: [TEXT_TURN], ...body },
      { ...TARGET, provider: 'openai', model: 'gpt-4.1' },
    );
  const toAnthropic = (body: object) =>
    translate(
      bedrockConverse,
      anthropicMessages,
      { messages: [TEXT_TURN], ...body },
      { ...TARGET, model: 'claude-sonnet-4-5' },
    );

  it('says what it means in their words', () => {
    const body = {
      system: [{ text: 'Be brief.' }],
      inferenceConfig: { maxTokens: 100, stopSequences: ['END'] },
      toolConfig: { tools: [TOOL_SPEC], toolChoice: { any: {} } },
    };
    expect(toOpenai(body).body).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user' }],
      max_completion_tokens: 100,
      stop: ['END'],
      tools: [{ type: 'function', function: { name: 'weather' } }],
      tool_choice: 'required',
    });
    expect(toAnthropic(body).body).toMatchObject({
      system: [{ type: 'text', text: 'Be brief.' }],
      max_tokens: 100,
      tools: [{ name: 'weather' }],
      tool_choice: { type: 'any' },
    });
  });

  it('trap 125 cache points become breakpoints again', () => {
    const content = [{ text: 'Hello' }, { cachePoint: { type: 'default', ttl: '1h' } }];
    expect(toAnthropic({ messages: [{ role: 'user', content }] }).text).toContain(
      '"cache_control":{"type":"ephemeral","ttl":"1h"}',
    );
  });

  it('gives reading matter as text', () => {
    const content = [
      { guardContent: { text: { text: 'Is this safe?' } } },
      { searchResult: { title: 'X', source: 's', content: [{ text: 'found' }] } },
    ];
    for (const written of [toOpenai, toAnthropic].map((to) =>
      to({ messages: [{ role: 'user', content }] }),
    )) {
      expect(written.text).toContain('Is this safe?');
      expect(written.text).toContain('X\\ns\\nfound');
      expect(written.receipt['messages[].content[].guardContent']).toMatchObject({ action: 'converted' });
    }
  });

  it('names what is lost by the caller’s own words, and refuses what is not documented', () => {
    const { receipt } = toOpenai({
      guardrailConfig: { guardrailIdentifier: 'g' },
      additionalModelRequestFields: { x: 1 },
    });
    expect(receipt['guardrailConfig']).toMatchObject({ action: 'dropped' });
    expect(receipt['additionalModelRequestFields.x']).toMatchObject({ action: 'dropped' });
    expect(refusalOf(() => toOpenai({ inferenceConfig: { topK: 5 } }))).toMatchObject({
      code: 'unknown_field',
      param: 'inferenceConfig.topK',
    });
  });

  it('trap 74 a signature of Bedrock does not leave it', () => {
    const content = [
      { reasoningContent: { reasoningText: { text: 'Hm', signature: 'c2ln' } } },
      { text: 'a' },
    ];
    const messages = [TEXT_TURN, { role: 'assistant', content }, TEXT_TURN];
    expect(toAnthropic({ messages }).text).not.toContain('c2ln');
    expect(toAnthropic({ messages }).receipt['messages[].content[].reasoningContent']).toMatchObject({
      action: 'dropped',
    });
  });
});

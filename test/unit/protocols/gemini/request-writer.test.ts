import { describe, expect, it } from 'vitest';
import { gemini } from '../../../../src/protocols/gemini/index.ts';
import { refusalOf } from '../translate.ts';
import { anthropicToGemini, openaiToGemini, read } from './bodies.ts';

const HELLO = { role: 'user', content: 'Hello' };
const said = (role: string, ...parts: readonly object[]) => ({ role, parts });
const CALL = (id: string, name: string, args = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});
const RESULT = (id: string, content: string) => ({ role: 'tool', tool_call_id: id, content });
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOL = (name: string, parameters: object | undefined = SCHEMA) => ({
  type: 'function',
  function: { name, parameters },
});
const GEMINI_3 = { model: 'gemini-3-flash-preview' };
const PIXEL = 'iVBORw0KGgo=';

describe('conversations for Gemini', () => {
  it('trap 1 joins leading system messages in order into the system instruction', () => {
    const { body, receipt } = openaiToGemini({
      messages: [{ role: 'system', content: 'a' }, { role: 'developer', content: 'b' }, HELLO],
    });
    expect(body).toMatchObject({
      systemInstruction: { parts: [{ text: 'a' }, { text: 'b' }] },
      contents: [said('user', { text: 'Hello' })],
    });
    expect(receipt['messages']).toMatchObject({ action: 'converted', to: 'contents' });
    const old = openaiToGemini(
      { messages: [{ role: 'system', content: 'a' }, HELLO] },
      { model: 'gemma-3-4b-it' },
    );
    expect(old.body['systemInstruction']).toBeUndefined();
    expect(old.body['contents']).toEqual([said('user', { text: 'a' }, { text: 'Hello' })]);
  });

  it('trap 2 leaves a later system message in its place', () => {
    const { body } = openaiToGemini({
      messages: [
        HELLO,
        { role: 'assistant', content: 'Hi' },
        { role: 'system', content: 'Be brief.' },
        HELLO,
      ],
    });
    expect(body['contents']).toEqual([
      said('user', { text: 'Hello' }),
      said('model', { text: 'Hi' }),
      said('user', { text: '<system>\nBe brief.\n</system>' }, { text: 'Hello' }),
    ]);
  });

  it('trap 5 23 gives the results of parallel calls a turn of their own, in the order of the calls', () => {
    const messages = [
      HELLO,
      {
        role: 'assistant',
        content: null,
        tool_calls: [CALL('a', 'f', '{"n":1}'), CALL('b', 'f', '{"n":2}'), CALL('c', 'g')],
      },
      RESULT('c', 'three'),
      RESULT('b', 'two'),
      RESULT('a', 'one'),
      HELLO,
    ];
    const { body } = openaiToGemini({ messages, tools: [TOOL('f'), TOOL('g')] });
    const response = (id: string, name: string, output: string) => ({
      functionResponse: { id, name, response: { output } },
    });
    expect(body['contents']).toEqual([
      said('user', { text: 'Hello' }),
      said(
        'model',
        { functionCall: { id: 'a', name: 'f', args: { n: 1 } } },
        { functionCall: { id: 'b', name: 'f', args: { n: 2 } } },
        { functionCall: { id: 'c', name: 'g', args: {} } },
      ),
      said('user', response('a', 'f', 'one'), response('b', 'f', 'two'), response('c', 'g', 'three')),
      said('user', { text: 'Hello' }),
    ]);
    const { text } = openaiToGemini({ messages, tools: [TOOL('f'), TOOL('g')] }, { provider: 'vertex' });
    expect(text).not.toContain('"id"');
    expect(text.indexOf('"one"')).toBeLessThan(text.indexOf('"two"'));
  });

  it('trap 9 begins with a user turn', () => {
    const { body, receipt } = openaiToGemini({ messages: [{ role: 'assistant', content: 'Hi' }, HELLO] });
    expect(body['contents']).toEqual([
      said('user', { text: '.' }),
      said('model', { text: 'Hi' }),
      said('user', { text: 'Hello' }),
    ]);
    expect(receipt['messages']?.reason).toContain('must begin');
    const alone = openaiToGemini({ messages: [{ role: 'system', content: 'a' }] });
    expect(alone.body['contents']).toEqual([said('user', { text: '.' })]);
  });

  it('trap 6 leaves empty texts out', () => {
    const { body } = openaiToGemini({
      messages: [HELLO, { role: 'assistant', content: '', tool_calls: [CALL('a', 'f')] }, RESULT('a', '')],
      tools: [TOOL('f')],
    });
    expect(body['contents']).toEqual([
      said('user', { text: 'Hello' }),
      said('model', { functionCall: { id: 'a', name: 'f', args: {} } }),
      said('user', { functionResponse: { id: 'a', name: 'f', response: { output: '' } } }),
    ]);
  });

  it('trap 24 makes an object of every result', () => {
    const response = (content: string) => {
      const { body } = openaiToGemini({
        messages: [
          HELLO,
          { role: 'assistant', content: null, tool_calls: [CALL('a', 'f')] },
          RESULT('a', content),
        ],
        tools: [TOOL('f')],
      });
      return JSON.stringify((body['contents'] as { parts: object[] }[])[2]?.parts[0]);
    };
    expect(response('rain')).toContain('"response":{"output":"rain"}');
    expect(response('{"a": 1}')).toContain('"response":{"a":1}');
    expect(response('[1, 2]')).toContain('"response":{"output":[1,2]}');
    expect(response('42')).toContain('"response":{"output":"42"}');
    const { text, receipt } = anthropicToGemini({
      messages: [
        HELLO,
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'no', is_error: true }] },
      ],
      tools: [{ name: 'f', input_schema: SCHEMA }],
    });
    expect(text).toContain('"response":{"error":"no"}');
    expect(receipt['messages[].content[].is_error']?.action).toBe('converted');
  });

  it('trap 32 33 keeps arguments as they were written, and wraps those that are no object', () => {
    const { text } = openaiToGemini({
      messages: [
        HELLO,
        {
          role: 'assistant',
          content: null,
          tool_calls: [CALL('a', 'f', '{"n": 12345678901234567890, "e": 1e21}')],
        },
        RESULT('a', 'x'),
      ],
      tools: [TOOL('f')],
    });
    expect(text).toContain('{"n": 12345678901234567890, "e": 1e21}');
    const broken = openaiToGemini({
      messages: [
        HELLO,
        { role: 'assistant', content: null, tool_calls: [CALL('a', 'f', '{"n": 1')] },
        RESULT('a', 'x'),
      ],
      tools: [TOOL('f')],
    });
    expect(broken.text).toContain('"args":{"invalid_arguments":"{\\"n\\": 1"}');
    expect(broken.receipt['messages[].tool_calls[].function.arguments']?.action).toBe('converted');
  });

  it('trap 70 marks the first call of each turn as unsigned for models that want signatures', () => {
    const messages = [
      HELLO,
      { role: 'assistant', content: 'one', tool_calls: [CALL('a', 'f'), CALL('b', 'f')] },
      RESULT('a', 'x'),
      RESULT('b', 'x'),
      { role: 'assistant', content: null, tool_calls: [CALL('c', 'f')] },
      RESULT('c', 'x'),
    ];
    const signatures = (model: string) => {
      const { body } = openaiToGemini({ messages, tools: [TOOL('f')] }, { model });
      const contents = body['contents'] as {
        parts: { functionCall?: { id: string }; thoughtSignature?: string }[];
      }[];
      return contents.flatMap(({ parts }) =>
        parts.flatMap(({ functionCall, thoughtSignature }) =>
          functionCall === undefined ? [] : [[functionCall.id, thoughtSignature]],
        ),
      );
    };
    const sentinel = 'skip_thought_signature_validator';
    for (const model of [
      'gemini-3-pro-preview',
      'gemini-3.1-flash',
      'models/gemini-3-flash',
      'gemini-flash-latest',
    ]) {
      expect(signatures(model), model).toEqual([
        ['a', sentinel],
        ['b', undefined],
        ['c', sentinel],
      ]);
    }
    expect(signatures('gemini-2.5-flash').map(([, signature]) => signature)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('trap 70 74 gives Google its own signatures back, and nothing of another vendor', () => {
    const request = read({
      contents: [
        said('user', { text: 'x' }),
        said(
          'model',
          { text: 'thought', thought: true },
          { functionCall: { name: 'f' }, thoughtSignature: 'own' },
        ),
        said('user', { functionResponse: { name: 'f', response: {} } }),
      ],
    });
    const written = gemini.writeRequest(request, { provider: 'gemini', ...GEMINI_3, maxOutputTokens: null });
    if (!('body' in written)) throw written;
    expect(written.body.toString()).toContain('"thoughtSignature":"own"');
    expect(written.body.toString()).not.toContain('skip_thought');
    const { text, receipt } = anthropicToGemini({
      messages: [
        HELLO,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'foreign' },
            { type: 'text', text: 'Hi' },
          ],
        },
        HELLO,
      ],
    });
    expect(text).not.toContain('foreign');
    expect(text).not.toContain('"hm"');
    expect(receipt['messages[].content[].thinking']?.action).toBe('dropped');
  });

  it('trap 96 97 98 writes media inline, and an address as a file', () => {
    const { body, receipt } = openaiToGemini({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}`, detail: 'low' } },
            { type: 'image_url', image_url: { url: 'https://x.test/a.webp?s=1' } },
            { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          ],
        },
      ],
    });
    expect(body['contents']).toEqual([
      said(
        'user',
        { inlineData: { mimeType: 'image/png', data: PIXEL } },
        { fileData: { mimeType: 'image/webp', fileUri: 'https://x.test/a.webp?s=1' } },
        { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
        { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
      ),
    ]);
    expect(receipt['messages[].content[].image_url.detail']?.action).toBe('dropped');
    expect(receipt['messages[].content[].image_url']?.action).toBe('converted');
  });

  it('trap 99 refuses a file that another vendor keeps', () => {
    const content = [{ type: 'file', file: { file_id: 'file-1' } }];
    expect(refusalOf(() => openaiToGemini({ messages: [{ role: 'user', content }] })).code).toBe(
      'invalid_request',
    );
  });

  it('trap 100 puts images of tool results inside of the response, or behind it for older models', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } };
    const body = {
      messages: [
        HELLO,
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'see' }, image] },
          ],
        },
      ],
      tools: [{ name: 'f', input_schema: SCHEMA }],
    };
    const inline = { inlineData: { mimeType: 'image/png', data: PIXEL } };
    const response = { id: 't', name: 'f', response: { output: 'see' } };
    const newer = anthropicToGemini(body, GEMINI_3).body['contents'] as object[];
    expect(newer.slice(2)).toEqual([said('user', { functionResponse: { ...response, parts: [inline] } })]);
    const older = anthropicToGemini(body);
    expect((older.body['contents'] as object[]).slice(2)).toEqual([
      said('user', { functionResponse: response }),
      said('user', { text: 'From the result of f:' }, inline),
    ]);
  });

  it('keeps a search result as text, and names what else is lost of a message', () => {
    const { body, receipt } = anthropicToGemini({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'search_result', title: 'T', source: 's', content: [{ type: 'text', text: 'found' }] },
            { type: 'text', text: 'So?', cache_control: { type: 'ephemeral' } },
          ],
        },
      ],
    });
    expect(body['contents']).toEqual([said('user', { text: 'T\ns\nfound' }, { text: 'So?' })]);
    expect(receipt['messages[].content[].cache_control']?.action).toBe('dropped');
    const named = openaiToGemini({ messages: [{ ...HELLO, name: 'ann' }] });
    expect(named.receipt['messages[].name']?.action).toBe('dropped');
  });

  it('trap 126 writes the same bytes for the same request', () => {
    const body = { messages: [HELLO], tools: [TOOL('f')], temperature: 0.5, stop: ['a'] };
    expect(openaiToGemini(body).text).toBe(openaiToGemini(body).text);
  });
});

describe('settings for Gemini', () => {
  it('trap 82 84 writes sampling settings and stop sequences, at most five', () => {
    const { body, receipt } = openaiToGemini({
      temperature: 1.5,
      top_p: 0.9,
      seed: 7,
      max_tokens: 50,
      stop: ['a', 'b', 'c', 'd'],
    });
    expect(body['generationConfig']).toEqual({
      temperature: 1.5,
      topP: 0.9,
      seed: 7,
      maxOutputTokens: 50,
      stopSequences: ['a', 'b', 'c', 'd'],
    });
    expect(receipt['temperature']).toMatchObject({ action: 'renamed', to: 'generationConfig.temperature' });
    const stops = anthropicToGemini({ stop_sequences: ['1', '2', '3', '4', '5', '6'], top_k: 40 });
    expect(stops.body['generationConfig']).toMatchObject({
      stopSequences: ['1', '2', '3', '4', '5'],
      topK: 40,
    });
    expect(stops.receipt['stop_sequences']).toMatchObject({ action: 'converted' });
  });

  it('brings a long seed into 32 bits, and says so', () => {
    const { body, receipt } = openaiToGemini({ seed: 2 ** 40 + 5 });
    expect(body['generationConfig']).toEqual({ seed: 5 });
    expect(receipt['seed']).toMatchObject({ action: 'converted' });
  });

  it('drops penalties for the generation that refuses them', () => {
    const body = { presence_penalty: 0.5, frequency_penalty: 0.5 };
    expect(openaiToGemini(body).receipt['presence_penalty']?.action).toBe('dropped');
    expect(openaiToGemini(body).body['generationConfig']).toBeUndefined();
    const vertex = openaiToGemini(body, { provider: 'vertex' }).body['generationConfig'];
    expect(vertex).toEqual({ presencePenalty: 0.5, frequencyPenalty: 0.5 });
  });

  it.each([
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128 }],
    ['gemini-2.5-flash-lite', 'minimal', { thinkingBudget: 512, includeThoughts: true }],
    ['gemini-2.5-flash', 'low', { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-2.5-flash', 'xhigh', { thinkingBudget: 24576, includeThoughts: true }],
    ['gemini-2.5-pro', 'xhigh', { thinkingBudget: 32768, includeThoughts: true }],
    ['gemini-3-flash-preview', 'none', { thinkingLevel: 'minimal' }],
    ['gemini-3-flash-preview', 'medium', { thinkingLevel: 'medium', includeThoughts: true }],
    ['gemini-3-pro-preview', 'none', { thinkingLevel: 'low' }],
    ['gemini-3-pro-preview', 'medium', { thinkingLevel: 'high', includeThoughts: true }],
    ['gemini-3.1-pro-preview', 'medium', { thinkingLevel: 'medium', includeThoughts: true }],
    ['gemini-3.7-flash', 'minimal', { thinkingLevel: 'low', includeThoughts: true }],
    ['models/gemini-3-flash', 'xhigh', { thinkingLevel: 'high', includeThoughts: true }],
  ])('trap 75 %s with effort "%s"', (model, effort, thinkingConfig) => {
    const { body, receipt } = openaiToGemini({ reasoning_effort: effort }, { model });
    expect(body['generationConfig']).toEqual({ thinkingConfig });
    expect(receipt['reasoning_effort']).toMatchObject({ action: 'converted' });
    expect(receipt).not.toHaveProperty('reasoning.effort');
  });

  it('trap 75 never sends a level and a budget together, and nothing to models that do not think', () => {
    const thinking = { thinking: { type: 'enabled', budget_tokens: 5000 }, max_tokens: 9000 };
    const levels = anthropicToGemini(thinking, GEMINI_3).body['generationConfig'];
    expect(levels).toMatchObject({ thinkingConfig: { thinkingLevel: 'medium', includeThoughts: true } });
    const budget = anthropicToGemini(thinking).body['generationConfig'];
    expect(budget).toMatchObject({ thinkingConfig: { thinkingBudget: 5000, includeThoughts: true } });
    const adaptive = { thinking: { type: 'adaptive' } };
    expect(anthropicToGemini(adaptive).body['generationConfig']).toMatchObject({
      thinkingConfig: { thinkingBudget: -1, includeThoughts: true },
    });
    const none = openaiToGemini({ reasoning_effort: 'high' }, { model: 'gemini-2.0-flash' });
    expect(none.body['generationConfig']).toBeUndefined();
    expect(none.receipt['reasoning_effort']).toMatchObject({ action: 'dropped' });
  });

  it('trap 27 writes tool choices as modes', () => {
    const choice = (toolChoice: unknown) =>
      openaiToGemini({ tools: [TOOL('f'), TOOL('g')], tool_choice: toolChoice }).body['toolConfig'];
    expect(choice('auto')).toEqual({ functionCallingConfig: { mode: 'AUTO' } });
    expect(choice('none')).toEqual({ functionCallingConfig: { mode: 'NONE' } });
    expect(choice('required')).toEqual({ functionCallingConfig: { mode: 'ANY' } });
    expect(choice({ type: 'function', function: { name: 'g' } })).toEqual({
      functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['g'] },
    });
    const without = openaiToGemini({ tools: [], tool_choice: 'auto' });
    expect(without.body).not.toHaveProperty('tools');
    expect(without.receipt['tool_choice']?.action).toBe('dropped');
  });

  it('trap 29 20 says that one call at a time and strictness are lost', () => {
    const strict = { type: 'function', function: { name: 'f', parameters: SCHEMA, strict: true } };
    const { receipt } = openaiToGemini({ tools: [strict], parallel_tool_calls: false });
    expect(receipt['parallel_tool_calls']?.action).toBe('dropped');
    expect(receipt['tools[].function.strict']?.action).toBe('dropped');
  });

  it('trap 17 leaves out parameters that are an object without properties', () => {
    const { body } = openaiToGemini({
      tools: [TOOL('f', { type: 'object', properties: {} }), { type: 'function', function: { name: 'g' } }],
    });
    expect(body['tools']).toEqual([{ functionDeclarations: [{ name: 'f' }, { name: 'g' }] }]);
  });

  it('trap 18 sends JSON Schema as it is where the model takes it', () => {
    const parameters = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/a' }, b: { type: ['string', 'null'], const: 'x' } },
      $defs: { a: { type: 'integer', exclusiveMinimum: 0 } },
      additionalProperties: false,
    };
    const { body } = openaiToGemini({ tools: [TOOL('f', parameters)] });
    expect(body['tools']).toEqual([
      { functionDeclarations: [{ name: 'f', parametersJsonSchema: parameters }] },
    ]);
    const old = openaiToGemini({ tools: [TOOL('f', parameters)] }, { model: 'gemini-1.5-pro' });
    expect(old.body['tools']).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            parameters: {
              type: 'OBJECT',
              properties: {
                a: { type: 'INTEGER', description: '(exclusiveMinimum: 0)' },
                b: { type: 'STRING', nullable: true, enum: ['x'] },
              },
            },
          },
        ],
      },
    ]);
    expect(old.receipt['tools[].parameters']).toMatchObject({ action: 'converted' });
  });

  it('trap 21 renames tools that Google does not take, and tells how to name them back', () => {
    const request = read({});
    const tools = [{ name: '1st' }, { name: 'files/read' }, { name: 'plain' }];
    const written = gemini.writeRequest(
      { ...request, protocol: 'graphql', tools },
      { provider: 'gemini', model: 'gemini-2.5-flash', maxOutputTokens: null },
    );
    if (!('body' in written)) throw written;
    const names = [...(written.toolNames ?? [])];
    expect(names.map(([, name]) => name)).toEqual(['1st', 'files/read']);
    for (const [name] of names) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/);
    expect(written.body.toString()).toContain('"plain"');
    expect(written.body.toString()).not.toContain('files/read');
  });

  it('trap 91 94 writes a format, or an instruction where a format is not possible', () => {
    const format = { type: 'json_schema', json_schema: { name: 'x', schema: SCHEMA, strict: true } };
    const alone = openaiToGemini({ response_format: format });
    expect(alone.body['generationConfig']).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: SCHEMA,
    });
    const object = openaiToGemini({ response_format: { type: 'json_object' } });
    expect(object.body['generationConfig']).toEqual({ responseMimeType: 'application/json' });
    const withTools = { response_format: format, tools: [TOOL('f')] };
    const older = openaiToGemini(withTools);
    expect(older.body['generationConfig']).toBeUndefined();
    expect(JSON.stringify(older.body['systemInstruction'])).toContain('JSON Schema');
    expect(older.receipt['response_format']).toMatchObject({ action: 'converted', to: 'systemInstruction' });
    expect(openaiToGemini(withTools, GEMINI_3).body['generationConfig']).toHaveProperty('responseJsonSchema');
    const forced = openaiToGemini({ ...withTools, tool_choice: 'required' }, GEMINI_3);
    expect(forced.body['generationConfig']).toBeUndefined();
    const vintage = openaiToGemini({ response_format: format }, { model: 'gemini-1.5-flash' });
    expect(vintage.body['generationConfig']).toEqual({
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { city: { type: 'STRING' } }, required: ['city'] },
    });
  });

  it('trap 86 88 89 says what has no word at Google', () => {
    const { body, receipt } = openaiToGemini({
      logprobs: true,
      user: 'u',
      metadata: { a: 'b' },
      service_tier: 'default',
    });
    for (const field of ['logprobs', 'user', 'metadata'])
      expect(receipt[field]?.action, field).toBe('dropped');
    expect(body).toMatchObject({ serviceTier: 'standard' });
    expect(receipt['service_tier']).toMatchObject({ action: 'converted' });
    const auto = openaiToGemini({ service_tier: 'auto' });
    expect(auto.body).not.toHaveProperty('serviceTier');
    expect(auto.receipt['service_tier']?.action).toBe('dropped');
  });

  it('takes no more output than the model gives', () => {
    const { body, receipt } = openaiToGemini({ max_tokens: 9000 }, { maxOutputTokens: 8192 });
    expect(body['generationConfig']).toEqual({ maxOutputTokens: 8192 });
    expect(receipt['max_tokens']).toMatchObject({ action: 'converted' });
  });

  it('gives a caller of its own every field back', () => {
    const body = {
      contents: [said('user', { text: 'x', videoMetadata: { fps: 2 } })],
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      generationConfig: {
        temperature: 0.5,
        responseModalities: ['TEXT'],
        thinkingConfig: { thinkingBudget: 100, includeThoughts: true },
      },
      tools: [{ functionDeclarations: [{ name: 'f', behavior: 'BLOCKING' }] }, { googleSearch: {} }],
      toolConfig: {
        functionCallingConfig: { mode: 'VALIDATED' },
        retrievalConfig: { languageCode: 'de' },
      },
      serviceTier: 'flex',
    };
    const target = { provider: 'gemini', model: 'gemini-2.5-flash', maxOutputTokens: null };
    const written = gemini.writeRequest(read(body), target);
    if (!('body' in written)) throw written;
    expect(JSON.parse(written.body.toString())).toEqual(body);
    expect(written.receipt.filter(({ action }) => action === 'dropped')).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { refusalOf } from '../translate.ts';
import { geminiToAnthropic, geminiToOpenai, read, SAID } from './bodies.ts';

const ORIGIN = { protocol: 'gemini' };
const user = (...parts: readonly object[]) => ({ role: 'user', parts });
const model = (...parts: readonly object[]) => ({ role: 'model', parts });
const call = (name: string, args: object = {}, id?: string) => ({
  functionCall: { name, args, ...(id === undefined ? {} : { id }) },
});
const result = (name: string, response: object, id?: string) => ({
  functionResponse: { name, response, ...(id === undefined ? {} : { id }) },
});
const text = (value: string) => ({ type: 'text', text: value });

describe('conversations from Gemini', () => {
  it('trap 1 reads the system instruction, an object of parts or a string, under both spellings', () => {
    const parts = [{ text: 'a' }, { text: 'b' }];
    const expected = { role: 'system', blocks: [text('a'), text('b')] };
    expect(read({ systemInstruction: { parts } }).messages[0]).toEqual(expected);
    expect(read({ system_instruction: { role: 'user', parts } }).messages[0]).toEqual(expected);
    expect(read({ systemInstruction: { parts: parts[0] } }).messages[0]?.blocks).toEqual([text('a')]);
    expect(read({ systemInstruction: 'a' }).messages[0]?.blocks).toEqual([text('a')]);
    expect(read({ systemInstruction: { parts: [{ text: '' }] } }).messages).toHaveLength(1);
  });

  it('takes a content without a role for the user’s, and names the place of what is wrong', () => {
    expect(read({ contents: [{ parts: [{ text: 'x' }] }] }).messages).toEqual([
      { role: 'user', blocks: [text('x')] },
    ]);
    expect(refusalOf(() => read({ contents: [] })).param).toBe('contents');
    expect(refusalOf(() => read({ contents: [user({})] })).param).toBe('contents[0].parts[0]');
    expect(refusalOf(() => read({ contents: [{ role: 'system', parts: [] }] })).param).toBe(
      'contents[0].role',
    );
    expect(refusalOf(() => read({ contents: [user({ text: 1 })] })).param).toBe('contents[0].parts[0].text');
  });

  it('trap 5 takes contents of the model that follow each other for one turn, as a kept stream has them', () => {
    const { messages } = read({
      contents: [
        user({ text: 'Weather?' }),
        model({ text: 'Let me ' }),
        model({ text: 'see.' }),
        model(call('f', { a: 1 }, 'c1')),
        model({ text: '' }),
        user(result('f', { output: 'rain' }, 'c1')),
        model({ text: 'Rain.' }),
        user({ text: 'Thanks' }),
      ],
    });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
    expect(messages[1]?.blocks).toEqual([
      text('Let me '),
      text('see.'),
      { type: 'toolCall', id: 'c1', name: 'f', arguments: '{"a":1}' },
      text(''),
    ]);
  });

  it('trap 22 gives calls without an id one that is the same in every request', () => {
    const contents = [
      user({ text: 'x' }),
      model(call('f'), call('f')),
      user(result('f', {}), result('f', {})),
    ];
    const ids = (grown: readonly object[]) =>
      read({ contents: grown }).messages[1]?.blocks.map((block) =>
        block.type === 'toolCall' ? block.id : '',
      );
    const first = ids(contents);
    expect(new Set(first).size).toBe(2);
    expect(ids([...contents, model({ text: 'done' }), user({ text: 'more' })])).toEqual(first);
    expect(first?.[0]).toMatch(/^call_[a-zA-Z0-9]{24}$/);
  });

  it('trap 23 pairs results by id, and by name and order without one', () => {
    const answered = (...results: readonly object[]) => {
      const { messages } = read({
        contents: [
          user({ text: 'x' }),
          model(call('f', {}, 'a'), call('g', {}, 'b'), call('f', {}, 'c')),
          user(...results),
        ],
      });
      return messages[2]?.blocks.map((block) =>
        block.type === 'toolResult' ? [block.toolCallId, block.content[0]] : null,
      );
    };
    const results = [
      result('f', { output: '1' }),
      result('f', { output: '2' }),
      result('g', { output: '3' }),
    ];
    expect(answered(...results)).toEqual([
      ['a', text('1')],
      ['c', text('2')],
      ['b', text('3')],
    ]);
    expect(
      answered(
        result('f', { output: '2' }, 'c'),
        result('g', { output: '3' }),
        result('f', { output: '1' }, 'a'),
      ),
    ).toEqual([
      ['c', text('2')],
      ['b', text('3')],
      ['a', text('1')],
    ]);
  });

  it('trap 26 refuses a result without a call and a call without a result', () => {
    const orphan = refusalOf(() => read({ contents: [user(result('f', {}))] }));
    expect(orphan).toMatchObject({ code: 'invalid_request', param: 'contents[0].parts[0].functionResponse' });
    const open = { contents: [user({ text: 'x' }), model(call('f')), user({ text: 'y' })] };
    expect(refusalOf(() => read(open)).param).toBe('contents[1].parts');
  });

  it('trap 24 reads output, error, and a response that is the output itself', () => {
    const content = (response: object) => {
      const { messages } = read({
        contents: [user({ text: 'x' }), model(call('f')), user(result('f', response))],
      });
      const [block] = messages[2]?.blocks ?? [];
      return block?.type === 'toolResult' ? [block.content[0], block.isError] : null;
    };
    expect(content({ output: 'rain' })).toEqual([text('rain'), false]);
    expect(content({ output: [1, 2] })).toEqual([text('[1,2]'), false]);
    expect(content({ error: 'no network' })).toEqual([text('no network'), true]);
    expect(content({ city: 'Basel', rain: true })).toEqual([text('{"city":"Basel","rain":true}'), false]);
    expect(content({})).toEqual([text('{}'), false]);
  });

  it('trap 70 keeps thought signatures with their origin', () => {
    const { messages, fields } = read({
      contents: [
        user({ text: 'x' }),
        model(
          { text: 'thinking', thought: true },
          { text: 'Hi', thoughtSignature: 's1' },
          { ...call('f', {}, 'c'), thoughtSignature: 's2' },
        ),
        user(result('f', {}, 'c')),
      ],
    });
    expect(messages[1]?.blocks).toEqual([
      { type: 'reasoning', text: 'thinking', signature: undefined, origin: ORIGIN },
      { ...text('Hi'), signature: { value: 's1', origin: ORIGIN } },
      { type: 'toolCall', id: 'c', name: 'f', arguments: '{}', signature: { value: 's2', origin: ORIGIN } },
    ]);
    expect(fields).toMatchObject({ 'message.reasoning': 'contents[].parts[].thought' });
    const { text: body, receipt } = geminiToAnthropic({
      contents: [user({ text: 'x' }), model({ text: 'Hi', thoughtSignature: 's1' }), user({ text: 'y' })],
    });
    expect(body).not.toContain('s1');
    expect(receipt['contents[].parts[].thoughtSignature']?.action).toBe('dropped');
  });

  it('trap 96 97 98 reads inline media by their type, also in the base64 of addresses', () => {
    const inline = (mimeType: string, data = 'a-_b') => ({ inline_data: { mime_type: mimeType, data } });
    const { messages } = read({
      contents: [
        user(inline('image/png'), inline('application/pdf'), inline('audio/x-wav'), inline('audio/mpeg'), {
          fileData: { fileUri: 'https://x.test/a.png', mimeType: 'image/png' },
        }),
      ],
    });
    const data = 'a+/b';
    expect(messages[0]?.blocks).toEqual([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data } },
      { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data } },
      { type: 'audio', format: 'wav', data },
      { type: 'audio', format: 'mp3', data },
      { type: 'image', source: { kind: 'url', url: 'https://x.test/a.png', mediaType: 'image/png' } },
    ]);
  });

  it('trap 99 a file in Google’s store goes to no other provider', () => {
    for (const fileUri of ['gs://b/a.png', 'https://generativelanguage.googleapis.com/v1beta/files/x']) {
      const contents = [user({ fileData: { fileUri, mimeType: 'image/png' } })];
      expect(refusalOf(() => geminiToOpenai({ contents }))).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('trap 34 keeps the provider’s own parts whole, and says that they are lost elsewhere', () => {
    const code = { executableCode: { language: 'PYTHON', code: 'print(1)' } };
    const output = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } };
    const contents = [user({ text: 'x' }), model(code, output, { text: '1' }), user({ text: 'y' })];
    expect(read({ contents }).messages[1]?.blocks[0]).toEqual({ type: 'unknown', raw: code, origin: ORIGIN });
    const { receipt, text: body } = geminiToOpenai({ contents });
    expect(body).not.toContain('print');
    expect(Object.values(receipt).filter(({ action }) => action === 'dropped')).not.toEqual([]);
  });
});

describe('settings from Gemini', () => {
  it('reads generationConfig under both spellings', () => {
    const camel = read({
      generationConfig: {
        temperature: 0.5,
        topP: 0.9,
        topK: 20,
        seed: 7,
        stopSequences: ['a'],
        maxOutputTokens: 100,
        presencePenalty: 0.1,
        frequencyPenalty: -0.1,
      },
    });
    expect(camel).toMatchObject({
      temperature: 0.5,
      topP: 0.9,
      topK: 20,
      seed: 7,
      stop: ['a'],
      maxOutputTokens: 100,
      presencePenalty: 0.1,
      frequencyPenalty: -0.1,
    });
    expect(
      read({ generation_config: { top_k: 20, stop_sequences: ['a'], max_output_tokens: 5 } }),
    ).toMatchObject({
      topK: 20,
      stop: ['a'],
      maxOutputTokens: 5,
    });
    const wrong = refusalOf(() => read({ generationConfig: { temperature: 3 } }));
    expect(wrong).toMatchObject({ code: 'invalid_request', param: 'generationConfig.temperature' });
  });

  it('trap 75 reads a budget, a level, off and the model’s choice', () => {
    const reasoning = (thinkingConfig: object) => read({ generationConfig: { thinkingConfig } }).reasoning;
    expect(reasoning({ thinkingBudget: 0 })).toEqual({ effort: 'none' });
    expect(reasoning({ thinkingBudget: -1 })).toEqual({ adaptive: true });
    expect(reasoning({ thinkingBudget: 2048 })).toEqual({ budgetTokens: 2048 });
    expect(reasoning({ thinkingLevel: 'HIGH', includeThoughts: true })).toEqual({ effort: 'high' });
    expect(reasoning({ thinking_level: 'minimal' })).toEqual({ effort: 'minimal' });
    expect(reasoning({ includeThoughts: true })).toBeUndefined();
    const { body, receipt } = geminiToOpenai(
      { generationConfig: { thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true } } },
      { model: 'gpt-5' },
    );
    expect(body).toMatchObject({ reasoning_effort: 'low' });
    expect(receipt['generationConfig.thinkingConfig']?.action).toBe('converted');
    expect(receipt['generationConfig.thinkingConfig.includeThoughts']?.action).toBe('dropped');
  });

  it('trap 16 18 reads Google’s own schemas as JSON Schema', () => {
    const { body } = geminiToOpenai({
      tools: [
        {
          functionDeclarations: [
            {
              name: 'f',
              description: 'd',
              parameters: {
                type: 'OBJECT',
                properties: {
                  city: { type: 'STRING', nullable: true, enum: ['a', 'b'] },
                  days: { type: 'ARRAY', minItems: '1', items: { type: 'INTEGER', format: 'int32' } },
                  when: { anyOf: [{ type: 'STRING', format: 'date-time' }, { type: 'NUMBER' }] },
                },
                required: ['city'],
                propertyOrdering: ['city', 'days'],
              },
            },
          ],
        },
      ],
    });
    expect(body['tools']).toEqual([
      {
        type: 'function',
        function: {
          name: 'f',
          description: 'd',
          parameters: {
            type: 'object',
            properties: {
              city: { type: ['string', 'null'], enum: ['a', 'b', null] },
              days: { type: 'array', minItems: 1, items: { type: 'integer' } },
              when: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'number' }] },
            },
            required: ['city'],
          },
        },
      },
    ]);
  });

  it('trap 91 reads every form of a JSON answer', () => {
    const format = (generationConfig: object) => read({ generationConfig }).responseFormat;
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const asked = { type: 'jsonSchema', name: 'response', schema, strict: true };
    const json = { responseMimeType: 'application/json' };
    expect(format(json)).toEqual({ type: 'jsonObject' });
    expect(format({ responseMimeType: 'text/plain' })).toEqual({ type: 'text' });
    expect(format({ ...json, responseJsonSchema: schema })).toEqual(asked);
    expect(format({ ...json, _responseJsonSchema: schema })).toEqual(asked);
    const own = { type: 'OBJECT', properties: { a: { type: 'STRING' } } };
    expect(format({ ...json, responseSchema: own })).toEqual(asked);
    expect(format({ responseFormat: { text: { mimeType: 'APPLICATION_JSON', schema } } })).toEqual(asked);
    const words = { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a'] } };
    expect(format(words)).toBeUndefined();
    expect(geminiToOpenai({ generationConfig: words }).receipt).toMatchObject({
      'generationConfig.responseMimeType': { action: 'dropped' },
      'generationConfig.responseSchema': { action: 'dropped' },
    });
  });

  it('trap 27 reads the modes of function calling', () => {
    const tools = [{ functionDeclarations: [{ name: 'f' }, { name: 'g' }, { name: 'h' }] }];
    const config = (functionCallingConfig: object) => read({ tools, toolConfig: { functionCallingConfig } });
    expect(config({ mode: 'AUTO' }).toolChoice).toEqual({ mode: 'auto' });
    expect(config({ mode: 'NONE' }).toolChoice).toEqual({ mode: 'none' });
    expect(config({ mode: 'ANY' }).toolChoice).toEqual({ mode: 'required' });
    expect(config({ mode: 'ANY', allowedFunctionNames: ['g'] }).toolChoice).toEqual({
      mode: 'tool',
      name: 'g',
    });
    const some = config({ mode: 'ANY', allowed_function_names: ['f', 'g'] });
    expect(some.toolChoice).toEqual({ mode: 'required' });
    expect(some.tools.map(({ name }) => name)).toEqual(['f', 'g']);
    const checked = config({ mode: 'VALIDATED' });
    expect(checked.toolChoice).toEqual({ mode: 'auto' });
    expect(checked.extra['toolConfig.functionCallingConfig.mode']).toBe('VALIDATED');
    const unknown = refusalOf(() => config({ mode: 'ANY', allowedFunctionNames: ['x'] }));
    expect(unknown.param).toBe('toolConfig.functionCallingConfig.allowedFunctionNames[0]');
  });

  it('keeps the provider’s own tools apart from functions, and says by name what is lost', () => {
    const tools = [{ googleSearch: {} }, { functionDeclarations: [{ name: 'f' }], code_execution: {} }];
    const { tools: read1 } = read({ tools });
    expect(read1.map(({ name, raw }) => [name, raw?.value])).toEqual([
      ['googleSearch', { googleSearch: {} }],
      ['f', undefined],
      ['codeExecution', { codeExecution: {} }],
    ]);
    const { body, receipt } = geminiToOpenai({ tools });
    expect(body['tools']).toHaveLength(1);
    expect(receipt['tools[].googleSearch']?.action).toBe('dropped');
    expect(receipt['tools[].codeExecution']?.action).toBe('dropped');
  });

  it('says of every documented field that has no word elsewhere that it is lost', () => {
    const { receipt } = geminiToOpenai({
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      labels: { team: 'a' },
      generationConfig: { responseModalities: ['TEXT'], mediaResolution: 'MEDIA_RESOLUTION_LOW' },
      toolConfig: { retrievalConfig: { languageCode: 'de' } },
    });
    for (const field of [
      ...[
        'safetySettings',
        'labels',
        'generationConfig.responseModalities',
        'generationConfig.mediaResolution',
      ],
      'toolConfig.retrievalConfig',
    ]) {
      expect(receipt[field], field).toMatchObject({ action: 'dropped' });
    }
  });

  it('trap 86 says that log probabilities are lost', () => {
    const { receipt } = geminiToOpenai({ generationConfig: { responseLogprobs: true, logprobs: 3 } });
    expect(receipt['generationConfig.responseLogprobs']?.action).toBe('dropped');
    expect(receipt['generationConfig.logprobs']?.action).toBe('dropped');
  });

  it('trap 85 refuses several answers, and content that Google keeps, before another protocol', () => {
    const many = refusalOf(() => geminiToOpenai({ generationConfig: { candidateCount: 2 } }));
    expect(many).toMatchObject({ code: 'invalid_request', param: 'generationConfig.candidateCount' });
    expect(geminiToOpenai({ generationConfig: { candidateCount: 1 } }).body).toHaveProperty('messages');
    const cached = refusalOf(() => geminiToOpenai({ cachedContent: 'cachedContents/x' }));
    expect(cached).toMatchObject({ code: 'invalid_request', param: 'cachedContent' });
  });

  it('refuses what Google does not document before another protocol, wherever it stands', () => {
    const wrong = [
      { foo: 1 },
      { generationConfig: { foo: 1 } },
      { contents: [user({ text: 'x', foo: 1 })] },
      { tools: [{ functionDeclarations: [{ name: 'f', foo: 1 }] }] },
      { toolConfig: { functionCallingConfig: { mode: 'AUTO', foo: 1 } } },
      { generationConfig: { thinkingConfig: { foo: 1 } } },
    ];
    for (const body of wrong) {
      const refusal = refusalOf(() => geminiToOpenai({ contents: SAID, ...body }));
      expect(refusal).toMatchObject({ code: 'unknown_field' });
      expect(refusal.param).toMatch(/foo$/);
    }
  });

  it('takes a model that is repeated in the body', () => {
    expect(geminiToOpenai({ model: 'models/x' }).receipt).not.toHaveProperty('model');
  });
});

import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import { type ChatInputValue, readChatInput } from '../../../src/graphql/chat-input.ts';

const user = { role: 'user', content: 'Hello' } as const;
const minimal: ChatInputValue = { model: 'm', messages: [user] };

function read(input: Partial<ChatInputValue>) {
  const request = readChatInput({ ...minimal, ...input }, false);
  if (request instanceof CallError) throw request;
  return request;
}

function paramOf(input: Partial<ChatInputValue>): [string, string | null] {
  const error = readChatInput({ ...minimal, ...input }, false);
  if (!(error instanceof CallError)) throw new Error('the input was taken');
  return [error.code, error.param];
}

describe('readChatInput', () => {
  it('takes the smallest input and says nothing that the caller did not', () => {
    expect(JSON.parse(JSON.stringify(read({})))).toEqual({
      protocol: 'graphql',
      model: 'm',
      stream: false,
      streamUsage: true,
      messages: [{ role: 'user', blocks: [{ type: 'text', text: 'Hello' }] }],
      tools: [],
      extra: {},
      unknownFields: [],
      fields: { model: 'model', messages: 'messages' },
    });
  });

  it('treats null like an absent field', () => {
    const nothing = {
      temperature: null,
      topP: null,
      stop: null,
      tools: null,
      toolChoice: null,
      metadata: null,
    };
    const rest = { maxOutputTokens: null, seed: null, responseFormat: null, reasoningEffort: null };
    expect(read({ ...nothing, ...rest })).toEqual(read({}));
  });

  it('carries every setting, and names them for the receipt as the caller wrote them', () => {
    const request = read({
      temperature: 0.5,
      topP: 0.9,
      maxOutputTokens: 100,
      stop: ['END'],
      seed: 7,
      tools: [{ name: 'weather', description: 'd', parameters: { type: 'object' }, strict: true }],
      toolChoice: { mode: 'tool', name: 'weather' },
      responseFormat: { type: 'jsonSchema', schema: { type: 'object' }, strict: true },
      reasoningEffort: 'low',
      metadata: { user: 'u' },
    });
    expect(request).toMatchObject({
      temperature: 0.5,
      topP: 0.9,
      maxOutputTokens: 100,
      stop: ['END'],
      seed: 7,
      tools: [{ name: 'weather', description: 'd', parameters: { type: 'object' }, strict: true }],
      toolChoice: { mode: 'tool', name: 'weather' },
      responseFormat: { type: 'jsonSchema', name: 'answer', schema: { type: 'object' }, strict: true },
      reasoning: { effort: 'low' },
      metadata: { user: 'u' },
    });
    expect(request.fields).toMatchObject({
      reasoning: 'reasoningEffort',
      maxOutputTokens: 'maxOutputTokens',
    });
  });

  it('reads each kind of content part', () => {
    const { messages } = read({
      messages: [
        {
          role: 'user',
          parts: [
            { text: 'look' },
            { imageUrl: 'https://example.com/a.png' },
            { imageUrl: 'data:image/png;base64,AAAA' },
            { image: { mediaType: 'image/jpeg', data: 'AAAA' } },
            { audio: { format: 'wav', data: 'AAAA' } },
            { file: { name: 'a.pdf', mediaType: 'application/pdf', data: 'AAAA' } },
            { file: { id: 'file-1' } },
            { file: { url: 'https://example.com/a.pdf' } },
          ],
        },
      ],
    });
    expect(messages[0]?.blocks).toEqual([
      { type: 'text', text: 'look' },
      { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
      { type: 'image', source: { kind: 'base64', mediaType: 'image/jpeg', data: 'AAAA' } },
      { type: 'audio', format: 'wav', data: 'AAAA' },
      { type: 'file', name: 'a.pdf', source: { kind: 'base64', mediaType: 'application/pdf', data: 'AAAA' } },
      { type: 'file', name: undefined, source: { kind: 'file', id: 'file-1' } },
      { type: 'file', name: undefined, source: { kind: 'url', url: 'https://example.com/a.pdf' } },
    ]);
  });

  it('keeps the arguments of tool calls as text, and makes tool messages tool results', () => {
    const { messages } = read({
      messages: [
        user,
        { role: 'assistant', toolCalls: [{ id: 'c1', name: 'weather', arguments: '{"n":1e2, "n": 2}' }] },
        { role: 'tool', toolCallId: 'c1', content: 'sunny' },
      ],
    });
    expect(messages[1]?.blocks).toEqual([
      { type: 'toolCall', id: 'c1', name: 'weather', arguments: '{"n":1e2, "n": 2}' },
    ]);
    expect(messages[2]?.blocks).toEqual([
      { type: 'toolResult', toolCallId: 'c1', content: [{ type: 'text', text: 'sunny' }], isError: false },
    ]);
  });

  it.each<[string, Partial<ChatInputValue>]>([
    ['input.model', { model: '' }],
    ['input.messages', { messages: [] }],
    ['input.messages[1].content', { messages: [user, { role: 'user' }] }],
    ['input.messages[0].content', { messages: [{ role: 'user', parts: [] }] }],
    ['input.messages[0].parts', { messages: [{ role: 'user', content: 'a', parts: [{ text: 'b' }] }] }],
    ['input.messages[0].parts[1]', { messages: [{ role: 'user', parts: [{ text: 'a' }, {}] }] }],
    [
      'input.messages[0].parts[0]',
      { messages: [{ role: 'user', parts: [{ text: 'a', imageUrl: 'https://b' }] }] },
    ],
    [
      'input.messages[0].parts[0].imageUrl',
      { messages: [{ role: 'user', parts: [{ imageUrl: 'file:///etc' }] }] },
    ],
    [
      'input.messages[0].parts[0].image.data',
      { messages: [{ role: 'user', parts: [{ image: { mediaType: 'image/png', data: 'no base64!' } }] }] },
    ],
    ['input.messages[0].parts[0].file', { messages: [{ role: 'user', parts: [{ file: { name: 'a' } }] }] }],
    ['input.messages[0].toolCallId', { messages: [{ role: 'tool', content: 'sunny' }] }],
    ['input.messages[0].toolCallId', { messages: [{ role: 'user', content: 'a', toolCallId: 'c1' }] }],
    [
      'input.messages[0].toolCalls',
      { messages: [{ role: 'user', content: 'a', toolCalls: [{ id: 'c', name: 'n', arguments: '' }] }] },
    ],
    ['input.tools[0].name', { tools: [{ name: '' }] }],
    ['input.tools[0].parameters', { tools: [{ name: 'a', parameters: [] }] }],
    ['input.toolChoice.name', { toolChoice: { mode: 'tool', name: 'unknown' } }],
    ['input.toolChoice.name', { toolChoice: { mode: 'auto', name: 'a' } }],
    ['input.responseFormat.schema', { responseFormat: { type: 'jsonSchema' } }],
    ['input.responseFormat.schema', { responseFormat: { type: 'text', schema: {} } }],
    ['input.maxOutputTokens', { maxOutputTokens: 0 }],
    ['input.topP', { topP: 1.1 }],
    ['input.metadata', { metadata: 'text' }],
    ['input.idempotencyKey', { idempotencyKey: '' }],
    ['input.idempotencyKey', { idempotencyKey: 'x'.repeat(256) }],
  ])('refuses with the path %s', (param, input) => {
    expect(paramOf(input)).toEqual(['invalid_request', param]);
  });
});

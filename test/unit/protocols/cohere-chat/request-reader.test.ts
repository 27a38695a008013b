import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import type { ChatRequest } from '../../../../src/protocols/blocks.ts';
import { cohereChat } from '../../../../src/protocols/cohere-chat/index.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import { HELLO, refusalOf, translate } from '../translate.ts';

const OPENAI = { provider: 'openai', model: 'gpt-4.1', maxOutputTokens: null };
const ANTHROPIC = { provider: 'anthropic', model: 'claude-sonnet-4-5', maxOutputTokens: null };
const BASE = { model: 'command', messages: [HELLO] };

function read(body: object): ChatRequest {
  const request = cohereChat.readRequest({ ...BASE, ...body }, { model: 'command', stream: false });
  if (request instanceof CallError) throw request;
  return request;
}

describe('the request reader', () => {
  it('reads every documented setting under its internal name', () => {
    const request = read({
      stream: true,
      max_tokens: 100,
      temperature: 0.4,
      p: 0.8,
      k: 40,
      seed: 7,
      stop_sequences: ['END'],
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      thinking: { type: 'enabled', token_budget: 2_000 },
    });
    expect(request).toMatchObject({
      protocol: 'cohere-chat',
      stream: true,
      streamUsage: true,
      maxOutputTokens: 100,
      temperature: 0.4,
      topP: 0.8,
      topK: 40,
      seed: 7,
      stop: ['END'],
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      reasoning: { budgetTokens: 2_000 },
      unknownFields: [],
    });
    expect(request.fields).toMatchObject({
      topP: 'p',
      topK: 'k',
      stop: 'stop_sequences',
      reasoning: 'thinking',
    });
  });

  it('keeps what has no internal form for its own protocol, and names what is not documented', () => {
    const own = { citation_options: { mode: 'FAST' }, safety_mode: 'STRICT', priority: 3, logprobs: true };
    const request = read({ ...own, foo: 1, messages: [{ ...HELLO, bar: 2 }] });
    expect(request.extra).toEqual({ ...own, foo: 1 });
    expect(request.unknownFields).toEqual(['messages[0].bar', 'foo']);
  });

  it('thinking without a budget is adaptive, and switched off it is effort none', () => {
    expect(read({ thinking: { type: 'enabled' } }).reasoning).toEqual({ adaptive: true });
    expect(read({ thinking: { type: 'disabled' } }).reasoning).toEqual({ effort: 'none' });
  });

  it('trap 91 a JSON object with a schema is a schema, without one it is any object', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const format = { type: 'json_object', json_schema: schema };
    expect(read({ response_format: format }).responseFormat).toMatchObject({ type: 'jsonSchema', schema });
    expect(read({ response_format: { type: 'json_object' } }).responseFormat).toEqual({ type: 'jsonObject' });
    expect(read({ response_format: { type: 'text' } }).responseFormat).toEqual({ type: 'text' });
  });

  it('trap 54 tool_plan is reasoning of its own kind, before content and calls', () => {
    const call = { id: 'f_1', type: 'function', function: { name: 'f', arguments: '{"a":1e21}' } };
    const { messages } = read({
      messages: [
        HELLO,
        {
          role: 'assistant',
          tool_plan: 'I will look.',
          content: [
            { type: 'thinking', thinking: 'Hm.' },
            { type: 'text', text: 'Wait.' },
          ],
          tool_calls: [call],
        },
        { role: 'tool', tool_call_id: 'f_1', content: 'rain' },
      ],
    });
    const origin = { protocol: 'cohere-chat' };
    expect(messages[1]?.blocks).toEqual([
      { type: 'reasoning', text: 'I will look.', isPlan: true, origin },
      { type: 'reasoning', text: 'Hm.', origin },
      { type: 'text', text: 'Wait.' },
      { type: 'toolCall', id: 'f_1', name: 'f', arguments: '{"a":1e21}' },
    ]);
    expect(messages[2]).toMatchObject({ role: 'tool', blocks: [{ type: 'toolResult', toolCallId: 'f_1' }] });
  });

  it('trap 27 tool choices are REQUIRED and NONE, and strict_tools holds for each tool', () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
    expect(read({ tools, tool_choice: 'REQUIRED', strict_tools: true })).toMatchObject({
      toolChoice: { mode: 'required' },
      tools: [{ name: 'f', strict: true }],
    });
    expect(read({ tools, tool_choice: 'NONE' }).toolChoice).toEqual({ mode: 'none' });
    expect(read({ strict_tools: true }).extra).toEqual({ strict_tools: true });
  });

  it.each([
    ['messages', { messages: [] }, 'messages'],
    ['a role that is not known', { messages: [{ role: 'developer', content: 'x' }] }, 'messages[0].role'],
    [
      'a part that the role does not have',
      { messages: [{ role: 'user', content: [{ type: 'thinking' }] }] },
      'messages[0].content[0].type',
    ],
    ['a penalty above 1', { presence_penalty: 1.5 }, 'presence_penalty'],
    ['k above 500', { k: 501 }, 'k'],
    ['a tool choice of another vendor', { tools: [], tool_choice: 'auto' }, 'tool_choice'],
    ['a budget of nothing', { thinking: { type: 'enabled', token_budget: 0 } }, 'thinking.token_budget'],
    ['a document of numbers', { documents: [3] }, 'documents[0]'],
    [
      'a result without its call',
      { messages: [HELLO, { role: 'tool', tool_call_id: 'x', content: '' }] },
      'messages[1].tool_call_id',
    ],
  ])('refuses %s by its path', (_name, body, param) => {
    expect(refusalOf(() => read(body))).toMatchObject({ code: 'invalid_request', param });
  });
});

describe('a Cohere caller before other targets', () => {
  it('its settings arrive in the words of OpenAI, and the receipt says so', () => {
    const { body, receipt } = translate(
      cohereChat,
      openaiChat,
      { ...BASE, p: 0.5, k: 3, max_tokens: 9, stop_sequences: ['X'], safety_mode: 'STRICT', seed: 5 },
      OPENAI,
    );
    expect(body).toMatchObject({ top_p: 0.5, max_completion_tokens: 9, stop: ['X'], seed: 5 });
    expect(receipt).toMatchObject({
      p: { action: 'renamed', to: 'top_p' },
      k: { action: 'dropped' },
      safety_mode: { action: 'dropped' },
      stop_sequences: { action: 'renamed', to: 'stop' },
    });
  });

  it('documents are given to the model as text files before the question', () => {
    const documents = [
      'Plain words.',
      { id: 'd2', data: { title: 'Prices', snippet: 'A costs 3.' } },
      { id: 'd3', data: { text: 'B costs 4.', year: 2024 } },
    ];
    const openai = translate(cohereChat, openaiChat, { ...BASE, documents }, OPENAI);
    expect(openai.body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Plain words.' },
          { type: 'text', text: 'Prices:\nA costs 3.' },
          { type: 'text', text: 'd3:\ntext: B costs 4.\nyear: 2024' },
          { type: 'text', text: 'Hello' },
        ],
      },
    ]);
    expect(openai.receipt).toMatchObject({
      documents: { action: 'converted', to: 'messages[].content[].text' },
    });
    const anthropic = translate(
      cohereChat,
      anthropicMessages,
      { ...BASE, documents, max_tokens: 5 },
      ANTHROPIC,
    );
    expect(anthropic.body['messages']).toMatchObject([
      {
        role: 'user',
        content: [
          { type: 'document', source: { type: 'text', data: 'Plain words.' } },
          { type: 'document', title: 'Prices', source: { data: 'A costs 3.' } },
          { type: 'document', title: 'd3' },
          { type: 'text', text: 'Hello' },
        ],
      },
    ]);
  });

  it('reasoning and plan stay with their vendor', () => {
    const messages = [
      HELLO,
      {
        role: 'assistant',
        tool_plan: 'secret plan',
        content: [
          { type: 'thinking', thinking: 'secret' },
          { type: 'text', text: 'Hi' },
        ],
      },
      HELLO,
    ];
    const { text, receipt } = translate(cohereChat, openaiChat, { ...BASE, messages }, OPENAI);
    expect(text).not.toContain('secret');
    expect(receipt['messages[].tool_plan']).toMatchObject({ action: 'dropped' });
  });

  it('trap 31 arguments that are empty or null become an empty object at the target', () => {
    const call = (id: string, text: string | null) => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: text },
    });
    const messages = [
      HELLO,
      { role: 'assistant', tool_calls: [call('a', ''), call('b', null)] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'tool', tool_call_id: 'b', content: '2' },
    ];
    const { body } = translate(
      cohereChat,
      anthropicMessages,
      { ...BASE, messages, max_tokens: 5 },
      ANTHROPIC,
    );
    expect(body['messages']).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', input: {} },
          { type: 'tool_use', input: {} },
        ],
      },
      { role: 'user' },
    ]);
  });
});

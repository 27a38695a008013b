import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import { type Block, type ChatResponse, UNKNOWN_USAGE } from '../../../src/protocols/blocks.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import type { Protocol } from '../../../src/protocols/protocol.ts';
import { CONTEXT, digest } from './digest.ts';

const answer = (blocks: readonly Block[], more: Partial<ChatResponse> = {}): ChatResponse => ({
  id: 'up',
  model: 'up-model',
  blocks,
  finishReason: 'stop',
  rawFinishReason: null,
  stopSequence: null,
  usage: UNKNOWN_USAGE,
  ...more,
});
const write = (protocol: Protocol, response: ChatResponse): unknown =>
  JSON.parse(protocol.writeResponse(response, CONTEXT).toString());
const read = (protocol: Protocol, body: unknown): ChatResponse => {
  const response = protocol.readResponse(body, { protocol: protocol.name });
  if ('class' in response) throw new Error(response.message ?? 'failure');
  return response;
};
const CALL: Block = { type: 'toolCall', id: 'c1', name: 'f', arguments: '{"n": 12345678901234567890}' };
const USAGE = {
  ...UNKNOWN_USAGE,
  inputTokens: 10,
  outputTokens: 5,
  totalTokens: 15,
  cachedInputTokens: 4,
  reasoningTokens: 2,
};

describe('whole answers for OpenAI callers', () => {
  it('writes text, reasoning, calls and usage', () => {
    const origin = { protocol: 'anthropic-messages' } as const;
    const blocks: readonly Block[] = [
      { type: 'reasoning', text: 'hm', signature: 'sig', origin },
      { type: 'reasoning', text: '', redacted: 'xyz', origin },
      { type: 'unknown', raw: { type: 'server_tool_use' }, origin },
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
      CALL,
    ];
    expect(write(openaiChat, answer(blocks, { finishReason: 'tool_calls', usage: USAGE }))).toEqual({
      id: `chatcmpl-${CONTEXT.callId}`,
      object: 'chat.completion',
      created: CONTEXT.createdAt,
      model: 'my-model',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'ab',
            refusal: null,
            reasoning_content: 'hm',
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: CALL.arguments } }],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    });
  });

  it('traps 31, 95 and 112 writes no text as null, a refusal as one, no arguments as {}, unknown usage not at all', () => {
    const body = write(
      openaiChat,
      answer([
        { type: 'refusal', text: 'No.' },
        { ...CALL, arguments: '' },
      ]),
    );
    expect(body).toMatchObject({
      choices: [
        { message: { content: null, refusal: 'No.', tool_calls: [{ function: { arguments: '{}' } }] } },
      ],
    });
    expect(body).not.toHaveProperty('usage');
  });
});

describe('whole answers for Anthropic callers', () => {
  it('writes text, reasoning, calls and usage, arguments byte for byte (trap 32)', () => {
    const origin = { protocol: 'openai-chat' } as const;
    const blocks: readonly Block[] = [
      { type: 'reasoning', text: 'hm', signature: 'not-yours', origin },
      { type: 'reasoning', text: '', redacted: 'xyz', origin },
      { type: 'text', text: 'a' },
      { ...CALL, id: 'call:1' },
    ];
    const response = answer(blocks, {
      finishReason: 'tool_calls',
      rawFinishReason: 'tool_calls',
      usage: USAGE,
    });
    expect(anthropicMessages.writeResponse(response, CONTEXT).toString()).toContain(
      '"input":{"n": 12345678901234567890}',
    );
    expect(write(anthropicMessages, response)).toMatchObject({
      id: `msg_${CONTEXT.callId}`,
      type: 'message',
      role: 'assistant',
      model: 'my-model',
      content: [
        { type: 'thinking', thinking: 'hm', signature: '' },
        { type: 'text', text: 'a' },
        { type: 'tool_use', id: expect.stringMatching(/^[a-zA-Z0-9_-]+$/) as string, name: 'f' },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: {
        input_tokens: 6,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: 4,
        output_tokens: 5,
        output_tokens_details: { thinking_tokens: 2 },
      },
    });
  });

  it('traps 69 and 34 gives its own signed and unknown blocks back as they were', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'redacted_thinking', data: 'xyz' },
      { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'x' } },
      { type: 'text', text: 'a', citations: [{ type: 'web_search_result_location', url: 'https://x.test' }] },
    ];
    const body = {
      id: 'm',
      model: 'claude-x',
      content,
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    expect(write(anthropicMessages, read(anthropicMessages, body))).toMatchObject({ content });
  });

  it('trap 33 shows arguments that the token limit has cut as they are', () => {
    const response = answer([{ ...CALL, arguments: '{"a": "tru' }], { finishReason: 'length' });
    expect(write(anthropicMessages, response)).toMatchObject({
      content: [{ input: { invalid_arguments: '{"a": "tru' } }],
      stop_reason: 'max_tokens',
    });
  });

  it('trap 112 writes unknown counts as null', () => {
    expect(write(anthropicMessages, answer([{ type: 'text', text: 'a' }]))).toMatchObject({
      usage: { input_tokens: null, output_tokens: null },
    });
  });

  it('trap 95 writes a refusal without content', () => {
    expect(write(anthropicMessages, answer([{ type: 'refusal', text: 'No.' }]))).toMatchObject({
      content: [],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', explanation: 'No.' },
    });
  });
});

describe('whole answers of upstreams', () => {
  const openai = (message: object, reason = 'stop') => ({
    id: 'c',
    model: 'gpt-x',
    choices: [{ index: 0, message, finish_reason: reason }],
  });
  const anthropic = (content: readonly object[], reason = 'end_turn', more: object = {}) => ({
    id: 'm',
    type: 'message',
    model: 'claude-x',
    content,
    stop_reason: reason,
    ...more,
  });

  it.each<readonly [string, Protocol, unknown]>([
    ['OpenAI text', openaiChat, openai({ role: 'assistant', content: 'Hi' })],
    ['OpenAI reasoning', openaiChat, openai({ content: 'Hi', reasoning_content: 'hm' })],
    [
      'OpenAI calls',
      openaiChat,
      openai(
        {
          content: null,
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '' } }],
        },
        'tool_calls',
      ),
    ],
    [
      'Mistral thinking parts',
      openaiChat,
      openai({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'Hi' },
        ],
      }),
    ],
    ['OpenAI length', openaiChat, openai({ content: 'Hi' }, 'length')],
    ['Anthropic text', anthropicMessages, anthropic([{ type: 'text', text: 'Hi' }])],
    [
      'Anthropic calls',
      anthropicMessages,
      anthropic([{ type: 'tool_use', id: 't', name: 'f', input: {} }], 'tool_use'),
    ],
    [
      'Anthropic refusal',
      anthropicMessages,
      anthropic([], 'refusal', { stop_details: { type: 'refusal', explanation: 'No.' } }),
    ],
  ])('%s says the same to callers of every protocol', (_name, protocol, body) => {
    const response = read(protocol, body);
    for (const caller of [openaiChat, anthropicMessages]) {
      expect(digest(read(caller, write(caller, response)))).toEqual(digest(response));
    }
  });

  it.each<readonly [Protocol, unknown]>([
    [openaiChat, null],
    [openaiChat, 'x'],
    [openaiChat, {}],
    [openaiChat, { choices: [] }],
    [openaiChat, { choices: [{}] }],
    [anthropicMessages, []],
    [anthropicMessages, {}],
    [anthropicMessages, { content: 'x' }],
  ])('%# calls an answer that cannot be read malformed', (protocol, body) => {
    expect(protocol.readResponse(body, { protocol: protocol.name })).toMatchObject({
      class: 'transient',
      code: 'upstream_malformed',
    });
  });

  it('trap 102 knows the finish reasons', () => {
    const reasons = (protocol: Protocol, bodies: readonly unknown[]) =>
      bodies.map((body) => read(protocol, body).finishReason);
    const words = ['stop', 'length', 'content_filter', 'model_length', 'odd'];
    expect(
      reasons(
        openaiChat,
        words.map((word) => openai({ content: 'x' }, word)),
      ),
    ).toEqual(['stop', 'length', 'content_filter', 'length', 'other']);
    const stops = [
      'end_turn',
      'stop_sequence',
      'pause_turn',
      'max_tokens',
      'model_context_window_exceeded',
      'refusal',
      'odd',
    ];
    expect(
      reasons(
        anthropicMessages,
        stops.map((word) => anthropic([], word)),
      ),
    ).toEqual(['stop', 'stop', 'stop', 'length', 'length', 'content_filter', 'other']);
  });
});

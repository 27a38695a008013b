import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { LIMITS } from '../../../../src/limits.ts';
import type { BlockEvent } from '../../../../src/protocols/blocks.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import { bytewise, CONTEXT, dataOf, digest, readStream, writeStream } from '../digest.ts';

const delta = (value: object, more: object = {}) => ({
  id: 'c1',
  model: 'gpt-x',
  choices: [{ index: 0, delta: value, finish_reason: null, ...more }],
});
const call = (value: object) => delta({ tool_calls: [value] });
const finish = (reason: string) => delta({}, { finish_reason: reason });
const stream = (...chunks: readonly unknown[]) =>
  Buffer.from(
    chunks.map((chunk) => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`).join(''),
  );
const read = (...chunks: readonly unknown[]) => {
  const bytes = stream(...chunks);
  const whole = readStream(openaiChat, [bytes]);
  expect(readStream(openaiChat, bytewise(bytes)).events).toEqual(whole.events);
  return whole;
};
const ORIGIN = { protocol: 'openai-chat' } as const;

describe('reading chat completion chunks', () => {
  it('traps 45 and 46 skips a first chunk without choices and takes usage from a chunk without choices', () => {
    const { events } = read(
      { id: '', model: '', choices: [], prompt_filter_results: [] },
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'Hi' }),
      finish('stop'),
      { id: 'c1', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
      '[DONE]',
    );
    expect(events.map((event) => event.type)).toEqual([
      'messageStart',
      'blockStart',
      'blockDelta',
      'usage',
      'blockStop',
      'messageStop',
    ]);
    expect(events[0]).toEqual({ type: 'messageStart', id: 'c1', model: 'gpt-x' });
    expect(events.at(-1)).toEqual({
      type: 'messageStop',
      reason: 'stop',
      rawReason: 'stop',
      stopSequence: null,
    });
  });

  it('reads the first choice only', () => {
    const second = {
      id: 'c1',
      choices: [{ index: 1, delta: { content: 'other' }, finish_reason: 'length' }],
    };
    const { response } = read(delta({ content: 'Hi' }), second, finish('stop'), second, '[DONE]');
    expect(response).toMatchObject({ blocks: [{ type: 'text', text: 'Hi' }], finishReason: 'stop' });
  });

  it('traps 40 and 64 is complete with [DONE] alone', () => {
    expect(read(delta({ content: 'Hi' }), finish('stop')).isComplete).toBe(false);
    expect(read(delta({ content: 'Hi' }), finish('stop'), '[DONE]').isComplete).toBe(true);
  });

  it('trap 42 takes `error: null` for none and any other for the end', () => {
    const good = read(delta({ content: 'a' }), { ...delta({ content: 'b' }), error: null }, '[DONE]');
    expect(good).toMatchObject({ failure: null, isComplete: true });
    const bad = read(
      delta({ content: 'a' }),
      { error: { message: 'boom', type: 'server_error', code: 500 } },
      delta({ content: 'b' }),
      '[DONE]',
    );
    expect(bad).toMatchObject({ failure: { class: 'transient', message: 'boom' }, isComplete: false });
    expect(digest({ ...bad.response, finishReason: 'error' }).text).toBe('a');
  });

  it('trap 47 takes the last of several usages, also out of x_groq', () => {
    const usage = (count: number) => ({
      prompt_tokens: 3,
      completion_tokens: count,
      total_tokens: 3 + count,
    });
    const { response } = read(
      { ...delta({ content: 'a' }), usage: usage(1) },
      { ...finish('stop'), x_groq: { usage: usage(2) } },
      '[DONE]',
    );
    expect(response.usage).toMatchObject({ inputTokens: 3, outputTokens: 2, totalTokens: 5 });
  });

  it.each([
    [
      'the id and name once, the arguments in pieces',
      [
        { index: 0, id: 'a', function: { name: 'f', arguments: '' } },
        { index: 0, function: { arguments: '{"x"' } },
        { index: 0, function: { arguments: ':1}' } },
      ],
    ],
    [
      'id and name repeated',
      [
        { index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } },
        { index: 0, id: 'a', function: { name: 'f', arguments: ':1}' } },
      ],
    ],
    [
      'empty id and name repeated',
      [
        { index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } },
        { index: 0, id: '', function: { name: '', arguments: ':1}' } },
      ],
    ],
    [
      'the whole call in one chunk, without an index',
      [{ id: 'a', function: { name: 'f', arguments: '{"x":1}' } }],
    ],
    [
      'no index at all',
      [{ id: 'a', function: { name: 'f', arguments: '{"x"' } }, { function: { arguments: ':1}' } }],
    ],
    [
      'a start at index 1',
      [
        { index: 1, id: 'a', function: { name: 'f', arguments: '{"x"' } },
        { index: 1, function: { arguments: ':1}' } },
      ],
    ],
    [
      'arguments before the name',
      [
        { index: 0, id: 'a', function: { arguments: '{"x"' } },
        { index: 0, function: { name: 'f', arguments: ':1}' } },
      ],
    ],
    ['arguments as an object', [{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }]],
  ])('trap 50 reads a tool call with %s', (_name, deltas) => {
    const { response } = read(...deltas.map(call), finish('tool_calls'), '[DONE]');
    expect(response.blocks).toEqual([{ type: 'toolCall', id: 'a', name: 'f', arguments: '{"x":1}' }]);
  });

  it('traps 50 and 52 keeps calls apart that interleave or share an index', () => {
    const both = [
      { type: 'toolCall', id: 'a', name: 'f', arguments: '{"x":1}' },
      { type: 'toolCall', id: 'b', name: 'g', arguments: '{"y":2}' },
    ];
    const interleaved = read(
      call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
      call({ index: 1, id: 'b', function: { name: 'g', arguments: '{"y"' } }),
      call({ index: 0, function: { arguments: ':1}' } }),
      call({ index: 1, function: { arguments: ':2}' } }),
      '[DONE]',
    );
    expect(interleaved.response.blocks).toEqual(both);
    const shared = read(
      call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
      call({ index: 0, id: 'b', function: { name: 'g', arguments: '{"y":2}' } }),
      '[DONE]',
    );
    expect(shared.response.blocks).toEqual(both);
  });

  it('trap 31 gives a call without arguments the empty object', () => {
    const { response } = read(
      call({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
      finish('tool_calls'),
      '[DONE]',
    );
    expect(response.blocks).toEqual([{ type: 'toolCall', id: 'a', name: 'f', arguments: '{}' }]);
  });

  it('mints the same id each time for a call without one', () => {
    const once = () =>
      read(call({ index: 0, function: { name: 'f', arguments: '{}' } }), '[DONE]').response.blocks;
    expect(once()).toEqual(once());
    expect(once()[0]).toMatchObject({
      type: 'toolCall',
      id: expect.stringMatching(/^call_[A-Za-z0-9]{24}$/) as string,
    });
  });

  it.each([
    ['reasoning_content', { reasoning_content: 'why' }],
    ['reasoning', { reasoning: 'why' }],
    ['thinking parts', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'why' }] }] }],
  ])('trap 71 reads reasoning out of %s', (_name, first) => {
    const { response } = read(
      delta(first),
      delta({ content: 'so', reasoning_content: null }),
      finish('stop'),
      '[DONE]',
    );
    expect(response.blocks).toMatchObject([
      { type: 'reasoning', text: 'why', origin: ORIGIN },
      { type: 'text', text: 'so' },
    ]);
  });

  it('trap 95 reads a refusal', () => {
    expect(
      read(delta({ refusal: 'No' }), delta({ refusal: '.' }), finish('stop'), '[DONE]').response.blocks,
    ).toEqual([{ type: 'refusal', text: 'No.' }]);
  });

  it('trap 105 waits for the one finish reason, and knows calls behind "stop"', () => {
    expect(
      read(delta({ content: 'a' }, { finish_reason: '' }), finish('length'), '[DONE]').response.finishReason,
    ).toBe('length');
    const forced = read(
      call({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
      finish('stop'),
      '[DONE]',
    );
    expect(forced.response).toMatchObject({ finishReason: 'tool_calls', rawFinishReason: 'stop' });
  });

  it('trap 134 joins a surrogate pair that came in two deltas', () => {
    const halves = [
      'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}',
      'data: {"choices":[{"delta":{"content":"\\ude00"}}]}',
      'data: [DONE]',
    ];
    const { events, response } = readStream(openaiChat, [Buffer.from(`${halves.join('\n\n')}\n\n`)]);
    expect(digest(response).text).toBe('😀');
    expect(digest(readStream(openaiChat, [writeStream(openaiChat, events)]).response).text).toBe('😀');
  });

  it('U13 answers malformed JSON with a failure, not with a crash', () => {
    for (const data of ['{"choices":', '[]', '"x"', 'null']) {
      expect(read(delta({ content: 'a' }), data, '[DONE]')).toMatchObject({
        failure: { code: 'upstream_malformed' },
        isComplete: false,
      });
    }
    for (const data of [
      {},
      { choices: null },
      { choices: [null] },
      { choices: [{ delta: 5 }] },
      { choices: [{ delta: { tool_calls: [5, {}] } }] },
    ]) {
      expect(read(data, '[DONE]')).toMatchObject({ failure: null, isComplete: true });
    }
  });

  it('takes the most tool calls allowed and refuses one more', () => {
    const calls = (count: number) =>
      Array.from({ length: count }, (_, at) =>
        call({ index: at, id: `c${at}`, function: { name: 'f', arguments: '{}' } }),
      );
    const most = readStream(openaiChat, [stream(...calls(LIMITS.openBlocksMax), '[DONE]')]);
    expect(most).toMatchObject({ failure: null, isComplete: true });
    const more = readStream(openaiChat, [stream(...calls(LIMITS.openBlocksMax + 1), '[DONE]')]);
    expect(more).toMatchObject({ failure: { code: 'upstream_malformed' }, isComplete: false });
  });

  it('refuses an event above the bound', () => {
    const reader = openaiChat.streamReader(ORIGIN);
    const events: BlockEvent[] = [];
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let at = 0; at <= LIMITS.eventBytesMax / piece.length; at += 1)
      reader.push(piece, (event) => events.push(event));
    expect(events).toMatchObject([{ type: 'error', failure: { code: 'upstream_malformed' } }]);
  });
});

describe('writing chat completion chunks', () => {
  const EVENTS: readonly BlockEvent[] = [
    { type: 'messageStart', id: 'up', model: 'up-model' },
    {
      type: 'blockStart',
      index: 0,
      block: { type: 'reasoning', origin: { protocol: 'anthropic-messages' } },
    },
    { type: 'blockDelta', index: 0, text: 'hm' },
    { type: 'blockDelta', index: 0, signature: 'secret-signature' },
    { type: 'blockStop', index: 0 },
    {
      type: 'blockStart',
      index: 1,
      block: {
        type: 'unknown',
        raw: { type: 'server_tool_use' },
        origin: { protocol: 'anthropic-messages' },
      },
    },
    { type: 'blockDelta', index: 1, text: '{}' },
    { type: 'blockStop', index: 1 },
    { type: 'blockStart', index: 2, block: { type: 'text' } },
    { type: 'blockDelta', index: 2, text: 'a"b' },
    { type: 'blockStop', index: 2 },
    { type: 'blockStart', index: 3, block: { type: 'toolCall', id: 't1', name: 'f' } },
    { type: 'blockDelta', index: 3, text: '{"x":' },
    { type: 'blockStart', index: 4, block: { type: 'toolCall', id: 't2', name: 'g' } },
    { type: 'blockDelta', index: 4, text: '{}' },
    { type: 'blockDelta', index: 3, text: '1}' },
    {
      type: 'usage',
      usage: { ...readStream(openaiChat, []).response.usage, inputTokens: 3, outputTokens: 4 },
    },
    { type: 'messageStop', reason: 'tool_calls', rawReason: 'tool_use', stopSequence: null },
  ];

  it('traps 41, 45, 51 and 105 sends the role first, tools counted alone, one finish reason, no event names', () => {
    const bytes = writeStream(openaiChat, EVENTS);
    const head = {
      id: `chatcmpl-${CONTEXT.callId}`,
      object: 'chat.completion.chunk',
      created: CONTEXT.createdAt,
      model: 'my-model',
    };
    const chunk = (value: object, reason: string | null = null) => ({
      ...head,
      choices: [{ index: 0, delta: value, logprobs: null, finish_reason: reason }],
      usage: null,
    });
    const tool = (index: number, id: string, name: string) => ({
      tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
    });
    const args = (index: number, text: string) => ({
      tool_calls: [{ index, function: { arguments: text } }],
    });
    expect(dataOf(bytes)).toEqual([
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'hm' }),
      chunk({ content: 'a"b' }),
      chunk(tool(0, 't1', 'f')),
      chunk(args(0, '{"x":')),
      chunk(tool(1, 't2', 'g')),
      chunk(args(1, '{}')),
      chunk(args(0, '1}')),
      chunk({}, 'tool_calls'),
      { ...head, choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
      '[DONE]',
    ]);
    expect(bytes.toString()).not.toMatch(/^event:/m);
    expect(bytes.toString()).not.toContain('secret-signature');
  });

  it('trap 124 passes on its own annotations and no citations of others', () => {
    const annotation = {
      type: 'url_citation',
      url_citation: { url: 'https://x.test', start_index: 0, end_index: 1 },
    };
    const own = read(delta({ content: 'a' }), delta({ annotations: [annotation] }), finish('stop'), '[DONE]');
    expect(dataOf(writeStream(openaiChat, own.events))).toContainEqual(
      expect.objectContaining({
        choices: [expect.objectContaining({ delta: { annotations: [annotation] } })],
      }),
    );
    const answer = {
      choices: [{ message: { content: 'a', annotations: [annotation] }, finish_reason: 'stop' }],
    };
    const response = openaiChat.readResponse(answer, ORIGIN);
    if ('class' in response) return expect.unreachable();
    const written = openaiChat.writeResponse(response, CONTEXT).toString();
    expect(written).toContain(JSON.stringify([annotation]));
    const foreign: BlockEvent = { type: 'blockDelta', index: 0, citation: { type: 'char_location' } };
    expect(openaiChat.streamWriter(CONTEXT).write(foreign)).toBeNull();
  });

  it('trap 46 sends usage only to who asked for it', () => {
    const data = dataOf(writeStream(openaiChat, EVENTS, { ...CONTEXT, streamUsage: false }));
    expect(data.some((chunk) => typeof chunk === 'object' && chunk !== null && 'usage' in chunk)).toBe(false);
    expect(data.at(-1)).toBe('[DONE]');
  });

  it('keeps the terminator for the end', () => {
    const writer = openaiChat.streamWriter(CONTEXT);
    const before = Buffer.concat(EVENTS.map((event) => writer.write(event) ?? Buffer.alloc(0)));
    expect(before.toString()).not.toContain('[DONE]');
    expect(writer.end().toString().endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('trap 64 ends a broken stream with an error and without the terminator', () => {
    const writer = openaiChat.streamWriter(CONTEXT);
    writer.write({ type: 'messageStart', id: null, model: null });
    const [data] = dataOf(writer.error(new CallError('upstream_interrupted')));
    expect(data).toEqual({
      error: {
        message: 'The upstream broke off before its answer was complete.',
        type: 'server_error',
        param: null,
        code: 'upstream_interrupted',
        call_id: CONTEXT.callId,
      },
    });
    expect(writer.error(new CallError('upstream_stalled')).toString()).not.toContain('[DONE]');
  });

  it('trap 66 its heartbeat is a comment', () => {
    expect(openaiChat.heartbeat?.toString()).toMatch(/^:.*\n\n$/);
  });

  it('trap 104 writes words that the SDKs know', () => {
    const reasonFor = (reason: 'error' | 'other') => {
      const data = dataOf(
        writeStream(openaiChat, [{ type: 'messageStop', reason, rawReason: 'odd', stopSequence: null }]),
      );
      return (data[1] as { choices: { finish_reason: string }[] }).choices[0]?.finish_reason;
    };
    expect(reasonFor('other')).toBe('stop');
    expect(reasonFor('error')).toBe('length');
  });
});

import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { LIMITS } from '../../../../src/limits.ts';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import { type BlockEvent, UNKNOWN_USAGE } from '../../../../src/protocols/blocks.ts';
import { bytewise, CONTEXT, dataOf, readStream, writeStream } from '../digest.ts';

const stream = (...events: readonly { type: string }[]) =>
  Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
const start = (id = 'm1', usage: object = { input_tokens: 10, output_tokens: 1 }) => ({
  type: 'message_start',
  message: { id, model: 'claude-x', usage },
});
const open = (index: number, block: object) => ({ type: 'content_block_start', index, content_block: block });
const part = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta });
const close = (index: number) => ({ type: 'content_block_stop', index });
const end = (reason: string, more: object = {}, usage: object = { output_tokens: 5 }) => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: null, ...more },
  usage,
});
const STOP = { type: 'message_stop' };
const PING = { type: 'ping' };
const read = (...events: readonly { type: string }[]) => {
  const bytes = stream(...events);
  const whole = readStream(anthropicMessages, [bytes]);
  expect(readStream(anthropicMessages, bytewise(bytes)).events).toEqual(whole.events);
  return whole;
};
const ORIGIN = { protocol: 'anthropic-messages' } as const;

describe('reading a message stream', () => {
  it('trap 43 reads blocks and passes over pings', () => {
    const { events, isComplete } = read(
      start(),
      PING,
      open(0, { type: 'text', text: '' }),
      PING,
      part(0, { type: 'text_delta', text: 'Hi' }),
      PING,
      close(0),
      end('end_turn'),
      STOP,
    );
    expect(isComplete).toBe(true);
    expect(events.map((event) => event.type)).toEqual([
      'messageStart',
      'usage',
      'blockStart',
      'blockDelta',
      'blockStop',
      'usage',
      'messageStop',
    ]);
  });

  it('trap 40 is complete with message_stop alone, and reads nothing behind it', () => {
    expect(read(start(), end('end_turn')).isComplete).toBe(false);
    const { events, isComplete } = read(
      start(),
      end('end_turn'),
      STOP,
      start('m2'),
      open(0, { type: 'text', text: 'x' }),
    );
    expect(isComplete).toBe(true);
    expect(events.at(-1)?.type).toBe('messageStop');
  });

  it('traps 48 and 106 joins split usage: the later count stands, the input includes the cache', () => {
    const first = {
      input_tokens: 43,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 7,
      output_tokens: 1,
      cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 5 },
    };
    const { response } = read(
      start('m1', first),
      end(
        'end_turn',
        {},
        { input_tokens: 61, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } },
      ),
      STOP,
    );
    expect(response.usage).toEqual({
      ...UNKNOWN_USAGE,
      inputTokens: 168,
      outputTokens: 9,
      totalTokens: 177,
      cachedInputTokens: 100,
      cacheWriteTokens: 7,
      cacheWrite1hTokens: 5,
      reasoningTokens: 4,
    });
  });

  it('trap 31 gives a call without arguments the empty object', () => {
    const { response } = read(
      start(),
      open(0, { type: 'tool_use', id: 't1', name: 'f', input: {} }),
      part(0, { type: 'input_json_delta', partial_json: '' }),
      close(0),
      end('tool_use'),
      STOP,
    );
    expect(response).toMatchObject({
      finishReason: 'tool_calls',
      blocks: [{ type: 'toolCall', id: 't1', name: 'f', arguments: '{}' }],
    });
  });

  it('trap 35 takes an input at the start only where no deltas follow', () => {
    const argsOf = (...deltas: readonly string[]) => {
      const parts = deltas.map((text) => part(0, { type: 'input_json_delta', partial_json: text }));
      return read(
        start(),
        open(0, { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }),
        ...parts,
        close(0),
        end('tool_use'),
        STOP,
      ).response.blocks[0];
    };
    expect(argsOf()).toMatchObject({ arguments: '{"a":1}' });
    expect(argsOf('{"b"', ':2}')).toMatchObject({ arguments: '{"b":2}' });
  });

  it('trap 34 keeps server tools whole and makes no calls of them', () => {
    const raw = { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} };
    const code = {
      type: 'tool_use',
      id: 't1',
      name: 'f',
      input: {},
      caller: { type: 'code_execution_20260120' },
    };
    const { response } = read(
      start(),
      open(0, raw),
      close(0),
      open(1, code),
      close(1),
      end('end_turn'),
      STOP,
    );
    expect(response.blocks).toEqual([
      { type: 'unknown', raw, origin: ORIGIN },
      { type: 'unknown', raw: code, origin: ORIGIN },
    ]);
  });

  it('trap 69 reads signatures, also as the only delta, and redacted thinking', () => {
    const { response } = read(
      start(),
      open(0, { type: 'thinking', thinking: '', signature: '' }),
      part(0, { type: 'signature_delta', signature: 'sig' }),
      close(0),
      open(1, { type: 'redacted_thinking', data: 'xyz' }),
      close(1),
      end('end_turn'),
      STOP,
    );
    expect(response.blocks).toMatchObject([
      { type: 'reasoning', text: '', signature: 'sig', origin: ORIGIN },
      { type: 'reasoning', redacted: 'xyz', origin: ORIGIN },
    ]);
  });

  it('trap 63 takes an error event for a failure, never for a finish reason', () => {
    const { failure, events, isComplete } = read(
      start(),
      open(0, { type: 'text', text: '' }),
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } as { type: string },
      STOP,
    );
    expect(failure).toMatchObject({ class: 'overloaded', message: 'Overloaded', status: null });
    expect(isComplete).toBe(false);
    expect(events.some((event) => event.type === 'messageStop')).toBe(false);
  });

  it('trap 59 ignores a message announced twice and refuses another one inside of it', () => {
    expect(read(start(), start(), end('end_turn'), STOP)).toMatchObject({ failure: null, isComplete: true });
    expect(read(start(), start('m2'), end('end_turn'), STOP)).toMatchObject({
      failure: { code: 'upstream_malformed' },
      isComplete: false,
    });
  });

  it('trap 95 makes the explanation of a refusal its text', () => {
    const details = { stop_details: { type: 'refusal', category: 'cyber', explanation: 'No.' } };
    expect(read(start(), end('refusal', details), STOP).response).toMatchObject({
      finishReason: 'content_filter',
      blocks: [{ type: 'refusal', text: 'No.' }],
    });
  });

  it.each([
    ['a delta without its block', [start(), part(3, { type: 'text_delta', text: 'x' })]],
    ['a block before the message', [open(0, { type: 'text', text: '' })]],
  ])('calls %s malformed', (_name, events) => {
    expect(read(...events, STOP)).toMatchObject({
      failure: { code: 'upstream_malformed' },
      isComplete: false,
    });
  });

  it('takes the most open blocks allowed and refuses one more', () => {
    const blocks = (count: number) =>
      Array.from({ length: count }, (_, at) => open(at, { type: 'text', text: '' }));
    const most = readStream(anthropicMessages, [stream(start(), ...blocks(LIMITS.openBlocksMax), STOP)]);
    expect(most).toMatchObject({ failure: null, isComplete: true });
    const more = readStream(anthropicMessages, [stream(start(), ...blocks(LIMITS.openBlocksMax + 1), STOP)]);
    expect(more).toMatchObject({ failure: { code: 'upstream_malformed' }, isComplete: false });
  });

  it('U13 answers malformed JSON with a failure, not with a crash', () => {
    expect(
      readStream(anthropicMessages, [Buffer.from('event: x\ndata: {"type":\n\n')]).failure,
    ).toMatchObject({ code: 'upstream_malformed' });
    for (const event of [
      { type: 'message_start' },
      { type: 'message_start', message: 5 },
      { type: 'message_delta' },
      { type: 'something_new' },
    ]) {
      expect(read(event).failure).toBeNull();
    }
  });
});

describe('writing a message stream', () => {
  const call = (index: number, id: string): BlockEvent => ({
    type: 'blockStart',
    index,
    block: { type: 'toolCall', id, name: 'f' },
  });
  const text = (index: number, value: string): BlockEvent => ({ type: 'blockDelta', index, text: value });
  const stop = (index: number): BlockEvent => ({ type: 'blockStop', index });
  const usage = { ...UNKNOWN_USAGE, inputTokens: 12, outputTokens: 7, cachedInputTokens: 2 };
  const finish: readonly BlockEvent[] = [
    { type: 'usage', usage },
    { type: 'messageStop', reason: 'tool_calls', rawReason: 'tool_calls', stopSequence: null },
  ];

  it('traps 41 and 52 names every event and writes interleaved calls one after the other', () => {
    const bytes = writeStream(anthropicMessages, [
      { type: 'messageStart', id: 'up', model: 'up-model' },
      call(0, 'a'),
      text(0, '{"x"'),
      call(1, 'b'),
      text(1, '{"y"'),
      text(0, ':1}'),
      text(1, ':2}'),
      stop(0),
      stop(1),
      ...finish,
    ]);
    const data = dataOf(bytes) as { type: string }[];
    expect([...bytes.toString().matchAll(/^event: (.*)$/gm)].map(([, name]) => name)).toEqual(
      data.map(({ type }) => type),
    );
    const use = (id: string) => ({ type: 'tool_use', id, name: 'f', input: {} });
    const json = (value: string) => ({ type: 'input_json_delta', partial_json: value });
    expect(data).toEqual([
      {
        type: 'message_start',
        message: {
          id: `msg_${CONTEXT.callId}`,
          type: 'message',
          role: 'assistant',
          model: 'my-model',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: {
            input_tokens: 0,
            cache_creation_input_tokens: null,
            cache_read_input_tokens: null,
            output_tokens: 0,
          },
        },
      },
      open(0, use('a')),
      part(0, json('{"x"')),
      part(0, json(':1}')),
      close(0),
      open(1, use('b')),
      part(1, json('{"y"')),
      part(1, json(':2}')),
      close(1),
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null, stop_details: null },
        usage: {
          input_tokens: 10,
          cache_creation_input_tokens: null,
          cache_read_input_tokens: 2,
          output_tokens: 7,
        },
      },
      STOP,
    ]);
  });

  it('trap 52 goes on with the next block as it comes once the one before has stopped', () => {
    const writer = anthropicMessages.streamWriter(CONTEXT);
    const write = (event: BlockEvent) => writer.write(event)?.toString() ?? '';
    write(call(0, 'a'));
    expect(write(call(1, 'b'))).toBe('');
    expect(write(text(1, '{'))).toBe('');
    expect(dataOf(Buffer.from(write(stop(0))))).toHaveLength(3);
    expect(dataOf(Buffer.from(write(text(1, '}'))))).toMatchObject([
      { index: 1, delta: { partial_json: '}' } },
    ]);
  });

  it('bounds what waits', () => {
    const writer = anthropicMessages.streamWriter(CONTEXT);
    writer.write(call(0, 'a'));
    writer.write(call(1, 'b'));
    writer.write(text(1, 'x'.repeat(LIMITS.pendingBlockCharsMax)));
    expect(() => writer.write(text(1, 'x'))).toThrow(CallError);
  });

  it('traps 73 and 74 shows reasoning of others without a signature', () => {
    const events = (protocol: 'openai-chat' | 'anthropic-messages'): readonly BlockEvent[] => [
      { type: 'messageStart', id: null, model: null },
      { type: 'blockStart', index: 0, block: { type: 'reasoning', origin: { protocol } } },
      text(0, 'hm'),
      { type: 'blockDelta', index: 0, signature: 'sig' },
      stop(0),
      { type: 'blockStart', index: 1, block: { type: 'reasoning', origin: { protocol }, redacted: 'xyz' } },
      stop(1),
    ];
    const own = dataOf(writeStream(anthropicMessages, events('anthropic-messages')));
    expect(own).toContainEqual(part(0, { type: 'signature_delta', signature: 'sig' }));
    expect(own).toContainEqual(open(1, { type: 'redacted_thinking', data: 'xyz' }));
    const other = JSON.stringify(dataOf(writeStream(anthropicMessages, events('openai-chat'))));
    expect(other).toContain('"thinking":"hm"');
    expect(other).not.toContain('sig"');
    expect(other).not.toContain('xyz');
  });

  it('trap 95 says a refusal in stop_reason and stop_details', () => {
    const data = dataOf(
      writeStream(anthropicMessages, [
        { type: 'blockStart', index: 0, block: { type: 'refusal' } },
        text(0, 'No.'),
        stop(0),
        { type: 'messageStop', reason: 'stop', rawReason: 'stop', stopSequence: null },
      ]),
    );
    expect(data[1]).toMatchObject({
      delta: { stop_reason: 'refusal', stop_details: { type: 'refusal', explanation: 'No.' } },
    });
    expect(data).toHaveLength(3);
  });

  it('trap 64 ends a broken stream with an error event and without message_stop', () => {
    const bytes = anthropicMessages
      .streamWriter(CONTEXT)
      .error(new CallError('upstream_interrupted'))
      .toString();
    expect(bytes).toMatch(/^event: error\ndata: /);
    expect(dataOf(Buffer.from(bytes))).toEqual([
      {
        type: 'error',
        error: {
          type: 'api_error',
          message: 'The upstream broke off before its answer was complete.',
          code: 'upstream_interrupted',
        },
        request_id: CONTEXT.callId,
      },
    ]);
  });

  it('trap 66 its heartbeat is a ping', () => {
    expect(anthropicMessages.heartbeat?.toString()).toBe('event: ping\ndata: {"type":"ping"}\n\n');
  });

  it.each([
    ['stop', null, null, 'end_turn'],
    ['stop', null, 'END', 'stop_sequence'],
    ['stop', 'pause_turn', null, 'pause_turn'],
    ['length', 'length', null, 'max_tokens'],
    ['tool_calls', 'tool_calls', null, 'tool_use'],
    ['content_filter', 'content_filter', null, 'refusal'],
    ['other', 'odd', null, 'end_turn'],
    ['error', null, null, 'max_tokens'],
  ] as const)(
    'traps 102, 103 and 104 writes %s (%s, %s) as %s',
    (reason, rawReason, stopSequence, expected) => {
      const data = dataOf(
        writeStream(anthropicMessages, [{ type: 'messageStop', reason, rawReason, stopSequence }]),
      );
      expect(data[1]).toMatchObject({ delta: { stop_reason: expected, stop_sequence: stopSequence } });
    },
  );
});

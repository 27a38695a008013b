import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bedrockConverse } from '../../../../src/protocols/bedrock-converse/index.ts';
import { bedrockEvent, bedrockException, eventFrame } from '../../../support/event-stream.ts';
import { bytewise, readStream } from '../digest.ts';

const start = (contentBlockIndex: number, toolUseId: string, name: string) =>
  bedrockEvent('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId, name } } });
const delta = (contentBlockIndex: number, value: object) =>
  bedrockEvent('contentBlockDelta', { contentBlockIndex, delta: value });
const stop = (contentBlockIndex: number) => bedrockEvent('contentBlockStop', { contentBlockIndex });
const messageStop = (stopReason: string, more: object = {}) =>
  bedrockEvent('messageStop', { stopReason, ...more });
const USAGE = { inputTokens: 10, outputTokens: 5, totalTokens: 15 };
const metadata = (usage: object = USAGE) => bedrockEvent('metadata', { usage, metrics: { latencyMs: 100 } });
const BEGIN = bedrockEvent('messageStart', { role: 'assistant' });

const read = (...frames: readonly Buffer[]) => readStream(bedrockConverse, [Buffer.concat(frames)]);
const blocksOf = (...frames: readonly Buffer[]) =>
  read(BEGIN, ...frames, messageStop('end_turn'), metadata()).response.blocks;

describe('reading a Converse stream', () => {
  it('gives text, stop reason and usage', () => {
    const { events, response, isComplete } = read(
      BEGIN,
      delta(0, { text: 'Hello' }),
      delta(0, { text: ' there' }),
      stop(0),
      messageStop('end_turn'),
      metadata(),
    );
    expect(isComplete).toBe(true);
    expect(events.map((event) => event.type)).toEqual([
      'messageStart',
      'blockStart',
      'blockDelta',
      'blockDelta',
      'blockStop',
      'usage',
      'messageStop',
    ]);
    expect(response).toMatchObject({
      blocks: [{ type: 'text', text: 'Hello there' }],
      finishReason: 'stop',
      rawFinishReason: 'end_turn',
      usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: null },
    });
  });

  it('trap 57 is complete with messageStop and metadata in either order, and not with one of them', () => {
    const ends = [messageStop('end_turn'), metadata()];
    for (const [first, second] of [ends, ends.toReversed()] as [Buffer, Buffer][]) {
      const reader = bedrockConverse.streamReader({ protocol: 'bedrock-converse' });
      const seen: string[] = [];
      const push = (frame: Buffer) => reader.push(frame, (event) => seen.push(event.type));
      for (const frame of [BEGIN, delta(0, { text: 'a' }), first]) push(frame);
      expect(reader.isComplete).toBe(false);
      expect(seen).not.toContain('messageStop');
      push(second);
      expect(reader.isComplete).toBe(true);
      expect(seen).toContain('usage');
      expect(seen.at(-1)).toBe('messageStop');
    }
  });

  it('trap 40 without metadata only the end of the body completes it, with a usage that is not known', () => {
    expect(read(BEGIN, delta(0, { text: 'a' }), messageStop('end_turn'))).toMatchObject({
      isComplete: true,
      response: { finishReason: 'stop', usage: { inputTokens: null, outputTokens: null } },
    });
  });

  it('trap 40 without messageStop the end of the body completes nothing', () => {
    const cut = read(BEGIN, delta(0, { text: 'a' }), stop(0), metadata());
    expect(cut.isComplete).toBe(false);
    expect(cut.events.some((event) => event.type === 'messageStop')).toBe(false);
  });

  it('trap 58 text blocks need no start, and an empty start is none', () => {
    const empty = bedrockEvent('contentBlockStart', { contentBlockIndex: 0, start: {} });
    expect(blocksOf(empty, delta(0, { text: 'a' }), stop(0))).toEqual([{ type: 'text', text: 'a' }]);
    expect(blocksOf(delta(0, { text: 'a' }))).toEqual([{ type: 'text', text: 'a' }]);
    const announced = bedrockEvent('contentBlockStart', {
      contentBlockIndex: 0,
      start: { reasoningContent: {} },
    });
    expect(blocksOf(announced, delta(0, { reasoningContent: { text: 'Hm' } }), stop(0))).toMatchObject([
      { type: 'reasoning', text: 'Hm' },
    ]);
  });

  it('trap 101 an image in the answer is kept by its announcement, its bytes are no text', () => {
    const image = bedrockEvent('contentBlockStart', {
      contentBlockIndex: 0,
      start: { image: { format: 'png' } },
    });
    const bytes = delta(0, { image: { source: { bytes: 'aW1n' } } });
    expect(blocksOf(image, bytes, stop(0), delta(1, { text: 'a' }))).toMatchObject([
      { type: 'unknown', raw: { image: { format: 'png' } } },
      { type: 'text', text: 'a' },
    ]);
  });

  it('trap 31 a call without arguments gets the empty object', () => {
    expect(blocksOf(start(0, 't1', 'list'), delta(0, { toolUse: { input: '' } }), stop(0))).toEqual([
      { type: 'toolCall', id: 't1', name: 'list', arguments: '{}' },
    ]);
    expect(blocksOf(start(0, 't1', 'list'), stop(0))).toMatchObject([{ arguments: '{}' }]);
  });

  it('trap 32 keeps arguments as they were written', () => {
    const pieces = ['{"b":1e21,', '"a":12345678901234567890,', '"b":"\\u00e9"}'];
    const deltas = pieces.map((input) => delta(0, { toolUse: { input } }));
    expect(blocksOf(start(0, 't1', 'list'), ...deltas, stop(0))).toMatchObject([
      { arguments: pieces.join('') },
    ]);
  });

  it('keeps parallel calls apart, also where their deltas come in turn', () => {
    const blocks = blocksOf(
      start(0, 't1', 'a'),
      start(1, 't2', 'b'),
      delta(0, { toolUse: { input: '{"x"' } }),
      delta(1, { toolUse: { input: '{"y"' } }),
      delta(0, { toolUse: { input: ':1}' } }),
      delta(1, { toolUse: { input: ':2}' } }),
      stop(0),
      stop(1),
    );
    expect(blocks).toMatchObject([
      { id: 't1', arguments: '{"x":1}' },
      { id: 't2', arguments: '{"y":2}' },
    ]);
  });

  it('trap 69 reads reasoning with its signature, and text that follows at the same place', () => {
    const origin = { protocol: 'bedrock-converse' };
    expect(
      blocksOf(
        delta(0, { reasoningContent: { text: 'Hm' } }),
        delta(0, { reasoningContent: { text: '.' } }),
        delta(0, { reasoningContent: { signature: 'c2ln' } }),
        delta(0, { text: '42' }),
        stop(0),
      ),
    ).toEqual([
      { type: 'reasoning', text: 'Hm.', signature: 'c2ln', redacted: undefined, origin },
      { type: 'text', text: '42' },
    ]);
  });

  it('trap 69 puts the pieces of encrypted reasoning together as bytes', () => {
    const [first, second] = [Buffer.from([1, 2]), Buffer.from([3, 4, 5, 6])];
    expect(
      blocksOf(
        delta(0, { reasoningContent: { redactedContent: first.toString('base64') } }),
        delta(0, { reasoningContent: { redactedContent: second.toString('base64') } }),
        stop(0),
      ),
    ).toMatchObject([
      { type: 'reasoning', text: '', redacted: Buffer.concat([first, second]).toString('base64') },
    ]);
  });

  it('trap 34 a tool that the provider ran is no call for the caller', () => {
    const served = bedrockEvent('contentBlockStart', {
      contentBlockIndex: 0,
      start: { toolUse: { toolUseId: 's1', name: 'nova_grounding', type: 'server_tool_use' } },
    });
    expect(
      blocksOf(served, delta(0, { toolUse: { input: '{}' } }), stop(0), delta(1, { text: 'found' })),
    ).toMatchObject([
      { type: 'unknown', origin: { protocol: 'bedrock-converse' } },
      { type: 'text', text: 'found' },
    ]);
  });

  it('trap 84 tells the sequence that stopped it, where the model says so', () => {
    const fields = { additionalModelResponseFields: { delta: { stop_sequence: 'END' } } };
    expect(read(BEGIN, messageStop('stop_sequence', fields), metadata()).response).toMatchObject({
      finishReason: 'stop',
      stopSequence: 'END',
    });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['malformed_tool_use', 'error'],
    ['something_new', 'other'],
  ])('trap 102 stop reason %s is %s', (raw, reason) => {
    expect(read(BEGIN, messageStop(raw), metadata()).response).toMatchObject({
      finishReason: reason,
      rawFinishReason: raw,
    });
  });

  it('trap 106 counts cache reads and writes into the input, and trap 107 the hourly ones apart', () => {
    const usage = {
      ...USAGE,
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 30,
      cacheDetails: [
        { ttl: '1h', inputTokens: 20 },
        { ttl: '5m', inputTokens: 10 },
      ],
    };
    expect(read(BEGIN, messageStop('end_turn'), metadata(usage)).response.usage).toMatchObject({
      inputTokens: 140,
      cachedInputTokens: 100,
      cacheWriteTokens: 30,
      cacheWrite1hTokens: 20,
      totalTokens: 145,
    });
  });

  it('trap 134 an emoji that was cut in two by the network comes out whole', () => {
    const bytes = Buffer.concat([BEGIN, delta(0, { text: '👍' }), messageStop('end_turn'), metadata()]);
    expect(readStream(bedrockConverse, bytewise(bytes)).response.blocks).toEqual([
      { type: 'text', text: '👍' },
    ]);
  });

  it('passes over padding and events that it does not know', () => {
    const padded = bedrockEvent('contentBlockDelta', {
      contentBlockIndex: 0,
      delta: { text: 'a' },
      p: 'abcdefgh',
    });
    expect(
      read(BEGIN, bedrockEvent('somethingNew', {}), padded, messageStop('end_turn'), metadata()),
    ).toMatchObject({
      isComplete: true,
      failure: null,
      response: { blocks: [{ type: 'text', text: 'a' }] },
    });
  });

  it('reads nothing behind the end', () => {
    const { response } = read(messageStop('end_turn'), metadata(), delta(0, { text: 'more' }));
    expect(response.blocks).toEqual([]);
  });
});

describe('a Converse stream that fails', () => {
  it.each([
    ['throttlingException', 'rateLimited'],
    ['serviceUnavailableException', 'overloaded'],
    ['internalServerException', 'transient'],
    ['modelStreamErrorException', 'transient'],
    ['modelTimeoutException', 'transient'],
    ['validationException', 'callerFault'],
    ['accessDeniedException', 'credential'],
  ])('trap 39 an exception frame of type %s is %s', (type, failureClass) => {
    const { failure, isComplete, events } = read(
      BEGIN,
      delta(0, { text: 'a' }),
      bedrockException(type, { message: 'what went wrong' }),
      messageStop('end_turn'),
      metadata(),
    );
    expect(failure).toMatchObject({
      class: failureClass,
      code: type,
      message: 'what went wrong',
      status: null,
    });
    expect(isComplete).toBe(false);
    expect(events.at(-1)?.type).toBe('error');
  });

  it('a damaged frame is an error, not text', () => {
    const damaged = Buffer.from(delta(0, { text: 'abc' }));
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 10) ^ 1, damaged.length - 10);
    const { failure, isComplete } = read(BEGIN, damaged, messageStop('end_turn'), metadata());
    expect(failure).toMatchObject({ code: 'upstream_malformed' });
    expect(isComplete).toBe(false);
  });

  it('so are an impossible length, a payload that is no JSON, and text of another protocol', () => {
    const notJson = eventFrame({ ':message-type': 'event', ':event-type': 'metadata' }, 'oops');
    for (const bytes of [Buffer.from('data: {"x":1}\n\n'), Buffer.alloc(16), notJson]) {
      expect(readStream(bedrockConverse, [bytes]).failure).toMatchObject({ code: 'upstream_malformed' });
    }
  });

  it('so are input for a call that was not announced, and content behind the stop', () => {
    expect(read(BEGIN, delta(0, { toolUse: { input: '{}' } })).failure).toMatchObject({
      code: 'upstream_malformed',
    });
    expect(read(BEGIN, messageStop('end_turn'), delta(0, { text: 'a' })).failure).toMatchObject({
      code: 'upstream_malformed',
    });
  });

  it('more open blocks than the bound allows are an error', () => {
    const many = Array.from({ length: 1_001 }, (_, at) => start(at, `t${at}`, 'a'));
    expect(read(BEGIN, ...many).failure).toMatchObject({ code: 'upstream_malformed' });
  });
});

it('any chunking of a stream gives the same events', () => {
  const bytes = Buffer.concat([
    BEGIN,
    delta(0, { reasoningContent: { text: 'Hm ✓' } }),
    delta(0, { reasoningContent: { signature: 's' } }),
    stop(0),
    delta(1, { text: 'Zürich' }),
    stop(1),
    start(2, 't1', 'a'),
    delta(2, { toolUse: { input: '{"x":1}' } }),
    stop(2),
    messageStop('tool_use'),
    metadata(),
  ]);
  const whole = readStream(bedrockConverse, [bytes]).events;
  const cuts = fc.uniqueArray(fc.nat(bytes.length), { maxLength: 30 });
  fc.assert(
    fc.property(cuts, (places) => {
      const at = [0, ...places.sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(readStream(bedrockConverse, chunks).events).toEqual(whole);
    }),
  );
});

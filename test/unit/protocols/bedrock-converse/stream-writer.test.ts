import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { bedrockConverse } from '../../../../src/protocols/bedrock-converse/index.ts';
import { type BlockEvent, UNKNOWN_USAGE } from '../../../../src/protocols/blocks.ts';
import { bedrockEvents, readFrames } from '../../../support/event-stream.ts';
import { CONTEXT, writeStream } from '../digest.ts';

const USAGE = { ...UNKNOWN_USAGE, inputTokens: 10, outputTokens: 5, totalTokens: 15 };
const STOP: BlockEvent = { type: 'messageStop', reason: 'stop', rawReason: null, stopSequence: null };
const START: BlockEvent = { type: 'messageStart', id: 'x', model: 'gpt' };
const text = (index: number, ...pieces: readonly string[]): BlockEvent[] => [
  { type: 'blockStart', index, block: { type: 'text' } },
  ...pieces.map((piece) => ({ type: 'blockDelta' as const, index, text: piece })),
  { type: 'blockStop', index },
];
const write = (...events: readonly BlockEvent[]) =>
  bedrockEvents(writeStream(bedrockConverse, [START, ...events]));
const names = (events: readonly object[]) => events.flatMap((event) => Object.keys(event));

describe('writing a Converse stream', () => {
  it('trap 39 trap 57 writes frames in the order of the vendor, usage last', () => {
    expect(write(...text(0, 'Hel', 'lo'), { type: 'usage', usage: USAGE }, STOP)).toEqual([
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hel' } } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'lo' } } },
      { contentBlockStop: { contentBlockIndex: 0 } },
      { messageStop: { stopReason: 'end_turn' } },
      { metadata: { usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 }, metrics: {} } },
    ]);
  });

  it('keeps everything that ends the stream for the end', () => {
    const writer = bedrockConverse.streamWriter(CONTEXT);
    for (const event of [START, ...text(0, 'a'), { type: 'usage' as const, usage: USAGE }, STOP]) {
      const bytes = writer.write(event);
      if (bytes !== null) expect(names(bedrockEvents(bytes))).not.toContain('messageStop');
    }
    expect(names(bedrockEvents(writer.end()))).toEqual(['messageStop', 'metadata']);
  });

  it('trap 112 counts that are not known are left out, metadata is not', () => {
    expect(write(...text(0, 'a'), STOP).at(-1)).toEqual({ metadata: { usage: {}, metrics: {} } });
  });

  it('trap 106 counts the cache apart from the input', () => {
    const usage = {
      ...USAGE,
      inputTokens: 100,
      cachedInputTokens: 60,
      cacheWriteTokens: 30,
      cacheWrite1hTokens: 20,
    };
    expect(write({ type: 'usage', usage }, STOP).at(-1)).toMatchObject({
      metadata: {
        usage: {
          inputTokens: 10,
          cacheReadInputTokens: 60,
          cacheWriteInputTokens: 30,
          cacheDetails: [
            { ttl: '1h', inputTokens: 20 },
            { ttl: '5m', inputTokens: 10 },
          ],
        },
      },
    });
  });

  it('trap 58 announces calls, and trap 22 fits their ids', () => {
    const id = 'call/with.other:characters';
    const events = write(
      { type: 'blockStart', index: 0, block: { type: 'toolCall', id, name: 'a' } },
      { type: 'blockDelta', index: 0, text: '{"x":1}' },
      { type: 'blockStop', index: 0 },
      { ...STOP, reason: 'tool_calls' },
    );
    expect(events.slice(1, 4)).toMatchObject([
      { contentBlockStart: { contentBlockIndex: 0, start: { toolUse: { name: 'a' } } } },
      { contentBlockDelta: { delta: { toolUse: { input: '{"x":1}' } } } },
      { contentBlockStop: { contentBlockIndex: 0 } },
    ]);
    expect(JSON.stringify(events[1])).toMatch(/"toolUseId":"tooluse_[a-zA-Z0-9]{24}"/);
    expect(events.at(-2)).toEqual({ messageStop: { stopReason: 'tool_use' } });
  });

  it('trap 52 writes blocks that overlap one after the other', () => {
    const call = (index: number): BlockEvent => ({
      type: 'blockStart',
      index,
      block: { type: 'toolCall', id: `c${index}`, name: 'f' },
    });
    const piece = (index: number, part: string): BlockEvent => ({ type: 'blockDelta', index, text: part });
    const events = write(
      call(0),
      call(1),
      piece(1, '{"b":'),
      piece(0, '{"a":'),
      piece(1, '2}'),
      piece(0, '1}'),
      { type: 'blockStop', index: 1 },
      { type: 'blockStop', index: 0 },
      STOP,
    );
    const places = events.slice(1, -2).map((event) => {
      const [value] = Object.values(event) as { contentBlockIndex: number }[];
      return value?.contentBlockIndex;
    });
    expect(places).toEqual([...places].sort());
    const inputs = JSON.stringify(events.slice(1, -2)).match(/"input":"[^,]*?"\}/g);
    expect(inputs?.map((input) => JSON.parse(`{${input}`) as object)).toEqual([
      { input: '{"a":' },
      { input: '1}' },
      { input: '{"b":' },
      { input: '2}' },
    ]);
  });

  it('refuses to hold more of waiting blocks than the bound', () => {
    const writer = bedrockConverse.streamWriter(CONTEXT);
    writer.write({ type: 'blockStart', index: 0, block: { type: 'text' } });
    writer.write({ type: 'blockStart', index: 1, block: { type: 'text' } });
    const large: BlockEvent = { type: 'blockDelta', index: 1, text: 'x'.repeat(3 * 1024 * 1024) };
    writer.write(large);
    expect(() => writer.write(large)).toThrow(CallError);
  });

  it('trap 74 gives a signature only to callers that it came from', () => {
    const reasoning = (protocol: 'bedrock-converse' | 'anthropic-messages') =>
      JSON.stringify(
        write(
          { type: 'blockStart', index: 0, block: { type: 'reasoning', origin: { protocol } } },
          { type: 'blockDelta', index: 0, text: 'Hm' },
          { type: 'blockDelta', index: 0, signature: 'c2ln' },
          { type: 'blockStop', index: 0 },
          STOP,
        ),
      );
    expect(reasoning('bedrock-converse')).toContain('"signature":"c2ln"');
    expect(reasoning('anthropic-messages')).toContain('"text":"Hm"');
    expect(reasoning('anthropic-messages')).not.toContain('c2ln');
  });

  it('trap 95 tells a refusal as text', () => {
    const events = write(
      { type: 'blockStart', index: 0, block: { type: 'refusal' } },
      { type: 'blockDelta', index: 0, text: 'I cannot.' },
      { type: 'blockStop', index: 0 },
      { ...STOP, reason: 'content_filter' },
    );
    expect(events[1]).toMatchObject({ contentBlockDelta: { delta: { text: 'I cannot.' } } });
    expect(events.at(-2)).toEqual({ messageStop: { stopReason: 'content_filtered' } });
  });

  it('trap 84 tells which sequence has matched, where the caller asked for it', () => {
    const events = [START, { ...STOP, rawReason: 'stop_sequence', stopSequence: 'END' }];
    const request = { additionalModelResponseFieldPaths: ['/delta/stop_sequence'] };
    const asked = bedrockEvents(writeStream(bedrockConverse, events, { ...CONTEXT, request }));
    expect(asked.at(-2)).toEqual({
      messageStop: {
        stopReason: 'stop_sequence',
        additionalModelResponseFields: { delta: { stop_sequence: 'END' } },
      },
    });
    expect(JSON.stringify(bedrockEvents(writeStream(bedrockConverse, events)))).not.toContain('END');
  });

  it.each([
    [new CallError('upstream_rate_limited'), 'throttlingException'],
    [new CallError('upstream_overloaded'), 'serviceUnavailableException'],
    [new CallError('draining'), 'serviceUnavailableException'],
    [new CallError('upstream_interrupted'), 'modelStreamErrorException'],
    [new CallError('internal'), 'internalServerException'],
    [new CallError('invalid_request'), 'validationException'],
  ])('trap 64 a failure in mid-stream is an exception frame, and not the end: %s', (error, type) => {
    const writer = bedrockConverse.streamWriter(CONTEXT);
    writer.write(START);
    const [frame] = readFrames(writer.error(error));
    expect(frame?.headers).toMatchObject({ ':message-type': 'exception', ':exception-type': type });
    expect(JSON.parse(frame?.payload ?? '')).toMatchObject({ message: error.message, code: error.code });
  });
});

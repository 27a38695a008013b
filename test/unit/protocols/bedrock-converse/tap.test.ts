import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BedrockTap } from '../../../../src/protocols/bedrock-converse/tap.ts';
import { bedrockEvent, bedrockException } from '../../../support/event-stream.ts';

const BEGIN = bedrockEvent('messageStart', { role: 'assistant' });
const delta = (text: string) => bedrockEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text } });
const BLOCK_STOP = bedrockEvent('contentBlockStop', { contentBlockIndex: 0 });
const MESSAGE_STOP = bedrockEvent('messageStop', { stopReason: 'end_turn' });
const METADATA = bedrockEvent('metadata', {
  usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
  metrics: { latencyMs: 1 },
});
const CONTENT = [BEGIN, delta('Hé'), delta('😀'), BLOCK_STOP];

function run(frames: readonly Buffer[], places: readonly number[] = []) {
  const bytes = Buffer.concat(frames);
  const tap = new BedrockTap();
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const out = at.slice(1).map((end, index) => tap.push(bytes.subarray(at[index], end)) ?? Buffer.alloc(0));
  return { tap, forwarded: Buffer.concat(out) };
}

describe('following a Converse stream whose bytes pass', () => {
  it('passes whole frames and keeps what ends the stream', () => {
    const { tap, forwarded } = run([...CONTENT, MESSAGE_STOP, METADATA]);
    expect(forwarded.equals(Buffer.concat(CONTENT))).toBe(true);
    expect(tap).toMatchObject({
      isComplete: true,
      finishReason: 'stop',
      usage: { inputTokens: 3, outputTokens: 2 },
      hasContent: true,
      contentEvents: 2,
      eventsSeen: 6,
      failure: null,
    });
    expect(tap.takeTerminal().equals(Buffer.concat([MESSAGE_STOP, METADATA]))).toBe(true);
    expect(tap.takeTerminal()).toHaveLength(0);
  });

  it('trap 57 metadata before messageStop passes, and messageStop is the end', () => {
    const { tap, forwarded } = run([...CONTENT, METADATA, MESSAGE_STOP]);
    expect(forwarded.equals(Buffer.concat([...CONTENT, METADATA]))).toBe(true);
    expect(tap).toMatchObject({ isComplete: true, usage: { inputTokens: 3 } });
    expect(tap.takeTerminal().equals(MESSAGE_STOP)).toBe(true);
  });

  it('trap 40 without metadata it may end, but is not known to be complete', () => {
    const { tap } = run([...CONTENT, MESSAGE_STOP]);
    expect(tap).toMatchObject({ isComplete: false, mayEnd: true, usage: null });
    expect(run([...CONTENT, METADATA]).tap).toMatchObject({ isComplete: false, mayEnd: false });
  });

  it('any chunking forwards the same bytes and learns the same', () => {
    const frames = [...CONTENT, MESSAGE_STOP, METADATA];
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (places) => {
        const { tap, forwarded } = run(frames, places);
        expect(forwarded.equals(Buffer.concat(CONTENT))).toBe(true);
        expect(tap).toMatchObject({ isComplete: true, contentEvents: 2, eventsSeen: 6 });
      }),
    );
  });

  it('passes a chunk of whole frames without copying it', () => {
    const bytes = Buffer.concat([BEGIN, delta('a'), delta('b')]);
    expect(new BedrockTap().push(bytes)?.buffer).toBe(bytes.buffer);
  });

  it('never passes a part of a frame', () => {
    const tap = new BedrockTap();
    const frame = delta('a');
    expect(tap.push(frame.subarray(0, -1))).toBeNull();
    expect(tap.push(frame.subarray(-1))?.equals(frame)).toBe(true);
  });

  it('is committed by a call, not by the start of a message', () => {
    expect(run([BEGIN]).tap.hasContent).toBe(false);
    const start = { contentBlockIndex: 0, start: { toolUse: { toolUseId: 't', name: 'a' } } };
    expect(run([BEGIN, bedrockEvent('contentBlockStart', start)]).tap.hasContent).toBe(true);
    expect(run([BEGIN, bedrockEvent('contentBlockStart', { start: {} })]).tap.hasContent).toBe(false);
  });

  it('trap 114 tells the model that a router has chosen', () => {
    const trace = { promptRouter: { invokedModelId: 'anthropic.claude-3-haiku' } };
    expect(run([bedrockEvent('metadata', { trace })]).tap.model).toBe('anthropic.claude-3-haiku');
  });

  it('passes nothing from an exception on', () => {
    const exception = bedrockException('modelStreamErrorException', { message: 'broken' });
    const { tap, forwarded } = run([...CONTENT, exception, delta('more'), MESSAGE_STOP, METADATA]);
    expect(forwarded.equals(Buffer.concat(CONTENT))).toBe(true);
    expect(tap).toMatchObject({
      isComplete: false,
      mayEnd: false,
      failure: { class: 'transient', code: 'modelStreamErrorException', message: 'broken' },
    });
  });

  it('passes nothing from a damaged frame or an impossible length on', () => {
    const damaged = Buffer.from(delta('abc'));
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 10) ^ 1, damaged.length - 10);
    for (const broken of [damaged, Buffer.alloc(16, 0xff)]) {
      const { tap, forwarded } = run([...CONTENT, broken, MESSAGE_STOP, METADATA]);
      expect(forwarded.equals(Buffer.concat(CONTENT))).toBe(true);
      expect(tap).toMatchObject({ isComplete: false, failure: { code: 'upstream_malformed' } });
    }
  });
});

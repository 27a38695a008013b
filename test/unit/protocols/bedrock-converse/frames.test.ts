import { describe, expect, it } from 'vitest';
import { FrameCuts } from '../../../../src/protocols/bedrock-converse/frame-cuts.ts';
import { FrameCodec } from '../../../../src/protocols/bedrock-converse/frames.ts';
import { bedrockEvent, bedrockException, eventFrame, readFrames } from '../../../support/event-stream.ts';
import { bytewise } from '../digest.ts';

const codec = new FrameCodec();
const FRAMES = [
  bedrockEvent('messageStart', { role: 'assistant' }),
  bedrockEvent('contentBlockDelta', { delta: { text: 'Zürich ✓' }, contentBlockIndex: 0 }),
  bedrockException('throttlingException', { message: 'slow down' }),
  eventFrame({ ':message-type': 'event', ':event-type': 'empty' }, ''),
];

function cut(chunks: Iterable<Buffer>, cuts = new FrameCuts()): Buffer[] {
  const frames: Buffer[] = [];
  for (const chunk of chunks) {
    let from = 0;
    for (;;) {
      const frame = cuts.next(chunk, from);
      if (frame === null) break;
      frames.push(Buffer.from(frame));
      from = cuts.end;
    }
  }
  return frames;
}

describe('frames of an event stream', () => {
  it('trap 39 are read with type and payload, exceptions too', () => {
    expect(FRAMES.map((frame) => codec.decode(frame))).toMatchObject([
      { kind: 'event', type: 'messageStart' },
      { kind: 'event', type: 'contentBlockDelta' },
      { kind: 'exception', type: 'throttlingException' },
      { kind: 'event', type: 'empty' },
    ]);
    expect(codec.decode(FRAMES[1] ?? Buffer.alloc(0))?.payload.toString()).toContain('Zürich ✓');
  });

  it('trap 39 an error frame counts as an exception with its code and text', () => {
    const frame = eventFrame(
      { ':message-type': 'error', ':error-code': 'internalServerException', ':error-message': 'broken' },
      '',
    );
    const read = codec.decode(frame);
    expect(read).toMatchObject({ kind: 'exception', type: 'internalServerException' });
    expect(JSON.parse(read?.payload.toString() ?? '')).toEqual({ message: 'broken' });
  });

  it('trap 39 any one byte that was changed on the way is noticed', () => {
    const frame = FRAMES[1] ?? Buffer.alloc(0);
    for (let at = 4; at < frame.length; at += 1) {
      const damaged = Buffer.from(frame);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
      expect(codec.decode(damaged), `byte ${at}`).toBeNull();
    }
  });

  it('a frame without the headers that say what it is, is not read', () => {
    expect(codec.decode(eventFrame({ ':event-type': 'messageStart' }, '{}'))).toBeNull();
    expect(codec.decode(eventFrame({ ':message-type': 'event' }, '{}'))).toBeNull();
    expect(codec.decode(eventFrame({ ':message-type': 'other', ':event-type': 'x' }, '{}'))).toBeNull();
  });

  it('are written so that both checksums prove them', () => {
    const bytes = codec.encode('event', 'contentBlockDelta', '{"delta":{"text":"ü"}}');
    expect(readFrames(bytes)).toEqual([
      {
        headers: {
          ':event-type': 'contentBlockDelta',
          ':content-type': 'application/json',
          ':message-type': 'event',
        },
        payload: '{"delta":{"text":"ü"}}',
      },
    ]);
    expect(readFrames(codec.encode('exception', 'throttlingException', '{}'))[0]?.headers).toMatchObject({
      ':exception-type': 'throttlingException',
      ':message-type': 'exception',
    });
  });
});

describe('cutting a stream into frames', () => {
  const whole = Buffer.concat(FRAMES);

  it('gives the same frames for any chunking', () => {
    expect(cut([whole])).toEqual(FRAMES);
    expect(cut(bytewise(whole))).toEqual(FRAMES);
    for (let at = 1; at < whole.length; at += 1) {
      expect(cut([whole.subarray(0, at), whole.subarray(at)])).toEqual(FRAMES);
    }
  });

  it('does not copy a frame that is whole in its chunk', () => {
    const cuts = new FrameCuts();
    expect(cuts.next(whole, 0)?.buffer).toBe(whole.buffer);
  });

  it('gives up at a length that no frame has, and at one above the bound, before it is read', () => {
    for (const length of [0, 15, 1_001, 0xffffffff]) {
      const cuts = new FrameCuts(1_000);
      const head = Buffer.alloc(4);
      head.writeUInt32BE(length);
      expect(cut([head], cuts)).toEqual([]);
      expect(cuts.isBroken).toBe(true);
      expect(cut([whole], cuts)).toEqual([]);
    }
  });

  it('takes a frame of just the bound', () => {
    const frame = FRAMES[1] ?? Buffer.alloc(0);
    expect(cut([frame], new FrameCuts(frame.length))).toEqual([frame]);
  });

  it('copies each byte of a large frame about as often whether it comes in many pieces or in few', () => {
    const frame = bedrockEvent('metadata', { trace: 'x'.repeat(1_000_000) });
    const original = Buffer.prototype.copy;
    let copied = 0;
    Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<typeof original>) {
      const count = original.apply(this, args);
      copied += count;
      return count;
    } as typeof original;
    try {
      const pieces = Array.from({ length: Math.ceil(frame.length / 100) }, (_, at) =>
        frame.subarray(at * 100, (at + 1) * 100),
      );
      expect(cut(pieces)).toHaveLength(1);
    } finally {
      Buffer.prototype.copy = original;
    }
    expect(copied).toBeLessThan(frame.length * 3.3);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/limits.ts';
import { gemini } from '../../../../src/protocols/gemini/index.ts';
import { GeminiTap } from '../../../../src/protocols/gemini/stream-tap.ts';
import type { Framing } from '../../../../src/protocols/protocol.ts';
import { readStream } from '../digest.ts';
import { event, STOP, said, sse, USAGE } from './events.ts';

const HOLD = 128 * 1024;
const open = (framing: Framing = 'sse', holdBytesMax = HOLD) =>
  new GeminiTap({ dropUsageOnly: false, holdBytesMax, framing });
const crlf = (bytes: Buffer) => Buffer.from(bytes.toString().replaceAll('\r\n', '\n'));

/** What goes to the caller, piece by piece, and the terminal apart. */
function follow(tap: GeminiTap, chunks: Iterable<Buffer>) {
  const pieces: Buffer[] = [];
  for (const chunk of chunks) pieces.push(tap.push(chunk) ?? Buffer.alloc(0));
  return { forwarded: Buffer.concat(pieces), terminal: tap.takeTerminal() };
}

/** The bytes cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const WHOLE = [
  said('one ', { usageMetadata: { ...USAGE, candidatesTokenCount: 1 } }),
  said('two '),
  event([{ functionCall: { name: 'f', args: { finishReason: 'no' } } }]),
  said('three'),
  event([{ text: '' }], STOP, { usageMetadata: USAGE }),
  { usageMetadata: { ...USAGE, toolUsePromptTokenCount: 3 } },
];

describe('following a stream of Gemini', () => {
  it('passes every byte in every division, holds back what ends the answer, and reads what the reader reads', () => {
    for (const bytes of [sse(...WHOLE), crlf(sse(...WHOLE)), Buffer.from(`: hi\n\n${sse(...WHOLE)}`)]) {
      const { response } = readStream(gemini, [bytes]);
      const end = bytes.indexOf(JSON.stringify(WHOLE[4])) - 'data: '.length;
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 30 }), (places) => {
          const tap = open();
          const { forwarded, terminal } = follow(tap, cut(bytes, places));
          expect(forwarded.equals(bytes.subarray(0, end))).toBe(true);
          expect(terminal.equals(bytes.subarray(end))).toBe(true);
          expect(tap).toMatchObject({
            isComplete: true,
            hasContent: true,
            usage: response.usage,
            finishReason: 'tool_calls',
            model: 'gemini-x',
            failure: null,
            contentEvents: 4,
          });
        }),
      );
    }
  });

  it('trap 40 is never complete before the finish, wherever it is cut', () => {
    const bytes = sse(...WHOLE);
    const end = bytes.indexOf('"finishReason":"STOP"');
    for (let length = 0; length < end; length += 7) {
      expect(follow(open(), [bytes.subarray(0, length)]).terminal).toHaveLength(0);
      const tap = open();
      tap.push(bytes.subarray(0, length));
      expect(tap.isComplete).toBe(false);
    }
  });

  it('knows usage of an answer that breaks off', () => {
    const tap = open();
    tap.push(sse(said('one', { usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } })));
    tap.push(sse(said('two', { usageMetadata: USAGE }), said('three')));
    tap.push(
      sse(said('four', { usageMetadata: { ...USAGE, candidatesTokenCount: 6, totalTokenCount: 16 } })),
    );
    expect(tap.usage).toMatchObject({ inputTokens: 10, outputTokens: 6 });
    expect(tap.usage).toMatchObject({ inputTokens: 10, outputTokens: 6 });
  });

  it('lets go what it held when the answer goes on after a finish reason', () => {
    const bytes = sse(event([{ text: 'one' }], STOP), event([{ text: 'two' }], STOP), said('three'));
    const tap = open();
    expect(follow(tap, [bytes]).forwarded.equals(bytes)).toBe(true);
    expect(tap.isComplete).toBe(false);
    const last = sse(event([{ text: '' }], STOP));
    expect(tap.push(last)).toBeNull();
    expect(tap.isComplete).toBe(true);
    expect(tap.takeTerminal().equals(last)).toBe(true);
    expect(tap.takeTerminal()).toHaveLength(0);
  });

  it('trap 85 waits for the finish of every candidate that has begun', () => {
    const of = (index: number, text: string, more: object = {}) => ({
      candidates: [{ content: { parts: [{ text }] }, index, ...more }],
    });
    const tap = open();
    tap.push(sse(of(0, 'a'), of(0, 'b')));
    tap.push(sse(of(1, 'c')));
    tap.push(sse(of(0, '', STOP)));
    expect(tap.isComplete).toBe(false);
    tap.push(sse(of(1, 'd')));
    tap.push(sse(of(1, '', STOP)));
    expect(tap).toMatchObject({ isComplete: true, finishReason: 'stop' });
  });

  it('trap 95 is complete with a block reason', () => {
    const bytes = sse({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } });
    const tap = open();
    expect(tap.push(bytes)).toBeNull();
    expect(tap).toMatchObject({ isComplete: true, finishReason: 'content_filter', hasContent: false });
    expect(tap.takeTerminal().equals(bytes)).toBe(true);
  });

  it('nothing passes from an error on', () => {
    const tap = open();
    const before = sse(said('one'));
    const error = { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Slow down' } };
    expect(tap.push(sse(said('one'), error, said('two')))?.equals(before)).toBe(true);
    expect(tap.push(sse(said('three')))).toBeNull();
    expect(tap).toMatchObject({ isComplete: false, failure: { class: 'rateLimited' } });
  });

  it('holds back no more than the bound of what follows a finish', () => {
    const finish = sse(event([{ text: '' }], STOP));
    const usage = sse({ usageMetadata: USAGE, pad: 'x'.repeat(600) });
    const tap = open('sse', 1_000);
    expect(tap.push(finish)).toBeNull();
    expect(tap.push(usage)).toBeNull();
    expect(tap.push(usage)?.equals(Buffer.concat([finish, usage]))).toBe(true);
    expect(tap.takeTerminal().equals(usage)).toBe(true);
  });

  it('an event above the bound is a failure, because the finish could be in it', () => {
    const tap = open();
    const piece = Buffer.alloc(LIMITS.eventBytesMax / 4, 'x');
    tap.push(Buffer.from('data: '));
    for (let count = 0; count < 4; count += 1) tap.push(piece);
    expect(tap.failure).toMatchObject({ code: 'upstream_malformed' });
  });

  it('a large event with an image is read, finish and all', () => {
    const data = 'A'.repeat(HOLD * 3);
    const bytes = sse(
      event([{ inlineData: { mimeType: 'image/png', data } }], STOP, { usageMetadata: USAGE }),
    );
    const tap = open();
    const { forwarded, terminal } = follow(tap, cut(bytes, [1_000, 100_000, 200_000]));
    expect(forwarded).toHaveLength(0);
    expect(terminal.equals(bytes)).toBe(true);
    expect(tap).toMatchObject({ isComplete: true, usage: { outputTokens: 5 } });
  });

  it('passes a chunk of whole events without copying it', () => {
    const tap = open();
    tap.push(sse(said('one')));
    const chunk = sse(said('two'), said('three'));
    expect(tap.push(chunk)).toBe(chunk);
  });

  it('reads twice as much in about twice the time', () => {
    const pushMs = (count: number): number => {
      const bytes = sse(...Array.from({ length: count }, () => said('some text', { usageMetadata: USAGE })));
      const tap = open();
      const startMs = performance.now();
      for (let at = 0; at < bytes.length; at += 100) tap.push(bytes.subarray(at, at + 100));
      return performance.now() - startMs;
    };
    pushMs(500);
    const [once, twice] = [pushMs(4_000), pushMs(8_000)];
    expect(twice).toBeLessThan(once * 5 + 50);
  });
});

describe('trap 39 as one JSON array', () => {
  it('is JSON with every event, in every division', () => {
    const bytes = sse(...WHOLE);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (places) => {
        const tap = open('json-array');
        const { forwarded, terminal } = follow(tap, cut(bytes, places));
        expect(JSON.parse(Buffer.concat([forwarded, terminal]).toString())).toEqual(WHOLE);
        expect(terminal.toString()).toContain('finishReason');
        expect(tap).toMatchObject({
          isComplete: true,
          finishReason: 'tool_calls',
          usage: { inputTokens: 13 },
        });
      }),
    );
  });

  it('leaves comments out, and takes something that is no JSON for a failure', () => {
    const tap = open('json-array');
    const text = tap.push(Buffer.from(`: keep-alive\n\n${sse(said('one'))}`))?.toString();
    expect(text).toBe(`[${JSON.stringify(said('one'))}`);
    expect(tap.push(Buffer.from('data: not JSON\n\n'))).toBeNull();
    expect(tap.failure).toMatchObject({ code: 'upstream_malformed' });
  });
});

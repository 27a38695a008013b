import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameText, lineEnd, readFrame } from '../../../src/calls/frame.ts';

/** What a frame holds, as text. */
function read(body: string, before = '', after = '') {
  const source = Buffer.from(before + body + after);
  const start = Buffer.byteLength(before);
  const end = start + Buffer.byteLength(body);
  const content = readFrame(source, start, end);
  if (content === null) return null;
  const begun = content.begun.map((line) => [line.number, source.toString('utf8', line.start, line.end)]);
  const ended: unknown[] = [];
  let at = content.endedStart;
  for (const number of content.ended) {
    const next = lineEnd(source, at, end);
    ended.push([number, source.toString('utf8', at, next)]);
    at = next;
  }
  return { begun, ended, isWhole: at === end };
}

const line = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .map((text) => `${text.replaceAll('\n', ' ')}\n`);
const records = fc.array(fc.tuple(fc.nat(), line), { maxLength: 20 });

describe('a frame', () => {
  test('gives back what was put into it, wherever it lies in the buffer', () => {
    fc.assert(
      fc.property(records, records, fc.string(), (begun, ended, around) => {
        if (begun.length + ended.length === 0) return;
        const frame = new FrameText();
        for (const [number, text] of begun) frame.begin(number, text);
        for (const [number, text] of ended) frame.end(number, text);
        expect(read(frame.take(), around, around)).toEqual({ begun, ended, isWhole: true });
      }),
    );
  });

  test('is empty again after it was taken', () => {
    const frame = new FrameText();
    frame.end(1, 'a\n');
    frame.take();
    expect([frame.lineChars, frame.take()]).toEqual([0, '']);
    frame.begin(2, 'b\n');
    expect(frame.take()).toBe('2;\nb\n');
  });

  test.each(['', '\n', '1,2\n', 'no line end', '1,2;\nonly one line\n', '1;\nline without its end'])(
    'that has not the lines it says is none: %j',
    (body) => {
      expect(read(body, '', 'another line\n')).toBeNull();
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/limits.ts';
import { EventTap } from '../../../src/operations/event-tap.ts';
import { readTokens } from '../../../src/operations/usage.ts';

const FINALS = new Set(['image.completed']);
const event = (data: object | string) =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const partial = event({ type: 'image.partial', b64_json: 'A'.repeat(300) });
const usage = { input_tokens: 1, output_tokens: 2, total_tokens: 3 };
const completed = event({ type: 'image.completed', b64_json: 'B'.repeat(300), usage });

/** What comes out in these chunks, and at the end. */
function tapped(chunks: readonly Buffer[], finalsWanted = 1) {
  const tap = new EventTap(FINALS, finalsWanted);
  let out = '';
  for (const chunk of chunks) out += tap.push(chunk)?.toString() ?? '';
  const { isComplete, mayEnd, hasContent, failure } = tap;
  return {
    out,
    isComplete,
    mayEnd,
    hasContent,
    failure,
    usage: tap.usage,
    terminal: tap.takeTerminal().toString(),
  };
}

const whole = (...events: readonly string[]) => [Buffer.from(events.join(''))];

describe('EventTap', () => {
  it('holds the final event, and lets everything before it through', () => {
    expect(tapped(whole(partial, completed))).toMatchObject({
      out: partial,
      terminal: completed,
      isComplete: true,
      mayEnd: true,
      hasContent: true,
      failure: null,
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    });
  });

  it('is not complete without a final event', () => {
    expect(tapped(whole(partial))).toMatchObject({ isComplete: false, mayEnd: false, terminal: '' });
  });

  it('waits for as many final events as were asked for, and may end after each', () => {
    expect(tapped(whole(partial, completed), 2)).toMatchObject({
      isComplete: false,
      mayEnd: true,
      terminal: completed,
    });
    expect(tapped(whole(completed, partial), 2)).toMatchObject({ isComplete: false, mayEnd: false });
    expect(tapped(whole(completed, partial, completed), 2)).toMatchObject({
      out: completed + partial,
      isComplete: true,
      terminal: completed,
    });
  });

  it('takes [DONE] for the end, and lets nothing behind the end through', () => {
    const done = event('[DONE]');
    expect(tapped(whole(partial, done, partial))).toMatchObject({
      out: partial,
      terminal: done,
      isComplete: true,
    });
    expect(tapped(whole(completed, done, partial))).toMatchObject({ out: '', terminal: completed });
  });

  it('stops at an error, in both forms', () => {
    for (const error of [
      { error: { message: 'no', type: 'server_error' } },
      { type: 'error', message: 'no', code: 'x' },
    ]) {
      const found = tapped(whole(partial, event(error), completed));
      expect(found).toMatchObject({ out: partial, isComplete: false, failure: { message: 'no' } });
    }
  });

  it('lets comments and what is no JSON through', () => {
    const odd = ': keep-alive\n\ndata: hello\n\n';
    expect(tapped([Buffer.from(odd)])).toMatchObject({ out: odd, failure: null, mayEnd: false });
  });

  it('says the same for any chunking, with LF and CRLF', () => {
    for (const text of [partial + completed, (partial + completed).replaceAll('\n', '\r\n')]) {
      const bytes = Buffer.from(text);
      const expected = tapped([bytes]);
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
          const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
          const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
          const found = tapped(chunks);
          // The LF of a CRLF that was cut in two may go either way.
          expect({ ...found, out: found.out.trimEnd(), terminal: found.terminal.trimEnd() }).toEqual({
            ...expected,
            out: expected.out.trimEnd(),
            terminal: expected.terminal.trimEnd(),
          });
        }),
      );
    }
  });

  it('fails at an event above the bound instead of holding it', () => {
    const tap = new EventTap(FINALS, 1);
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let bytes = 0; bytes <= LIMITS.eventBytesMax; bytes += piece.length) tap.push(piece);
    expect(tap.failure).toMatchObject({ code: 'upstream_malformed' });
  });
});

describe('readTokens', () => {
  it.each([
    [{ prompt_tokens: 8, total_tokens: 8 }, false, [8, 0, 8]],
    [{ total_tokens: 26 }, false, [26, 0, 26]],
    [{ total_tokens: 26 }, true, null],
    [{ prompt_tokens: 5 }, false, [5, 0, 5]],
    [{ prompt_tokens: 2966, completion_tokens: 0, total_tokens: 2966 }, false, [2966, 0, 2966]],
    [{ input_tokens: 10, output_tokens: 100, total_tokens: 110 }, true, [10, 100, 110]],
    [{ input_tokens: 10 }, true, [10, null, null]],
    [{ type: 'duration', seconds: 37 }, true, null],
    [{ prompt_tokens: -1, total_tokens: 1.5 }, false, null],
    [null, false, null],
    ['x', false, null],
  ])('%j (output: %s) is %j', (value, hasOutput, expected) => {
    const found = readTokens(value, hasOutput);
    expect(found === null ? null : [found.inputTokens, found.outputTokens, found.totalTokens]).toEqual(
      expected,
    );
  });

  it('keeps audio and cached tokens', () => {
    const details = { text_tokens: 4, audio_tokens: 10, cached_tokens: 2 };
    for (const name of ['input_tokens_details', 'input_token_details']) {
      expect(readTokens({ input_tokens: 14, output_tokens: 1, [name]: details }, true)).toMatchObject({
        audioInputTokens: 10,
        cachedInputTokens: 2,
      });
    }
  });
});

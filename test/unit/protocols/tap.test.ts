import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import type { Protocol } from '../../../src/protocols/protocol.ts';
import { SseTap } from '../../../src/protocols/tap.ts';

const OPTIONS = { dropUsageOnly: false, holdBytesMax: 64 * 1024 };

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'c1', model: 'gpt-x', choices: [{ index: 0, delta, finish_reason: null }], ...more })}`;
const USAGE =
  'data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}';
const FINISH = 'data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}';
const DONE = 'data: [DONE]';
const EVENTS = [
  chunk({ role: 'assistant', content: '' }),
  ': note',
  chunk({ content: 'Hé' }),
  chunk({ content: '😀' }),
  FINISH,
  USAGE,
];

const stream = (events: readonly string[], eol = '\n') =>
  Buffer.from(events.map((event) => event + eol + eol).join(''));

function run(bytes: Buffer, places: readonly number[], options = OPTIONS, protocol: Protocol = openaiChat) {
  const tap = new SseTap(protocol, options);
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const out = at.slice(1).map((end, index) => tap.push(bytes.subarray(at[index], end)) ?? Buffer.alloc(0));
  return { tap, forwarded: Buffer.concat(out).toString() };
}

const everywhere = (bytes: Buffer) => Array.from({ length: bytes.length }, (_, at) => at);

describe('SseTap', () => {
  it('learns usage, finish reason and model and forwards everything but the terminator', () => {
    const { tap, forwarded } = run(stream([...EVENTS, DONE]), []);
    expect(forwarded).toBe(stream(EVENTS).toString());
    expect(tap).toMatchObject({
      finishReason: 'stop',
      model: 'gpt-x',
      hasContent: true,
      isComplete: true,
      eventsSeen: 7,
    });
    expect(tap.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
    expect(tap.contentEvents).toBe(2);
    expect(tap.takeTerminal().toString()).toBe('data: [DONE]\n\n');
    expect(tap.takeTerminal().length).toBe(0);
  });

  it.each(['\n', '\r\n', '\r'])(
    'forwards the same bytes and counts the same for any chunking, line end %j',
    (eol) => {
      const bytes = stream([...EVENTS, DONE], eol);
      for (const dropUsageOnly of [false, true]) {
        const options = { ...OPTIONS, dropUsageOnly };
        const whole = run(bytes, [], options);
        const kept = dropUsageOnly ? EVENTS.slice(0, -1) : EVENTS;
        expect(whole.forwarded).toBe(stream(kept, eol).toString());
        const check = (places: readonly number[]) => {
          const { tap, forwarded } = run(bytes, places, options);
          expect(forwarded).toBe(whole.forwarded);
          expect(tap.takeTerminal().toString()).toBe(`${DONE}${eol}${eol}`);
          expect({ ...tap }).toEqual({ ...whole.tap });
        };
        check(everywhere(bytes));
        fc.assert(fc.property(fc.array(fc.nat(5000), { maxLength: 8 }), check), { numRuns: 100 });
      }
    },
  );

  it('returns the very chunk when it holds whole events', () => {
    const tap = new SseTap(openaiChat, OPTIONS);
    const first = stream([chunk({ content: 'a' })]);
    const later = stream([chunk({ content: 'b' }), chunk({ content: 'c' })]);
    expect(tap.push(first)).toBe(first);
    expect(tap.push(later)).toBe(later);
    expect(tap.contentEvents).toBe(3);
  });

  it('holds an incomplete event back until it is whole', () => {
    const tap = new SseTap(openaiChat, OPTIONS);
    const event = stream([chunk({ content: 'abc' })]);
    expect(tap.push(event.subarray(0, 40))).toBeNull();
    expect(tap.hasContent).toBe(false);
    expect(tap.push(event.subarray(40))?.toString()).toBe(event.toString());
  });

  it('passes an event above the bound on in pieces and looks again at the next one', () => {
    const options = { dropUsageOnly: true, holdBytesMax: 1_000 };
    const large = chunk({ content: 'x'.repeat(5_000) });
    const bytes = stream([large, FINISH, USAGE, DONE]);
    for (const places of [[300, 900, 2_000], everywhere(bytes)]) {
      const { tap, forwarded } = run(bytes, places, options);
      expect(forwarded).toBe(stream([large, FINISH]).toString());
      expect(tap).toMatchObject({ hasContent: true, finishReason: 'stop', isComplete: true });
      expect(tap.usage).toMatchObject({ outputTokens: 2 });
    }
    const tap = new SseTap(openaiChat, options);
    expect(tap.push(Buffer.from(large.slice(0, 1_000)))).toBeNull();
    expect(tap.push(Buffer.from(large.slice(1_000, 1_001)))?.length).toBe(1_001);
  });

  it('does not look into an event above the bound, whatever its last lines say', () => {
    const large = `data: ${'x'.repeat(3_000)}\ndata: [DONE]`;
    const bytes = stream([chunk({ content: 'a' }), large, chunk({ content: 'b' })]);
    const { tap, forwarded } = run(bytes, [150, 1_500], { dropUsageOnly: true, holdBytesMax: 1_000 });
    expect(forwarded).toBe(bytes.toString());
    expect(tap.isComplete).toBe(false);
  });

  it('counts the same with further blank lines and mixed line ends', () => {
    const bytes = Buffer.from(
      `${chunk({ content: 'a' })}\n\n\n\n\r\n${chunk({ content: 'b' })}\r\r${chunk({ content: 'c' })}\n\n\n${chunk({ content: 'd' })}\n\n`,
    );
    const second = bytes.indexOf('data:', 10);
    for (const places of [[], [second], everywhere(bytes)]) {
      const { tap, forwarded } = run(bytes, places);
      expect(forwarded).toBe(bytes.toString());
      expect(tap).toMatchObject({ eventsSeen: 4, contentEvents: 4 });
    }
  });

  it('never lets out what follows the terminator', () => {
    const { forwarded, tap } = run(stream([...EVENTS, DONE, chunk({ content: 'more' })]), []);
    expect(forwarded).toBe(stream(EVENTS).toString());
    expect(tap.push(stream([chunk({ content: 'more' })]))).toBeNull();
  });

  it('is not complete without the terminator, wherever the stream is cut', () => {
    const bytes = stream([...EVENTS, DONE]);
    for (let end = 0; end < bytes.length - 1; end += 1)
      expect(run(bytes.subarray(0, end), []).tap.isComplete).toBe(false);
  });

  it('stops at a failure event and forwards neither it nor anything behind it', () => {
    const failure = 'data: {"error":{"message":"overloaded","type":"server_error","code":"overloaded"}}';
    const { tap, forwarded } = run(
      stream([chunk({ content: 'a' }), failure, chunk({ content: 'b' }), DONE]),
      [],
    );
    expect(forwarded).toBe(stream([chunk({ content: 'a' })]).toString());
    expect(tap.failure).toMatchObject({ class: 'overloaded', message: 'overloaded' });
    expect(tap.isComplete).toBe(false);
  });

  it('does not take a text that speaks of terminators and errors for one', () => {
    const tricky = [
      chunk({ content: '[DONE]' }),
      chunk({ content: 'x_tokens' }),
      chunk({ content: 'error' }),
    ];
    const { tap, forwarded } = run(stream([chunk({ content: 'a' }), ...tricky]), []);
    expect(forwarded).toBe(stream([chunk({ content: 'a' }), ...tricky]).toString());
    expect(tap).toMatchObject({ isComplete: false, failure: null, usage: null, contentEvents: 4 });
  });

  it('U13 relays malformed JSON untouched', () => {
    const bytes = Buffer.from(
      'data: {not json\n\nevent\ndata\n\nretry: x\n\ndata:{"choices":[{"delta":{"content":"a"}}]}\n\n',
    );
    expect(run(bytes, []).forwarded).toBe(bytes.toString());
  });

  it('trap 48 joins the usage that Anthropic splits over events', () => {
    const event = (type: string, more: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}`;
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 90,
      cache_creation_input_tokens: 5,
      output_tokens: 1,
    };
    const events = [
      event('message_start', { message: { id: 'm', model: 'claude-x', usage } }),
      event('ping', {}),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'a' } }),
      event('message_delta', {
        delta: { stop_reason: 'end_turn' },
        usage: { input_tokens: 12, output_tokens: 7 },
      }),
    ];
    const bytes = stream([...events, event('message_stop', {})]);
    for (const places of [[], everywhere(bytes)]) {
      const { tap, forwarded } = run(bytes, places, OPTIONS, anthropicMessages);
      expect(forwarded).toBe(stream(events).toString());
      expect(tap).toMatchObject({
        finishReason: 'stop',
        model: 'claude-x',
        isComplete: true,
        contentEvents: 1,
      });
      expect(tap.usage).toMatchObject({ inputTokens: 107, outputTokens: 7, cachedInputTokens: 90 });
    }
  });
});

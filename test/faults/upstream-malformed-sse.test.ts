import { expect, test } from 'vitest';
import { PAIRS, type Wire } from '../support/call.ts';
import type { Script } from '../support/fake-upstream-exchange.ts';
import { EVENT_STREAM, end, respond, send, wait } from '../support/fake-upstream-steps.ts';
import { useRig } from '../support/scenario.ts';
import { streamParts, streamText } from '../support/stream-text.ts';
import { gate } from '../support/wait.ts';

const rig = useRig();
const TEXTS = ['one ', 'two ', 'three'];

const streamed = (body: string): Script => [respond(200, EVENT_STREAM), send(body), end()];

/** A line before every event. */
const withLine = (line: string) => (body: string) =>
  body.replace(/^(?=data|event)/, `${line}\n`).replace(/\n\n(?=data|event)/g, `\n\n${line}\n`);

/** Streams that are strange, and that the WHATWG standard gives the same events as the plain one. */
const STRANGE: Readonly<Record<string, (body: string) => string>> = {
  'no space after the colon': (body) => body.replaceAll('data: ', 'data:'),
  'CR as line end': (body) => body.replaceAll('\n', '\r'),
  'mixed line ends': (body) => body.replaceAll('}\n\n', '}\r\n\n'),
  'a byte order mark': (body) => `\ufeff${body}`,
  'an id with NUL': withLine('id: a\0b'),
  comments: withLine(': note\n:'),
  'an unknown field': withLine('color: blue\ncolor'),
  'a retry that is no number': withLine('retry: x'),
  'blank lines between events': (body) => `\n\n${body.replaceAll('}\n\n', '}\n\n\n\n').trimEnd()}\n\n`,
  'JSON over several data lines': (body) => body.replaceAll('data: {', 'data: {\ndata: '),
};

for (const [name, transform] of Object.entries(STRANGE)) {
  test.each(PAIRS)(
    `U13 a stream with ${name} is read as the standard says ($caller ← $upstream)`,
    async ({ caller, upstream }) => {
      await rig.run(upstream, async (s) => {
        const body = transform(streamText(upstream, TEXTS));
        s.main.answer(streamed(body));
        const answer = await (await s.call({ caller, stream: true, body: usageOption(caller) })).answer();
        expect(answer.read).toMatchObject({ isComplete: true, hasError: false, text: 'one two three' });
        if (caller === upstream) expect(answer.text, 'the bytes are the upstream’s').toBe(body);
        expect(await s.record()).toMatchObject({
          outcome: 'succeeded',
          output_tokens: 3,
          usage_source: 'provider',
        });
      });
    },
  );
}

/** So that nothing of the upstream's stream is taken out for this caller. */
const usageOption = (caller: Wire) =>
  caller === 'openai-chat' ? { stream_options: { include_usage: true } } : {};

test.each(PAIRS)(
  'U13 a terminator without its blank line is none: the stream breaks off ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(streamed(streamText(upstream, TEXTS).slice(0, -1)));
      const answer = await (await s.call({ caller, stream: true })).answer();
      expect(answer.errorCode).toBe('upstream_interrupted');
      expect(answer.isComplete).toBe(false);
      expect(answer.read.text).toBe('one two three');
      expect((await s.record()).outcome).toBe('interrupted');
    });
  },
);

const BROKEN_JSON = 'data: {"choices":[{"delta"\n\n';

/** Says one token, then data that is no JSON once the client has heard it, then the rest. */
function withBrokenJson(wire: Wire, heard: PromiseLike<void>): Script {
  const { before, content, after } = streamParts(wire, TEXTS);
  const [first = '', ...rest] = content;
  const behind = [BROKEN_JSON, ...rest, ...after].join('');
  return [respond(200, EVENT_STREAM), send([...before, first].join('')), wait(heard), send(behind), end()];
}

test.each(PAIRS.filter(({ caller, upstream }) => caller === upstream))(
  'U13 malformed JSON in an event passes untouched where the bytes pass ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      const heard = gate();
      s.main.answer(withBrokenJson(upstream, heard));
      const call = await s.call({ caller, stream: true, body: usageOption(caller) });
      await call.heard('one');
      heard.open();
      const answer = await call.answer();
      expect(answer.text).toContain(BROKEN_JSON);
      expect(answer.text).toBe(s.main.requests[0]?.response?.body.toString());
      expect(answer.isComplete).toBe(true);
      expect((await s.record()).outcome).toBe('succeeded');
    });
  },
);

test.each(PAIRS.filter(({ caller, upstream }) => caller !== upstream))(
  'U13 malformed JSON in an event is an error event where the stream is translated ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      const heard = gate();
      s.main.answer(withBrokenJson(upstream, heard));
      const call = await s.call({ caller, stream: true, model: 'fallback' });
      await call.heard('one');
      heard.open();
      const answer = await call.answer();
      expect(answer.errorCode).toBe('upstream_malformed');
      expect(answer.isComplete).toBe(false);
      expect(answer.read.text).toBe('one ');
      expect(s.spare.requests).toHaveLength(0);
      expect(await s.record()).toMatchObject({ outcome: 'interrupted', error_code: 'upstream_malformed' });
    });
  },
);

test.each(PAIRS.filter(({ caller, upstream }) => caller !== upstream))(
  'U13 malformed JSON before the first token is another upstream’s turn where the stream is translated ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(streamed(`data: {"choices\n\n${streamText(upstream, TEXTS)}`));
      const call = await s.call({ caller, stream: true, model: 'fallback' });
      expect((await call.answer()).read).toMatchObject({ isComplete: true, text: `You said ${call.nonce}.` });
      expect((await s.record()).attempts).toMatchObject([
        { errorCode: 'upstream_malformed' },
        { errorCode: null },
      ]);
    });
  },
);

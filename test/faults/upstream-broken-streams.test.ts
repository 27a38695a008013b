import { expect, test } from 'vitest';
import { type CallAnswer, PAIRS, streamThen, type Wire } from '../support/call.ts';
import { anthropicEvent } from '../support/fake-upstream-anthropic.ts';
import { bytes, end, fin, reset, sse, wait } from '../support/fake-upstream-steps.ts';
import { LIVE_TRANSPORTS, openLive } from '../support/live-call.ts';
import { parseEvents } from '../support/raw-client-events.ts';
import { type Scenario, useRig } from '../support/scenario.ts';
import { gate } from '../support/wait.ts';

const rig = useRig();

/** Three tokens, in the order in which they are sent. */
const TOKENS = ['one ', 'two ', 'three '];

function expectBrokenOff(answer: CallAnswer, caller: Wire): void {
  expect(answer.status).toBe(200);
  expect(answer.read.text).toBe('one two three ');
  expect(answer.isComplete, 'the HTTP body has no proper end').toBe(false);
  expect(answer.text).not.toMatch(/\[DONE\]|message_stop/);
  const last = parseEvents(answer.body).at(-1);
  expect(last?.event).toBe(caller === 'anthropic-messages' ? 'error' : 'message');
  expect(JSON.parse(last?.data ?? 'null').error).toBeTruthy();
  expect(answer.errorCode).toBe('upstream_interrupted');
}

async function expectInterrupted(s: Scenario): Promise<void> {
  expect(await s.record()).toMatchObject({
    outcome: 'interrupted',
    error_code: 'upstream_interrupted',
    output_tokens: TOKENS.length,
    usage_source: 'estimated',
  });
  expect(s.spare.requests, 'no other upstream is asked').toHaveLength(0);
}

/** Ways in which a stream ends too early, after its content. */
const CUTS = {
  'U07 a reset': reset(),
  'U08 a FIN inside the body': fin(),
  'U08 a FIN inside a chunk': [bytes('40\r\ndata: {"choi'), fin()],
  'U08 a proper end of the body without the terminator': end(),
};

for (const [name, cut] of Object.entries(CUTS)) {
  test.each(PAIRS)(
    `${name} after three tokens breaks the stream off for the client ($caller ← $upstream)`,
    async (pair) => {
      await rig.run(pair.upstream, async (s) => {
        const heard = gate();
        s.main.answer(streamThen(pair.upstream, TOKENS, [wait(heard), cut]));
        const call = await s.call({ caller: pair.caller, stream: true, model: 'fallback' });
        await call.heard('three');
        heard.open();
        expectBrokenOff(await call.answer(), pair.caller);
        await expectInterrupted(s);
      });
    },
  );
}

test.each(PAIRS)(
  'U07 what the client got before a reset is what the upstream sent ($caller ← $upstream)',
  async (pair) => {
    await rig.run(pair.upstream, async (s) => {
      const heard = gate();
      s.main.answer(streamThen(pair.upstream, ['ä', '\u{1f600}', ' end'], [wait(heard), reset()]));
      const call = await s.call({ caller: pair.caller, stream: true });
      await call.heard(' end');
      heard.open();
      const answer = await call.answer();
      expect(answer.read.text).toBe('ä\u{1f600} end');
      if (pair.caller !== pair.upstream) return;
      const sent = s.main.requests[0]?.response?.body.toString() ?? '';
      const withoutError = answer.text.slice(0, sent.length);
      expect(withoutError).toBe(sent);
    });
  },
);

const TERMINATORS = { 'openai-chat': sse('[DONE]'), 'anthropic-messages': anthropicEvent('message_stop') };

test.each(PAIRS)(
  'U08 a failure that the upstream reports in mid-stream is passed on, and nothing behind it ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      const failure = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
      const said = sse(JSON.stringify(failure), upstream === 'anthropic-messages' ? 'error' : undefined);
      s.main.answer(streamThen(upstream, TOKENS, [said, TERMINATORS[upstream], end()]));
      const answer = await (await s.call({ caller, stream: true })).answer();
      expect(answer.read).toMatchObject({ text: 'one two three ', hasError: true });
      expect(answer.isComplete).toBe(false);
      expect(answer.text).not.toMatch(/\[DONE\]|message_stop/);
      expect(await s.record()).toMatchObject({ outcome: 'interrupted', error_code: 'upstream_overloaded' });
    });
  },
);

test.each(LIVE_TRANSPORTS)(
  'U07 a reset after three tokens is an error of the live operation over %s',
  async (transport) => {
    await rig.run('anthropic-messages', async (s) => {
      const heard = gate();
      s.main.answer(streamThen(s.upstream, TOKENS, [wait(heard), reset()]));
      const call = await openLive(s, transport);
      await call.heard('three');
      heard.open();
      expect(await call.failed()).toBe('upstream_interrupted');
      expect(call.text).toBe('one two three ');
      expect(call.isComplete).toBe(false);
      await expectInterrupted(s);
      call.ends.leave();
      call.report(s);
    });
  },
);

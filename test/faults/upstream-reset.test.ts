import { expect, test } from 'vitest';
import { PAIRS, streamThen } from '../support/call.ts';
import type { Exchange } from '../support/fake-upstream-exchange.ts';
import { openaiAnswer, openaiChunk } from '../support/fake-upstream-openai.ts';
import {
  bytes,
  EVENT_STREAM,
  fin,
  json,
  reset,
  respond,
  respondStream,
  sse,
  wait,
} from '../support/fake-upstream-steps.ts';
import { useRig } from '../support/scenario.ts';
import { gate, turn } from '../support/wait.ts';

const COMMIT_EVENTS_MAX = 8;
const rig = useRig({ limits: { commitEventsMax: COMMIT_EVENTS_MAX } });

test.each([false, true])(
  'U05 a reset before any response byte is 502 upstream_reset after exactly one attempt (stream: %s)',
  async (stream) => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(reset());
      const answer = await (await s.call({ model: 'fallback', stream })).answer();
      expect(answer.status).toBe(502);
      expect(answer.errorCode).toBe('upstream_reset');
      expect(s.main.requests).toHaveLength(1);
      expect(s.spare.requests).toHaveLength(0);
      const { attempts, outcome } = await s.record();
      expect(outcome).toBe('failed');
      expect(attempts).toMatchObject([{ errorCode: 'upstream_reset', status: null }]);
    });
  },
);

test.each(PAIRS)(
  'U05 with an Idempotency-Key it is retried at the next upstream ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(reset());
      const call = await s.call({ caller, model: 'fallback', headers: { 'idempotency-key': 'again-1' } });
      const answer = await call.answer();
      expect(answer.read).toMatchObject({ isComplete: true, text: `You said ${call.nonce}.` });
      const { attempts, outcome } = await s.record();
      expect(outcome).toBe('succeeded');
      expect(attempts).toMatchObject([{ errorCode: 'upstream_reset' }, { errorCode: null }]);
      expect(s.third.requests).toHaveLength(0);
    });
  },
);

test('U05 with an Idempotency-Key each upstream is tried once at most', async () => {
  await rig.run('anthropic-messages', async (s) => {
    for (const upstream of [s.main, s.spare, s.third]) upstream.answer(reset());
    const call = await s.call({ model: 'fallback', headers: { 'idempotency-key': 'again-2' } });
    expect((await call.answer()).errorCode).toBe('upstream_reset');
    for (const upstream of [s.main, s.spare, s.third]) expect(upstream.requests).toHaveLength(1);
  });
});

test.each(PAIRS)(
  'U06 a reset after the headers and before the first token fails over ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer([respond(200, EVENT_STREAM), turn, reset()]);
      const call = await s.call({ caller, model: 'fallback', stream: true });
      const answer = await call.answer();
      expect(answer.read).toMatchObject({
        isComplete: true,
        hasError: false,
        text: `You said ${call.nonce}.`,
      });
      expect(answer.headers['x-sluice-attempts']).toBe('2');
      const { attempts } = await s.record();
      expect(attempts).toMatchObject([
        { errorCode: 'upstream_interrupted', status: 200 },
        { errorCode: null },
      ]);
    });
  },
);

test.each(PAIRS)(
  'U06 what came before the first token is not in the other upstream’s answer ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(streamThen(upstream, [], reset()));
      s.spare.answer(streamThen(upstream, ['whole'], []));
      const call = await s.call({ caller, model: 'fallback', stream: true });
      await call.heard('whole');
      expect(call.client.partial?.body.toString().match(/"role":"assistant"/g)).toHaveLength(1);
      call.client.destroy();
      expect((await s.record()).outcome).toBe('cancelled');
    });
  },
);

test('U06 after more empty events than are held back, a reset is an error event instead of a second try', async () => {
  await rig.run('openai-chat', async (s) => {
    const relayed = gate();
    const empty = Array.from({ length: COMMIT_EVENTS_MAX + 2 }, () =>
      sse(openaiChunk({ role: 'assistant' })),
    );
    s.main.answer([respondStream(), ...empty, wait(relayed), reset()]);
    const call = await s.call({ model: 'fallback', stream: true });
    await call.client.head();
    relayed.open();
    const answer = await call.answer();
    expect(answer.errorCode).toBe('upstream_interrupted');
    expect(answer.isComplete).toBe(false);
    expect(s.spare.requests).toHaveLength(0);
    expect(await s.record()).toMatchObject({ outcome: 'interrupted', output_tokens: null });
  });
});

test('U06 a whole answer that is reset in its body is asked for elsewhere', async () => {
  await rig.run('anthropic-messages', async (s) => {
    s.main.answer([respond(200, { 'content-length': '500' }), bytes('{"id":'), turn, reset()]);
    const call = await s.call({ model: 'fallback', caller: 'anthropic-messages' });
    expect((await call.answer()).read).toMatchObject({ isComplete: true, text: `You said ${call.nonce}.` });
  });
});

const LARGE = 'x'.repeat(8 * 1024 * 1024);

const EARLY = [
  { name: 'a refusal and a FIN', status: 400, close: fin() },
  { name: 'a refusal and a reset', status: 400, close: reset() },
  { name: 'a failure and a FIN', status: 503, close: fin() },
  { name: 'a failure and a reset', status: 503, close: reset() },
];

test.each(EARLY)(
  'U25 $name before the body was read are an answer, not a broken connection',
  async (early) => {
    await rig.run('openai-chat', async (s) => {
      const error = { message: 'early', type: 'server_error', param: null, code: null };
      const unread = (exchange: Exchange): void => exchange.pauseReading();
      s.main.answer([unread, json({ error }, early.status), early.close], { at: 'head' });
      const answer = await (await s.call({ body: { user: LARGE } })).answer(15_000);
      expect(answer.status).toBe(early.status === 400 ? 400 : 502);
      const { attempts, outcome } = await s.record();
      expect(outcome).toBe('failed');
      expect(attempts).toMatchObject([{ status: early.status, message: 'early' }]);
    });
  },
);

test('U25 a whole answer that comes before the body was read is relayed, and the gateway goes on', async () => {
  await rig.run('openai-chat', async (s) => {
    const unread = (exchange: Exchange): void => exchange.pauseReading();
    s.main.answer([unread, openaiAnswer({ text: 'early' }), fin()], { at: 'head' });
    const call = await s.call({ body: { user: LARGE } });
    expect((await call.answer(15_000)).read).toMatchObject({ isComplete: true, text: 'early' });
    s.main.answer(openaiAnswer());
    const next = await s.call();
    expect((await next.answer()).read.text).toBe(`You said ${next.nonce}.`);
  });
});

import { expect, test } from 'vitest';
import { answerOf, PAIRS, streamOf } from '../support/call.ts';
import { openaiChunk } from '../support/fake-upstream-openai.ts';
import { EVENT_STREAM, end, json, respond, sse } from '../support/fake-upstream-steps.ts';
import type { CallRow } from '../support/gateway.ts';
import { LIVE_TRANSPORTS, openLive } from '../support/live-call.ts';
import { useRig } from '../support/scenario.ts';

const rig = useRig();
const DELTAS = ['one ', 'two ', 'three ', 'four'];

/** Both counts are there, and the request's is that of a short one. */
function expectEstimates(record: CallRow): void {
  const { input_tokens: input, output_tokens: output, total_tokens: total } = record;
  expect(input).toBeGreaterThan(0);
  expect(input).toBeLessThan(100);
  expect(output).toBeGreaterThan(0);
  expect(total).toBe((input ?? 0) + (output ?? 0));
}

test.each(PAIRS)(
  'U28 a stream without usage is recorded with an estimate, flagged as one ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(streamOf(upstream, { deltas: DELTAS, usage: null }));
      const answer = await (await s.call({ caller, stream: true })).answer();
      expect(answer.read).toMatchObject({ isComplete: true, text: DELTAS.join('') });
      const record = await s.record();
      expect(record).toMatchObject({ outcome: 'succeeded', usage_source: 'estimated' });
      expectEstimates(record);
      // One event a token; the end of a block may count as one.
      expect(record.output_tokens).toBeGreaterThanOrEqual(DELTAS.length);
      expect(record.output_tokens).toBeLessThanOrEqual(DELTAS.length + 1);
    });
  },
);

test.each(PAIRS)(
  'U28 a whole answer without usage is recorded with an estimate, flagged as one ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(answerOf(upstream, { text: DELTAS.join(''), usage: null }));
      const answer = await (await s.call({ caller })).answer();
      expect(answer.read).toMatchObject({ isComplete: true, text: DELTAS.join('') });
      const record = await s.record();
      expect(record).toMatchObject({ outcome: 'succeeded', usage_source: 'estimated' });
      expectEstimates(record);
      expect(record.output_tokens).toBeLessThanOrEqual(DELTAS.join('').length);
    });
  },
);

test.each(PAIRS)(
  'U28 usage that contradicts what was sent is the provider’s word ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(streamOf(upstream, { deltas: DELTAS, usage: { inputTokens: 3, outputTokens: 999 } }));
      await (await s.call({ caller, stream: true })).answer();
      expect(await s.record()).toMatchObject({
        usage_source: 'provider',
        input_tokens: 3,
        output_tokens: 999,
      });
    });
  },
);

/** Counts that are none, or that no column holds. */
const NO_COUNTS = [-1, 1.5, 1e12, '4', null, true, [4], { count: 4 }];

test.each(NO_COUNTS)('U28 a count of %j is taken for unknown, and the call has its record', async (count) => {
  await rig.run('openai-chat', async (s) => {
    const usage = { prompt_tokens: count, completion_tokens: count, total_tokens: count };
    const chunks = DELTAS.map((content) => sse(openaiChunk({ content })));
    const last = sse(JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [], usage }));
    s.main.answerNext([respond(200, EVENT_STREAM), chunks, last, sse('[DONE]'), end()]);
    const streamed = await (await s.call({ stream: true })).answer();
    expect(streamed.read).toMatchObject({ isComplete: true, text: DELTAS.join('') });
    const record = await s.record(streamed.callId);
    expect(record).toMatchObject({
      outcome: 'succeeded',
      usage_source: 'estimated',
      output_tokens: DELTAS.length,
    });
    expectEstimates(record);

    const choices = [
      { index: 0, message: { role: 'assistant', content: 'four words in all' }, finish_reason: 'stop' },
    ];
    s.main.answerNext(json({ id: 'c', object: 'chat.completion', model: 'm', choices, usage }));
    const whole = await (await s.call()).answer();
    expect(whole.read.isComplete).toBe(true);
    expect(await s.record(whole.callId)).toMatchObject({ outcome: 'succeeded', usage_source: 'estimated' });
  });
});

test('U28 counts that do not add up are kept as they are', async () => {
  await rig.run('anthropic-messages', async (s) => {
    s.main.answer(
      answerOf('anthropic-messages', { usage: { inputTokens: 1, outputTokens: 0, cachedInputTokens: 500 } }),
    );
    const answer = await (await s.call()).answer();
    expect(answer.status).toBe(200);
    expect((await s.record()).outcome).toBe('succeeded');
  });
});

test.each(LIVE_TRANSPORTS)(
  'U28 an estimate stays in the record: over GraphQL (%s) the counts are null',
  async (transport) => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(streamOf('openai-chat', { usage: null }));
      const call = await openLive(s, transport);
      const completion = await call.completed();
      expect(completion['usage']).toEqual({ inputTokens: null, outputTokens: null });
      expect((await s.record()).usage_source).toBe('estimated');
      call.ends.leave();
      call.report(s);
    });
  },
);

import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type OpenCall, PAIRS, streamOf, type Wire } from '../support/call.ts';
import { FakeClock } from '../support/clock.ts';
import { EVENT_STREAM, holdHeaders, respond, stall, wait } from '../support/fake-upstream-steps.ts';
import { type Scenario, useRig } from '../support/scenario.ts';
import { gate, turn, until, within } from '../support/wait.ts';

const clock = new FakeClock();
const rig = useRig({ clock });
const STEP_MS = 250;

/** Moves the gateway's time on in small steps; sockets get their turn between them. */
async function pass(ms: number, each: () => void = () => {}): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    clock.advance(STEP_MS);
    await turn();
    each();
  }
}

const HEARTBEATS: Readonly<Record<Wire, RegExp>> = {
  'openai-chat': /^: keep-alive$/gm,
  'anthropic-messages': /^event: ping$/gm,
};

const heartbeats = (call: OpenCall, caller: Wire): number =>
  call.client.received.toString().match(HEARTBEATS[caller])?.length ?? 0;

test.each(PAIRS)(
  'U09 a stall before the headers is 504 upstream_stalled after the first-byte timeout, and the upstream is let go ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(holdHeaders());
      const call = await s.call({ caller, model: 'fallback', stream: true });
      const seen = await s.main.seen();
      await pass(LIMITS.firstByteTimeoutMs - 1_000);
      expect(seen.endKind).toBeNull();
      expect(call.client.receivedBytes).toBe(0);
      await pass(2_000);
      const answer = await call.answer();
      expect(answer.status).toBe(504);
      expect(answer.errorCode).toBe('upstream_stalled');
      await within(seen.peerClosed, { what: 'the upstream is let go' });
      expect(s.spare.requests, 'the work may have been done').toHaveLength(0);
      const { attempts, outcome, total_ms: totalMs } = await s.record();
      expect(outcome).toBe('failed');
      expect(attempts).toMatchObject([{ errorCode: 'upstream_stalled', status: null }]);
      expect(Math.abs((totalMs ?? 0) - LIMITS.firstByteTimeoutMs)).toBeLessThan(1_000);
    });
  },
);

test('U09 an answer in one piece may take longer than the first byte of a stream, up to a bound of its own', async () => {
  await rig.run('openai-chat', async (s) => {
    s.main.answer(holdHeaders());
    const call = await s.call({ model: 'fallback' });
    const seen = await s.main.seen();
    await pass(LIMITS.firstByteTimeoutMs + 60_000);
    expect(seen.endKind).toBeNull();
    await pass(LIMITS.answerTimeoutMs - LIMITS.firstByteTimeoutMs - 59_000);
    expect((await call.answer()).errorCode).toBe('upstream_stalled');
    await within(seen.peerClosed, { what: 'the upstream is let go' });
  });
});

test('U09 a stall between the headers and the first token is 504 upstream_stalled too', async () => {
  await rig.run('openai-chat', async (s) => {
    s.main.answer([respond(200, EVENT_STREAM), stall()]);
    const call = await s.call({ stream: true });
    const seen = await s.main.seen();
    await until(() => seen.bytesWritten > 0, { what: 'the headers are sent' });
    await turn();
    await pass(LIMITS.idleTimeoutMs + 1_000);
    expect((await call.answer()).status).toBe(504);
    await within(seen.peerClosed, { what: 'the upstream is let go' });
  });
});

/** Says one token, and the rest when the gate opens. */
async function stalled(s: Scenario, caller: Wire) {
  const goesOn = gate();
  const before = (index: number) => (index === 1 ? wait(goesOn) : undefined);
  s.main.answer(streamOf(s.upstream, { deltas: ['one ', 'two'], before }));
  const call = await s.call({ caller, stream: true });
  await call.heard('one');
  return { call, goesOn, seen: await s.main.seen() };
}

test.each(PAIRS)(
  'U10 a stall of 25 s between tokens is bridged by heartbeats, and the stream goes on ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      const { call, goesOn } = await stalled(s, caller);
      const upstreamPings = heartbeats(call, caller);
      let count = upstreamPings;
      let lastMs = clock.monotonicMs();
      const gapsMs: number[] = [];
      await pass(25_000, () => {
        const now = heartbeats(call, caller);
        for (; count < now; count += 1) {
          gapsMs.push(clock.monotonicMs() - lastMs);
          lastMs = clock.monotonicMs();
        }
      });
      await until(() => heartbeats(call, caller) - upstreamPings === 2, {
        what: 'two heartbeats, at 10 s and 20 s',
      });
      for (const gapMs of gapsMs) expect(gapMs).toBeLessThanOrEqual(12_000);
      goesOn.open();
      const answer = await call.answer();
      expect(answer.read).toMatchObject({ isComplete: true, text: 'one two' });
      expect(await s.record()).toMatchObject({ outcome: 'succeeded', output_tokens: 2 });
    });
  },
);

test('U10 a second stall has one heartbeat for each 10 s again: no timer is left from the first', async () => {
  await rig.run('openai-chat', async (s) => {
    const gates = [gate(), gate()];
    const before = (index: number) => (index === 0 ? undefined : wait(gates[index - 1] ?? gate()));
    s.main.answer(streamOf(s.upstream, { deltas: ['one ', 'two ', 'three'], before }));
    const timers = clock.timerCount;
    const call = await s.call({ stream: true });
    for (const [index, word] of ['one', 'two'].entries()) {
      await call.heard(word);
      const before = heartbeats(call, 'openai-chat');
      await pass(21_000);
      await until(() => heartbeats(call, 'openai-chat') === before + 2, { what: 'two heartbeats' });
      gates[index]?.open();
    }
    expect((await call.answer()).read.isComplete).toBe(true);
    expect(clock.timerCount).toBe(timers);
  });
});

test.each(PAIRS)(
  'U11 a stall between tokens above the idle limit is an error event at the limit ± 1 s ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      const { call, seen } = await stalled(s, caller);
      await pass(LIMITS.idleTimeoutMs - 1_000);
      expect(seen.endKind).toBeNull();
      expect(call.client.closeKind).toBeNull();
      await pass(2_000);
      const answer = await call.answer();
      expect(answer.errorCode).toBe('upstream_stalled');
      expect(answer.isComplete).toBe(false);
      expect(answer.text).not.toMatch(/\[DONE\]|message_stop/);
      await within(seen.peerClosed, { what: 'the upstream is let go' });
      expect(await s.record()).toMatchObject({
        outcome: 'interrupted',
        error_code: 'upstream_stalled',
        output_tokens: 1,
        usage_source: 'estimated',
      });
    });
  },
);

test('U11 a whole answer whose body stalls is 504 upstream_stalled', async () => {
  await rig.run('anthropic-messages', async (s) => {
    s.main.answer([respond(200, { 'content-length': '100' }), stall()]);
    const call = await s.call();
    const seen = await s.main.seen();
    await until(() => seen.bytesWritten > 0, { what: 'the headers are sent' });
    await turn();
    await pass(LIMITS.idleTimeoutMs + 1_000);
    expect((await call.answer()).status).toBe(504);
  });
});

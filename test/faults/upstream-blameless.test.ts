import { describe, expect, test } from 'vitest';
import { streamOf, streamThen } from '../support/call.ts';
import { FakeClock } from '../support/clock.ts';
import { holdHeaders, stall } from '../support/fake-upstream-steps.ts';
import { useRig } from '../support/scenario.ts';
import { gate, until, within } from '../support/wait.ts';

/** What is the gateway's doing, or the client's, must not count against the upstream. */
describe('a full pool', () => {
  const rig = useRig({ limits: { callsPerOriginMax: 1 } });

  test('U20 a full pool refuses with 503 overloaded, and its record names no attempt', async () => {
    await rig.run('openai-chat', async (s) => {
      const release = gate();
      s.main.answer([holdHeaders(release), streamOf(s.upstream)]);
      const first = await s.call({ stream: true });
      await s.main.seen();
      const second = await (await s.call({ stream: true })).answer();
      expect(second.status).toBe(503);
      expect(second.errorCode).toBe('overloaded');
      expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
      expect(await s.record(second.callId)).toMatchObject({
        outcome: 'failed',
        error_code: 'overloaded',
        target: null,
        attempts: [],
      });
      release.open();
      expect((await first.answer()).read.isComplete).toBe(true);
      expect((await (await s.call({ stream: true })).answer()).read.isComplete, 'there is room again').toBe(
        true,
      );
    });
  });

  test('U20 with a full pool the call goes to the next upstream, without an attempt at the full one', async () => {
    await rig.run('anthropic-messages', async (s) => {
      const release = gate();
      s.main.answer([holdHeaders(release), streamOf(s.upstream)]);
      const first = await s.call({ stream: true });
      await s.main.seen();
      const second = await (await s.call({ stream: true, model: 'fallback' })).answer();
      expect(second.read.isComplete).toBe(true);
      expect((await s.record(second.callId)).attempts).toMatchObject([
        { target: 'anthropic-messages-spare/spare', errorCode: null },
      ]);
      release.open();
      expect((await first.answer()).read.isComplete).toBe(true);
    });
  });

  test('U20 calls whose clients leave give their places in the pool back', async () => {
    await rig.run('openai-chat', async (s) => {
      for (let count = 1; count <= 3; count += 1) {
        s.main.answer(stall());
        const call = await s.call({ stream: true });
        const seen = await s.main.seen(count);
        call.client.destroy();
        await within(seen.peerClosed, { what: 'the upstream is let go' });
        await until(
          async () => (await s.rows()).filter((row) => row.outcome === 'cancelled').length === count,
          {
            what: 'the record',
          },
        );
      }
      s.main.answer(streamOf(s.upstream));
      expect((await (await s.call({ stream: true })).answer()).read.isComplete).toBe(true);
    });
  });
});

describe('a client that leaves', () => {
  const clock = new FakeClock();
  const rig = useRig({ clock, strategy: 'latency' });

  test('U20 a client that leaves is recorded as the cause, and the upstream stays the fastest', async () => {
    await rig.run('openai-chat', async (s) => {
      const upstreams = { main: s.main, spare: s.spare, third: s.third };
      for (const [name, upstream] of Object.entries(upstreams)) {
        const firstTokenMs = name === 'main' ? 10 : 100;
        upstream.answer([() => clock.advance(firstTokenMs), streamOf(s.upstream)]);
      }
      for (let count = 0; count < 4; count += 1)
        await (await s.call({ stream: true, model: 'fallback' })).answer();
      const served = () => Object.values(upstreams).map(({ requests }) => requests.length);
      expect(served(), 'each is measured once, and then the fastest is taken').toEqual([2, 1, 1]);

      s.main.answer([() => clock.advance(5_000), streamThen(s.upstream, ['late'], stall())]);
      const leaving = await s.call({ stream: true, model: 'fallback' });
      const seen = await s.main.seen(3);
      await leaving.heard('late');
      leaving.client.destroy();
      await within(seen.peerClosed, { what: 'the upstream is let go' });
      const cancelled = await until(async () => (await s.rows()).find((row) => row.outcome === 'cancelled'), {
        what: 'the record of the call that was left',
      });
      expect(cancelled.error_code).toBe('client_closed_request');
      expect(cancelled.attempts).toMatchObject([{ errorCode: 'client_closed_request', status: 200 }]);

      s.main.answer([() => clock.advance(10), streamOf(s.upstream)]);
      await (await s.call({ stream: true, model: 'fallback' })).answer();
      expect(served()).toEqual([4, 1, 1]);
    });
  });
});

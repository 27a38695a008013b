import { afterAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { PAIRS, streamThen, type Wire } from '../support/call.ts';
import { FakeClock } from '../support/clock.ts';
import { bytes, respond } from '../support/fake-upstream-steps.ts';
import { GatewaySockets } from '../support/gateway-sockets.ts';
import { openLive } from '../support/live-call.ts';
import { heldUp, type Scenario, useRig } from '../support/scenario.ts';
import { streamText } from '../support/stream-text.ts';
import { turn, until, within } from '../support/wait.ts';

/** What one call may hold in the gateway, beside the kernel's buffers of its two sockets. */
const HELD_BYTES_MAX = 256 * 1024;
/** More than the kernel's buffers of both connections take together. */
const DELTAS = Array.from({ length: 1_024 }, (_, at) => `${at} ${'x'.repeat(16_000)} `);

const clock = new FakeClock();
const rig = useRig({ clock });
const sockets = new GatewaySockets();
afterAll(() => sockets.close());

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += LIMITS.sweepMs) {
    clock.advance(LIMITS.sweepMs);
    await turn();
  }
}

/** The whole stream in one write, so that the ledger keeps all of it. */
function longStream(wire: Wire) {
  const body = Buffer.from(streamText(wire, DELTAS));
  return [
    respond(200, { 'content-type': 'text/event-stream', 'content-length': String(body.length) }),
    bytes(body),
  ];
}

/** Bounds what lies between the two sockets of a call in user land, from now to the end of the scenario. */
function watchHeld(s: Scenario, name: string, toClient: ReturnType<GatewaySockets['toClient']>): void {
  const toUpstream = sockets.toUpstream(s.main.port);
  const read = () => toClient.writableLength + toUpstream.readableLength;
  s.checker.watch({ name, read, max: HELD_BYTES_MAX });
}

test.each(PAIRS)(
  'C06 a reader that stops for 50 s stops the upstream, and goes on byte for byte ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(longStream(upstream));
      const call = await s.call({ caller, stream: true });
      await call.client.head();
      call.client.pause();
      watchHeld(s, `bytes held for ${caller}`, sockets.toClient(call.client.socket));
      const seen = await s.main.seen();
      await heldUp(seen);
      const heardBytes = call.client.receivedBytes;
      await pass(50_000);
      expect(seen.isBlocked, 'the upstream still waits').toBe(true);
      expect(call.client.receivedBytes).toBe(heardBytes);
      call.client.resume();
      const answer = await call.answer(15_000);
      expect(answer.read.isComplete).toBe(true);
      expect(answer.read.text === DELTAS.join(''), 'the whole text, in order').toBe(true);
      expect(await s.record()).toMatchObject({ outcome: 'succeeded', output_tokens: DELTAS.length });
    });
  },
);

test('C06 a reader of a GraphQL live operation that stops, stops the upstream, and goes on with the whole text', async () => {
  await rig.run('openai-chat', async (s) => {
    s.main.answer(longStream(s.upstream));
    const call = await openLive(s, 'SSE');
    await call.heard('0 x');
    call.ends.pause();
    const seen = await s.main.seen();
    await heldUp(seen);
    await pass(50_000);
    expect(seen.isBlocked, 'the upstream still waits').toBe(true);
    call.ends.resume();
    await until(() => call.isComplete, { what: 'ChatCompleted', deadlineMs: 20_000, pollMs: 200 });
    expect(call.text === DELTAS.join(''), 'the whole text, in order').toBe(true);
    call.report(s);
  });
});

describe('a reader that never resumes', () => {
  test.each(PAIRS)(
    'C07 is cut at the write-idle limit and not before ($caller ← $upstream)',
    async ({ caller, upstream }) => {
      await rig.run(upstream, async (s) => {
        s.main.answer(streamThen(upstream, DELTAS, []));
        const call = await s.call({ caller, stream: true });
        await call.client.head();
        call.client.pause();
        const seen = await s.main.seen();
        await heldUp(seen);
        await pass(LIMITS.writeIdleTimeoutMs - 1_000);
        expect(s.gateway.gateway.callsInFlight).toBe(1);
        await pass(2_000);
        await until(() => s.gateway.gateway.callsInFlight === 0, { what: 'the call ends' });
        await within(seen.peerClosed, { what: 'the upstream is let go' });
        expect(await s.record()).toMatchObject({ outcome: 'cancelled', error_code: 'client_stalled' });
        call.client.resume();
        expect(await call.client.closed, 'what was in the kernel may still be read').not.toBe('self');
        expect(call.client.partial?.body.toString()).not.toMatch(/\[DONE\]|message_stop/);
      });
    },
  );

  test('C07 over GraphQL it is cut at the write-idle limit too', async () => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(streamThen(s.upstream, DELTAS, []));
      const call = await openLive(s, 'SSE');
      await call.heard('0 x');
      call.ends.pause();
      const seen = await s.main.seen();
      await heldUp(seen);
      await pass(LIMITS.writeIdleTimeoutMs - 1_000);
      expect(s.gateway.gateway.callsInFlight).toBe(1);
      // The limit is looked at with each heartbeat.
      await pass(2_000 + LIMITS.heartbeatMs);
      await until(() => s.gateway.gateway.callsInFlight === 0, { what: 'the call ends' });
      await within(seen.peerClosed, { what: 'the upstream is let go' });
      expect((await s.record()).outcome).toBe('cancelled');
      call.report(s);
    });
  });
});

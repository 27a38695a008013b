import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { answerOf, type OpenCall, PAIRS, streamOf } from '../support/call.ts';
import { nonce as randomNonce } from '../support/canary.ts';
import { FakeClock } from '../support/clock.ts';
import { holdHeaders, stall } from '../support/fake-upstream-steps.ts';
import { openLive } from '../support/live-call.ts';
import { rawRequest } from '../support/raw-client.ts';
import { heldUp, type Scenario, useRig } from '../support/scenario.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { turn, until, within } from '../support/wait.ts';

const clock = new FakeClock();
const rig = useRig({ clock });

const stalling = (s: Scenario) => [
  streamOf(s.upstream, { deltas: ['one ', 'two '], until: 'content' }),
  stall(),
];

async function expectCancelled(s: Scenario): Promise<void> {
  const seen = await s.main.seen();
  await within(seen.peerClosed, { what: 'the upstream is let go' });
  expect(await s.record()).toMatchObject({ outcome: 'cancelled', error_code: 'client_closed_request' });
}

describe('half-close', () => {
  test.each(PAIRS)(
    'C04 a FIN behind the request counts as leaving: 400, and the upstream is let go ($caller ← $upstream)',
    async ({ caller, upstream }) => {
      await rig.run(upstream, async (s) => {
        for (const stream of [true, false]) {
          s.main.answer(holdHeaders());
          const call = await s.call({ caller, stream, model: 'fallback' });
          const seen = await s.main.seen(stream ? 1 : 2);
          call.client.halfClose();
          const answer = await call.answer();
          expect(answer.status).toBe(400);
          expect(answer.errorCode).toBe('client_closed_request');
          expect(answer.headers['connection']).toBe('close');
          expect(await call.client.closed).toBe('fin');
          await within(seen.peerClosed, { what: 'the upstream is let go' });
          expect(await s.record(answer.callId)).toMatchObject({ outcome: 'cancelled', status: 400 });
        }
        expect(s.spare.requests).toHaveLength(0);
      });
    },
  );

  test('C04 a FIN in mid-stream breaks the stream off, without an error event that nobody reads', async () => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(stalling(s));
      const call = await s.call({ stream: true });
      await call.heard('two');
      call.client.halfClose();
      const answer = await call.answer();
      expect(answer.isComplete).toBe(false);
      expect(answer.read).toMatchObject({ text: 'one two ', hasError: false });
      await expectCancelled(s);
    });
  });

  test('C04 a FIN behind a GraphQL live operation lets its upstream go', async () => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(stalling(s));
      const call = await openLive(s, 'SSE');
      await call.heard('two');
      call.ends.halfClose();
      await expectCancelled(s);
      call.report(s);
    });
  });

  test('C04 a FIN after the answer ends the connection, and the record stays as it is', async () => {
    await rig.run('openai-chat', async (s) => {
      const call = await s.call();
      expect((await call.answer()).status).toBe(200);
      call.client.halfClose();
      expect(await call.client.closed).toBe('fin');
      expect((await s.record()).outcome).toBe('succeeded');
    });
  });

  test('C04 a FIN inside the body is a request that never came: 400, no call', async () => {
    await rig.run('openai-chat', async (s) => {
      const client = await s.connect();
      await client.send(s.bytes(randomNonce()).subarray(0, -10));
      client.halfClose();
      expect((await client.response()).status).toBe(400);
      expect(await s.rows()).toHaveLength(0);
      expect(s.main.requests).toHaveLength(0);
    });
  });

  test('C04 a FIN behind a request that is no call changes nothing: it is answered', async () => {
    await rig.run('openai-chat', async (s) => {
      const client = await s.connect();
      client.socket.end(rawRequest('GET', '/healthz'));
      expect((await client.response()).status).toBe(200);
    });
  });
});

describe('broken connections', () => {
  test.each(PAIRS)(
    'C05 a reset by the client lets the upstream go ($caller ← $upstream)',
    async ({ caller, upstream }) => {
      await rig.run(upstream, async (s) => {
        s.main.answer(stalling(s));
        const call = await s.call({ caller, stream: true });
        await call.heard('two');
        call.client.reset();
        await expectCancelled(s);
      });
    },
  );

  test('C05 a client process that is killed lets the upstream go', async () => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(stalling(s));
      const request = s.bytes(randomNonce(), { stream: true }).toString('base64');
      const script = `
        const socket = require('node:net').connect(${s.gateway.port}, '127.0.0.1');
        socket.write(Buffer.from('${request}', 'base64'));
        socket.on('data', (bytes) => process.stdout.write(bytes));
      `;
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (bytes: Buffer) => {
        said += bytes.toString();
      });
      await until(() => said.includes('two'), { what: 'the client process hears two tokens' });
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await expectCancelled(s);
    });
  });

  /**
   * A call through a proxy. `pull` lets nothing through any more in either direction, not even a FIN: what a
   * pulled cable looks like.
   */
  async function onCable(
    s: Scenario,
    run: (call: OpenCall, pull: () => void) => Promise<void>,
  ): Promise<void> {
    const proxy = await startTcpProxy({ to: { port: s.gateway.port } });
    try {
      await run(await s.call({ stream: true }, proxy.port), () => proxy.pause());
    } finally {
      await proxy.close();
    }
  }

  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += LIMITS.sweepMs) {
      clock.advance(LIMITS.sweepMs);
      await turn();
    }
  };

  test('C05 with a pulled cable and a silent upstream the call ends within 60 s', async () => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(stalling(s));
      await onCable(s, async (call, pull) => {
        await call.heard('two');
        pull();
        await pass(60_000);
        expect(s.gateway.gateway.callsInFlight).toBe(0);
        expect(await s.record()).toMatchObject({ outcome: 'interrupted', error_code: 'upstream_stalled' });
      });
    });
  });

  test('C05 with a pulled cable and a busy upstream the call ends at the write-idle limit', async () => {
    await rig.run('openai-chat', async (s) => {
      const deltas = Array.from({ length: 4_000 }, () => 'x'.repeat(16_384));
      s.main.answer(streamOf(s.upstream, { deltas }));
      await onCable(s, async (call, pull) => {
        await call.client.read(1);
        pull();
        const seen = await s.main.seen();
        await heldUp(seen);
        await pass(LIMITS.writeIdleTimeoutMs + 1_000);
        await until(() => s.gateway.gateway.callsInFlight === 0, { what: 'the call ends' });
        await within(seen.peerClosed, { what: 'the upstream is let go' });
        expect(await s.record()).toMatchObject({ outcome: 'cancelled', error_code: 'client_stalled' });
      });
    });
  });
});

test('C05 an answer that a client no longer takes is recorded once', async () => {
  await rig.run('anthropic-messages', async (s) => {
    s.main.answer(answerOf(s.upstream, { text: 'x'.repeat(8 * 1024 * 1024) }));
    const call = await s.call();
    call.client.pause();
    await s.main.seen();
    await until(async () => (await s.rows()).some((row) => row.outcome !== 'running'), {
      what: 'the record',
    });
    call.client.reset();
    expect((await s.record()).outcome).toBe('succeeded');
  });
});

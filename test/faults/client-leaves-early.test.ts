import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAIRS, streamOf } from '../support/call.ts';
import { nonce as randomNonce } from '../support/canary.ts';
import { blackHole } from '../support/fake-upstream-address.ts';
import { holdHeaders } from '../support/fake-upstream-steps.ts';
import { type Scenario, useRig } from '../support/scenario.ts';
import { gate, turn, until, within } from '../support/wait.ts';

async function expectCancelled(s: Scenario, attempts: readonly object[]): Promise<void> {
  const record = await s.record();
  expect(record).toMatchObject({
    outcome: 'cancelled',
    error_code: 'client_closed_request',
    usage_source: 'none',
  });
  expect(record.attempts).toMatchObject(attempts);
  expect(record.attempts).toHaveLength(attempts.length);
  expect(s.spare.requests, 'no further attempt starts').toHaveLength(0);
}

/** What Node reads at a time. A read that fills it is followed by another at once, which finds the FIN. */
const READ_BUFFER_BYTES = 64 * 1024;

/**
 * A request whose FIN is read in the same turn of the event loop as itself: the begin record is written at the
 * end of that turn, and only then would anything go upstream.
 */
function fillingReadBuffer(request: (padding: string) => Buffer): Buffer {
  let padding = READ_BUFFER_BYTES - request('').length;
  while (request('x'.repeat(padding)).length > READ_BUFFER_BYTES) padding -= 1;
  return request('x'.repeat(padding));
}

const CANCELLED = { errorCode: 'client_closed_request', status: null };

describe('an upstream that answers', () => {
  const rig = useRig();

  test.each(PAIRS)(
    'C03 a client that leaves before the upstream’s headers starts no further attempt ($caller ← $upstream)',
    async ({ caller, upstream }) => {
      await rig.run(upstream, async (s) => {
        s.main.answer(holdHeaders());
        const call = await s.call({ caller, model: 'fallback', stream: true });
        const seen = await s.main.seen();
        call.client.destroy();
        await within(seen.peerClosed, { what: 'the upstream is let go' });
        await expectCancelled(s, [CANCELLED]);
      });
    },
  );

  test('C03 a client that leaves between the begin record and the dispatch: nothing goes upstream', async () => {
    await rig.run('openai-chat', async (s) => {
      const nonce = randomNonce();
      const client = await s.connect();
      client.socket.end(
        fillingReadBuffer((padding) => s.bytes(nonce, { stream: true, body: { user: padding } })),
      );
      const answer = await client.response();
      s.checker.http(nonce, answer);
      expect(answer.status).toBe(400);
      await expectCancelled(s, []);
      expect(s.main.requests).toHaveLength(0);
    });
  });

  test('C03 a client that leaves while its body is still on its way makes no call', async () => {
    await rig.run('openai-chat', async (s) => {
      const client = await s.connect();
      const request = s.bytes('nonce-0123456789abcdef', { body: { user: 'x'.repeat(100_000) } });
      await client.send(request.subarray(0, request.length - 1_000));
      await turn();
      client.destroy();
      const next = await (await s.call()).answer();
      expect(next.status).toBe(200);
      expect(await s.rows()).toHaveLength(1);
      expect(s.main.requests).toHaveLength(1);
    });
  });
});

describe('an upstream that swallows connects', () => {
  let hole: Awaited<ReturnType<typeof blackHole>> | undefined;
  beforeAll(async () => {
    hole = await blackHole();
  });
  afterAll(() => hole?.close());
  const rig = useRig({ mainPort: () => hole?.port ?? 0, limits: { connectTimeoutMs: 400 } });

  test('C03 a client that leaves during the connect: the record is there before the connect has timed out', async () => {
    await rig.run('openai-chat', async (s) => {
      const call = await s.call({ model: 'fallback', stream: true });
      await until(() => s.gateway.gateway.callsInFlight === 1, { what: 'the call runs' });
      await turn();
      call.client.destroy();
      await until(() => s.gateway.gateway.callsInFlight === 0, { what: 'the call ends', deadlineMs: 300 });
      await expectCancelled(s, [CANCELLED]);
    });
  });
});

describe('one connection to each upstream', () => {
  const rig = useRig({ limits: { connectionsPerOriginMax: 1, callsPerOriginMax: 3 } });

  test('C03 a client that leaves while its call waits for a connection: its request is never sent', async () => {
    await rig.run('openai-chat', async (s) => {
      const release = gate();
      s.main.answerNext([holdHeaders(release), streamOf(s.upstream)]);
      const first = await s.call({ stream: true });
      await s.main.seen();
      const queued = await s.call({ stream: true, model: 'fallback' });
      await until(() => s.gateway.gateway.callsInFlight === 2, { what: 'the second call waits' });
      await turn();
      queued.client.destroy();
      await until(() => s.gateway.gateway.callsInFlight === 1, { what: 'the second call ends' });
      release.open();
      expect((await first.answer()).read.isComplete).toBe(true);
      const third = await s.call({ stream: true });
      expect((await third.answer()).read.text).toBe(`You said ${third.nonce}.`);
      expect(s.main.requests.map((request) => request.nonce)).toEqual([first.nonce, third.nonce]);
      const cancelled = (await s.rows()).filter((row) => row.outcome === 'cancelled');
      expect(cancelled).toMatchObject([{ attempts: [CANCELLED] }]);
    });
  });

  test('C03 calls that were left keep their places while their requests wait: a pool cannot be flooded with them', async () => {
    await rig.run('openai-chat', async (s) => {
      const release = gate();
      s.main.answerNext([holdHeaders(release), streamOf(s.upstream)]);
      const first = await s.call({ stream: true });
      await s.main.seen();
      for (let left = 1; left <= 2; left += 1) {
        const call = await s.call({ stream: true });
        await until(() => s.gateway.gateway.callsInFlight === 2, { what: 'the call waits' });
        await turn();
        call.client.destroy();
        await until(() => s.gateway.gateway.callsInFlight === 1, { what: 'the call ends' });
      }
      expect((await (await s.call()).answer()).errorCode).toBe('overloaded');
      release.open();
      expect((await first.answer()).read.isComplete).toBe(true);
      const after = await s.call({ stream: true });
      expect((await after.answer()).read.text, 'the places are free again').toBe(`You said ${after.nonce}.`);
      expect(s.main.requests.map((request) => request.nonce)).toEqual([first.nonce, after.nonce]);
    });
  });
});

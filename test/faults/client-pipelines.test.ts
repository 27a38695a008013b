import { afterAll, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { answerOf, streamOf } from '../support/call.ts';
import { nonce as randomNonce } from '../support/canary.ts';
import { readAnswer } from '../support/checker-answer.ts';
import { holdHeaders, stall, wait } from '../support/fake-upstream-steps.ts';
import { GatewaySockets } from '../support/gateway-sockets.ts';
import type { RawClient } from '../support/raw-client.ts';
import { type Scenario, useRig } from '../support/scenario.ts';
import { gate, turn, until, within } from '../support/wait.ts';

const COUNT = 1_000;
const rig = useRig();
const sockets = new GatewaySockets();
afterAll(() => sockets.close());

const running = (s: Scenario): number =>
  s.main.requests.filter(({ isScriptDone, endKind }) => !isScriptDone && endKind === null).length;

/** Reads that many answers and holds each against the nonce that is due. */
async function expectInOrder(s: Scenario, client: RawClient, nonces: readonly string[]): Promise<void> {
  for (const nonce of nonces) {
    const response = await client.response(20_000);
    s.checker.http(nonce, response);
    expect(response.status).toBe(200);
    expect(readAnswer(response).text).toContain(nonce);
  }
}

test('C10 a thousand pipelined calls on one socket are answered in order, sixteen at a time', async () => {
  await rig.run('openai-chat', async (s) => {
    const nonces = Array.from({ length: COUNT }, randomNonce);
    const client = await s.connect();
    const pipelined = nonces.map((nonce) => s.bytes(nonce, { body: { user: 'x'.repeat(4_000) } }));
    const release = gate();
    // The first to come is the last to be answered: order is the gateway's doing.
    s.main.answerNext([holdHeaders(release), answerOf(s.upstream)]);
    s.checker.watch({ name: 'calls of one socket', read: () => running(s), max: LIMITS.pipelinedRunningMax });
    const sent = client.send(Buffer.concat(pipelined));
    await s.main.seen(LIMITS.pipelinedRunningMax);
    for (let count = 0; count < 100; count += 1) await turn();
    expect(s.main.requests, 'no more run while the first waits').toHaveLength(LIMITS.pipelinedRunningMax);
    expect(client.receivedBytes).toBe(0);
    const readBytes = sockets.toClient(client.socket).bytesRead;
    const mayWait = LIMITS.pipelinedRunningMax + LIMITS.pipelinedWaitingMax;
    expect(readBytes, 'the rest is not even read').toBeLessThan((mayWait + 32) * 4_400);
    release.open();
    await sent;
    await expectInOrder(s, client, nonces);
    expect(s.main.requests).toHaveLength(COUNT);
  });
});

test('C10 streams and whole answers, pipelined, keep their order and their bytes', async () => {
  await rig.run('anthropic-messages', async (s) => {
    const nonces = Array.from({ length: 40 }, randomNonce);
    const client = await s.connect();
    const caller = (at: number) => (at % 2 === 0 ? 'openai-chat' : 'anthropic-messages');
    await client.send(
      Buffer.concat(nonces.map((nonce, at) => s.bytes(nonce, { caller: caller(at), stream: at % 3 === 0 }))),
    );
    await expectInOrder(s, client, nonces);
  });
});

test.each(['destroy', 'reset'] as const)(
  'C10 a client that leaves with pipelined calls (%s) ends all that run, and those that wait never start',
  async (leave) => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer(stall());
      const client = await s.connect();
      const nonces = Array.from({ length: 50 }, randomNonce);
      await client.send(Buffer.concat(nonces.map((nonce) => s.bytes(nonce))));
      await s.main.seen(LIMITS.pipelinedRunningMax);
      client[leave]();
      for (const entry of s.main.requests) await within(entry.peerClosed, { what: 'the upstream is let go' });
      await until(() => s.gateway.gateway.callsInFlight === 0, { what: 'the calls end' });
      for (let count = 0; count < 20; count += 1) await turn();
      expect(s.main.requests).toHaveLength(LIMITS.pipelinedRunningMax);
      const outcomes = (await s.rows()).map((row) => row.outcome);
      expect(outcomes).toEqual(Array.from({ length: LIMITS.pipelinedRunningMax }, () => 'cancelled'));
      for (const nonce of nonces.slice(0, LIMITS.pipelinedRunningMax)) s.checker.http(nonce, null);
    });
  },
);

test('C10 garbage behind a call whose answer streams does not get into that answer', async () => {
  await rig.run('openai-chat', async (s) => {
    const goesOn = gate();
    const before = (index: number) => (index === 1 ? wait(goesOn) : undefined);
    s.main.answer(streamOf(s.upstream, { deltas: ['one ', 'two'], before }));
    const call = await s.call({ stream: true });
    await call.heard('one');
    await call.client.send('\0 garbage / HTTP/9\r\n\r\n');
    await until(() => call.client.closeKind, { what: 'the connection is closed' });
    goesOn.open();
    const answer = await call.answer();
    expect(answer.text).not.toContain('HTTP/1.1');
    expect(answer.isComplete).toBe(false);
    expect((await s.record()).outcome).toBe('cancelled');
  });
});

test('C10 garbage behind a call that waits for its upstream is not taken for its answer', async () => {
  await rig.run('openai-chat', async (s) => {
    s.main.answer(stall());
    const call = await s.call();
    const seen = await s.main.seen();
    await call.client.send('\0 garbage / HTTP/9\r\n\r\n');
    await until(() => call.client.closeKind, { what: 'the connection is closed' });
    expect(call.client.receivedBytes).toBe(0);
    await within(seen.peerClosed, { what: 'the upstream is let go' });
    expect((await s.record()).outcome).toBe('cancelled');
  });
});

test('C10 garbage as the first request is refused with 400', async () => {
  await rig.run('openai-chat', async (s) => {
    const client = await s.connect();
    await client.send('\0 garbage / HTTP/9\r\n\r\n');
    expect((await client.response()).status).toBe(400);
  });
});

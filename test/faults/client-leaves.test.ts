import { expect, test } from 'vitest';
import { answerOf, PAIRS, streamOf } from '../support/call.ts';
import type { Script } from '../support/fake-upstream-exchange.ts';
import { EVENT_STREAM, respond, stall, wait } from '../support/fake-upstream-steps.ts';
import type { LedgerEntry } from '../support/ledger.ts';
import { LIVE_TRANSPORTS, openLive } from '../support/live-call.ts';
import { type Scenario, useRig } from '../support/scenario.ts';
import { turn, within } from '../support/wait.ts';

/** From the client's leaving to the upstream's socket being closed. */
const CANCEL_BUDGET_MS = 50;
/**
 * Client, gateway and upstream share one process here, and a busy CI machine with its neighbours: what a turn
 * of the event loop costs there is not the gateway's delay. Without cancelling it would be for ever.
 */
const CI_SLACK_MS = 150;

const rig = useRig();

/** Tokens without an end, as fast as the sockets take them. */
const endless = (s: Scenario): Script =>
  streamOf(s.upstream, {
    deltas: Array.from({ length: 100_000 }, (_, at) => `token-${at} `),
    before: () => turn,
  });

/** Two tokens, and then nothing more. */
const stalling = (s: Scenario): Script => [
  streamOf(s.upstream, { deltas: ['token-0 ', 'token-1 '], until: 'content' }),
  stall(),
];

async function expectLetGo(seen: LedgerEntry, leave: () => void): Promise<void> {
  const leftAtMs = performance.now();
  leave();
  const closedAtMs = await within(seen.peerClosed, { what: 'the upstream is let go' });
  expect(closedAtMs - leftAtMs).toBeLessThan(CANCEL_BUDGET_MS + CI_SLACK_MS);
}

async function expectCancelled(s: Scenario, tokens: 'some' | 'none'): Promise<void> {
  const record = await s.record();
  expect(record).toMatchObject({
    outcome: 'cancelled',
    error_code: 'client_closed_request',
    usage_source: tokens === 'some' ? 'estimated' : 'none',
  });
  if (tokens === 'some') expect(record.output_tokens).toBeGreaterThanOrEqual(2);
  expect(s.spare.requests, 'no other upstream is asked').toHaveLength(0);
}

const FLOWS = [
  { id: 'C01', when: 'while tokens flow', script: endless },
  { id: 'C02', when: 'while the upstream stalls between tokens', script: stalling },
];

for (const { id, when, script } of FLOWS) {
  test.each(PAIRS)(
    `${id} trap 67 a client that leaves ${when} ends the upstream's work at once, and the call's usage is settled ($caller ← $upstream)`,
    async ({ caller, upstream }) => {
      await rig.run(upstream, async (s) => {
        s.main.answer(script(s));
        const call = await s.call({ caller, stream: true, model: 'fallback' });
        await call.heard('token-1');
        await expectLetGo(await s.main.seen(), () => call.client.destroy());
        await expectCancelled(s, 'some');
      });
    },
  );

  test.each(LIVE_TRANSPORTS)(
    `${id} a GraphQL client that leaves ${when} ends the upstream's work at once (%s)`,
    async (transport) => {
      await rig.run('anthropic-messages', async (s) => {
        s.main.answer(script(s));
        const call = await openLive(s, transport);
        await call.heard('token-1');
        await expectLetGo(await s.main.seen(), call.ends.leave);
        await expectCancelled(s, 'some');
        call.report(s);
      });
    },
  );
}

test.each(LIVE_TRANSPORTS)(
  'C02 a GraphQL client that leaves before the first token ends the upstream’s work at once (%s)',
  async (transport) => {
    await rig.run('openai-chat', async (s) => {
      s.main.answer([respond(200, EVENT_STREAM), stall()]);
      const call = await openLive(s, transport);
      await expectLetGo(await s.main.seen(), call.ends.leave);
      await expectCancelled(s, 'none');
      call.report(s);
    });
  },
);

test('C02 a WebSocket client that completes one operation ends its upstream’s work and no other', async () => {
  await rig.run('openai-chat', async (s) => {
    s.main.answer(stalling(s));
    const socket = await openLive(s, 'WebSocket');
    await socket.heard('token-1');
    await expectLetGo(await s.main.seen(), socket.ends.complete);
    await expectCancelled(s, 'some');
    socket.ends.leave();
    socket.report(s);
  });
});

test.each(PAIRS)(
  'C01 a client that leaves while a whole answer is made ends the upstream’s work at once ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer([wait(new Promise(() => {})), answerOf(upstream)]);
      const call = await s.call({ caller, model: 'fallback' });
      await expectLetGo(await s.main.seen(), () => call.client.destroy());
      await expectCancelled(s, 'none');
    });
  },
);

test('C01 of fifty clients that leave at once, each upstream is let go within the budget', async () => {
  await rig.run('openai-chat', async (s) => {
    s.main.answer(stalling(s));
    const calls = await Promise.all(Array.from({ length: 50 }, () => s.call({ stream: true })));
    for (const call of calls) await call.heard('token-1');
    const leftAtMs = performance.now();
    for (const call of calls) call.client.destroy();
    const closedAtMs = await Promise.all(
      s.main.requests.map((entry) => within(entry.peerClosed, { what: 'let go' })),
    );
    expect(closedAtMs).toHaveLength(50);
    expect(Math.max(...closedAtMs) - leftAtMs).toBeLessThan(CANCEL_BUDGET_MS + CI_SLACK_MS);
  });
});

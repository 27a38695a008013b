import { describe, expect, test } from 'vitest';
import { type CallAnswer, PAIRS, streamOf, streamThen, type Wire } from '../support/call.ts';
import { APP_KEY } from '../support/config.ts';
import { bytes, end, fin, reset, wait } from '../support/fake-upstream-steps.ts';
import { CHAT_STREAM, eventsOf } from '../support/graphql-request.ts';
import { codeOf, RawGraphqlSocket } from '../support/graphql-socket.ts';
import { rawRequest } from '../support/raw-client.ts';
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

test.each(PAIRS)(
  'U08 an error in mid-stream is passed on as one, and nothing behind it ($caller ← $upstream)',
  async (pair) => {
    await rig.run(pair.upstream, async (s) => {
      const said = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
      const errorEvent = `event: error\ndata: ${said}\n\n`;
      const behind = [
        bytes(`${errorEvent.length.toString(16)}\r\n${errorEvent}\r\n`),
        streamOf(pair.upstream).bind(null),
      ];
      s.main.answer(streamThen(pair.upstream, TOKENS, behind[0] ?? []));
      const answer = await (await s.call({ caller: pair.caller, stream: true })).answer();
      expect(answer.read).toMatchObject({ text: 'one two three ', isComplete: false, hasError: true });
      expect(answer.isComplete).toBe(false);
      expect(await s.record()).toMatchObject({ outcome: 'interrupted', error_code: 'upstream_overloaded' });
    });
  },
);

const subscription = (s: Scenario, content: string) => ({
  query: CHAT_STREAM,
  variables: { input: { model: s.model(), messages: [{ role: 'USER', content }] } },
});

describe('over GraphQL', () => {
  test('U07 a reset after three tokens is an error result of the event stream, without ChatCompleted', async () => {
    await rig.run('anthropic-messages', async (s) => {
      const heard = gate();
      s.main.answer(streamThen(s.upstream, TOKENS, [wait(heard), reset()]));
      const client = await s.connect();
      const headers = {
        authorization: `Bearer ${APP_KEY}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      };
      await client.send(rawRequest('POST', '/graphql', headers, JSON.stringify(subscription(s, 'hello'))));
      await client.read('three');
      heard.open();
      const { results } = eventsOf((await client.response()).body.toString());
      const last = results.at(-1);
      expect(last?.errors?.[0]?.extensions.code).toBe('upstream_interrupted');
      expect(JSON.stringify(results)).not.toContain('ChatCompleted');
      await expectInterrupted(s);
    });
  });

  test('U07 a reset after three tokens is an error result of the WebSocket, without ChatCompleted', async () => {
    await rig.run('openai-chat', async (s) => {
      const heard = gate();
      s.main.answer(streamThen(s.upstream, TOKENS, [wait(heard), reset()]));
      const socket = await RawGraphqlSocket.connect(`ws://127.0.0.1:${s.gateway.port}/graphql`, APP_KEY);
      const { query, variables } = subscription(s, 'hello');
      socket.subscribe('1', query, variables);
      await socket.message(({ payload }) => JSON.stringify(payload)?.includes('three'), 'the third token');
      heard.open();
      const failure = await socket.message(({ payload }) => codeOf(payload) !== undefined, 'the error');
      expect(codeOf(failure.payload)).toBe('upstream_interrupted');
      expect(JSON.stringify(socket.messages)).not.toContain('ChatCompleted');
      await expectInterrupted(s);
      await socket.close();
    });
  });
});

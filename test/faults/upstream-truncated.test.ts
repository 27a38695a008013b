import { expect, test } from 'vitest';
import { PAIRS, type Wire } from '../support/call.ts';
import type { Script } from '../support/fake-upstream-exchange.ts';
import { bytes, fin, respond } from '../support/fake-upstream-steps.ts';
import { useRig } from '../support/scenario.ts';

const rig = useRig();
const JSON_TYPE = { 'content-type': 'application/json' };

/** A whole answer's bytes, of which a script sends a part. */
const BODIES: Readonly<Record<Wire, string>> = {
  'openai-chat': JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello, world' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 },
  }),
  'anthropic-messages': JSON.stringify({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [{ type: 'text', text: 'Hello, world' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 3 },
  }),
};

/** Ways in which a whole answer comes short, and what each is called. */
const SHORT: Readonly<Record<string, { code: string; script: (body: string) => Script }>> = {
  'a body shorter than its Content-Length': {
    code: 'upstream_interrupted',
    script: (body) => [
      respond(200, { ...JSON_TYPE, 'content-length': String(body.length) }),
      bytes(body.slice(0, -20)),
      fin(),
    ],
  },
  'a chunked body without its last chunk, although the JSON is whole': {
    code: 'upstream_interrupted',
    script: (body) => [
      respond(200, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }),
      bytes(`${body.length.toString(16)}\r\n${body}\r\n`),
      fin(),
    ],
  },
  'a body up to the close of the connection that stops inside the JSON': {
    code: 'upstream_malformed',
    script: (body) => [respond(200, { ...JSON_TYPE, connection: 'close' }), bytes(body.slice(0, -20)), fin()],
  },
};

for (const [name, { code, script }] of Object.entries(SHORT)) {
  test.each(PAIRS)(`U08 ${name} is no answer: 502 ($caller ← $upstream)`, async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      s.main.answer(script(BODIES[upstream]));
      const answer = await (await s.call({ caller })).answer();
      expect(answer.status).toBe(502);
      expect(answer.errorCode).toBe(code);
      expect(answer.text).not.toContain('Hello');
      expect(await s.record()).toMatchObject({ outcome: 'failed', error_code: code, status: 502 });
    });
  });
}

test.each(PAIRS)(
  'U08 a truncated whole answer is asked for elsewhere ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      const length = String(BODIES[upstream].length);
      s.main.answer([respond(200, { ...JSON_TYPE, 'content-length': length }), bytes('{"id"'), fin()]);
      const call = await s.call({ caller, model: 'fallback' });
      const answer = await call.answer();
      expect(answer.read).toMatchObject({ isComplete: true, text: `You said ${call.nonce}.` });
      const { attempts } = await s.record();
      expect(attempts).toMatchObject([
        { errorCode: 'upstream_interrupted', status: 200 },
        { errorCode: null },
      ]);
    });
  },
);

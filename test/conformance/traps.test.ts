import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, callBytes, OpenCall, streamOf, type Wire } from '../support/call.ts';
import { configText } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { bytes, json, respond } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { connectRaw } from '../support/raw-client.ts';
import { MODEL_OF, useSdkRig, WIRES } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const HELLO = [{ role: 'user' as const, content: 'Hello' }];

/** A whole answer whose body is compressed although nobody asked for that. */
const compressed = (status: number, body: unknown) => {
  const content = gzipSync(JSON.stringify(body));
  const fields = {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': String(content.length),
  };
  return [respond(status, fields), bytes(content)];
};

describe.each(WIRES)('headers of an %s upstream', (wire) => {
  const model = MODEL_OF[wire];

  it('trap 68 is asked for uncompressed answers, also of streams', async () => {
    for (const stream of [true, false]) {
      rig.plays(wire, stream ? streamOf(wire) : answerOf(wire));
      await rig.openai.chat.completions.create({ model, messages: HELLO, stream });
      expect((await rig.asked(wire)).headers['accept-encoding']).toBe('identity');
    }
  });

  it.each([false, true])(
    'trap 68 a compressed answer is malformed, never garbage (stream: %s)',
    async (stream) => {
      rig.plays(wire, compressed(200, { choices: [] }));
      await expect(
        rig.openai.chat.completions.create({ model, messages: HELLO, stream }),
      ).rejects.toMatchObject({ status: 502, code: 'upstream_malformed' });
    },
  );

  it('trap 68 of a compressed error only the status is known', async () => {
    rig.plays(wire, compressed(400, { error: { message: 'bad', type: 'invalid_request_error' } }));
    const failure = await rig.openai.chat.completions
      .create({ model, messages: HELLO })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 400, code: 'upstream_invalid_request' });
    expect((failure as Error).message).toMatch(/^[\x20-\x7e]*$/);
  });

  it('trap 118 119 its limits and its request id are not told as the gateway’s own', async () => {
    const theirs = {
      'x-request-id': 'req_theirs',
      'request-id': 'req_theirs',
      'x-amzn-requestid': 'req_theirs',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-tokens': '6m0s',
      'anthropic-ratelimit-tokens-remaining': '7',
      'openai-organization': 'org-theirs',
    };
    const error = { error: { message: 'slow down', type: 'rate_limit_error' } };
    const failing = { ...theirs, 'retry-after': '7' };
    rig.plays(wire, answerOf(wire, { headers: theirs }), streamOf(wire, { headers: theirs }));
    for (const stream of [false, true]) {
      const { response } = await rig.openai.chat.completions
        .create({ model, messages: HELLO, stream })
        .withResponse();
      const headers = Object.fromEntries(response.headers);
      expect(JSON.stringify(headers)).not.toMatch(/theirs|ratelimit/);
      expect(headers['x-request-id']).toBe(headers['x-sluice-call-id']);
      expect(headers['request-id']).toBe(headers['x-sluice-call-id']);
      if (stream) await response.body?.cancel();
    }
    rig.plays(wire, json(error, 429, failing));
    const failure = (await rig.openai.chat.completions
      .create({ model, messages: HELLO })
      .catch((thrown: unknown) => thrown)) as { status: number; headers: Headers };
    const headers = Object.fromEntries(failure.headers);
    expect(failure.status).toBe(429);
    expect(JSON.stringify(headers)).not.toMatch(/theirs|ratelimit/);
    expect(headers['retry-after']).toBe('7');
  });
});

it('trap 119 the upstream’s request id of a failed try stands in the record', async () => {
  const error = { error: { message: 'broken', type: 'server_error' } };
  rig.plays('openai-chat', json(error, 500, { 'x-request-id': 'req_theirs' }));
  const failure = (await rig.openai.chat.completions
    .create({ model: MODEL_OF['openai-chat'], messages: HELLO })
    .catch((thrown: unknown) => thrown)) as { headers: Headers };
  const record = await rig.record(failure.headers.get('x-sluice-call-id'));
  expect(record.attempts).toMatchObject([{ status: 500, requestId: 'req_theirs' }]);
});

describe('betas', () => {
  const ask = { max_tokens: 100, messages: HELLO, betas: ['context-1m-2025-08-07'] };

  it('trap 127 reach an upstream of Anthropic’s protocol', async () => {
    rig.answers('anthropic-messages', { text: 'Hi' });
    await rig.anthropic.beta.messages.create({ model: MODEL_OF['anthropic-messages'], ...ask });
    expect((await rig.asked('anthropic-messages')).headers['anthropic-beta']).toBe('context-1m-2025-08-07');
  });

  it('trap 127 reach no other', async () => {
    rig.answers('openai-chat', { text: 'Hi' });
    await rig.anthropic.beta.messages.create({ model: MODEL_OF['openai-chat'], ...ask });
    const sent = await rig.asked('openai-chat');
    expect(sent.rawHead.toString()).not.toMatch(/beta|context-1m/i);
    expect(JSON.stringify(sent.json())).not.toContain('context-1m');
  });
});

describe('a body that the target does not take', () => {
  const upstreams = { small: new FakeUpstream(), large: new FakeUpstream() };
  let gateway: TestGateway;
  beforeAll(async () => {
    upstreams.small.answer(answerOf('anthropic-messages'));
    upstreams.large.answer(answerOf('openai-chat'));
    for (const each of Object.values(upstreams)) await each.listen();
    gateway = await startGateway({
      config: configText(
        [
          { name: 'small', protocol: 'anthropic-messages', port: upstreams.small.port },
          { name: 'large', protocol: 'openai-chat', port: upstreams.large.port },
        ],
        [
          { name: 'one', targets: ['small/m'] },
          { name: 'both', targets: ['small/m', 'large/m'] },
        ],
      ),
      limits: { anthropicRequestBytesMax: 2_000 },
    });
  });
  afterAll(async () => {
    await gateway.close();
    for (const each of Object.values(upstreams)) await each.close();
  });

  async function ask(caller: Wire, model: string, chars: number) {
    const call = new OpenCall('n1', await connectRaw({ port: gateway.port }));
    const messages = [{ role: 'user', content: 'x'.repeat(chars) }];
    await call.client.send(callBytes('n1', model, { caller, body: { messages } }));
    const answer = await call.answer();
    call.client.destroy();
    return answer;
  }

  it.each(WIRES)(
    'trap 123 is refused before it is sent, with the target’s name (%s caller)',
    async (caller) => {
      upstreams.small.requests.length = 0;
      const answer = await ask(caller, 'one', 3_000);
      expect(answer).toMatchObject({ status: 413 });
      expect(answer.text).toContain('small/m\\" takes requests of at most 2000 bytes');
      expect(upstreams.small.requests).toHaveLength(0);
      expect((await ask(caller, 'one', 100)).status).toBe(200);
    },
  );

  it('trap 123 another target that takes it gets it', async () => {
    upstreams.small.requests.length = 0;
    expect((await ask('openai-chat', 'both', 3_000)).status).toBe(200);
    expect(upstreams.small.requests).toHaveLength(0);
  });
});

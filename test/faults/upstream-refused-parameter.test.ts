import { describe, expect, test } from 'vitest';
import { answerOf, type CallOptions, streamOf } from '../support/call.ts';
import type { Script } from '../support/fake-upstream-exchange.ts';
import { inTurn, json } from '../support/fake-upstream-steps.ts';
import { type Scenario, useRig } from '../support/scenario.ts';

/** OpenAI's envelope of a refused parameter. */
const refuses = (param: string, code = 'unsupported_parameter', message?: string): Script =>
  json(
    {
      error: {
        message: message ?? `Unsupported parameter: '${param}' is not supported with this model.`,
        type: 'invalid_request_error',
        param,
        code,
      },
    },
    400,
  );

const anthropicRefuses = (message: string): Script =>
  json({ type: 'error', error: { type: 'invalid_request_error', message } }, 400);

const bodyOf = (s: Scenario, at: number) => s.main.requests[at]?.json() ?? {};

async function answered(s: Scenario, options: CallOptions) {
  return await (await s.call(options)).answer();
}

/** Every test has a gateway's memory of its own. */
const fresh = (
  name: string,
  run: (s: Scenario) => Promise<void>,
  upstream: 'openai-chat' | 'anthropic-messages',
) =>
  describe('with nothing learnt', () => {
    const rig = useRig();
    test(name, async () => await rig.run(upstream, run));
  });

fresh(
  'trap 122 byte lane: a refused name is replaced once, remembered, and the answer says so',
  async (s) => {
    s.main.answer(inTurn(refuses('max_tokens'), answerOf('openai-chat'), streamOf('openai-chat')));
    const first = await answered(s, { body: { max_tokens: 7 } });
    expect(first.status).toBe(200);
    expect(first.headers['x-sluice-attempts']).toBe('2');
    expect(first.headers['x-sluice-receipt']).toBe('converted=max_tokens>max_completion_tokens; carried=3');
    expect(bodyOf(s, 0)).toMatchObject({ max_tokens: 7 });
    expect(bodyOf(s, 1)).toMatchObject({ max_completion_tokens: 7 });
    expect(bodyOf(s, 1)).not.toHaveProperty('max_tokens');
    expect(await s.record(first.callId)).toMatchObject({
      outcome: 'succeeded',
      attempts: [
        { errorCode: 'upstream_invalid_request', status: 400 },
        { errorCode: null, status: 200 },
      ],
      receipt: expect.arrayContaining([
        {
          field: 'max_tokens',
          action: 'converted',
          to: 'max_completion_tokens',
          reason: 'refused by the model',
        },
      ]) as unknown,
    });

    const second = await answered(s, { stream: true, body: { max_tokens: 8 } });
    expect(second.read.isComplete).toBe(true);
    expect(s.main.requests, 'right the first time').toHaveLength(3);
    expect(bodyOf(s, 2)).toMatchObject({ max_completion_tokens: 8 });
    expect(second.headers['x-sluice-attempts']).toBe('1');
    expect(second.headers['x-sluice-receipt']).toContain('max_completion_tokens');
  },
  'openai-chat',
);

fresh(
  'trap 122 block lane: a refused setting is left out once, remembered, and the receipt says so',
  async (s) => {
    s.main.answer(inTurn(refuses('temperature'), streamOf('openai-chat'), answerOf('openai-chat')));
    const body = { temperature: 0.5 };
    const first = await answered(s, { caller: 'anthropic-messages', stream: true, body });
    expect(first.read.isComplete).toBe(true);
    expect(s.main.requests).toHaveLength(2);
    expect(bodyOf(s, 1)).not.toHaveProperty('temperature');
    expect(first.headers['x-sluice-receipt']).toContain('dropped=temperature');
    expect((await s.record(first.callId)).receipt).toContainEqual({
      field: 'temperature',
      action: 'dropped',
      reason: 'refused by the model',
    });
    const second = await answered(s, { caller: 'anthropic-messages', body });
    expect(second.status).toBe(200);
    expect(s.main.requests, 'right the first time').toHaveLength(3);
    expect(bodyOf(s, 2)).not.toHaveProperty('temperature');
  },
  'openai-chat',
);

fresh(
  'trap 122 Anthropic’s refusal of temperature beside top_p is repaired in both lanes',
  async (s) => {
    const both = '`temperature` and `top_p` cannot both be specified for this model. Please use only one.';
    s.main.answer(inTurn(anthropicRefuses(both), ...[1, 2, 3].map(() => answerOf('anthropic-messages'))));
    const body = { temperature: 0.5, top_p: 0.9 };
    const first = await answered(s, { caller: 'anthropic-messages', body });
    expect(first.status).toBe(200);
    expect(bodyOf(s, 1)).toMatchObject({ temperature: 0.5 });
    expect(bodyOf(s, 1)).not.toHaveProperty('top_p');
    expect((await answered(s, { caller: 'openai-chat', body })).status).toBe(200);
    expect(bodyOf(s, 2)).not.toHaveProperty('top_p');
    const alone = await answered(s, { caller: 'anthropic-messages', body: { top_p: 0.9 } });
    expect(alone.headers).not.toHaveProperty('x-sluice-receipt');
    expect(bodyOf(s, 3)).toMatchObject({ top_p: 0.9 });
  },
  'anthropic-messages',
);

fresh(
  'trap 122 a call is repaired once and no more, and what its second refusal says is still remembered',
  async (s) => {
    s.main.answer(
      inTurn(refuses('temperature'), refuses('top_p'), answerOf('openai-chat'), answerOf('openai-chat')),
    );
    const body = { temperature: 0.5, top_p: 0.5 };
    const first = await answered(s, { body });
    expect(first.status).toBe(400);
    expect(first.text).toContain("'top_p' is not supported");
    expect(s.main.requests).toHaveLength(2);
    expect((await s.record(first.callId)).attempts).toHaveLength(2);
    const second = await answered(s, { body });
    expect(second.status).toBe(200);
    expect(s.main.requests).toHaveLength(3);
    expect(bodyOf(s, 2)).not.toHaveProperty('temperature');
    expect(bodyOf(s, 2)).not.toHaveProperty('top_p');
  },
  'openai-chat',
);

fresh(
  'trap 122 another 400 goes to the caller as it came, after one request',
  async (s) => {
    for (const answer of [
      refuses('logit_bias'),
      refuses('temperature', 'decimal_above_max_value', 'temperature: 3 is greater than the maximum of 2'),
      refuses('messages', 'context_length_exceeded', 'This model takes 8192 tokens.'),
    ]) {
      s.main.requests.length = 0;
      s.main.answer(answer);
      const refused = await answered(s, { body: { temperature: 1.5, logit_bias: {} } });
      expect(refused.status).toBe(400);
      expect(s.main.requests).toHaveLength(1);
    }
  },
  'openai-chat',
);

fresh(
  'trap 122 strict mode refuses a repair that leaves a field out, at once and from memory',
  async (s) => {
    s.main.answer(inTurn(refuses('top_p'), answerOf('openai-chat')));
    const strict = { body: { top_p: 0.5, strict: true } };
    const first = await answered(s, strict);
    expect([first.status, first.errorCode]).toEqual([400, 'lossy_translation']);
    expect(first.text).toContain('top_p');
    expect(s.main.requests).toHaveLength(1);
    const second = await answered(s, strict);
    expect([second.status, second.errorCode]).toEqual([400, 'lossy_translation']);
    expect(s.main.requests, 'nothing was sent').toHaveLength(1);
    expect((await answered(s, { body: { top_p: 0.5 } })).status).toBe(200);
  },
  'openai-chat',
);

fresh(
  'trap 122 strict mode takes a repair that only renames',
  async (s) => {
    s.main.answer(inTurn(refuses('max_tokens'), answerOf('openai-chat')));
    const call = await answered(s, { headers: { 'x-sluice-strict': 'true' }, body: { max_tokens: 5 } });
    expect(call.status).toBe(200);
    expect(s.main.requests).toHaveLength(2);
  },
  'openai-chat',
);

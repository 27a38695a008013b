import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { MODEL_OF, useSdkRig, WIRES } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const MESSAGES = [{ role: 'user' as const, content: 'Hello' }];
const requestsSeen = () => WIRES.reduce((sum, wire) => sum + rig.upstreams[wire].requests.length, 0);

async function refused(call: Promise<unknown>): Promise<Error> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('the call was answered');
  return error;
}

/** A field of OpenAI's caller that Anthropic has no word for, sent in each way of asking for strict mode. */
const ASKING = {
  'by the header': [{}, { headers: { 'x-sluice-strict': 'true' } }],
  'by the field': [{ strict: true }, {}],
} as const;

describe.each(Object.entries(ASKING))('strict mode asked for %s', (_name, [body, options]) => {
  it('refuses the openai SDK’s lossy call before anything is sent, naming the fields', async () => {
    rig.answers('anthropic-messages', { text: 'not this' });
    const error = await refused(
      rig.openai.chat.completions.create(
        { model: 'claude', messages: MESSAGES, seed: 1, logprobs: true, ...body },
        options,
      ),
    );
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ status: 400, code: 'lossy_translation' });
    expect(error.message).toContain('"seed"');
    expect(error.message).toContain('"logprobs"');
    expect(requestsSeen()).toBe(0);
  });

  it('refuses the Anthropic SDK’s lossy call before anything is sent', async () => {
    rig.answers('openai-chat', { text: 'not this' });
    const lossy = { model: 'gpt', max_tokens: 9, messages: MESSAGES, top_k: 3, ...body };
    const error = await refused(rig.anthropic.messages.create(lossy, options));
    expect(error).toMatchObject({ status: 400 });
    expect(error.message).toContain('top_k');
    expect(requestsSeen()).toBe(0);
  });

  it('takes a call that loses nothing, in both lanes', async () => {
    for (const wire of WIRES) {
      rig.answers(wire, { text: 'yes' });
      const answer = await rig.openai.chat.completions.create(
        { model: MODEL_OF[wire], messages: MESSAGES, temperature: 0.5, max_tokens: 5, ...body },
        options,
      );
      expect(answer.choices[0]?.message.content).toBe('yes');
      expect((await rig.asked(wire)).json()).not.toHaveProperty('strict');
    }
  });
});

describe('the field "strict"', () => {
  it.each([true, false, null])(
    '%s never goes upstream: in the byte lane no other byte changes',
    async (strict) => {
      rig.answers('openai-chat', { text: 'yes' });
      const text = `{ "messages":[ {"role":"user","content":"1e21 \\u00e9"} ] , "strict" : ${String(strict)}, "model":"gpt", "user":"u" }`;
      const response = await fetch(`${rig.gateway.baseUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
        body: text,
      });
      expect(response.status).toBe(200);
      expect((await rig.asked('openai-chat')).body.toString()).toBe(
        text
          .replace(` , "strict" : ${String(strict)}`, ' ')
          .replace('"gpt"', '"upstream-model"')
          .replace(' ,', ','),
      );
    },
  );

  it('false in the block lane lets a lossy call through, and is no unknown field', async () => {
    rig.answers('anthropic-messages', { text: 'yes' });
    const body = { model: 'claude', messages: MESSAGES, seed: 1, strict: false };
    const answer = await rig.openai.chat.completions.create(body);
    expect(answer.choices[0]?.message.content).toBe('yes');
  });
});

it('GraphQL’s argument refuses a lossy call before anything is sent', async () => {
  rig.answers('anthropic-messages', { text: 'not this' });
  const input = { model: 'claude', messages: [{ role: 'USER', content: 'Hello' }], seed: 1 };
  const lossy = await post(
    `${rig.gateway.baseUrl}/graphql`,
    { query: CHAT, variables: { input: { ...input, strict: true } } },
    { key: APP_KEY },
  );
  const [error] = lossy.json.errors ?? [];
  expect(error?.extensions).toMatchObject({ code: 'lossy_translation', param: 'seed' });
  expect(error?.message).toContain('"seed"');
  expect(requestsSeen()).toBe(0);
});

const PART = { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] };
const TURN = { messages: [{ role: 'user', content: [{ text: 'Hello' }] }] };

/** A request of every caller with a body, and a field of it that Anthropic has no word for. */
const CALLERS = {
  'OpenAI Chat': ['/v1/chat/completions', { model: 'claude', messages: MESSAGES }, { seed: 1 }],
  'OpenAI Responses': ['/v1/responses', { model: 'claude', input: 'Hello' }, { metadata: { a: 'b' } }],
  Gemini: ['/v1beta/models/claude:generateContent', PART, { generationConfig: { seed: 1 } }],
  'Bedrock Converse': ['/model/claude/converse', TURN, { requestMetadata: { a: 'b' } }],
  'Cohere Chat': ['/v2/chat', { model: 'claude', messages: MESSAGES }, { seed: 1 }],
} as const;

describe.each(Object.entries(CALLERS))('strict mode for a caller of %s', (_name, [path, body, lossy]) => {
  const send = (members: object) =>
    fetch(rig.gateway.baseUrl + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, ...members }),
    });

  it('refuses what loses a field before anything is sent, and names the field', async () => {
    rig.answers('anthropic-messages', { text: 'not this' });
    const refused = await send({ ...lossy, strict: true });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('Strict mode');
    expect(requestsSeen()).toBe(0);
    expect((await send(lossy)).status, 'without it the call goes through').toBe(200);
  });

  it('takes what loses nothing; the field is the gateway’s own, and no upstream gets it', async () => {
    rig.answers('anthropic-messages', { text: 'yes' });
    expect((await send({ strict: true })).status).toBe(200);
    expect((await rig.asked('anthropic-messages')).json()).not.toHaveProperty('strict');
  });

  it('refuses anything but a boolean by the field’s name', async () => {
    rig.answers('anthropic-messages', { text: 'not this' });
    for (const strict of ['true', 1, {}, []]) {
      const refused = await send({ strict });
      expect(refused.status).toBe(400);
      expect(await refused.text()).toContain('\\"strict\\" must be true or false');
    }
    expect(requestsSeen()).toBe(0);
  });
});

it('the Anthropic SDK’s body may say it too', async () => {
  rig.answers('anthropic-messages', { text: 'yes' });
  const body = { model: 'claude', max_tokens: 9, messages: MESSAGES, top_k: 3, strict: true };
  const answer = await rig.anthropic.messages.create(body);
  expect(answer.content).toMatchObject([{ text: 'yes' }]);
  expect((await rig.asked('anthropic-messages')).json()).not.toHaveProperty('strict');
});

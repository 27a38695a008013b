import Anthropic from '@anthropic-ai/sdk';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it, test } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { anthropicError } from '../support/fake-upstream-anthropic.ts';
import type { Script } from '../support/fake-upstream-exchange.ts';
import { bytes, fin, json, respond, stall } from '../support/fake-upstream-steps.ts';
import { MODEL_OF, useSdkRig } from '../support/sdk-rig.ts';
import { within } from '../support/wait.ts';

const rig = useSdkRig();
const PROSE = 'The capital of Switzerland is Bern, and its largest city is Zürich. '.repeat(20);
const TOOL: Anthropic.Tool = {
  name: 'tram_times',
  description: 'When the next trams leave.',
  input_schema: { type: 'object', properties: { stop: { type: 'string' } }, required: ['stop'] },
};
const CLAUDE = MODEL_OF['anthropic-messages'];
const GPT = MODEL_OF['openai-chat'];
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const PATH = '/v1/messages/count_tokens';

const sourceOf = (response: Response) => response.headers.get('x-sluice-usage-source');

async function failure<T>(asked: Promise<T>): Promise<InstanceType<typeof Anthropic.APIError>> {
  const error = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Anthropic.APIError)) throw new Error(`no API error: ${String(error)}`);
  return error;
}

describe('messages.countTokens before a target that counts itself', () => {
  it('asks it, with its own model and key, and gives its number', async () => {
    rig.plays('anthropic-messages', json({ input_tokens: 2_095 }));
    const params = { model: CLAUDE, system: PROSE, messages: HELLO, tools: [TOOL] };
    const { data, response } = await rig.anthropic.messages.countTokens(params).withResponse();
    expect(data).toEqual({ input_tokens: 2_095 });
    expect(sourceOf(response)).toBe('provider');
    const sent = await rig.asked('anthropic-messages');
    expect(sent).toMatchObject({ method: 'POST', path: PATH });
    expect(sent.headers).toMatchObject({
      'x-api-key': `secret-of-${CLAUDE}-0001`,
      'anthropic-version': '2023-06-01',
    });
    expect(sent.rawHead).not.toContain(APP_KEY);
    expect(sent.json()).toEqual({ ...params, model: 'upstream-model' });
  });

  it('carries betas, and what it does not know', async () => {
    rig.plays(
      'anthropic-messages',
      json({ input_tokens: 7, context_management: { original_input_tokens: 9 } }),
    );
    const answer = await rig.anthropic.beta.messages.countTokens({
      model: CLAUDE,
      messages: HELLO,
      betas: ['context-management-2025-06-27'],
      context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
    });
    expect(answer).toEqual({ input_tokens: 7, context_management: { original_input_tokens: 9 } });
    const sent = await rig.asked('anthropic-messages');
    expect(sent.headers['anthropic-beta']).toContain('context-management-2025-06-27');
    expect(sent.json()).toMatchObject({
      context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
    });
  });

  it('what it says is wrong with the request is told', async () => {
    rig.plays('anthropic-messages', anthropicError(400, 'invalid_request_error', 'messages.0: no such role'));
    const error = await failure(rig.anthropic.messages.countTokens({ model: CLAUDE, messages: HELLO }));
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error.message).toContain('no such role');
    expect(error.type).toBe('invalid_request_error');
  });

  const FAULTS: readonly { fault: string; script: Script }[] = [
    { fault: 'is overloaded', script: anthropicError(529, 'overloaded_error', 'Overloaded') },
    { fault: 'has too many requests', script: anthropicError(429, 'rate_limit_error', 'Slow down') },
    { fault: 'refuses its key', script: anthropicError(401, 'authentication_error', 'invalid x-api-key') },
    { fault: 'has no such endpoint', script: anthropicError(404, 'not_found_error', 'Not found') },
    { fault: 'leaves without an answer', script: fin() },
    {
      fault: 'leaves within its answer',
      script: [respond(200, { 'content-length': '40' }), bytes('{"input'), fin()],
    },
    { fault: 'says something else', script: json({ tokens: 3 }) },
    { fault: 'answers no JSON', script: [respond(200, { 'content-length': '6' }), bytes('<html>')] },
    { fault: 'says far too much', script: json({ input_tokens: 3, padding: 'x'.repeat(100_000) }) },
  ];
  it.each(FAULTS)('is counted here when it $fault', async ({ script }) => {
    rig.plays('anthropic-messages', script);
    const params = { model: CLAUDE, messages: [{ role: 'user' as const, content: PROSE }] };
    const { data, response } = await rig.anthropic.messages.countTokens(params).withResponse();
    expect(sourceOf(response)).toBe('estimated');
    expect(data.input_tokens).toBe(countTokens(PROSE) + 7);
    expect(rig.upstreams['anthropic-messages'].requests).toHaveLength(1);
  });

  it('is left when the caller leaves', async () => {
    rig.plays('anthropic-messages', stall());
    const controller = new AbortController();
    const asked = rig.anthropic.messages.countTokens(
      { model: CLAUDE, messages: HELLO },
      { signal: controller.signal },
    );
    const sent = await rig.asked('anthropic-messages');
    controller.abort();
    await expect(asked).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    await within(sent.peerClosed, { what: 'the upstream is left', deadlineMs: 2_000 });
  });
});

describe('messages.countTokens before a target of another protocol', () => {
  it('counts near what its tokenizer would, and asks nobody', async () => {
    rig.plays('openai-chat', fin());
    const params = { model: GPT, system: PROSE, messages: HELLO, tools: [TOOL] };
    const { data, response } = await rig.anthropic.messages.countTokens(params).withResponse();
    expect(sourceOf(response)).toBe('estimated');
    const texts = countTokens(PROSE) + countTokens('Hello') + countTokens(JSON.stringify(TOOL));
    expect(data.input_tokens).toBeGreaterThan(texts);
    expect(data.input_tokens).toBeLessThan(texts + 20);
    expect(rig.upstreams['openai-chat'].requests).toHaveLength(0);
  });

  it('counts turns with tools, and images as nothing', async () => {
    const turns: Anthropic.MessageParam[] = [
      ...HELLO,
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'tram_times', input: { stop: 'Bellevue' } }],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: PROSE },
          {
            type: 'image',
            source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo='.repeat(99) },
          },
        ],
      },
    ];
    const { input_tokens: tokens } = await rig.anthropic.messages.countTokens({
      model: GPT,
      messages: turns,
      tools: [TOOL],
    });
    expect(tokens).toBeGreaterThan(countTokens(PROSE) + 10);
    expect(tokens).toBeLessThan(countTokens(PROSE) + 80);
  });
});

describe('messages.countTokens that cannot be answered', () => {
  it.each([CLAUDE, GPT])('a wrong key (%s)', async (model) => {
    const error = await failure(
      rig.anthropicWith('sk-sluice-wrong').messages.countTokens({ model, messages: HELLO }),
    );
    expect(error).toBeInstanceOf(Anthropic.AuthenticationError);
  });

  it('a model that there is not', async () => {
    const error = await failure(rig.anthropic.messages.countTokens({ model: 'nothing', messages: HELLO }));
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect(error.message).toContain('nothing');
  });

  it.each([
    ['no model', { messages: HELLO }, 'model'],
    ['no messages', { model: GPT }, 'messages'],
    ['messages that are none', { model: GPT, messages: [{ role: 'user', content: 5 }] }, 'messages'],
  ])('a request with %s', async (_name, params, param) => {
    const error = await failure(
      rig.anthropic.messages.countTokens(params as unknown as Anthropic.MessageCountTokensParams),
    );
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).toContain(param);
  });

  test.each([
    ['text that is no JSON', 'application/json', '{"model":', 400],
    ['another media type', 'text/plain', '{}', 415],
  ])('%s', async (_name, contentType, body, status) => {
    const response = await fetch(`${rig.gateway.baseUrl}${PATH}`, {
      method: 'POST',
      headers: { 'x-api-key': APP_KEY, 'content-type': contentType },
      body,
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  it('leaves no record', async () => {
    rig.plays('anthropic-messages', json({ input_tokens: 3 }));
    const before = (await rig.gateway.rows()).length;
    await rig.anthropic.messages.countTokens({ model: CLAUDE, messages: HELLO });
    await rig.anthropic.messages.countTokens({ model: GPT, messages: HELLO });
    expect(await rig.gateway.rows()).toHaveLength(before);
  });
});

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Bad,
  BODY_BYTES_MAX,
  BODY_DEPTH_MAX,
  badRequests,
  CALLERS,
  type Change,
  goodRequest,
  NARROW_KEY,
  PATHS,
} from '../support/bad-requests.ts';
import type { Caller } from '../support/chat-client.ts';
import { configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { json } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { APP_KEY } from '../support/product.ts';

const UPSTREAM_SECRET = 'secret-of-lab-4f1d2c3b5a69';

let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startEchoUpstream();
  const text = configText(
    [
      { name: 'openai', protocol: 'openai-chat', port: upstream.port, secret: UPSTREAM_SECRET },
      { name: 'anthropic', protocol: 'anthropic-messages', port: upstream.port, secret: UPSTREAM_SECRET },
    ],
    [
      { name: 'openai-chat', targets: ['openai/gpt-fake'] },
      { name: 'anthropic-messages', targets: ['anthropic/claude-fake'] },
    ],
  );
  const config = JSON.parse(text);
  config.tenants[0].applications.push({ name: 'narrow', keys: [NARROW_KEY], models: ['openai/only-this'] });
  gateway = await startGateway({
    config: JSON.stringify(config),
    limits: { bodyBytesMax: BODY_BYTES_MAX, bodyDepthMax: BODY_DEPTH_MAX },
  });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

interface Seen {
  readonly error: InstanceType<typeof OpenAI.APIError> | InstanceType<typeof Anthropic.APIError>;
  readonly headers: Headers;
  readonly text: string;
}

/** The request as the official client sends it, changed on its way; gives the error that the client throws. */
async function failure(caller: Caller, { body, headers = {}, method, path }: Change): Promise<Seen> {
  let seen: { headers: Headers; text: string } | null = null;
  const send = async (_url: unknown, init: RequestInit = {}): Promise<Response> => {
    const all = new Headers(init.headers);
    for (const [name, value] of Object.entries(headers))
      value === null ? all.delete(name) : all.set(name, value);
    const content = body === undefined ? init.body : typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${gateway.baseUrl}${path ?? PATHS[caller]}`, {
      method: method ?? 'POST',
      headers: all,
      body: content ?? null,
    });
    const text = await response.text();
    seen = { headers: response.headers, text };
    return new Response(text, response);
  };
  const options = { apiKey: APP_KEY, maxRetries: 0, fetch: send };
  const call =
    caller === 'openai-chat'
      ? new OpenAI({ ...options, baseURL: `${gateway.baseUrl}/v1` }).chat.completions.create(
          goodRequest(caller),
        )
      : new Anthropic({ ...options, baseURL: gateway.baseUrl }).messages.create({
          ...goodRequest(caller),
          max_tokens: 32,
        });
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (seen === null || !(error instanceof OpenAI.APIError || error instanceof Anthropic.APIError)) {
    throw new Error(`no error of an SDK: ${String(error)}`);
  }
  return { error, ...(seen as { headers: Headers; text: string }) };
}

const classOf = (caller: Caller, name: Bad['class']) =>
  (caller === 'openai-chat' ? OpenAI : Anthropic)[name ?? 'APIError'];

/** What every error says in its caller's own form. */
function checkEnvelope(
  caller: Caller,
  { error, headers, text }: Seen,
  expected: Omit<Bad, 'what' | 'isCall'>,
): string {
  const callId = headers.get('x-sluice-call-id') ?? '';
  expect(callId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(error).toBeInstanceOf(classOf(caller, expected.class));
  expect(error.status).toBe(expected.status);
  expect(error.requestID).toBe(callId);
  const body = JSON.parse(text);
  if (caller === 'openai-chat') {
    expect(body).toEqual({
      error: expect.objectContaining({ code: expected.code, call_id: callId, param: expected.param ?? null }),
    });
    expect(body.error.type).toMatch(/^[a-z_]+$/);
  } else {
    expect(body).toMatchObject({ type: 'error', request_id: callId, error: { code: expected.code } });
    expect(body.error.param).toBe(expected.param);
    expect(body.error.type).toMatch(/_error$|^request_too_large$/);
  }
  expect(body.error.message).toMatch(/\S/);
  expect(text).not.toMatch(/ {4}at |node_modules|\.ts:\d/);
  expect(text + JSON.stringify([...headers])).not.toContain(UPSTREAM_SECRET);
  return callId;
}

for (const caller of CALLERS) {
  describe(`a caller of ${caller} with bad input`, () => {
    it.each(badRequests(caller))('gets $status $code for $what', async (bad) => {
      upstream.requests.length = 0;
      const seen = await failure(caller, bad);
      const callId = checkEnvelope(caller, seen, bad);
      expect(upstream.requests).toEqual([]);
      if (bad.code === 'method_not_allowed') expect(seen.headers.get('allow')).toBe('POST');
      const rows = (await gateway.rows()).filter(({ id }) => id === callId);
      expect(rows.map((row) => [row.outcome, row.error_code, row.status])).toEqual(
        bad.isCall ? [['failed', bad.code, bad.status]] : [],
      );
    });

    it('gets a receipt of what a strict request refuses', async () => {
      const target: Caller = caller === 'openai-chat' ? 'anthropic-messages' : 'openai-chat';
      const body = {
        ...goodRequest(caller, target),
        ...(caller === 'openai-chat' ? { seed: 7 } : { top_k: 7 }),
      };
      const seen = await failure(caller, { body, headers: { 'x-sluice-strict': 'true' } });
      const param = caller === 'openai-chat' ? 'seed' : 'top_k';
      checkEnvelope(caller, seen, {
        status: 400,
        class: 'BadRequestError',
        code: 'lossy_translation',
        param,
      });
    });

    it.each(CALLERS)('sees no secret in an error of a %s upstream that repeats it', async (target) => {
      const message = `Incorrect API key provided: ${UPSTREAM_SECRET}. at Object.<anonymous> (/srv/app.js:1:1)`;
      upstream.answerNext(json({ type: 'error', error: { type: 'authentication_error', message } }, 401));
      const seen = await failure(caller, { body: goodRequest(caller, target) });
      const expected = { status: 502, class: 'InternalServerError', code: 'upstream_credential' } as const;
      const callId = checkEnvelope(caller, seen, expected);
      expect(seen.text).not.toContain('Incorrect API key');
      const row = (await gateway.rows()).find(({ id }) => id === callId);
      expect(JSON.stringify(row)).not.toContain(UPSTREAM_SECRET);
      expect(gateway.logs.lines.join('\n')).not.toContain(UPSTREAM_SECRET);
    });
  });
}

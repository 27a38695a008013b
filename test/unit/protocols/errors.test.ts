import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import type { FailureClass } from '../../../src/protocols/blocks.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';

const CALL_ID = '0198c0de-0000-7000-8000-000000000001';
const openai = (message: string, type: string, code: string | null = null) =>
  JSON.stringify({ error: { message, type, param: null, code } });
const anthropic = (type: string, message: string) =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: 'r' });

describe('reading error answers', () => {
  it.each<readonly [string, number, string, FailureClass]>([
    [
      'trap 116 no quota',
      429,
      openai('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
      'quota',
    ],
    ['a rate limit', 429, openai('Rate limit reached', 'requests', 'rate_limit_exceeded'), 'rateLimited'],
    ['payment required', 402, '{"error":{"message":"Insufficient Balance"}}', 'quota'],
    [
      'trap 116 no credit at Anthropic',
      400,
      anthropic('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
      'quota',
    ],
    [
      'a bad key',
      401,
      openai('Incorrect API key provided', 'invalid_request_error', 'invalid_api_key'),
      'credential',
    ],
    [
      'trap 116 a bad key at Gemini',
      400,
      '[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]',
      'credential',
    ],
    ['no permission', 403, anthropic('permission_error', 'Your key may not do that'), 'credential'],
    [
      'no access to a model',
      403,
      openai('Project `p` does not have access to model `gpt-x`', 'invalid_request_error', 'model_not_found'),
      'modelUnavailable',
    ],
    [
      'no such model',
      404,
      openai('The model `x` does not exist', 'invalid_request_error', 'model_not_found'),
      'modelUnavailable',
    ],
    [
      'no such model at Mistral',
      400,
      '{"object":"error","message":"Invalid model: x","type":"invalid_model","code":"1500"}',
      'modelUnavailable',
    ],
    [
      'another country',
      403,
      openai(
        'Country, region, or territory not supported',
        'request_forbidden',
        'unsupported_country_region_territory',
      ),
      'region',
    ],
    ['a timeout', 408, '', 'transient'],
    ['a conflict', 409, '', 'transient'],
    ['a server error', 500, anthropic('api_error', 'Internal server error'), 'transient'],
    ['a bad gateway with a page of HTML', 502, '<html><h1>502</h1></html>', 'transient'],
    ['an overloaded server', 503, openai('The engine is currently overloaded', 'server_error'), 'overloaded'],
    ['trap 116 an overloaded Anthropic', 529, anthropic('overloaded_error', 'Overloaded'), 'overloaded'],
    ['trap 116 a 529 without words', 529, '', 'overloaded'],
    [
      'a bad request',
      400,
      openai(
        "Unsupported parameter: 'max_tokens' is not supported with this model.",
        'invalid_request_error',
        'unsupported_parameter',
      ),
      'callerFault',
    ],
    [
      'a filtered prompt',
      400,
      openai('The response was filtered', 'invalid_request_error', 'content_filter'),
      'callerFault',
    ],
    ['a validation list', 422, '{"detail":[{"loc":["body"],"msg":"field required"}]}', 'callerFault'],
    ['too much', 413, anthropic('request_too_large', 'Too large'), 'callerFault'],
    ['a redirect', 302, '', 'unknown'],
  ])('trap 115 classifies %s', (_name, status, body, expected) => {
    for (const protocol of [openaiChat, anthropicMessages]) {
      expect(protocol.readError(status, {}, body)).toMatchObject({ class: expected, status });
    }
  });

  it('keeps message, code and parameter', () => {
    const body =
      '{"error":{"message":"bad","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}';
    expect(openaiChat.readError(400, {}, body)).toEqual({
      class: 'callerFault',
      status: 400,
      message: 'bad',
      code: 'unsupported_parameter',
      param: 'max_tokens',
      retryAfterMs: null,
    });
    expect(openaiChat.readError(500, {}, 'plain words').message).toBe('plain words');
    expect(openaiChat.readError(500, {}, '<html>').message).toBeNull();
    expect(openaiChat.readError(500, {}, 'x'.repeat(10_000)).message).toHaveLength(LIMITS.errorTextCharsMax);
  });

  const DATE = 'Wed, 21 Oct 2026 07:28:00 GMT';
  it.each<readonly [string, Record<string, string>, number | null]>([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['parts of a second', { 'retry-after': '0.5' }, 500],
    ['milliseconds first', { 'retry-after': '7', 'retry-after-ms': '250' }, 250],
    ['a date', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: DATE }, 30_000],
    ['a date in the past', { 'retry-after': 'Wed, 21 Oct 2026 07:27:30 GMT', date: DATE }, null],
    ['a date without the time of the answer', { 'retry-after': DATE }, null],
    ['a negative number', { 'retry-after': '-5' }, null],
    ['nonsense', { 'retry-after': 'soon' }, null],
    ['a number beyond belief', { 'retry-after': '1e9' }, LIMITS.retryAfterMaxMs],
    ['a very large number', { 'retry-after': '1000000000' }, LIMITS.retryAfterMaxMs],
    ['nothing', {}, null],
  ])('trap 117 reads Retry-After as %s', (_name, headers, expected) => {
    expect(openaiChat.readError(429, headers, '').retryAfterMs).toBe(expected);
  });

  it.each<readonly [unknown, FailureClass]>([
    [{ type: 'overloaded_error', message: 'Overloaded' }, 'overloaded'],
    [{ type: 'rate_limit_error', message: 'slow down' }, 'rateLimited'],
    [{ type: 'api_error', message: 'Internal server error' }, 'transient'],
    [{ type: 'invalid_request_error', message: 'bad' }, 'callerFault'],
    [{ type: 'authentication_error', message: 'bad' }, 'credential'],
    [{ type: 'not_found_error', message: 'model: x' }, 'modelUnavailable'],
    [{ message: 'Upstream error', code: 502 }, 'transient'],
    [{ message: 'slow down', code: 429 }, 'rateLimited'],
    ['just words', 'unknown'],
    [true, 'unknown'],
  ])('traps 42 and 63 classifies %j in an answer of status 200', (error, expected) => {
    expect(openaiChat.readResponse({ error }, { protocol: 'openai-chat' })).toMatchObject({
      class: expected,
      status: null,
    });
    expect(openaiChat.inspect(JSON.stringify({ error })).failure).toMatchObject({ class: expected });
    expect(anthropicMessages.inspect(JSON.stringify({ type: 'error', error })).failure).toMatchObject({
      class: expected,
    });
  });
});

describe('writing errors', () => {
  const parse = (body: Buffer) => JSON.parse(body.toString()) as unknown;

  it('gives OpenAI callers its envelope with code, field, call and targets', () => {
    const targets = [{ target: 'a/m', reason: 'rate limited' }];
    const rendered = openaiChat.writeError(
      new CallError('no_healthy_upstream', { targets, retryAfterMs: 1500 }),
      CALL_ID,
    );
    expect(rendered).toMatchObject({
      status: 503,
      headers: {
        'retry-after': '2',
        'retry-after-ms': '1500',
        'x-request-id': CALL_ID,
        'content-type': 'application/json',
      },
    });
    expect(parse(rendered.body)).toEqual({
      error: {
        message: 'No healthy upstream can serve this model.',
        type: 'server_error',
        param: null,
        code: 'no_healthy_upstream',
        call_id: CALL_ID,
        targets,
      },
    });
  });

  it('gives Anthropic callers its envelope with code, field, call and targets', () => {
    const rendered = anthropicMessages.writeError(
      new CallError('invalid_request', { param: 'max_tokens', message: 'bad' }),
      CALL_ID,
    );
    expect(rendered).toMatchObject({ status: 400, headers: { 'request-id': CALL_ID } });
    expect(rendered.headers).not.toHaveProperty('retry-after');
    expect(parse(rendered.body)).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'bad', code: 'invalid_request', param: 'max_tokens' },
      request_id: CALL_ID,
    });
  });

  it.each([
    ['missing_key', 'authentication_error', 'authentication_error'],
    ['model_not_allowed', 'permission_error', 'permission_error'],
    ['model_not_found', 'invalid_request_error', 'not_found_error'],
    ['body_too_large', 'invalid_request_error', 'request_too_large'],
    ['upstream_rate_limited', 'rate_limit_error', 'rate_limit_error'],
    ['upstream_quota', 'insufficient_quota', 'rate_limit_error'],
    ['internal', 'server_error', 'api_error'],
    ['overloaded', 'server_error', 'overloaded_error'],
    ['upstream_stalled', 'server_error', 'timeout_error'],
  ] as const)('trap 115 types %s as %s and %s', (code, openaiType, anthropicType) => {
    const error = new CallError(code);
    expect(parse(openaiChat.writeError(error, CALL_ID).body)).toMatchObject({
      error: { type: openaiType, code },
    });
    expect(parse(anthropicMessages.writeError(error, CALL_ID).body)).toMatchObject({
      error: { type: anthropicType, code },
    });
  });

  it('traps 116 and 120 tells the SDKs not to retry what would fail again', () => {
    for (const protocol of [openaiChat, anthropicMessages]) {
      expect(protocol.writeError(new CallError('upstream_quota'), CALL_ID).headers).toMatchObject({
        'x-should-retry': 'false',
      });
      expect(protocol.writeError(new CallError('upstream_rate_limited'), CALL_ID).headers).not.toHaveProperty(
        'x-should-retry',
      );
    }
  });

  it('never sends the cause', () => {
    const error = new CallError('internal', { cause: new Error('password is hunter2') });
    expect(openaiChat.writeError(error, CALL_ID).body.toString()).not.toContain('hunter2');
    expect(anthropicMessages.writeError(error, CALL_ID).body.toString()).not.toContain('hunter2');
  });
});

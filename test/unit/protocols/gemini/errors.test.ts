import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { LIMITS } from '../../../../src/limits.ts';
import { gemini } from '../../../../src/protocols/gemini/index.ts';

const google = (code: number, status: string, message: string, details: readonly object[] = []) =>
  JSON.stringify({ error: { code, message, status, details } });
const detail = (type: string, more: object) => ({
  '@type': `type.googleapis.com/google.rpc.${type}`,
  ...more,
});
const quota = (quotaId: string) => detail('QuotaFailure', { violations: [{ quotaId }] });
const retry = (retryDelay: string) => detail('RetryInfo', { retryDelay });
const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';

describe('reading Google’s errors', () => {
  it.each([
    [
      'trap 116 a bad key',
      400,
      google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
      'credential',
    ],
    [
      'no permission',
      403,
      google(403, 'PERMISSION_DENIED', 'The caller does not have permission'),
      'credential',
    ],
    [
      'a wrong argument',
      400,
      google(400, 'INVALID_ARGUMENT', 'Invalid value at generation_config.top_p'),
      'callerFault',
    ],
    [
      'no such model',
      404,
      google(404, 'NOT_FOUND', 'models/x is not found for API version v1beta'),
      'modelUnavailable',
    ],
    [
      'a region',
      400,
      google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
      'region',
    ],
    [
      'an overload',
      503,
      google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
      'overloaded',
    ],
    ['a failure', 500, google(500, 'INTERNAL', 'An internal error has occurred.'), 'transient'],
    ['a deadline', 504, google(504, 'DEADLINE_EXCEEDED', 'Deadline exceeded'), 'transient'],
    ['no words', 502, '', 'transient'],
    ['a page', 502, '<html>Bad gateway</html>', 'transient'],
  ])('%s', (_what, status, body, expected) => {
    expect(gemini.readError(status, {}, body)).toMatchObject({ class: expected, status });
    expect(gemini.readError(status, {}, `[${body === '' ? '' : body}]`).status).toBe(status);
  });

  it('trap 117 takes the time to wait out of the body, and the header’s before it', () => {
    const body = google(429, 'RESOURCE_EXHAUSTED', QUOTA, [
      quota('GenerateRequestsPerMinutePerProjectPerModel-FreeTier'),
      retry('34.4s'),
    ]);
    expect(gemini.readError(429, {}, body)).toMatchObject({
      class: 'rateLimited',
      code: 'RESOURCE_EXHAUSTED',
      retryAfterMs: 34_400,
    });
    expect(gemini.readError(429, {}, `[${body}]`).retryAfterMs).toBe(34_400);
    expect(gemini.readError(429, { 'retry-after': '2' }, body).retryAfterMs).toBe(2_000);
    const waits = (delay: string) =>
      gemini.readError(429, {}, google(429, 'RESOURCE_EXHAUSTED', QUOTA, [retry(delay)])).retryAfterMs;
    expect(waits('0.000000001s')).toBe(1);
    expect(waits('999999999s')).toBe(LIMITS.retryAfterMaxMs);
    for (const wrong of ['', '5', '-5s', 's', '1e9s', 'Infinitys']) expect(waits(wrong)).toBeNull();
  });

  it('tells a limit of requests a minute from a quota that is used up, which have the same words', () => {
    const classOf = (message: string, ...details: readonly object[]) =>
      gemini.readError(429, {}, google(429, 'RESOURCE_EXHAUSTED', message, details)).class;
    expect(classOf(QUOTA)).toBe('rateLimited');
    expect(classOf(QUOTA, quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier'), retry('5s'))).toBe(
      'quota',
    );
    expect(classOf('Your prepayment credits are depleted.')).toBe('quota');
  });

  it('names the field that Google names', () => {
    const violation = detail('BadRequest', {
      fieldViolations: [{ field: 'contents[0].role', description: 'x' }],
    });
    const body = google(400, 'INVALID_ARGUMENT', 'Please use a valid role: user, model.', [violation]);
    expect(gemini.readError(400, {}, body)).toMatchObject({
      class: 'callerFault',
      param: 'contents[0].role',
    });
  });

  it('does not throw on anything', () => {
    for (const body of [
      'null',
      '[]',
      '[null]',
      '{"error":null}',
      '{"error":"x"}',
      '{"error":{"details":[null,1]}}',
    ]) {
      expect(gemini.readError(400, {}, body).status).toBe(400);
    }
  });
});

describe('trap 115 writing errors for Google’s clients', () => {
  const parse = (error: CallError) => {
    const { status, headers, body } = gemini.writeError(error, 'call-1');
    return {
      status,
      headers,
      error: (JSON.parse(body.toString()) as { error: { details: unknown[] } }).error,
    };
  };

  it('has the status as code, the canonical word, and the gateway’s own code as reason', () => {
    const written = parse(
      new CallError('invalid_request', { param: 'contents', message: 'contents: wrong.' }),
    );
    expect(written).toMatchObject({ status: 400, headers: { 'content-type': 'application/json' } });
    expect(written.error).toEqual({
      code: 400,
      message: 'contents: wrong.',
      status: 'INVALID_ARGUMENT',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'invalid_request',
          domain: 'sluice',
          metadata: { callId: 'call-1', param: 'contents' },
        },
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ field: 'contents', description: 'contents: wrong.' }],
        },
      ],
    });
  });

  it('trap 117 says how long to wait, in the header and in the body', () => {
    const { headers, error } = parse(new CallError('upstream_rate_limited', { retryAfterMs: 34_400 }));
    expect(headers).toMatchObject({ 'retry-after': '35' });
    expect(error.details).toContainEqual(retry('34.4s'));
    const body = Buffer.from(JSON.stringify({ error }));
    expect(gemini.readError(429, {}, body.toString()).retryAfterMs).toBe(34_400);
  });

  it('tells what happened at every target', () => {
    const targets = [{ target: 'a/x', reason: 'upstream_reset' }];
    const { error } = parse(new CallError('no_healthy_upstream', { targets }));
    expect(error).toMatchObject({ code: 503, status: 'UNAVAILABLE' });
    expect(JSON.stringify(error.details)).toContain('a/x: upstream_reset');
  });

  it.each([
    ['missing_key', 'UNAUTHENTICATED'],
    ['model_not_allowed', 'PERMISSION_DENIED'],
    ['model_not_found', 'NOT_FOUND'],
    ['upstream_quota', 'RESOURCE_EXHAUSTED'],
    ['body_too_large', 'INVALID_ARGUMENT'],
    ['internal', 'INTERNAL'],
    ['upstream_stalled', 'DEADLINE_EXCEEDED'],
    ['upstream_error', 'UNAVAILABLE'],
  ] as const)('%s is %s', (code, status) => {
    expect(parse(new CallError(code)).error).toMatchObject({ status });
  });
});

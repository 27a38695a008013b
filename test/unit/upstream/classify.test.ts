import { describe, expect, it } from 'vitest';
import type { UpstreamFailure } from '../../../src/protocols/blocks.ts';
import { classifyFailure, classifySocketError } from '../../../src/upstream/classify.ts';
import { scrub } from '../../../src/upstream/scrub.ts';

const coded = (code: string) => Object.assign(new Error(code), { code });

const failure = (overrides: Partial<UpstreamFailure>): UpstreamFailure => ({
  class: 'unknown',
  status: 500,
  message: null,
  code: null,
  param: null,
  retryAfterMs: null,
  ...overrides,
});

describe('classifying failures', () => {
  it.each([
    ['ECONNREFUSED', 'connecting', 'upstream_refused', 'target'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connecting', 'upstream_connect_timeout', 'target'],
    ['ENOTFOUND', 'connecting', 'upstream_dns', 'target'],
    ['CERT_HAS_EXPIRED', 'connecting', 'upstream_tls', 'target'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'connecting', 'upstream_tls', 'target'],
    ['SLUICE_ADDRESS_REFUSED', 'connecting', 'upstream_address_refused', 'target'],
    ['ECONNRESET', 'sent', 'upstream_reset', 'idempotent'],
    ['UND_ERR_SOCKET', 'sent', 'upstream_reset', 'idempotent'],
    ['HPE_INVALID_CONSTANT', 'sent', 'upstream_malformed', 'target'],
    ['UND_ERR_SOCKET', 'answering', 'upstream_interrupted', 'target'],
  ] as const)('%s while %s is %s', (code, progress, expected, retry) => {
    const error = classifySocketError(coded(code), progress);
    expect(error.code).toBe(expected);
    expect(error.retry).toBe(retry);
  });

  it('looks into the errors of a dual-stack connect', () => {
    const both = new AggregateError([coded('ECONNREFUSED'), coded('EHOSTUNREACH')]);
    expect(classifySocketError(both, 'connecting').code).toBe('upstream_refused');
  });

  it('echoes the text of a caller’s fault, with its status and field, and no other text', () => {
    const fault = classifyFailure(
      failure({ class: 'callerFault', status: 422, message: 'bad "temperature"', param: 'temperature' }),
      'sk-secret-value-1',
    );
    expect(fault).toMatchObject({ code: 'upstream_invalid_request', status: 422, param: 'temperature' });
    expect(fault.message).toBe('bad "temperature"');
    const ours = classifyFailure(
      failure({ class: 'credential', status: 401, message: 'account 42 is locked' }),
      null,
    );
    expect(ours).toMatchObject({ code: 'upstream_credential', status: 502 });
    expect(ours.message).not.toContain('42');
  });

  it('keeps how long a rate-limited upstream wants to be left alone', () => {
    const limited = classifyFailure(
      failure({ class: 'rateLimited', status: 429, retryAfterMs: 7_000 }),
      null,
    );
    expect(limited).toMatchObject({ code: 'upstream_rate_limited', status: 429, retryAfterMs: 7_000 });
  });
});

describe('scrubbing', () => {
  it('removes the connection’s own secret and whatever is shaped like a key', () => {
    const text = 'Incorrect API key provided: sk-abcdefghijkl. Also my-own-secret and Bearer abc.def-ghi_jkl';
    const clean = scrub(text, 'my-own-secret');
    expect(clean).not.toMatch(/sk-abc|my-own-secret|abc\.def/);
    expect(clean).toContain('Incorrect API key provided');
  });

  it('removes control characters and bounds the length', () => {
    expect(scrub('a\u0000b\u001bc', null)).toBe('a b c');
    expect(scrub('x'.repeat(10_000), null).length).toBeLessThanOrEqual(2_000);
  });
});

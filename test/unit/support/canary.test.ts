import { describe, expect, it } from 'vitest';
import { canariesIn, canary, nonce, noncesIn } from '../../support/canary.ts';
import { captureLog } from '../../support/ports.ts';

describe('canariesIn', () => {
  const planted = [canary('provider key', (random) => `sk-${random}`), canary('prompt')];
  const secret = planted[0]?.value ?? '';

  it.each([
    ['in clear', `Bearer ${secret}`],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64 behind a user name', Buffer.from(`u:${secret}`).toString('base64')],
    ['in base64 behind a longer user name', Buffer.from(`us:${secret}:x`).toString('base64')],
    ['in hex', Buffer.from(secret).toString('hex')],
  ])('finds a secret %s', (_form, text) => {
    expect(canariesIn(`before ${text} after`, planted)).toEqual(['provider key']);
  });

  it('finds nothing where none is', () => {
    expect(canariesIn('nothing to see', planted)).toEqual([]);
  });
});

describe('noncesIn', () => {
  it('gives each nonce once', () => {
    const [a, b] = [nonce(), nonce()];
    expect(noncesIn(`${a} ${b} ${a}`)).toEqual([a, b]);
  });
});

describe('captureLog', () => {
  it('shows a secret that hides in an error, also in a cyclic one', () => {
    const log = captureLog();
    const { value, ...rest } = canary('provider key');
    const error: Error & { headers?: unknown; self?: unknown } = new Error('failed', {
      cause: new Error(value),
    });
    error.self = error;
    log.error({ error, tokens: 1n }, 'the call failed');
    expect(canariesIn(log.lines.join('\n'), [{ value, ...rest }])).toEqual(['provider key']);
    expect(JSON.parse(log.lines[0] ?? '')).toMatchObject({
      level: 'error',
      message: 'the call failed',
      tokens: '1',
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UNKNOWN_USAGE } from '../../../src/protocols/blocks.ts';
import { nonce } from '../../support/canary.ts';
import { Checker, type ObservedCall, type Scenario } from '../../support/checker.ts';
import type { CheckedRow } from '../../support/checker-invariants.ts';
import { type FakeUpstream, startFakeUpstream } from '../../support/fake-upstream.ts';
import { openaiStream } from '../../support/fake-upstream-openai.ts';
import { reset } from '../../support/fake-upstream-steps.ts';
import { connectRaw, rawRequest } from '../../support/raw-client.ts';

const CALL_ID = '01900000-0000-7000-8000-000000000001';
const ATTEMPT = {
  target: 'lab/gpt-fake',
  ...{ provider: 'custom', startedMs: 0, durationMs: 1, status: 200, errorCode: null, message: null },
};

let upstream: FakeUpstream;
let checker: Checker;
let word: string;
let call: ObservedCall;
let row: CheckedRow;

/** One request straight to the fake upstream: what a gateway would have sent. */
async function reach(body = word): Promise<void> {
  const client = await connectRaw({ port: upstream.port });
  await client.send(rawRequest('POST', '/', {}, body));
  await client.response();
  client.destroy();
}

beforeEach(async () => {
  upstream = await startFakeUpstream({ answer: openaiStream({ deltas: ['a', 'b'] }) });
  checker = new Checker();
  word = nonce();
  call = { nonce: word, callId: CALL_ID, sawAnyByte: true, sawProperEnd: true, text: 'ab' };
  row = {
    ...{ id: CALL_ID, outcome: 'succeeded', errorCode: null, attempts: [ATTEMPT] },
    usage: { ...UNKNOWN_USAGE, outputTokens: 2 },
    usageSource: 'provider',
  };
});
afterEach(() => upstream.close());

const verify = (scenario: Scenario = {}) =>
  checker.verify({ rows: async () => [row], upstreams: [upstream], deadlineMs: 0, ...scenario });

describe('a clean scenario', () => {
  it('passes', async () => {
    await reach();
    checker.client(call);
    await verify({ logs: ['fine'], metricsText: 'calls 1' });
  });

  it('passes when the record comes late but within the deadline', async () => {
    await reach();
    checker.client(call);
    let polls = 0;
    await verify({ rows: async () => (++polls < 3 ? [] : [row]), deadlineMs: 5_000 });
    expect(polls).toBe(3);
  });

  it('asks for no record of what was refused before it was a call', async () => {
    checker.client({ ...call, callId: null, sawProperEnd: false, text: '', isCall: false });
    await verify({ rows: async () => [] });
  });

  it('reads an HTTP answer as the client saw it', async () => {
    const client = await connectRaw({ port: upstream.port });
    await client.send(rawRequest('POST', '/', {}, word));
    const response = await client.response();
    checker.http(word, { ...response, headers: { ...response.headers, 'x-sluice-call-id': CALL_ID } });
    client.destroy();
    await verify();
  });
});

describe('I1', () => {
  it('misses the final record of a call of which the client saw a byte', async () => {
    await reach();
    checker.client({ ...call, sawProperEnd: false });
    row = { ...row, outcome: 'running' };
    await expect(verify()).rejects.toThrow(`I1 ${CALL_ID} (${word}) has no final record`);
  });

  it('misses the call id', async () => {
    checker.client({ ...call, callId: null, sawProperEnd: false });
    await expect(verify()).rejects.toThrow('saw bytes but no call id');
  });

  it('misses an attempt that the upstream saw, unless the process died', async () => {
    await reach();
    await reach();
    checker.client(call);
    await expect(verify()).rejects.toThrow('upstreams saw 2 requests, its record has 1 attempts');
    checker = new Checker();
    checker.client({ ...call, sawProperEnd: false, text: '' });
    row = { ...row, outcome: 'interrupted', attempts: [], usage: UNKNOWN_USAGE, usageSource: 'none' };
    await verify({ processDied: true });
  });

  it('misses a record of a client that left before it knew its call id', async () => {
    await reach();
    checker.client({ ...call, callId: null, sawAnyByte: false, sawProperEnd: false, text: '' });
    await expect(verify({ rows: async () => [] })).rejects.toThrow(
      '1 calls reached an upstream and left; 0 records',
    );
    await verify();
  });
});

it('I2 finds two rows with one id', async () => {
  await expect(verify({ rows: async () => [row, row] })).rejects.toThrow(`I2 ${CALL_ID} is there 2 times`);
});

describe('I3', () => {
  it('finds a proper end after an upstream that broke off', async () => {
    upstream.answer([openaiStream({ deltas: ['a', 'b'], until: 'content' }), reset()]);
    await reach();
    checker.client(call);
    await expect(verify()).rejects.toThrow(
      /I3 .*: recorded as succeeded.*\n.*I3 .*: a proper end, but no upstream/,
    );
  });

  it('finds text that is not what was sent', async () => {
    await reach();
    checker.client({ ...call, text: 'a' });
    await expect(verify()).rejects.toThrow(/I3 .*: got "a", sent was "ab"/);
  });

  it('finds a whole answer that was recorded as a failure', async () => {
    await reach();
    checker.client(call);
    row = { ...row, outcome: 'failed' };
    await expect(verify()).rejects.toThrow('a proper end, but recorded as failed');
  });
});

describe('I4', () => {
  it("finds another call's nonce in an answer", async () => {
    await reach();
    const other = nonce();
    checker.client({ ...call, received: `x ${other}` });
    await expect(verify()).rejects.toThrow(`I4 ${word} got ${other}`);
  });

  it('finds two nonces in one upstream request', async () => {
    await reach(`${word} ${nonce()}`);
    checker.client(call);
    await expect(verify()).rejects.toThrow(`I4 one upstream request holds ${word} and`);
  });
});

it('I5 finds what is held above the baseline', async () => {
  const leaks = {
    baseline: { TCPSocketWrap: 2, heap: 100 },
    measure: () => ({ TCPSocketWrap: 3, heap: 105 }),
  };
  await expect(verify({ rows: async () => [], leaks })).rejects.toThrow(
    /violated:\nI5 TCPSocketWrap: 3, was 2$/,
  );
});

it('I6 finds a queue that was longer than its limit for a moment', async () => {
  let length = 0;
  const reads: number[] = [];
  await new Promise<void>((resolve) => {
    checker.watch({
      name: 'spool queue',
      max: 10,
      read: () => {
        reads.push(length);
        if (reads.length === 3) resolve();
        return reads.length === 2 ? 11 : length;
      },
    });
  });
  length = 0;
  await expect(verify({ rows: async () => [] })).rejects.toThrow(
    'I6 spool queue reached 11, its limit is 10',
  );
});

it('I7 finds a secret in an answer, the log, the metrics and other texts', async () => {
  const key = checker.canary('provider key', (random) => `sk-${random}`);
  await reach();
  checker.client({ ...call, received: `bad key ${key}` });
  const running = verify({ logs: [`key=${key}`], metricsText: `{key="${key}"}`, texts: { spool: key } });
  const lines = [`the answer to ${word}`, ': log', ': metrics', ': spool'].map((where) => {
    return `I7 the provider key is in${where.startsWith(':') ? '' : ' '}${where}`;
  });
  await expect(running).rejects.toThrow(lines.join('\n'));
});

it('I8 finds more upstream requests than the budget for retries allows', async () => {
  for (let count = 0; count < 12; count++) await reach();
  checker.client(call);
  row = { ...row, attempts: Array.from({ length: 12 }, () => ATTEMPT) };
  await expect(verify()).rejects.toThrow('I8 12 upstream requests for 1 calls; allowed are 11');
});

describe('I9', () => {
  it.each<[string, Partial<CheckedRow>, string]>([
    [
      'a count that is not the provider’s',
      { usage: { ...UNKNOWN_USAGE, outputTokens: 3 } },
      '3 tokens recorded, the provider told 2',
    ],
    [
      'an estimate where the provider told',
      { usageSource: 'estimated' },
      'usage is "estimated", but the provider told 2 tokens',
    ],
    [
      'no tokens for text that the client got',
      { usageSource: 'none', usage: UNKNOWN_USAGE, outcome: 'interrupted' },
      'the client got text, but no tokens',
    ],
    [
      'tokens without a source',
      { usageSource: 'none', outcome: 'interrupted' },
      'usage is "none", yet 2 tokens are recorded',
    ],
    [
      'an estimate beyond the bytes that were sent',
      { usageSource: 'estimated', outcome: 'interrupted', usage: { ...UNKNOWN_USAGE, outputTokens: 99 } },
      '99 tokens estimated for 2 bytes sent',
    ],
  ])('finds %s', async (_case, change, message) => {
    await reach();
    checker.client({ ...call, sawProperEnd: row.outcome === (change.outcome ?? row.outcome) });
    row = { ...row, ...change };
    await expect(verify()).rejects.toThrow(`I9 ${CALL_ID}: ${message}`);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blackHole } from '../support/fake-upstream-address.ts';
import { useRig } from '../support/scenario.ts';

/** What a busy machine and the first call's compilation may add to a connect that loopback refuses at once. */
const SLACK_MS = 100;

describe('refused', () => {
  const rig = useRig();

  test('U01 a refused connection on one of three upstreams is passed over without the client noticing', async () => {
    await rig.run('openai-chat', async (s) => {
      await s.whileRefusing([s.main], async () => {
        const answer = await (await s.call({ model: 'fallback' })).answer();
        expect(answer.status).toBe(200);
        expect(answer.headers['x-sluice-attempts']).toBe('2');
      });
      const { attempts, outcome } = await s.record();
      expect(outcome).toBe('succeeded');
      expect(attempts).toMatchObject([
        { target: 'openai-chat-main/main', errorCode: 'upstream_refused', status: null },
        { target: 'openai-chat-spare/spare', errorCode: null, status: 200 },
      ]);
      expect(attempts?.[0]?.durationMs).toBeLessThan(SLACK_MS);
      expect(s.third.requests).toHaveLength(0);
    });
  });

  test('U01 a refused connection is passed over for a stream too', async () => {
    await rig.run('anthropic-messages', async (s) => {
      await s.whileRefusing([s.main], async () => {
        const answer = await (await s.call({ model: 'fallback', stream: true })).answer();
        expect(answer.read.isComplete).toBe(true);
        expect(answer.text).not.toContain('error');
      });
    });
  });

  test('U02 when every upstream refuses, the client gets 502 upstream_refused at once and one record is kept', async () => {
    await rig.run('openai-chat', async (s) => {
      await s.whileRefusing([s.main, s.spare, s.third], async () => {
        const answer = await (await s.call({ model: 'fallback' })).answer();
        expect(answer.status).toBe(502);
        expect(answer.errorCode).toBe('upstream_refused');
      });
      const record = await s.record();
      expect(record).toMatchObject({ outcome: 'failed', error_code: 'upstream_refused', status: 502 });
      expect(record.total_ms).toBeLessThan(SLACK_MS);
      expect(record.attempts?.map((attempt) => attempt.target)).toEqual([
        'openai-chat-main/main',
        'openai-chat-spare/spare',
        'openai-chat-third/third',
      ]);
    });
  });
});

describe('a black hole', () => {
  let hole: Awaited<ReturnType<typeof blackHole>> | undefined;
  beforeAll(async () => {
    hole = await blackHole();
  });
  afterAll(() => hole?.close());
  const rig = useRig({ mainPort: () => hole?.port ?? 0, limits: { connectTimeoutMs: 300 } });

  test('U03 an upstream that swallows connects is left at the connect timeout, one attempt at a time', async () => {
    await rig.run('openai-chat', async (s) => {
      const answer = await (await s.call({ model: 'fallback', stream: true })).answer();
      expect(answer.read.isComplete).toBe(true);
      const { attempts, total_ms: totalMs } = await s.record();
      expect(attempts).toMatchObject([{ errorCode: 'upstream_connect_timeout' }, { errorCode: null }]);
      const [first, second] = attempts ?? [];
      expect(second?.startedMs).toBeGreaterThanOrEqual((first?.startedMs ?? 0) + (first?.durationMs ?? 0));
      // The socket library's own timers have a grain of up to a second.
      expect(totalMs).toBeLessThan(300 + 1_500);
      expect(s.third.requests).toHaveLength(0);
    });
  });

  test('U03 when the only upstream swallows connects, the client gets 504 upstream_connect_timeout', async () => {
    await rig.run('anthropic-messages', async (s) => {
      const answer = await (await s.call()).answer();
      expect(answer.status).toBe(504);
      expect(answer.errorCode).toBe('upstream_connect_timeout');
      expect(await s.record()).toMatchObject({ outcome: 'failed', error_code: 'upstream_connect_timeout' });
    });
  });
});

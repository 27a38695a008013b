import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/limits.ts';
import type { Repair } from '../../../src/protocols/repair.ts';
import type { SnapshotConnection } from '../../../src/tenancy/snapshot.ts';
import { LearnedRepairs } from '../../../src/upstream/learned.ts';
import { FakeClock } from '../../support/clock.ts';

const connection = (overrides: Partial<SnapshotConnection> = {}): SnapshotConnection => ({
  id: 'c1',
  name: 'openai',
  tenantId: null,
  provider: 'openai',
  protocol: 'openai-chat',
  baseUrl: 'https://x.test/v1',
  auth: 'bearer',
  secret: null,
  headers: {},
  isTrusted: true,
  priceId: null,
  knownModels: [],
  ...overrides,
});

const repair = (member: string, to: string | null = null): Repair => ({
  member,
  to,
  value: null,
  taken: [],
  beside: null,
});

function learned(limits: Partial<typeof LIMITS> = {}) {
  const clock = new FakeClock();
  return { clock, memory: new LearnedRepairs(clock, { ...LIMITS, ...limits }) };
}

describe('trap 122 what was learnt of targets', () => {
  it('trap 122 is known of the same target alone', () => {
    const { memory } = learned();
    expect(memory.of(connection(), 'o3')).toBeNull();
    memory.learn(connection(), 'o3', repair('temperature'));
    memory.learn(connection(), 'o3', repair('top_p'));
    expect(memory.of(connection(), 'o3')?.map(({ member }) => member)).toEqual(['temperature', 'top_p']);
    expect(memory.of(connection(), 'gpt-4.1')).toBeNull();
    expect(memory.of(connection({ id: 'c2' }), 'o3')).toBeNull();
  });

  it('trap 122 is forgotten with another address or protocol of the connection', () => {
    const { memory } = learned();
    memory.learn(connection(), 'o3', repair('temperature'));
    expect(memory.of(connection({ baseUrl: 'https://y.test/v1' }), 'o3')).toBeNull();
    expect(memory.of(connection(), 'o3')).toBeNull();
    memory.learn(connection(), 'o3', repair('temperature'));
    expect(memory.of(connection({ protocol: 'openai-responses' }), 'o3')).toBeNull();
  });

  it('trap 122 is forgotten after learnedForgetMs, at it not yet', () => {
    const { memory, clock } = learned();
    memory.learn(connection(), 'o3', repair('temperature'));
    clock.advance(LIMITS.learnedForgetMs);
    expect(memory.of(connection(), 'o3')).not.toBeNull();
    clock.advance(1);
    expect(memory.of(connection(), 'o3')).toBeNull();
    expect(memory.size).toBe(0);
  });

  it('trap 122 the same again is one repair, and of two names the last learnt counts', () => {
    const { memory } = learned();
    for (let count = 0; count < 100; count += 1) memory.learn(connection(), 'o3', repair('temperature'));
    expect(memory.of(connection(), 'o3')).toHaveLength(1);
    memory.learn(connection(), 'm', repair('max_tokens', 'max_completion_tokens'));
    memory.learn(connection(), 'm', repair('max_completion_tokens', 'max_tokens'));
    expect(memory.of(connection(), 'm')).toEqual([repair('max_completion_tokens', 'max_tokens')]);
  });

  it('trap 122 holds learnedTargetsMax targets and lets the oldest go', () => {
    const { memory } = learned({ learnedTargetsMax: 2 as never });
    for (const model of ['a', 'b', 'c']) memory.learn(connection(), model, repair('temperature'));
    expect(memory.size).toBe(2);
    expect(memory.of(connection(), 'a')).toBeNull();
    expect(memory.of(connection(), 'b')).not.toBeNull();
  });

  it('trap 122 holds a bounded number of repairs of one target', () => {
    const { memory } = learned();
    for (let count = 0; count < 1_000; count += 1) {
      memory.learn(connection(), 'm', { ...repair('reasoning_effort'), value: String(count) });
    }
    const values = memory.of(connection(), 'm')?.map(({ value }) => value) ?? [];
    expect(values).toHaveLength(32);
    expect(values.at(-1)).toBe('999');
  });
});

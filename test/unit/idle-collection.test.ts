import { describe, expect, it } from 'vitest';
import { fullCollection, IdleCollection } from '../../src/idle-collection.ts';
import { FakeClock } from '../support/clock.ts';

function start() {
  const clock = new FakeClock();
  const state = { inFlight: 0, collected: 0 };
  const idle = new IdleCollection({
    clock,
    limits: { idleCollectionMs: 1_000, idleCollectionCalls: 10 },
    callsInFlight: () => state.inFlight,
    collect: () => {
      state.collected++;
    },
  });
  const calls = (count: number) => {
    for (let n = 0; n < count; n++) idle.note();
  };
  return { clock, state, idle, calls };
}

describe('collection in a quiet moment', () => {
  it('comes once, after enough calls and a period without any', () => {
    const { clock, state, calls } = start();
    calls(10);
    clock.advance(1_000);
    expect(state.collected).toBe(0);
    clock.advance(1_000);
    expect(state.collected).toBe(1);
    clock.advance(60_000);
    expect(state.collected).toBe(1);
  });

  it('counts calls over several periods', () => {
    const { clock, state, calls } = start();
    calls(6);
    clock.advance(5_000);
    expect(state.collected).toBe(0);
    calls(4);
    clock.advance(2_000);
    expect(state.collected).toBe(1);
  });

  it('waits while calls run, and while they keep ending', () => {
    const { clock, state, calls } = start();
    calls(100);
    state.inFlight = 1;
    clock.advance(10_000);
    expect(state.collected).toBe(0);
    state.inFlight = 0;
    for (let period = 0; period < 10; period++) {
      calls(1);
      clock.advance(1_000);
    }
    expect(state.collected).toBe(0);
    clock.advance(1_000);
    expect(state.collected).toBe(1);
  });

  it('has no timer left after it was closed', () => {
    const { clock, idle } = start();
    idle.close();
    expect(clock.timerCount).toBe(0);
  });

  it('is a full one: what nothing refers to is gone', () => {
    const collect = fullCollection();
    const gone = new WeakRef({ large: new Array(1_000) });
    // A WeakRef holds what it was made with until the end of the job (ECMA-262, 9.10).
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      collect();
      expect(gone.deref()).toBeUndefined();
    });
  });
});

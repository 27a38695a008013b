import { describe, expect, it } from 'vitest';
import { FakeClock, fakeRandom, sequentialIds, withSeed } from '../../support/clock.ts';

describe('FakeClock', () => {
  it('runs what falls due in order of due time, each at its own time', () => {
    const clock = new FakeClock(0);
    const ran: [string, number][] = [];
    clock.after(30, () => ran.push(['late', clock.nowMs()]));
    clock.every(10, () => ran.push(['tick', clock.nowMs()]));
    clock.after(10, () => ran.push(['early', clock.nowMs()]));
    clock.advance(30);
    expect(ran).toEqual([
      ['tick', 10],
      ['early', 10],
      ['tick', 20],
      ['late', 30],
      ['tick', 30],
    ]);
    expect(clock.nowMs()).toBe(30);
  });

  it('runs a timer that another timer sets within the same advance', () => {
    const clock = new FakeClock(0);
    const ran: number[] = [];
    clock.after(5, () => clock.after(5, () => ran.push(clock.nowMs())));
    clock.advance(20);
    expect(ran).toEqual([10]);
  });

  it('runs nothing that was cancelled, and counts what is still set', () => {
    const clock = new FakeClock();
    const cancel = clock.after(5, () => expect.unreachable());
    clock.every(1_000, () => {});
    expect(clock.timerCount).toBe(2);
    cancel();
    clock.advance(10);
    expect(clock.timerCount).toBe(1);
  });

  it('jumps the wall clock without moving monotonic time or running timers', () => {
    const clock = new FakeClock(1_000_000);
    clock.after(1, () => expect.unreachable());
    const before = clock.monotonicMs();
    clock.jump(-3_600_000);
    expect(clock.nowMs()).toBe(1_000_000 - 3_600_000);
    expect(clock.monotonicMs()).toBe(before);
  });
});

describe('fakeRandom', () => {
  it('repeats itself with the same seed and differs with another', () => {
    const draw = (seed: number) => {
      const random = fakeRandom(seed);
      return [random.fraction(), random.fraction(), random.bytes(8).toString('hex')];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('spreads over [0, 1)', () => {
    const random = fakeRandom(1);
    const draws = Array.from({ length: 10_000 }, () => random.fraction());
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
    expect(draws.reduce((sum, draw) => sum + draw) / draws.length).toBeCloseTo(0.5, 1);
  });
});

describe('withSeed', () => {
  it('names the seed of a schedule that failed', async () => {
    const failing = withSeed(() => {
      throw new Error('lost a call');
    });
    await expect(failing).rejects.toThrow(/with SEED=\d+: lost a call/);
  });
});

describe('sequentialIds', () => {
  it('gives distinct version 7 UUIDs in sorting order', () => {
    const ids = sequentialIds();
    const made = Array.from({ length: 300 }, () => ids.next());
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(300);
    expect(made[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

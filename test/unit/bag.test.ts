import { describe, expect, it } from 'vitest';
import { Bag, type BagMember } from '../../src/bag.ts';

const member = (): BagMember => ({ bagSlot: -1 });

describe('a bag', () => {
  it('holds what was added and not deleted, whatever the order of leaving', () => {
    const bag = new Bag<BagMember>();
    const [a, b, c] = [member(), member(), member()];
    for (const each of [a, b, c]) bag.add(each);
    expect(bag.delete(a)).toBe(true);
    expect(new Set(bag.snapshot())).toEqual(new Set([b, c]));
    expect(bag.delete(c)).toBe(true);
    expect(bag.delete(b)).toBe(true);
    expect(bag.size).toBe(0);
  });

  it('says so when a member is not in it, also after it has left', () => {
    const bag = new Bag<BagMember>();
    const [inside, outside] = [member(), member()];
    bag.add(inside);
    expect(bag.delete(outside)).toBe(false);
    bag.delete(inside);
    expect(bag.delete(inside)).toBe(false);
    expect(bag.size).toBe(0);
  });

  it('gives a snapshot that later changes do not touch', () => {
    const bag = new Bag<BagMember>();
    const only = member();
    bag.add(only);
    const before = bag.snapshot();
    bag.delete(only);
    expect(before).toEqual([only]);
  });
});

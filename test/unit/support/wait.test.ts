import { describe, expect, it } from 'vitest';
import { gate, until, within } from '../../support/wait.ts';

describe('until', () => {
  it('gives the first truthy value of the condition', async () => {
    let count = 0;
    expect(await until(() => (++count === 3 ? 'three' : ''), { what: 'counting' })).toBe('three');
  });

  it('names what it waited for and the last error after the deadline', async () => {
    const failing = until(() => Promise.reject(new Error('not a row')), {
      what: 'the record',
      deadlineMs: 10,
    });
    await expect(failing).rejects.toThrow('the record: not within 10 ms: not a row');
  });
});

describe('within', () => {
  it('rejects when the promise takes longer', async () => {
    await expect(within(new Promise(() => {}), { what: 'never', deadlineMs: 5 })).rejects.toThrow(
      'never: not within',
    );
  });

  it('gives the value of a promise that is in time', async () => {
    expect(await within(Promise.resolve(1), { what: 'now' })).toBe(1);
  });
});

describe('gate', () => {
  it('holds everything that awaits it until it is opened', async () => {
    const closed = gate();
    const order: string[] = [];
    const waiting = Promise.resolve(closed).then(() => order.push('through'));
    await Promise.resolve();
    order.push('opened');
    closed.open();
    await waiting;
    expect(order).toEqual(['opened', 'through']);
    expect(closed.isOpen).toBe(true);
  });
});

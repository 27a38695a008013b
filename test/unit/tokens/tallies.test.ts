import { beforeEach, describe, expect, it } from 'vitest';
import type { CallRecord } from '../../../src/calls/record.ts';
import { LIMITS, type Limits } from '../../../src/limits.ts';
import { Tallies } from '../../../src/tokens/tallies.ts';
import type { CallTally } from '../../../src/tokens/tally.ts';
import type { OnCount, TokenThread } from '../../../src/tokens/token-counter.ts';
import type { TokenWork } from '../../../src/tokens/worker-messages.ts';
import { sampleEnd } from '../../support/sample-records.ts';

/** A thread that counts when the test says so: a token for each character. */
class SlowThread implements TokenThread {
  readonly taken: { readonly work: TokenWork; readonly done: OnCount }[] = [];
  readonly open = new Set<number>();
  hasRoom = true;
  #streams = 0;
  #tokens = 0;

  submit(work: TokenWork, done: OnCount): boolean {
    if (this.hasRoom) this.taken.push({ work, done });
    return this.hasRoom;
  }
  openStream(): number | null {
    this.#streams += 1;
    this.open.add(this.#streams);
    return this.#streams;
  }
  hasStream(stream: number): boolean {
    return this.open.has(stream);
  }
  closeStream(stream: number): void {
    this.open.delete(stream);
  }
  /** Counts the oldest work. */
  answer(): void {
    const next = this.taken.shift();
    if (next === undefined) throw new Error('nothing to count');
    const { work, done } = next;
    if (work.kind === 'piece') this.#tokens += work.text.length;
    else if (work.kind === 'bytes') this.#tokens += work.bytes.length;
    else return done(work.kind === 'text' ? work.text.length : 7);
    done(this.#tokens);
  }
}

const SMALL: Limits = {
  ...LIMITS,
  tokenPieceCharsMin: 4,
  tokenPendingCharsMax: 20,
  tokenAnswerCharsMax: 100,
  tokenTextCharsMax: 50,
};
let thread: SlowThread;
let tallies: Tallies;
beforeEach(() => {
  thread = new SlowThread();
  tallies = new Tallies(thread, SMALL);
});

const ended = (usageSource: CallRecord['usageSource'], outcome: CallRecord['outcome'] = 'succeeded') =>
  tallies.ended(sampleEnd({ target: 'a/b', usageSource, outcome }));
const open = () => tallies.open('a/b', 'openai-chat', null);
const silent = (): CallTally => {
  ended('estimated');
  const tally = open();
  if (tally === null) throw new Error('no tally');
  return tally;
};

describe('which targets are counted', () => {
  it('none of which nothing is known, and none that tells its usage', () => {
    expect(open()).toBeNull();
    ended('provider');
    expect(open()).toBeNull();
    ended('estimated', 'interrupted');
    expect(open()).toBeNull();
  });

  it('those whose whole answer had no usage, until one has', () => {
    ended('estimated');
    expect(open()).not.toBeNull();
    expect(tallies.open('a/c', 'openai-chat', null)).toBeNull();
    ended('provider');
    expect(open()).toBeNull();
  });

  it('those whose first answer broke off: it is not known', () => {
    ended('estimated', 'cancelled');
    expect(open()).not.toBeNull();
    ended('provider');
    expect(open()).toBeNull();
  });

  it('a call without an answer, or of another kind, says nothing', () => {
    ended('none', 'failed');
    tallies.ended(sampleEnd({ target: 'a/b', usageSource: 'estimated', operation: 'embeddings' }));
    expect(open()).toBeNull();
  });

  it('the memory is bounded: the oldest target is forgotten', () => {
    const few = new Tallies(thread, { ...SMALL, tokenTargetsMax: 2 });
    const note = (target: string) => few.ended(sampleEnd({ target, usageSource: 'estimated' }));
    for (const target of ['one', 'two', 'three']) note(target);
    expect(few.open('one', 'gemini', null)).toBeNull();
    expect(few.open('two', 'gemini', null)).not.toBeNull();
    expect(few.open('three', 'gemini', null)).not.toBeNull();
  });
});

describe('a tally', () => {
  it('takes the count of the request when it is there, and passes it on to the next try', () => {
    const tally = silent();
    tally.input({ kind: 'text', text: 'abc' });
    expect(tally.inputTokens).toBeNull();
    thread.answer();
    expect(tally.inputTokens).toBe(3);
    const next = tallies.open('a/b', 'openai-chat', tally);
    expect(next?.inputTokens).toBe(3);
    next?.input({ kind: 'text', text: 'abc' });
    expect(thread.taken).toHaveLength(0);
  });

  it('without a count, every event is a token', () => {
    const tally = silent();
    tally.text('ab', 1);
    expect(thread.taken).toHaveLength(0);
    tally.text('cd', 2);
    expect(thread.taken).toHaveLength(1);
    expect(tally.outputTokens(2)).toBe(2);
  });

  it('estimates what was not counted by the measure of what was', () => {
    const tally = silent();
    tally.text('abcd', 1);
    thread.answer();
    expect(tally.outputTokens(1)).toBe(4);
    expect(tally.outputTokens(4)).toBe(16);
  });

  it('sends the next piece only when the one before is counted', () => {
    const tally = silent();
    for (let events = 1; events <= 5; events += 1) tally.text('abcd', events);
    expect(thread.taken).toHaveLength(1);
    thread.answer();
    tally.text('e', 6);
    expect(thread.taken.map(({ work }) => (work.kind === 'piece' ? work.text : ''))).toEqual([
      'abcdabcdabcdabcde',
    ]);
    thread.answer();
    expect(tally.outputTokens(6)).toBe(21);
  });

  it('counts bytes of the upstream in larger pieces', () => {
    const tally = silent();
    tally.bytes(Buffer.alloc(63), 1);
    expect(thread.taken).toHaveLength(0);
    tally.bytes(Buffer.alloc(1), 2);
    expect(thread.taken[0]?.work).toMatchObject({ kind: 'bytes', protocol: 'openai-chat', stream: 1 });
    thread.answer();
    expect(tally.outputTokens(2)).toBe(64);
  });

  it('too much that waits, too much in all, and no room end the counting; the estimate stands', () => {
    const waits = silent();
    for (let events = 1; events <= 7; events += 1) waits.text('abcd', events);
    thread.answer();
    waits.text('abcd', 8);
    expect(thread.taken).toHaveLength(0);
    expect(waits.outputTokens(8)).toBe(32);

    const long = silent();
    for (let events = 1; events <= 30; events += 1) {
      long.text('abcd', events);
      if (thread.taken.length > 0) thread.answer();
    }
    expect(thread.taken).toHaveLength(0);
    expect(long.outputTokens(30)).toBeGreaterThanOrEqual(100);

    thread.hasRoom = false;
    const full = silent();
    full.text('abcdefgh', 1);
    thread.hasRoom = true;
    full.text('abcdefgh', 2);
    expect(thread.taken).toHaveLength(0);
    expect(full.outputTokens(2)).toBe(2);
  });

  it('a thread that has ended in between ends the counting of its streams', () => {
    const tally = silent();
    tally.text('abcd', 1);
    thread.answer();
    thread.open.clear();
    tally.text('abcd', 2);
    expect(thread.taken).toHaveLength(0);
    expect(tally.outputTokens(2)).toBe(8);
  });

  it('is closed with its stream, and a late count does no harm', () => {
    const tally = silent();
    tally.text('abcd', 1);
    tally.close();
    expect(thread.open.size).toBe(0);
    thread.answer();
    tally.text('abcdefgh', 2);
    expect(thread.taken).toHaveLength(0);
  });

  it('a whole answer is estimated by what earlier ones of the target had', () => {
    const answer = [{ type: 'text' as const, text: 'abcdefghijklmnopqrst' }];
    const first = silent();
    first.whole(answer);
    expect(first.outputTokens(5)).toBe(5);
    first.close();
    thread.answer();
    const second = silent();
    second.whole(answer);
    expect(second.outputTokens(5)).toBeGreaterThan(5);
    expect(second.outputTokens(5)).toBeLessThanOrEqual(20);
  });

  it('an answer above the bound is not counted after its end', () => {
    const tally = silent();
    tally.whole([{ type: 'text', text: 'x'.repeat(51) }]);
    tally.close();
    expect(thread.taken).toHaveLength(0);
  });
});

import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS, type Limits } from '../../../src/limits.ts';
import { type Clock, systemClock } from '../../../src/ports.ts';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import type { ChatRequest } from '../../../src/protocols/blocks.ts';
import { createTokenCounter } from '../../../src/tokens/counter.ts';
import { TokenWorker } from '../../../src/tokens/token-worker.ts';
import type { TokenWork } from '../../../src/tokens/worker-messages.ts';
import { FakeClock } from '../../support/clock.ts';
import { type Bundle, bundleOf } from '../../support/drain-bundle.ts';
import { captureLog } from '../../support/ports.ts';
import { turn, until } from '../../support/wait.ts';

const PROSE = 'The capital of Switzerland is Bern, and its largest city is Zürich. ';
/** Threads that do something else. */
const program = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);
const SILENT = program('setInterval(() => {}, 1000)');
const DYING = program('throw new Error("no vocabulary")');

let bundle: Bundle;
const workers: TokenWorker[] = [];
beforeAll(async () => {
  bundle = await bundleOf('src/tokens/worker.ts');
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
});
afterAll(() => bundle.remove());

function start(options: { limits?: Partial<Limits>; clock?: Clock; workerUrl?: URL } = {}) {
  const { limits, clock = systemClock, workerUrl = bundle.url } = options;
  const log = captureLog();
  const bounds: Limits = { ...LIMITS, tokenWorkTimeoutMs: 60_000, ...limits };
  const worker = new TokenWorker({ clock, limits: bounds, log, workerUrl });
  workers.push(worker);
  const counter = createTokenCounter(worker, bounds.tokenTextCharsMax);
  const submit = (work: TokenWork) =>
    new Promise<number | null>((resolve) => {
      if (!worker.submit(work, resolve)) resolve(null);
    });
  return { worker, counter, submit, log };
}

describe('the thread that counts', () => {
  it('starts with the first work only, and counts as the tokenizer does', async () => {
    const { worker, counter } = start();
    expect(worker.isRunning).toBe(false);
    expect(await counter.count('')).toBe(0);
    expect(worker.isRunning).toBe(false);
    expect(await counter.count(PROSE.repeat(50))).toBe(countTokens(PROSE.repeat(50)));
    expect(worker.isRunning).toBe(true);
  });

  it('counts a request with its frame, as content blocks and as the caller’s bytes', async () => {
    const { counter, submit } = start();
    const body = {
      model: 'm',
      max_tokens: 5,
      system: PROSE,
      messages: [{ role: 'user', content: PROSE.repeat(10) }],
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
    };
    const request = anthropicMessages.readRequest(body, { model: 'm', stream: false }) as ChatRequest; // a good body
    const tokens = await counter.countRequest(request);
    const texts = countTokens(PROSE) + countTokens(PROSE.repeat(10));
    expect(tokens).toBeGreaterThan(texts);
    expect(tokens).toBeLessThan(texts + 40);
    const bytes = new Uint8Array(Buffer.from(JSON.stringify(body)));
    const work = {
      kind: 'body',
      protocol: 'anthropic-messages',
      model: 'm',
      isStream: false,
      bytes,
    } as const;
    expect(await submit(work)).toBe(tokens);
    const broken = new Uint8Array(Buffer.from('{"model":'));
    expect(await submit({ ...work, bytes: broken })).toBeNull();
  });

  it('counts a streamed answer piece by piece, from its text and from its bytes', async () => {
    const { worker, submit } = start();
    const [text, bytes] = [worker.openStream(), worker.openStream()];
    if (text === null || bytes === null) return expect.unreachable();
    const frame = (content: string) =>
      new Uint8Array(
        Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`),
      );
    let tokens: (number | null)[] = [];
    for (let count = 0; count < 3; count += 1) {
      tokens = [
        await submit({ kind: 'piece', stream: text, text: PROSE }),
        await submit({ kind: 'bytes', stream: bytes, protocol: 'openai-chat', bytes: frame(PROSE) }),
      ];
    }
    expect(tokens).toEqual([countTokens(PROSE.repeat(3)), countTokens(PROSE.repeat(3))]);
    worker.closeStream(text);
    expect(worker.hasStream(text)).toBe(false);
  });

  it('20,000 equal characters do not block the event loop', async () => {
    const { counter } = start({ limits: { tokenWorkMax: 100 } });
    await counter.count('warm');
    const equal = 'a'.repeat(20_000);
    // Letters in runs that the tokenizer does not remember, so that it has something to do.
    const mixed = Array.from({ length: 80 }, () =>
      Array.from({ length: 20_000 }, () => String.fromCharCode(97 + Math.random() * 26)).join(''),
    );
    let isDone = false;
    const beganMs = performance.now();
    const counted = Promise.all([equal, equal, ...mixed].map((text) => counter.count(text))).then((all) => {
      isDone = true;
      return all;
    });
    let longestMs = 0;
    for (let lastMs = beganMs; !isDone; ) {
      await turn();
      const nowMs = performance.now();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
    }
    const tookMs = performance.now() - beganMs;
    const [first, second] = await counted;
    expect(first).toBe(second);
    // Counted here, it would stand still for all of it.
    expect(longestMs).toBeLessThan(tookMs / 2);
  });
});

describe('bounds of the thread', () => {
  it('more work than the bound is estimated at once, and what waits is counted', async () => {
    const { worker, counter } = start({ limits: { tokenWorkMax: 2 } });
    const text = PROSE.repeat(20);
    const all = await Promise.all([counter.count(text), counter.count(text), counter.count(text)]);
    const rough = Math.ceil(Buffer.byteLength(text) / 4);
    expect(all).toEqual([countTokens(text), countTokens(text), rough]);
    expect(rough).not.toBe(countTokens(text));
    expect(worker.waiting).toBe(0);
  });

  it('a text above the bound is estimated, one at the bound is counted', async () => {
    const { worker, counter } = start({ limits: { tokenTextCharsMax: 100 } });
    expect(await counter.count(`${'a b '.repeat(25)}x`)).toBe(26);
    expect(worker.isRunning).toBe(false);
    expect(await counter.count('a b '.repeat(25))).toBe(countTokens('a b '.repeat(25)));
  });

  it('answers above the bound get no stream', () => {
    const { worker } = start({ limits: { tokenStreamsMax: 1 } });
    expect(worker.openStream()).not.toBeNull();
    expect(worker.openStream()).toBeNull();
  });

  it('a thread that takes too long is ended; for a while nothing is counted', async () => {
    const clock = new FakeClock();
    const { worker, counter, log } = start({
      clock,
      workerUrl: SILENT,
      limits: { tokenWorkTimeoutMs: 5_000 },
    });
    const counted = counter.count(PROSE);
    const stream = worker.openStream();
    clock.advance(4_000);
    expect(worker.isRunning).toBe(true);
    clock.advance(3_000);
    expect(await counted).toBe(Math.ceil(Buffer.byteLength(PROSE) / 4));
    expect(worker.isRunning).toBe(false);
    expect(worker.hasStream(stream ?? 0)).toBe(false);
    expect(log.entries.map(({ level }) => level)).toEqual(['warn']);
    expect(worker.submit({ kind: 'text', text: 'x' }, () => undefined)).toBe(false);
    clock.advance(LIMITS.tokenRestartMs);
    expect(worker.submit({ kind: 'text', text: 'x' }, () => undefined)).toBe(true);
  });

  it('a thread that dies leaves the estimate', async () => {
    const { worker, counter, log } = start({ workerUrl: DYING });
    expect(await counter.count(PROSE)).toBe(Math.ceil(Buffer.byteLength(PROSE) / 4));
    expect(worker.isRunning).toBe(false);
    expect(log.lines.join()).toContain('no vocabulary');
    expect(await counter.count('abcdefgh')).toBe(2);
  });

  it('a thread without work ends, and starts again when there is some', async () => {
    const clock = new FakeClock();
    const { worker, counter } = start({ clock });
    await counter.count(PROSE);
    clock.advance(LIMITS.tokenIdleMs - 2_000);
    expect(worker.isRunning).toBe(true);
    const stream = worker.openStream();
    clock.advance(10_000);
    expect(worker.isRunning).toBe(true);
    worker.closeStream(stream ?? 0);
    clock.advance(2_000);
    expect(worker.isRunning).toBe(false);
    expect(clock.timerCount).toBe(0);
    expect(await counter.count(PROSE)).toBe(countTokens(PROSE));
  });

  it('closing gives what waits the estimate, and takes nothing more', async () => {
    const { worker, counter } = start({ workerUrl: SILENT });
    const counted = counter.count('abcdefgh');
    await worker.close();
    expect(await counted).toBe(2);
    expect(await counter.count('abcdefgh')).toBe(2);
    await until(() => !worker.isRunning, { what: 'the thread has ended' });
  });
});

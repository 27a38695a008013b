import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import type { ChatEvent } from '../../../src/graphql/chat-events.ts';
import { TokenStream } from '../../../src/graphql/token-stream.ts';
import type { ChatRequest } from '../../../src/protocols/blocks.ts';
import { FakeCall } from '../../support/fake-invoke.ts';

const request: ChatRequest = {
  protocol: 'graphql',
  model: 'fast-chat',
  stream: true,
  streamUsage: true,
  messages: [],
  tools: [],
  extra: {},
  unknownFields: [],
  fields: {},
};
const identity = { tenantId: 't', applicationId: 'a', keyId: 'k', isAdmin: false };

function open({ queueBytesMax = 1_000_000, abort = new AbortController() } = {}) {
  const calls: FakeCall[] = [];
  const stream = new TokenStream({
    start(sink) {
      const call = new FakeCall('call-1', { identity, request, isStrict: false, idempotencyKey: null }, sink);
      calls.push(call);
      return call;
    },
    signal: abort.signal,
    model: 'fast-chat',
    queueBytesMax,
  });
  const [call] = calls;
  if (call === undefined) throw new Error('the call was not started');
  return { stream, call, abort };
}

async function rest(stream: TokenStream): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe('TokenStream', () => {
  it('yields ChatStarted, the deltas and ChatCompleted in this order', async () => {
    const { stream, call } = open();
    call.start();
    call.block(0, 'reasoning', ['Hm.']);
    call.block(1, 'text', ['Hello']);
    call.toolCall(2, { id: 'c1', name: 'weather' }, ['{"city":', '"Rome"}']);
    call.succeed();
    const events = await rest(stream);
    expect(events.map((event) => event.kind)).toEqual([
      'ChatStarted',
      'ChatReasoningDelta',
      'ChatTextDelta',
      'ChatToolCallDelta',
      'ChatCompleted',
    ]);
    expect(events[3]).toEqual({
      kind: 'ChatToolCallDelta',
      index: 0,
      id: 'c1',
      name: 'weather',
      arguments: '{"city":"Rome"}',
    });
  });

  it('hands each delta on at once to a consumer that waits', async () => {
    const { stream, call } = open();
    call.start();
    await stream.next();
    for (const text of ['a', 'b', 'c']) {
      const next = stream.next();
      call.event({ type: 'blockDelta', index: 0, text });
      expect((await next).value).toEqual({ kind: 'ChatTextDelta', text });
    }
  });

  it('joins the deltas that arrive while the consumer is busy, and never across kinds', async () => {
    const { stream, call } = open();
    call.start();
    call.block(0, 'text', ['a', 'b']);
    call.block(1, 'reasoning', ['c', 'd']);
    call.block(2, 'text', ['e', 'f']);
    call.succeed();
    const texts = (await rest(stream)).flatMap((event) => ('text' in event ? [event.text] : []));
    expect(texts).toEqual(['ab', 'cd', 'ef']);
  });

  it('keeps interleaved tool calls apart', async () => {
    const { stream, call } = open();
    for (const [index, id] of [
      [0, 'x'],
      [1, 'y'],
    ] as const) {
      call.event({ type: 'blockStart', index, block: { type: 'toolCall', id, name: `tool-${id}` } });
    }
    for (const [index, text] of [
      [0, '1'],
      [1, '2'],
      [0, '3'],
      [1, '4'],
    ] as const) {
      call.event({ type: 'blockDelta', index, text });
    }
    call.succeed();
    const joined = new Map<string, string>();
    for (const event of await rest(stream)) {
      if (event.kind !== 'ChatToolCallDelta') continue;
      joined.set(event.id, (joined.get(event.id) ?? '') + event.arguments);
    }
    expect([...joined]).toEqual([
      ['x', '13'],
      ['y', '24'],
    ]);
  });

  it('cancels the upstream before return() gives anything back, also while a next() waits', async () => {
    const { stream, call } = open();
    call.start();
    await stream.next();
    const waiting = stream.next();
    const returned = stream.return();
    expect(call.isCancelled).toBe(true);
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await returned).toEqual({ done: true, value: undefined });
  });

  it('cancels the upstream synchronously when its signal is aborted, and yields nothing more', async () => {
    const { stream, call, abort } = open();
    call.start();
    call.block(0, 'text', ['never read']);
    abort.abort();
    expect(call.isCancelled).toBe(true);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('does not cancel a call that has ended', async () => {
    const { stream, call, abort } = open();
    call.start();
    call.succeed();
    abort.abort();
    await stream.return();
    expect(call.isCancelled).toBe(false);
  });

  it('fails after the deltas before the failure, and never completes', async () => {
    const { stream, call } = open();
    call.start();
    call.block(0, 'text', ['half']);
    call.fail(new CallError('upstream_interrupted'));
    expect((await stream.next()).value).toMatchObject({ kind: 'ChatStarted' });
    expect((await stream.next()).value).toEqual({ kind: 'ChatTextDelta', text: 'half' });
    await expect(stream.next()).rejects.toMatchObject({
      callId: 'call-1',
      error: { code: 'upstream_interrupted' },
    });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('fails a next() that waits', async () => {
    const { stream, call } = open();
    call.start();
    await stream.next();
    const waiting = stream.next();
    call.fail(new CallError('upstream_stalled'));
    await expect(waiting).rejects.toMatchObject({ error: { code: 'upstream_stalled' } });
  });

  it('pauses the upstream at its bound and resumes it once when the consumer has caught up', async () => {
    const { stream, call } = open({ queueBytesMax: 1_000 });
    call.start();
    expect(call.block(0, 'text', ['x'.repeat(300)])).toBe(true);
    expect(call.block(1, 'text', ['x'.repeat(300)])).toBe(false);
    expect(call.resumes).toBe(0);
    await stream.next();
    await stream.next();
    expect(call.resumes).toBe(1);
    expect(call.block(2, 'text', ['x'])).toBe(true);
  });

  it('counts events without text too: a thousand empty tool calls are not free', () => {
    const { call } = open({ queueBytesMax: 10_000 });
    let mayGoOn = true;
    let count = 0;
    while (mayGoOn && count < 1_000) {
      mayGoOn = call.event({
        type: 'blockStart',
        index: count,
        block: { type: 'toolCall', id: `${count}`, name: 't' },
      });
      count += 1;
    }
    expect(count).toBeLessThan(100);
  });
});

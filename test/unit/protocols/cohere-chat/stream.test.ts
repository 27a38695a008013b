import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { LIMITS } from '../../../../src/limits.ts';
import type { BlockEvent } from '../../../../src/protocols/blocks.ts';
import { cohereChat } from '../../../../src/protocols/cohere-chat/index.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import { SseTap } from '../../../../src/protocols/tap.ts';
import { bytewise, CONTEXT, dataOf, readStream, writeStream } from '../digest.ts';

const sse = (...events: readonly object[]): Buffer =>
  Buffer.from(
    events
      .map((event) => `event: ${(event as { type?: string }).type}\ndata: ${JSON.stringify(event)}\n\n`)
      .join(''),
  );
const START = { type: 'message-start', id: 'm1', delta: { message: { role: 'assistant' } } };
const END = {
  type: 'message-end',
  delta: {
    finish_reason: 'COMPLETE',
    usage: {
      billed_units: { input_tokens: 3, output_tokens: 2 },
      tokens: { input_tokens: 500, output_tokens: 4 },
      cached_tokens: 100,
    },
  },
};
const content = (index: number, part: object) => [
  { type: 'content-start', index, delta: { message: { content: { type: 'text', text: '' } } } },
  { type: 'content-delta', index, delta: { message: { content: part } } },
  { type: 'content-end', index },
];
const callStart = (index: number, id: string, args: unknown = '') => ({
  type: 'tool-call-start',
  index,
  delta: { message: { tool_calls: { id, type: 'function', function: { name: 'f', arguments: args } } } },
});
const callDelta = (index: number, text: string) => ({
  type: 'tool-call-delta',
  index,
  delta: { message: { tool_calls: { function: { arguments: text } } } },
});
const callEnd = (index: number) => ({ type: 'tool-call-end', index });
const finish = (reason: string) => ({ type: 'message-end', delta: { finish_reason: reason } });
const ORIGIN = { protocol: 'cohere-chat' as const };

describe('the stream reader', () => {
  it('trap 40 is complete with message-end alone; what follows is not read', () => {
    const reader = cohereChat.streamReader(ORIGIN);
    const events: BlockEvent[] = [];
    const push = (bytes: Buffer) => reader.push(bytes, (event) => events.push(event));
    push(sse(START, ...content(0, { text: 'Hi' })));
    expect(reader.isComplete).toBe(false);
    push(sse(END));
    expect(reader.isComplete).toBe(true);
    const count = events.length;
    push(Buffer.from('data: [DONE]\n\n'));
    push(sse(START));
    expect(events).toHaveLength(count);
  });

  it('trap 109 usage is what the model saw, and what is billed stands beside it', () => {
    const { response } = readStream(cohereChat, [sse(START, ...content(0, { text: 'Hi' }), END)]);
    expect(response.usage).toMatchObject({
      inputTokens: 500,
      outputTokens: 4,
      totalTokens: 504,
      cachedInputTokens: 100,
      billedInputTokens: 3,
      billedOutputTokens: 2,
    });
  });

  it('trap 112 usage that is not told stays unknown', () => {
    const { response, events } = readStream(cohereChat, [
      sse(START, ...content(0, { text: 'Hi' }), finish('COMPLETE')),
    ]);
    expect(events.some((event) => event.type === 'usage')).toBe(false);
    expect(response.usage.inputTokens).toBeNull();
  });

  it('trap 54 a plan is reasoning, and calls without deltas are calls', () => {
    const plan = { type: 'tool-plan-delta', delta: { message: { tool_plan: 'I will.' } } };
    const { response } = readStream(cohereChat, [
      sse(START, plan, callStart(0, 'a'), callEnd(0), finish('TOOL_CALL')),
    ]);
    expect(response).toMatchObject({
      finishReason: 'tool_calls',
      blocks: [
        { type: 'reasoning', text: 'I will.', isPlan: true },
        { type: 'toolCall', id: 'a', name: 'f', arguments: '{}' },
      ],
    });
  });

  it.each([
    ['nothing', [], '{}'],
    ['the text null', ['null'], '{}'],
    ['null in pieces', ['nu', 'll'], '{}'],
    ['white space', [' ', ''], '{}'],
    ['an object', ['{"', 'a":1}'], '{"a":1}'],
    ['text that begins like null', ['nu', 'mber'], 'number'],
  ])('trap 31 arguments of %s', (_name, pieces, expected) => {
    const deltas = pieces.map((piece) => callDelta(0, piece));
    const stream = sse(START, callStart(0, 'a'), ...deltas, callEnd(0), finish('TOOL_CALL'));
    for (const chunks of [[stream], bytewise(stream)]) {
      expect(readStream(cohereChat, chunks).response.blocks).toMatchObject([{ arguments: expected }]);
    }
  });

  it('parallel calls are told apart by their index, also where their deltas interleave', () => {
    const { response } = readStream(cohereChat, [
      sse(
        START,
        callStart(0, 'a'),
        callStart(1, 'b', '{"x"'),
        callDelta(1, ':1}'),
        callDelta(0, '{"y":2}'),
        callEnd(1),
        callEnd(0),
        finish('TOOL_CALL'),
      ),
    ]);
    expect(response.blocks).toMatchObject([
      { id: 'a', arguments: '{"y":2}' },
      { id: 'b', arguments: '{"x":1}' },
    ]);
  });

  it('trap 124 citations go with their text, also behind its end, and their addresses count in UTF-16 units', () => {
    const source = { type: 'document', id: 'd', document: { id: 'd', url: 'https://a.example', title: 'A' } };
    const citation = { start: 2, end: 5, text: 'Bär', sources: [source], type: 'TEXT_CONTENT' };
    const { response } = readStream(cohereChat, [
      sse(
        START,
        ...content(0, { text: '😀 Bär' }),
        { type: 'citation-start', index: 0, delta: { message: { citations: citation } } },
        { type: 'citation-end', index: 0 },
        finish('COMPLETE'),
      ),
    ]);
    const [block] = response.blocks;
    const raw = block?.type === 'text' ? block.citations?.raw : undefined;
    expect(raw).toEqual([
      citation,
      {
        type: 'url_citation',
        url_citation: { start_index: 3, end_index: 6, url: 'https://a.example', title: 'A' },
      },
    ]);
    expect('😀 Bär'.slice(3, 6)).toBe('Bär');
    const answer = JSON.parse(openaiChat.writeResponse(response, CONTEXT).toString()) as {
      choices: { message: { annotations: unknown[] } }[];
    };
    expect(answer.choices[0]?.message.annotations).toMatchObject([{ type: 'url_citation' }]);
  });

  it('trap 134 an emoji that is cut in two between deltas is one character', () => {
    const source = { type: 'document', id: 'd', document: { url: 'https://a.example' } };
    const [start, , end] = content(0, {});
    const delta = (text: string) => ({
      type: 'content-delta',
      index: 0,
      delta: { message: { content: { text } } },
    });
    const { response } = readStream(cohereChat, [
      sse(
        START,
        start ?? {},
        delta('\ud83d'),
        delta('\ude00'),
        delta('😀x'),
        {
          type: 'citation-start',
          index: 0,
          delta: { message: { citations: { start: 2, end: 3, sources: [source] } } },
        },
        end ?? {},
        finish('COMPLETE'),
      ),
    ]);
    const [block] = response.blocks;
    expect(block).toMatchObject({ text: '😀😀x' });
    const raw = block?.type === 'text' ? block.citations?.raw : undefined;
    expect(raw?.[1]).toMatchObject({ url_citation: { start_index: 4, end_index: 5 } });
  });

  it.each(['ERROR', 'TIMEOUT'])(
    'trap 64 a message that ends with %s is a failure, with the usage so far',
    (reason) => {
      const end = { ...END, delta: { ...END.delta, finish_reason: reason, error: 'model crashed' } };
      const { isComplete, failure, response } = readStream(cohereChat, [
        sse(START, ...content(0, { text: 'Hi' }), end),
      ]);
      expect(isComplete).toBe(false);
      expect(failure).toMatchObject({ class: 'transient', message: 'model crashed' });
      expect(response.usage.inputTokens).toBe(500);
    },
  );

  it.each([
    ['an error object', { type: 'error', message: 'rate limit exceeded' }, 'rateLimited'],
    ['a bare message', { message: 'invalid api key' }, 'credential'],
    ['another vendor’s envelope', { error: { message: 'overloaded' } }, 'overloaded'],
  ])('reads %s in place of an event', (_name, event, cause) => {
    expect(readStream(cohereChat, [sse(START, event)])).toMatchObject({
      isComplete: false,
      failure: { class: cause },
    });
  });

  it.each([
    ['no JSON', Buffer.from('data: oops\n\n')],
    ['a delta of a call that never started', sse(START, callDelta(3, '{}'))],
    ['trap 59 a second message', sse(START, START)],
  ])('%s is malformed', (_name, bytes) => {
    expect(readStream(cohereChat, [bytes])).toMatchObject({
      isComplete: false,
      failure: { code: 'upstream_malformed' },
    });
  });

  it('more calls than any answer has are refused', () => {
    const calls = Array.from({ length: LIMITS.openBlocksMax + 1 }, (_, at) => callStart(at, `c${at}`));
    expect(readStream(cohereChat, [sse(START, ...calls)]).failure).toMatchObject({
      code: 'upstream_malformed',
    });
  });
});

describe('the tap', () => {
  it('holds back message-end, and an error is not passed on', () => {
    const tap = () => new SseTap(cohereChat, { dropUsageOnly: false, holdBytesMax: 1_000_000 });
    const whole = tap();
    const before = sse(START, ...content(0, { text: 'Hi' }));
    expect(whole.push(Buffer.concat([before, sse(END)]))?.equals(before)).toBe(true);
    expect(whole).toMatchObject({ isComplete: true, hasContent: true, finishReason: 'stop', model: null });
    expect(whole.usage).toMatchObject({ inputTokens: 500, billedInputTokens: 3 });
    const broken = tap();
    expect(broken.push(Buffer.concat([before, sse(finish('ERROR'))]))?.equals(before)).toBe(true);
    expect(broken).toMatchObject({ isComplete: false, failure: { class: 'transient' } });
  });
});

describe('the stream writer', () => {
  const start: BlockEvent = { type: 'messageStart', id: 'x', model: 'm' };
  const stop: BlockEvent = { type: 'messageStop', reason: 'stop', rawReason: null, stopSequence: null };
  const text = (index: number, ...pieces: readonly string[]): readonly BlockEvent[] => [
    { type: 'blockStart', index, block: { type: 'text' } },
    ...pieces.map((piece) => ({ type: 'blockDelta' as const, index, text: piece })),
    { type: 'blockStop', index },
  ];

  it('writes the events of the protocol in their order, each with its event line', () => {
    const bytes = writeStream(cohereChat, [start, ...text(0, 'Hi', '!'), stop]);
    const types = dataOf(bytes).map((event) => (event as { type: string }).type);
    expect(types).toEqual([
      'message-start',
      'content-start',
      'content-delta',
      'content-delta',
      'content-end',
      'message-end',
    ]);
    expect(bytes.toString().match(/^event: .*$/gm)).toEqual(types.map((type) => `event: ${type}`));
    expect(dataOf(bytes)[0]).toMatchObject({ id: CONTEXT.callId });
  });

  it('trap 52 parallel calls that interleave come one after the other', () => {
    const call = (index: number, id: string): BlockEvent => ({
      type: 'blockStart',
      index,
      block: { type: 'toolCall', id, name: 'f' },
    });
    const bytes = writeStream(cohereChat, [
      start,
      call(0, 'a'),
      call(1, 'b'),
      { type: 'blockDelta', index: 1, text: '{"b":' },
      { type: 'blockDelta', index: 0, text: '{"a":1}' },
      { type: 'blockDelta', index: 1, text: '1}' },
      { type: 'blockStop', index: 0 },
      { type: 'blockStop', index: 1 },
      { ...stop, reason: 'tool_calls' },
    ]);
    const events = dataOf(bytes) as { type: string; index?: number }[];
    expect(
      events.filter(({ type }) => type.startsWith('tool-call')).map(({ type, index }) => `${type} ${index}`),
    ).toEqual([
      'tool-call-start 0',
      'tool-call-delta 0',
      'tool-call-end 0',
      'tool-call-start 1',
      'tool-call-delta 1',
      'tool-call-delta 1',
      'tool-call-end 1',
    ]);
    expect(events.at(-1)).toMatchObject({ delta: { finish_reason: 'TOOL_CALL' } });
  });

  it('refuses to hold more of interleaved blocks than the bound', () => {
    const writer = cohereChat.streamWriter(CONTEXT);
    for (const event of [...text(0, 'x').slice(0, 2), ...text(1).slice(0, 1)]) writer.write(event);
    const piece = 'y'.repeat(LIMITS.pendingBlockCharsMax / 4);
    const push = () => {
      for (let count = 0; count < 5; count += 1) writer.write({ type: 'blockDelta', index: 1, text: piece });
    };
    expect(push).toThrow(CallError);
  });

  it('trap 64 an error is a message that ends with ERROR, with its code', () => {
    const writer = cohereChat.streamWriter(CONTEXT);
    writer.write(start);
    const [event] = dataOf(writer.error(new CallError('upstream_interrupted')));
    expect(event).toMatchObject({
      type: 'message-end',
      delta: { finish_reason: 'ERROR', error: 'The upstream broke off before its answer was complete.' },
      code: 'upstream_interrupted',
    });
  });

  it('text that names the end of the stream does not end it for the vendor’s client', () => {
    const bytes = writeStream(cohereChat, [start, ...text(0, 'say [DONE] now'), stop]);
    expect(bytes.toString()).not.toContain('[DONE]');
    expect(readStream(cohereChat, [bytes]).response.blocks).toMatchObject([{ text: 'say [DONE] now' }]);
  });

  it('trap 124 the address of a web source becomes a citation, counted in characters of its text', () => {
    const url = { start_index: 5, end_index: 8, url: 'https://a.example', title: 'A' };
    const events: BlockEvent[] = [
      start,
      ...text(0, 'ab'),
      ...text(1, '😀 Bär').slice(0, 2),
      { type: 'blockDelta', index: 1, citation: { type: 'url_citation', url_citation: url } },
      { type: 'blockStop', index: 1 },
      stop,
    ];
    const cited = (dataOf(writeStream(cohereChat, events)) as { type: string; delta: unknown }[]).find(
      ({ type }) => type === 'citation-start',
    );
    expect(cited?.delta).toEqual({
      message: {
        citations: {
          start: 2,
          end: 5,
          sources: [{ type: 'document', id: url.url, document: { id: url.url, url: url.url, title: 'A' } }],
          content_index: 1,
          type: 'TEXT_CONTENT',
        },
      },
    });
  });

  it('the time of twice the text is about twice as long', () => {
    const time = (count: number): number => {
      const events = [start, ...text(0, ...Array.from({ length: count }, () => 'word ')), stop];
      const bytes = writeStream(cohereChat, events);
      const beganMs = performance.now();
      readStream(cohereChat, [writeStream(cohereChat, events), bytes]);
      return performance.now() - beganMs;
    };
    time(20_000);
    const once = Math.min(time(20_000), time(20_000), time(20_000));
    const twice = Math.min(time(40_000), time(40_000), time(40_000));
    expect(twice).toBeLessThan(once * 4 + 20);
  });
});

import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { LIMITS } from '../../../../src/limits.ts';
import { type BlockEvent, UNKNOWN_USAGE } from '../../../../src/protocols/blocks.ts';
import { openaiResponses } from '../../../../src/protocols/openai-responses/index.ts';
import { CONTEXT, readStream, writeStream } from '../digest.ts';

interface Written {
  readonly type: string;
  readonly sequence_number: number;
  readonly output_index?: number;
  readonly item_id?: string;
  readonly item?: { readonly id: string; readonly type: string; readonly status?: string };
  readonly response?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

function parse(bytes: Buffer): readonly Written[] {
  const frames = bytes.toString().split('\n\n').slice(0, -1);
  return frames.map((frame) => {
    const [, name, data = ''] = /^event: (\S+)\ndata: (.*)$/s.exec(frame) ?? [];
    const event = JSON.parse(data) as Written;
    expect(event.type).toBe(name);
    return event;
  });
}

const write = (events: readonly BlockEvent[], context = CONTEXT) =>
  parse(writeStream(openaiResponses, events, context));
const ORIGIN = { protocol: 'anthropic-messages' } as const;
const START: BlockEvent = { type: 'messageStart', id: 'up', model: 'up-model' };
const stop = (
  reason: 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error' = 'stop',
): BlockEvent => ({
  type: 'messageStop',
  reason,
  rawReason: null,
  stopSequence: null,
});
const open = (index: number, block: Extract<BlockEvent, { type: 'blockStart' }>['block']): BlockEvent => ({
  type: 'blockStart',
  index,
  block,
});
const part = (index: number, text: string): BlockEvent => ({ type: 'blockDelta', index, text });
const close = (index: number): BlockEvent => ({ type: 'blockStop', index });
const text = (index: number, ...deltas: readonly string[]): BlockEvent[] => [
  open(index, { type: 'text' }),
  ...deltas.map((delta) => part(index, delta)),
  close(index),
];
const call = (index: number, ...deltas: readonly string[]): BlockEvent[] => [
  open(index, { type: 'toolCall', id: `call_${index}`, name: 'f' }),
  ...deltas.map((delta) => part(index, delta)),
  close(index),
];
const USAGE: BlockEvent = {
  type: 'usage',
  usage: { ...UNKNOWN_USAGE, inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 4 },
};
const last = (events: readonly Written[]) => events.at(-1)?.response ?? {};

describe('writing a response stream', () => {
  it('traps 41 and 60 writes the whole life of a text, every event with its name', () => {
    const id = `msg_${CONTEXT.callId}_0`;
    const place = { item_id: id, output_index: 0, content_index: 0 };
    const empty = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    const whole = { ...empty, text: 'Hello' };
    const item = { id, type: 'message', role: 'assistant' };
    const events = write([START, ...text(0, 'Hel', 'lo'), USAGE, stop()]);
    expect(events.slice(2, -1).map(({ sequence_number: _, ...event }) => event)).toEqual([
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress', content: [] },
      },
      { type: 'response.content_part.added', ...place, part: empty },
      { type: 'response.output_text.delta', ...place, delta: 'Hel', logprobs: [] },
      { type: 'response.output_text.delta', ...place, delta: 'lo', logprobs: [] },
      { type: 'response.output_text.done', ...place, text: 'Hello', logprobs: [] },
      { type: 'response.content_part.done', ...place, part: whole },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { ...item, status: 'completed', content: [whole] },
      },
    ]);
    expect(events.slice(0, 2).map(({ type }) => type)).toEqual(['response.created', 'response.in_progress']);
    expect(events[0]?.response).toMatchObject({
      id: `resp_${CONTEXT.callId}`,
      status: 'in_progress',
      output: [],
    });
    expect(last(events)).toMatchObject({
      id: `resp_${CONTEXT.callId}`,
      object: 'response',
      status: 'completed',
      model: 'my-model',
      error: null,
      incomplete_details: null,
      output: [{ ...item, content: [whole] }],
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens: 5,
        output_tokens_details: {},
        total_tokens: 15,
      },
    });
  });

  it('trap 60 numbers events without a gap and keeps the ids of items, whatever the answer has', () => {
    const events = write([
      START,
      open(0, { type: 'reasoning', origin: ORIGIN }),
      part(0, 'hm'),
      close(0),
      ...text(1, 'a'),
      ...text(2, 'b'),
      ...call(3, '{"a"', ':1}'),
      ...call(4),
      ...text(5, 'c'),
      stop('tool_calls'),
    ]);
    expect(events.map(({ sequence_number: at }) => at)).toEqual(events.map((_, at) => at));
    const items = events.filter(({ type }) => type === 'response.output_item.added').map(({ item }) => item);
    expect(items.map((item) => item?.type)).toEqual([
      'reasoning',
      'message',
      'function_call',
      'function_call',
      'message',
    ]);
    for (const event of events) {
      const item = items[event.output_index ?? -1];
      if (event.item_id !== undefined) expect(event.item_id).toBe(item?.id);
      if (event.type === 'response.output_item.done') expect(event.item?.id).toBe(item?.id);
    }
    const ended = events.filter(({ type }) => type === 'response.output_item.done');
    expect(last(events)['output']).toEqual(ended.map(({ item }) => item));
    // Two texts in a row are parts of one message.
    expect(items[1] && (last(events)['output'] as { content: unknown[] }[])[1]?.content).toHaveLength(2);
  });

  it('trap 60 numbers from the beginning where no start was told', () => {
    const events = write([...text(0, 'x'), stop()]);
    expect(events.map(({ sequence_number: at }) => at)).toEqual(events.map((_, at) => at));
    expect(events[0]?.type).toBe('response.created');
  });

  it('trap 52 keeps calls apart whose deltas interleave', () => {
    const events = write([
      START,
      open(0, { type: 'toolCall', id: 'c0', name: 'f' }),
      open(1, { type: 'toolCall', id: 'c1', name: 'g' }),
      part(0, '{"a"'),
      part(1, '{"b"'),
      part(0, ':1}'),
      part(1, ':2}'),
      close(0),
      close(1),
      stop('tool_calls'),
    ]);
    expect(last(events)['output']).toMatchObject([
      { call_id: 'c0', name: 'f', arguments: '{"a":1}', status: 'completed' },
      { call_id: 'c1', name: 'g', arguments: '{"b":2}', status: 'completed' },
    ]);
    const told = events.filter(({ type }) => type === 'response.function_call_arguments.done');
    expect(told).toMatchObject([{ arguments: '{"a":1}' }, { arguments: '{"b":2}' }]);
  });

  it('ends a message that a call has overtaken with its own last part', () => {
    const events = write([
      START,
      open(0, { type: 'text' }),
      part(0, 'a'),
      open(1, { type: 'toolCall', id: 'c1', name: 'f' }),
      part(0, 'b'),
      close(0),
      part(1, '{}'),
      close(1),
      ...text(2, 'c'),
      stop('tool_calls'),
    ]);
    const ended = events.filter(({ type }) => type === 'response.output_item.done');
    expect(ended.map(({ output_index: at }) => at)).toEqual([0, 1, 2]);
    expect(last(events)['output']).toMatchObject([
      { type: 'message', status: 'completed', content: [{ text: 'ab' }] },
      { type: 'function_call', arguments: '{}' },
      { type: 'message', content: [{ text: 'c' }] },
    ]);
  });

  it('trap 14 gives a call two ids, and trap 31 the empty object for no arguments', () => {
    const events = write([START, ...call(0), stop('tool_calls')]);
    expect(last(events)['output']).toEqual([
      {
        id: `fc_${CONTEXT.callId}_0`,
        type: 'function_call',
        status: 'completed',
        arguments: '{}',
        call_id: 'call_0',
        name: 'f',
      },
    ]);
    const deltas = events.filter(({ type }) => type.endsWith('arguments.delta'));
    expect(deltas).toMatchObject([{ delta: '{}' }]);
  });

  it('writes reasoning as a summary, and seals another protocol’s signature', () => {
    const events = write([
      START,
      open(0, { type: 'reasoning', origin: ORIGIN }),
      part(0, 'h'),
      part(0, 'm'),
      { type: 'blockDelta', index: 0, signature: 'si' },
      { type: 'blockDelta', index: 0, signature: 'g' },
      close(0),
      stop(),
    ]);
    expect(events.slice(2, -1).map(({ type }) => type)).toEqual([
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
    ]);
    const [item] = last(events)['output'] as { summary: unknown; encrypted_content: string }[];
    expect(item?.summary).toEqual([{ type: 'summary_text', text: 'hm' }]);
    expect(item?.encrypted_content).toMatch(/^sluice1\./);
    const request = openaiResponses.readRequest({ model: 'm', input: [item] }, { model: 'm', stream: false });
    if (request instanceof CallError) throw request;
    expect(request.messages[0]?.blocks).toMatchObject([
      { type: 'reasoning', text: 'hm', signature: 'sig', origin: ORIGIN },
    ]);
  });

  it('trap 95 writes a refusal as one', () => {
    const events = write([
      START,
      open(0, { type: 'refusal' }),
      part(0, 'No.'),
      close(0),
      stop('content_filter'),
    ]);
    expect(events.map(({ type }) => type)).toContain('response.refusal.done');
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        incomplete_details: { reason: 'content_filter' },
        output: [{ status: 'incomplete', content: [{ type: 'refusal', refusal: 'No.' }] }],
      },
    });
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['error', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ] as const)('trap 102 ends %s as incomplete', (reason, why) => {
    const events = write([START, ...text(0, 'x'), stop(reason)]);
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: why } },
    });
  });

  it('trap 112 tells no usage where half of it is not known', () => {
    const half: BlockEvent = { type: 'usage', usage: { ...UNKNOWN_USAGE, inputTokens: 10 } };
    expect(last(write([START, ...text(0, 'x'), half, stop()]))['usage']).toBeNull();
  });

  it('trap 124 writes citations in its own form, and no others', () => {
    const cite = (citation: unknown): BlockEvent => ({ type: 'blockDelta', index: 0, citation });
    const place = { url: 'https://a.example', title: 'A', start_index: 0, end_index: 1 };
    const events = write([
      START,
      open(0, { type: 'text' }),
      part(0, 'x'),
      cite({ type: 'url_citation', url_citation: place }),
      cite({ type: 'url_citation', ...place }),
      cite({ type: 'char_location', cited_text: 'x' }),
      cite({ type: 'url_citation', url: 'https://a.example' }),
      close(0),
      stop(),
    ]);
    const added = events.filter(({ type }) => type === 'response.output_text.annotation.added');
    expect(added).toMatchObject([
      { annotation_index: 0, annotation: { type: 'url_citation', ...place } },
      { annotation_index: 1, annotation: { type: 'url_citation', ...place } },
    ]);
    const [item] = last(events)['output'] as { content: { annotations: unknown[] }[] }[];
    expect(item?.content[0]?.annotations).toHaveLength(2);
  });

  it('repeats the settings of the request, but never says that anything is stored', () => {
    const tools = [{ type: 'function', name: 'f', parameters: {}, strict: true }];
    const request = {
      model: 'my-model',
      input: 'x',
      store: true,
      instructions: 'Be brief.',
      metadata: { a: 'b' },
      reasoning: { effort: 'low' },
      text: { verbosity: 'low' },
      tool_choice: 'required',
      tools,
      temperature: 0.5,
    };
    const events = write([START, ...text(0, 'x'), stop()], { ...CONTEXT, request });
    const expected = {
      store: false,
      background: false,
      previous_response_id: null,
      instructions: 'Be brief.',
      metadata: { a: 'b' },
      reasoning: { effort: 'low', summary: null },
      text: { verbosity: 'low', format: { type: 'text' } },
      tool_choice: 'required',
      tools,
      temperature: 0.5,
      parallel_tool_calls: true,
      truncation: 'disabled',
    };
    for (const { response } of events.filter((event) => event.response !== undefined)) {
      expect(response).toMatchObject(expected);
    }
    const whole = openaiResponses.writeResponse(
      {
        id: null,
        model: null,
        blocks: [],
        finishReason: 'stop',
        rawFinishReason: null,
        stopSequence: null,
        usage: UNKNOWN_USAGE,
      },
      { ...CONTEXT, request },
    );
    expect(JSON.parse(whole.toString())).toMatchObject({ ...expected, status: 'completed', output: [] });
  });

  it('traps 62 and 64 says a failure with an error event and a failed response, in this order', () => {
    const writer = openaiResponses.streamWriter(CONTEXT);
    const begun = [START, open(0, { type: 'text' } as const), part(0, 'x')].map((event) =>
      writer.write(event),
    );
    const events = parse(
      Buffer.concat([
        ...begun.map((bytes) => bytes ?? Buffer.alloc(0)),
        writer.error(new CallError('upstream_interrupted')),
      ]),
    );
    expect(events.map(({ sequence_number: at }) => at)).toEqual(events.map((_, at) => at));
    const message = 'The upstream broke off before its answer was complete.';
    expect(events.slice(-2)).toMatchObject([
      {
        type: 'error',
        code: 'upstream_interrupted',
        message,
        param: null,
        error: { type: 'server_error', code: 'upstream_interrupted', message, call_id: CONTEXT.callId },
      },
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'upstream_interrupted', message }, output: [] },
      },
    ]);
    const { isComplete, failure } = readStream(openaiResponses, [
      Buffer.concat([
        writeStream(openaiResponses, []).subarray(0, 0),
        writer.error(new CallError('internal')),
      ]),
    ]);
    expect(isComplete).toBe(false);
    expect(failure).toMatchObject({ code: 'internal' });
  });

  it('trap 62 begins a failure that is the first of the stream as every response begins', () => {
    const events = parse(openaiResponses.streamWriter(CONTEXT).error(new CallError('upstream_error'), true));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'error',
      'response.failed',
    ]);
    expect(events.map(({ sequence_number: at }) => at)).toEqual([0, 1, 2, 3]);
  });

  it('trap 134 keeps halves of a character apart until the client has both', () => {
    const events = write([START, ...text(0, '\ud83d', '\ude00'), stop()]);
    const deltas = events.flatMap(({ type, delta }) => (type.endsWith('.delta') ? [delta] : []));
    expect(deltas).toEqual(['\ud83d', '\ude00']);
    expect(JSON.stringify(last(events)['output'])).toContain('😀');
  });

  it('holds no more than an answer in one piece may have', () => {
    const writer = openaiResponses.streamWriter(CONTEXT);
    writer.write(START);
    writer.write(open(0, { type: 'text' }));
    const piece = 'x'.repeat(LIMITS.responseBytesMax / 4);
    for (let at = 0; at < 4; at += 1) expect(writer.write(part(0, piece))).not.toBeNull();
    expect(() => writer.write(part(0, 'x'))).toThrow(
      expect.objectContaining({ code: 'upstream_response_too_large' }),
    );
  });

  it('takes time in proportion to the number of deltas', () => {
    const timeOf = (count: number) => {
      const writer = openaiResponses.streamWriter(CONTEXT);
      writer.write(START);
      writer.write(open(0, { type: 'text' }));
      const started = performance.now();
      for (let at = 0; at < count; at += 1) writer.write(part(0, 'token '));
      writer.write(close(0));
      writer.end();
      return performance.now() - started;
    };
    timeOf(10_000);
    const least = (count: number) => Math.min(...Array.from({ length: 5 }, () => timeOf(count)));
    // Quadratic, this would be 16 times as long.
    expect(least(160_000) / least(40_000)).toBeLessThan(10);
  });
});

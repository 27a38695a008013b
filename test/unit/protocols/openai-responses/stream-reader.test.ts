import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/limits.ts';
import { openaiResponses } from '../../../../src/protocols/openai-responses/index.ts';
import { bytewise, readStream } from '../digest.ts';

type Event = { readonly type: string } & Readonly<Record<string, unknown>>;

const stream = (...events: readonly Event[]) =>
  Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
const read = (...events: readonly Event[]) => {
  const bytes = stream(...events);
  const whole = readStream(openaiResponses, [bytes]);
  expect(readStream(openaiResponses, bytewise(bytes)).events).toEqual(whole.events);
  return whole;
};

const ORIGIN = { protocol: 'openai-responses' } as const;
const CREATED: Event = {
  type: 'response.created',
  response: { id: 'resp_1', model: 'gpt-x', status: 'in_progress' },
};
const USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 15,
};
const completed = (more: object = {}): Event => ({
  type: 'response.completed',
  response: { id: 'resp_1', model: 'gpt-x', status: 'completed', output: [], usage: USAGE, ...more },
});
const added = (at: number, item: object): Event => ({
  type: 'response.output_item.added',
  output_index: at,
  item,
});
const done = (at: number, item: object): Event => ({
  type: 'response.output_item.done',
  output_index: at,
  item,
});
const say = (at: number, delta: string, more: object = {}): Event => ({
  type: 'response.output_text.delta',
  output_index: at,
  content_index: 0,
  delta,
  ...more,
});
const MESSAGE = { type: 'message', id: 'msg_1', role: 'assistant', content: [] };
const message = (text: string) => ({ ...MESSAGE, content: [{ type: 'output_text', text, annotations: [] }] });
const call = (text: string, more: object = {}) => ({
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'f',
  arguments: text,
  ...more,
});
const argue = (at: number, delta: string): Event => ({
  type: 'response.function_call_arguments.delta',
  output_index: at,
  delta,
});

describe('reading a response stream', () => {
  it('traps 40 and 106 reads text, usage and the end', () => {
    const { events, isComplete } = read(
      CREATED,
      { ...CREATED, type: 'response.in_progress' },
      added(0, MESSAGE),
      {
        type: 'response.content_part.added',
        output_index: 0,
        content_index: 0,
        part: { type: 'output_text' },
      },
      say(0, 'Hel', { obfuscation: 'xxxx' }),
      say(0, 'lo'),
      { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hello' },
      done(0, message('Hello')),
      completed(),
    );
    expect(isComplete).toBe(true);
    expect(events).toEqual([
      { type: 'messageStart', id: 'resp_1', model: 'gpt-x' },
      { type: 'blockStart', index: 0, block: { type: 'text' } },
      { type: 'blockDelta', index: 0, text: 'Hel' },
      { type: 'blockDelta', index: 0, text: 'lo' },
      { type: 'blockStop', index: 0 },
      {
        type: 'usage',
        usage: {
          inputTokens: 10,
          outputTokens: 5,
          totalTokens: 15,
          cachedInputTokens: 4,
          cacheWriteTokens: null,
          cacheWrite1hTokens: null,
          reasoningTokens: 2,
          audioInputTokens: null,
          audioOutputTokens: null,
        },
      },
      { type: 'messageStop', reason: 'stop', rawReason: 'completed', stopSequence: null },
    ]);
  });

  it('trap 40 is complete with the response’s own end alone, not with [DONE], and reads nothing behind it', () => {
    const open = stream(CREATED, added(0, MESSAGE), say(0, 'x'), done(0, message('x')));
    const withDone = Buffer.concat([open, Buffer.from('data: [DONE]\n\n')]);
    expect(readStream(openaiResponses, [withDone])).toMatchObject({ isComplete: false, failure: null });
    const whole = Buffer.concat([
      open,
      stream(completed()),
      Buffer.from('data: [DONE]\n\n'),
      stream(CREATED),
    ]);
    const { events, isComplete } = readStream(openaiResponses, [whole]);
    expect(isComplete).toBe(true);
    expect(events.at(-1)?.type).toBe('messageStop');
  });

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
    ['something_new', 'other'],
  ])('traps 102 and 104 ends incomplete because of %s as %s', (why, reason) => {
    const { response, isComplete } = read(CREATED, say(0, 'x'), {
      ...completed({ status: 'incomplete', incomplete_details: { reason: why } }),
      type: 'response.incomplete',
    });
    expect(isComplete).toBe(true);
    expect(response).toMatchObject({ finishReason: reason, rawFinishReason: why });
  });

  it('trap 60 adds from the repeating events only what is new', () => {
    const { response } = read(
      CREATED,
      added(0, MESSAGE),
      say(0, 'Got it'),
      {
        type: 'response.content_part.done',
        output_index: 0,
        content_index: 0,
        part: {
          type: 'output_text',
          text: 'Got it, I look.',
          annotations: [{ type: 'file_path', file_id: 'f' }],
        },
      },
      done(0, message('Got it, I look.')),
      done(1, message('Only at the end.')),
      completed(),
    );
    expect(response.blocks).toMatchObject([
      { type: 'text', text: 'Got it, I look.', citations: { raw: [{ type: 'file_path' }] } },
      { type: 'text', text: 'Only at the end.' },
    ]);
  });

  it('reads a response that tells its items only at its end', () => {
    const { response } = read(CREATED, completed({ output: [message('All'), call('{"a":1}')] }));
    expect(response).toMatchObject({
      finishReason: 'tool_calls',
      blocks: [
        { type: 'text', text: 'All' },
        { type: 'toolCall', id: 'call_1', name: 'f', arguments: '{"a":1}' },
      ],
    });
  });

  it('trap 61 goes by output_index, as ids may change with every event', () => {
    const { response } = read(
      CREATED,
      added(0, { ...call(''), id: 'id-1' }),
      { ...argue(0, '{"a"'), item_id: 'id-2' },
      added(1, { ...call(''), id: 'id-3', call_id: 'call_2', name: 'g' }),
      { ...argue(1, '{"b"'), item_id: 'id-4' },
      { ...argue(0, ':1}'), item_id: 'id-5' },
      { ...argue(1, ':2}'), item_id: 'id-6' },
      done(1, { ...call('{"b":2}'), id: 'id-7', call_id: 'call_2', name: 'g' }),
      done(0, { ...call('{"a":1}'), id: 'id-8' }),
      completed({ id: 'other' }),
    );
    expect(response).toMatchObject({
      id: 'resp_1',
      finishReason: 'tool_calls',
      blocks: [
        { type: 'toolCall', id: 'call_1', name: 'f', arguments: '{"a":1}' },
        { type: 'toolCall', id: 'call_2', name: 'g', arguments: '{"b":2}' },
      ],
    });
  });

  it('trap 31 gives a call without arguments the empty object', () => {
    const { response } = read(CREATED, added(0, call('')), done(0, call('')), completed());
    expect(response.blocks).toEqual([{ type: 'toolCall', id: 'call_1', name: 'f', arguments: '{}' }]);
  });

  const USES = [
    { recipient_name: 'functions.weather', parameters: { city: 'Basel' } },
    { recipient_name: 'functions.sights', parameters: { city: 'Bern' } },
  ];

  it.each(['parallel', 'multi_tool_use.parallel'])('trap 37 unwraps the calls inside of "%s"', (name) => {
    const text = JSON.stringify({ tool_uses: USES });
    const wrapped = call(text, { name });
    const { response } = read(
      CREATED,
      added(0, call('', { name })),
      argue(0, text),
      done(0, wrapped),
      completed(),
    );
    const blocks = [
      { type: 'toolCall', id: 'call_1_0', name: 'weather', arguments: '{"city":"Basel"}' },
      { type: 'toolCall', id: 'call_1_1', name: 'sights', arguments: '{"city":"Bern"}' },
    ];
    expect(response).toMatchObject({ finishReason: 'tool_calls', blocks });
    expect(openaiResponses.readResponse({ output: [wrapped] }, ORIGIN)).toMatchObject({ blocks });
  });

  it('trap 37 leaves a function alone that only has such a name', () => {
    const text = '{"tool_uses":[{"recipient_name":"weather","parameters":{}}]}';
    const named = call(text, { name: 'parallel' });
    const { response } = read(
      CREATED,
      added(0, call('', { name: 'parallel' })),
      argue(0, text),
      done(0, named),
      completed(),
    );
    expect(response.blocks).toEqual([{ type: 'toolCall', id: 'call_1', name: 'parallel', arguments: text }]);
  });

  it('trap 71 makes one block of the parts of a summary, signed with the encrypted content', () => {
    const part = (at: number, text: string): Event => ({
      type: 'response.reasoning_summary_text.delta',
      output_index: 0,
      summary_index: at,
      delta: text,
    });
    const summary = ['One. Two.', 'Three.'].map((text) => ({ type: 'summary_text', text }));
    const item = { type: 'reasoning', id: 'rs_1', summary, encrypted_content: 'E' };
    const { response } = read(
      CREATED,
      added(0, { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'early' }),
      { type: 'response.reasoning_summary_part.added', output_index: 0, summary_index: 0 },
      part(0, 'One. '),
      part(0, 'Two.'),
      { type: 'response.reasoning_summary_text.done', output_index: 0, summary_index: 0, text: 'One. Two.' },
      part(1, 'Three.'),
      done(0, item),
      completed(),
    );
    const block = { type: 'reasoning', text: 'One. Two.\n\nThree.', signature: 'E', origin: ORIGIN };
    expect(response.blocks).toMatchObject([block]);
    expect(openaiResponses.readResponse({ output: [item] }, ORIGIN)).toMatchObject({ blocks: [block] });
  });

  it('trap 71 keeps reasoning that is only encrypted, and leaves out what is empty', () => {
    const empty = { type: 'reasoning', id: 'rs_0', summary: [] };
    const hidden = { ...empty, encrypted_content: 'E' };
    const { response } = read(
      CREATED,
      added(0, empty),
      done(0, empty),
      added(1, empty),
      done(1, hidden),
      completed(),
    );
    expect(response.blocks).toEqual([
      { type: 'reasoning', text: '', signature: undefined, redacted: 'E', origin: ORIGIN },
    ]);
  });

  it('reads reasoning that a server shows as it is', () => {
    const { response } = read(
      CREATED,
      added(0, { type: 'reasoning', id: 'rs_1', summary: [] }),
      { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'hm' },
      done(0, { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'hmm' }] }),
      completed(),
    );
    expect(response.blocks).toMatchObject([{ type: 'reasoning', text: 'hmm' }]);
  });

  it('traps 34, 36 and 38 keeps the vendor’s own items whole, and makes no calls of them', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search' } };
    const custom = { type: 'custom_tool_call', call_id: 'c', name: 'sql', input: 'SELECT 1' };
    const program = call('{}', { caller: { type: 'program', caller_id: 'c' } });
    const { response } = read(
      CREATED,
      added(0, { ...search, status: 'in_progress' }),
      { type: 'response.web_search_call.searching', output_index: 0 },
      done(0, search),
      added(1, { ...custom, input: '' }),
      { type: 'response.custom_tool_call_input.delta', output_index: 1, delta: 'SELECT 1' },
      done(1, custom),
      added(2, program),
      argue(2, '{}'),
      done(2, program),
      completed(),
    );
    expect(response.finishReason).toBe('stop');
    expect(response.blocks).toEqual(
      [search, custom, program].map((raw) => ({ type: 'unknown', raw, origin: ORIGIN })),
    );
  });

  it('trap 95 reads a refusal as one', () => {
    const refuse = (type: string, more: object): Event => ({
      type: `response.refusal.${type}`,
      output_index: 0,
      content_index: 0,
      ...more,
    });
    const { response } = read(
      CREATED,
      added(0, MESSAGE),
      refuse('delta', { delta: 'I ' }),
      refuse('done', { refusal: 'I cannot.' }),
      done(0, { ...MESSAGE, content: [{ type: 'refusal', refusal: 'I cannot.' }] }),
      completed(),
    );
    expect(response.blocks).toEqual([{ type: 'refusal', text: 'I cannot.' }]);
  });

  it.each<readonly [string, Event, string]>([
    [
      'an error in an object',
      { type: 'error', error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'no' } },
      'quota',
    ],
    [
      'an error beside its type',
      { type: 'error', code: 'server_error', message: 'broken', param: null },
      'transient',
    ],
    [
      'a failed response',
      { type: 'response.failed', response: { error: { code: 'rate_limit_exceeded', message: 'slow' } } },
      'rateLimited',
    ],
    [
      'a prompt that is not taken',
      { type: 'response.failed', response: { error: { code: 'invalid_prompt', message: 'flagged' } } },
      'callerFault',
    ],
  ])('trap 62 %s is a failure, and nothing follows it', (_name, event, expected) => {
    const { events, isComplete, failure } = read(CREATED, say(0, 'x'), event, completed());
    expect(isComplete).toBe(false);
    expect(failure).toMatchObject({ class: expected, status: null });
    expect(events.at(-1)?.type).toBe('error');
  });

  it('an event that is no JSON object is a failure', () => {
    const { failure } = readStream(openaiResponses, [Buffer.from('data: nonsense\n\n')]);
    expect(failure).toMatchObject({ code: 'upstream_malformed' });
  });

  it('stops at more open items than can be held', () => {
    const items = Array.from({ length: LIMITS.openBlocksMax + 1 }, (_, at) => added(at, call('')));
    expect(readStream(openaiResponses, [stream(CREATED, ...items)]).failure).toMatchObject({
      code: 'upstream_malformed',
    });
    const parts = Array.from({ length: LIMITS.openBlocksMax + 1 }, (_, at) =>
      say(0, 'x', { content_index: at }),
    );
    expect(readStream(openaiResponses, [stream(CREATED, ...parts)]).failure).toMatchObject({
      code: 'upstream_malformed',
    });
  });

  it('reads any number of items one after the other', () => {
    const items = Array.from({ length: LIMITS.openBlocksMax + 10 }, (_, at) => [
      added(at, call('')),
      done(at, call('{}')),
    ]).flat();
    const { response, isComplete } = readStream(openaiResponses, [stream(CREATED, ...items, completed())]);
    expect(isComplete).toBe(true);
    expect(response.blocks).toHaveLength(LIMITS.openBlocksMax + 10);
  });
});

describe('whole answers', () => {
  it.each(['queued', 'in_progress', 'cancelled'])('a response that is %s is no answer', (status) => {
    expect(openaiResponses.readResponse({ status, output: [] }, ORIGIN)).toMatchObject({
      class: 'transient',
      code: 'upstream_malformed',
    });
  });

  it('a failed response is a failure with the class of its code', () => {
    const failed = (code: string) => ({
      object: 'response',
      status: 'failed',
      error: { code, message: 'm' },
    });
    expect(openaiResponses.readResponse(failed('server_error'), ORIGIN)).toMatchObject({
      class: 'transient',
    });
    const body = JSON.stringify(failed('invalid_image_url'));
    expect(openaiResponses.readError(502, {}, body)).toMatchObject({ class: 'callerFault', status: null });
    expect(
      openaiResponses.readError(429, { 'retry-after': '3' }, '{"error":{"message":"slow"}}'),
    ).toMatchObject({ class: 'rateLimited', retryAfterMs: 3_000 });
  });
});

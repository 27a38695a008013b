import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { LIMITS } from '../../../../src/limits.ts';
import { type BlockEvent, UNKNOWN_USAGE } from '../../../../src/protocols/blocks.ts';
import { gemini } from '../../../../src/protocols/gemini/index.ts';
import { CONTEXT, dataOf, readStream, writeStream } from '../digest.ts';
import { event, read, STOP, said, sse, USAGE } from './events.ts';

const ORIGIN = { protocol: 'gemini' } as const;
const types = (events: readonly BlockEvent[]) => events.map(({ type }) => type);

describe('reading a stream of Gemini', () => {
  it('trap 40 56 is complete with a finish reason alone, whatever else comes', () => {
    const open = read(said('Hi'), { ...said(''), usageMetadata: USAGE });
    expect(open.isComplete).toBe(false);
    expect(types(open.events)).not.toContain('messageStop');
    const whole = read(
      { candidates: [], responseId: 'r1', modelVersion: 'gemini-x' },
      said('Hi'),
      { usageMetadata: { promptTokenCount: 10 } },
      event([{ text: '' }], STOP),
      { usageMetadata: USAGE },
    );
    expect(whole).toMatchObject({ isComplete: true, failure: null });
    expect(types(whole.events)).toEqual([
      'messageStart',
      'blockStart',
      'blockDelta',
      'usage',
      'usage',
      'blockStop',
      'messageStop',
    ]);
    expect(whole.response).toMatchObject({
      id: 'r1',
      model: 'gemini-x',
      finishReason: 'stop',
      rawFinishReason: 'STOP',
      usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
    });
  });

  it('reads on where every event has a finish reason, as older models send it', () => {
    const { response, isComplete } = read(event([{ text: 'one ' }], STOP), event([{ text: 'two' }], STOP));
    expect(isComplete).toBe(true);
    expect(response.blocks).toEqual([{ type: 'text', text: 'one two' }]);
    expect(read(event([{ text: 'one ' }], STOP), said('two')).isComplete).toBe(false);
    expect(read(event([{ text: 'x' }], { finishReason: 'FINISH_REASON_UNSPECIFIED' })).isComplete).toBe(
      false,
    );
  });

  it('trap 55 70 takes the signature of an empty last part for the text before it', () => {
    const { events } = read(said('4'), event([{ text: '', thoughtSignature: 's' }], STOP));
    expect(events.filter(({ type }) => type === 'blockStart')).toHaveLength(1);
    expect(events).toContainEqual({ type: 'blockDelta', index: 0, signature: 's' });
  });

  it('keeps thoughts apart from text', () => {
    const { response } = read(
      event([{ text: 'hm ', thought: true }]),
      event([{ text: 'so', thought: true }, { text: '42' }]),
      event(null, STOP),
    );
    expect(response.blocks).toEqual([
      { type: 'reasoning', text: 'hm so', signature: undefined, redacted: undefined, origin: ORIGIN },
      { type: 'text', text: '42' },
    ]);
  });

  it('trap 23 53 102 reads calls that come whole, two of one function too, with ids where there are none', () => {
    const call = (city: string) => ({ functionCall: { name: 'f', args: { city } } });
    const { response, events } = read(
      event([call('Basel'), call('Bern')]),
      event([{ functionCall: { id: 'own', name: 'g' } }], STOP),
    );
    expect(response.finishReason).toBe('tool_calls');
    expect(
      response.blocks.map((block) => (block.type === 'toolCall' ? [block.name, block.arguments] : null)),
    ).toEqual([
      ['f', '{"city":"Basel"}'],
      ['f', '{"city":"Bern"}'],
      ['g', '{}'],
    ]);
    const ids = events.flatMap((one) =>
      one.type === 'blockStart' && one.block.type === 'toolCall' ? [one.block.id] : [],
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids[2]).toBe('own');
    // The same answer gives the same ids.
    expect(read(event([call('Basel')], STOP)).events).toEqual(read(event([call('Basel')], STOP)).events);
  });

  it('a call that comes whole ends at once, so that its tool can start', () => {
    const reader = gemini.streamReader(ORIGIN);
    const events: BlockEvent[] = [];
    reader.push(sse(event([{ functionCall: { name: 'f', args: { a: 1 } } }])), (one) => events.push(one));
    expect(types(events)).toEqual(['messageStart', 'blockStart', 'blockDelta', 'blockStop']);
  });

  describe('trap 53 arguments in pieces', () => {
    const piece = (partialArgs: readonly object[], more: object = { willContinue: true }) =>
      event([{ functionCall: { partialArgs, ...more } }]);
    const begin = (name = 'f') =>
      event([{ functionCall: { name, willContinue: true }, thoughtSignature: 's' }]);
    const END = event([{ functionCall: {} }]);
    const argumentsOf = (...events: readonly object[]) =>
      read(...events, event([{ text: '' }], STOP)).response.blocks.map((block) =>
        block.type === 'toolCall' ? (JSON.parse(block.arguments) as unknown) : block.type,
      );

    it('are put together by their paths, ended by an empty call', () => {
      expect(
        argumentsOf(
          begin(),
          piece([{ jsonPath: '$.recipe.steps[0].text', stringValue: 'Mix ', willContinue: true }]),
          piece([{ jsonPath: '$.recipe.steps[0].text', stringValue: 'well' }]),
          piece([{ jsonPath: '$.recipe.steps[0].minutes', numberValue: 2.5 }]),
          event([{ functionCall: { willContinue: true } }]),
          piece([
            { jsonPath: '$.recipe.steps[1].text', stringValue: 'Bake' },
            { jsonPath: '$.recipe.isVegan', boolValue: false },
            { jsonPath: '$.note', nullValue: 'NULL_VALUE' },
          ]),
          END,
        ),
      ).toEqual([
        {
          recipe: { steps: [{ text: 'Mix well', minutes: 2.5 }, { text: 'Bake' }], isVegan: false },
          note: null,
        },
      ]);
    });

    it('end with the next call, with other parts, or with the stream', () => {
      const city = (value: string) => piece([{ jsonPath: '$.city', stringValue: value, willContinue: true }]);
      expect(argumentsOf(begin(), city('Basel'), begin('g'), city('Bern'))).toEqual([
        { city: 'Basel' },
        { city: 'Bern' },
      ]);
      expect(argumentsOf(begin(), city('Basel'), said('so'), END)).toEqual([{ city: 'Basel' }, 'text']);
    });

    it('take names in brackets, and strings that are begun anew', () => {
      expect(
        argumentsOf(
          begin(),
          piece([
            { jsonPath: '$[\'a b\']["c.d"]', numberValue: 1 },
            { jsonPath: '$.x', stringValue: 'old' },
            { jsonPath: '$.x', stringValue: 'new' },
            { jsonPath: "$['it\\'s']", stringValue: '\ud83d', willContinue: true },
            { jsonPath: "$['it\\'s']", stringValue: '\ude00' },
          ]),
          END,
        ),
      ).toEqual([{ 'a b': { 'c.d': 1 }, x: 'new', "it's": '😀' }]);
    });

    it.each([
      ['a list with a hole', '$.a[5]'],
      ['an index that would fill the memory', '$.a[999999999]'],
      ['a prototype', '$.__proto__.polluted'],
      ['a member of a text', '$.text.a'],
      ['an index of an object', '$[0]'],
      ['a wildcard', '$.a[*]'],
      ['nothing', ''],
      ['the whole', '$'],
      ['more levels than a body may have', `$${'.a'.repeat(LIMITS.bodyDepthMax + 1)}`],
    ])('that have no place are an error: %s', (_what, jsonPath) => {
      const { failure, isComplete } = read(
        begin(),
        piece([{ jsonPath: '$.text', stringValue: 'x' }]),
        piece([{ jsonPath, numberValue: 1 }]),
        event([], STOP),
      );
      expect(failure).toMatchObject({ code: 'upstream_malformed' });
      expect(isComplete).toBe(false);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('take no path of an inherited member for one that is there', () => {
      expect(
        argumentsOf(begin(), piece([{ jsonPath: '$.constructor.name', stringValue: 'x' }]), END),
      ).toEqual([{ constructor: { name: 'x' } }]);
    });

    it('are bounded', () => {
      const long = 'x'.repeat(LIMITS.pendingBlockCharsMax / 4);
      const pieces = [1, 2, 3, 4].map(() =>
        piece([{ jsonPath: '$.a', stringValue: long, willContinue: true }]),
      );
      const { failure } = readStream(gemini, [sse(begin(), ...pieces)]);
      expect(failure).toMatchObject({ code: 'upstream_malformed' });
    });
  });

  it('trap 95 a blocked prompt is a whole answer that says nothing', () => {
    const { isComplete, response } = read({
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT', blockReasonMessage: 'No.' },
      usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 },
      modelVersion: 'gemini-x',
    });
    expect(isComplete).toBe(true);
    expect(response).toMatchObject({
      blocks: [{ type: 'refusal', text: 'No.' }],
      finishReason: 'content_filter',
      rawFinishReason: 'PROHIBITED_CONTENT',
      usage: { inputTokens: 9, outputTokens: 0 },
    });
    const unknown = read({ promptFeedback: { blockReason: 'A_NEW_ONE' } });
    expect(unknown.response.finishReason).toBe('content_filter');
    expect(read({ promptFeedback: {} }).isComplete).toBe(false);
  });

  it('trap 34 101 keeps code, its results and images whole, and makes no calls of them', () => {
    const parts = [
      { executableCode: { language: 'PYTHON', code: 'print(1)' } },
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
      { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' }, thoughtSignature: 's' },
    ];
    const { response } = read(event(parts, STOP));
    expect(response.blocks).toEqual(parts.map((raw) => ({ type: 'unknown', raw, origin: ORIGIN })));
    expect(response.finishReason).toBe('stop');
  });

  it.each([
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['SPII', 'content_filter'],
    ['MAX_TOKENS', 'length'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['OTHER', 'other'],
    ['SOMETHING_NEW', 'other'],
  ])('trap 102 104 %s is %s, and kept', (finishReason, reason) => {
    const { response } = read(event([{ text: 'x' }], { finishReason }));
    expect(response).toMatchObject({ finishReason: reason, rawFinishReason: finishReason });
  });

  it('trap 111 77 47 106 counts what is left out as the total says, thoughts and tools included, the last one standing', () => {
    const usageOf = (...given: readonly object[]) =>
      read(...given.map((usageMetadata) => said('x', { usageMetadata })), event([], STOP)).response.usage;
    expect(usageOf({ promptTokenCount: 9, totalTokenCount: 9 })).toMatchObject({
      inputTokens: 9,
      outputTokens: 0,
    });
    expect(usageOf({ promptTokenCount: 9 })).toMatchObject({
      inputTokens: 9,
      outputTokens: null,
      totalTokens: null,
    });
    expect(
      usageOf({
        promptTokenCount: 9,
        candidatesTokenCount: 13,
        thoughtsTokenCount: 302,
        totalTokenCount: 324,
      }),
    ).toMatchObject({ inputTokens: 9, outputTokens: 315, reasoningTokens: 302, totalTokens: 324 });
    expect(
      usageOf({
        promptTokenCount: 55,
        candidatesTokenCount: 51,
        toolUsePromptTokenCount: 89,
        thoughtsTokenCount: 56,
        totalTokenCount: 251,
        cachedContentTokenCount: 20,
      }),
    ).toMatchObject({ inputTokens: 144, outputTokens: 107, totalTokens: 251, cachedInputTokens: 20 });
    expect(usageOf({ ...USAGE, candidatesTokenCount: 3 }, USAGE)).toMatchObject({ outputTokens: 5 });
    expect(usageOf({ promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 4 }], ...USAGE })).toMatchObject({
      audioInputTokens: 4,
    });
    expect(usageOf({ trafficType: 'ON_DEMAND' })).toEqual(UNKNOWN_USAGE);
  });

  it('trap 63 an error inside of a stream is a failure, never an end', () => {
    const error = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } };
    const { failure, isComplete, events } = read(said('Hi'), event([], STOP), error, said('more'));
    expect(failure).toMatchObject({ class: 'overloaded', status: null, code: 'UNAVAILABLE' });
    expect(isComplete).toBe(false);
    expect(events.at(-1)?.type).toBe('error');
  });

  it('something that is no JSON is a failure', () => {
    const reader = gemini.streamReader(ORIGIN);
    const events: BlockEvent[] = [];
    reader.push(Buffer.from('data: {"candidates"\n\n'), (one) => events.push(one));
    expect(events).toMatchObject([{ type: 'error', failure: { code: 'upstream_malformed' } }]);
  });

  it('takes other candidates than the first for nothing', () => {
    const other = { content: { parts: [{ text: 'other' }] }, index: 1, finishReason: 'STOP' };
    const { response, isComplete } = read({ candidates: [other] }, said('first'));
    expect(response.blocks).toEqual([{ type: 'text', text: 'first' }]);
    expect(isComplete).toBe(false);
  });

  it('reads twice as much in about twice the time', () => {
    const pushMs = (count: number): number => {
      const bytes = sse(...Array.from({ length: count }, () => said('some text of an answer')));
      const reader = gemini.streamReader(ORIGIN);
      const startMs = performance.now();
      for (let at = 0; at < bytes.length; at += 64) reader.push(bytes.subarray(at, at + 64), () => undefined);
      return performance.now() - startMs;
    };
    pushMs(500);
    const [once, twice] = [pushMs(4_000), pushMs(8_000)];
    expect(twice).toBeLessThan(once * 5 + 50);
  });
});

/** A whole block; the events are as loose as the tests write them. */
const block = (index: number, start: object, ...deltas: readonly object[]) =>
  [
    { type: 'blockStart', index, block: start },
    ...deltas.map((delta) => ({ type: 'blockDelta', index, ...delta })),
    { type: 'blockStop', index },
  ] as BlockEvent[];
const START: BlockEvent = { type: 'messageStart', id: 'm', model: 'claude' };
const END = (
  reason: 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error',
  rawReason: string | null = null,
): BlockEvent => ({
  type: 'messageStop',
  reason,
  rawReason,
  stopSequence: null,
});
const COUNTS: BlockEvent = {
  type: 'usage',
  usage: { ...UNKNOWN_USAGE, inputTokens: 10, outputTokens: 7, reasoningTokens: 2, cachedInputTokens: 4 },
};

describe('writing a stream of Gemini', () => {
  it('writes each text at once, and the finish with usage last', () => {
    const writer = gemini.streamWriter(CONTEXT);
    const events = [START, ...block(0, { type: 'text' }, { text: 'Hi' }), COUNTS, END('stop')];
    const pieces = events.map((one) => writer.write(one)?.toString() ?? '');
    expect(pieces.filter((piece) => piece !== '')).toHaveLength(1);
    expect(pieces.join('')).toMatch(/^data: .*\r\n\r\n$/);
    expect(pieces.join('')).not.toContain('finishReason');
    expect(dataOf(writer.end())).toEqual([
      {
        candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
        usageMetadata: {
          promptTokenCount: 10,
          cachedContentTokenCount: 4,
          candidatesTokenCount: 5,
          thoughtsTokenCount: 2,
          totalTokenCount: 17,
        },
        modelVersion: 'my-model',
        responseId: CONTEXT.callId,
      },
    ]);
  });

  it('trap 52 gives calls whole, also when their pieces came in turns', () => {
    const delta = (index: number, text: string): BlockEvent => ({ type: 'blockDelta', index, text });
    const start = (index: number, name: string): BlockEvent => ({
      type: 'blockStart',
      index,
      block: { type: 'toolCall', id: `c${index}`, name },
    });
    const bytes = writeStream(gemini, [
      START,
      start(0, 'f'),
      start(1, 'g'),
      delta(0, '{"a":'),
      delta(1, '{"b":'),
      delta(0, '12345678901234567890}'),
      delta(1, '2}'),
      { type: 'blockStop', index: 0 },
      { type: 'blockStop', index: 1 },
      END('tool_calls'),
    ]);
    expect(bytes.toString()).toContain(
      '"functionCall":{"id":"c0","name":"f","args":{"a":12345678901234567890}}',
    );
    const { response } = readStream(gemini, [bytes]);
    expect(response.blocks).toMatchObject([{ name: 'f' }, { name: 'g', arguments: '{"b":2}' }]);
    expect(response.finishReason).toBe('tool_calls');
  });

  it('trap 33 shows arguments that were cut off, and ends with MAX_TOKENS', () => {
    const events = [
      START,
      ...block(0, { type: 'toolCall', id: 'c', name: 'f' }, { text: '{"a": "b' }),
      END('length'),
    ];
    const text = writeStream(gemini, events).toString();
    expect(text).toContain('"args":{"invalid_arguments":"{\\"a\\": \\"b"}');
    expect(text).toContain('"finishReason":"MAX_TOKENS"');
  });

  it('trap 70 74 writes no signature of another vendor', () => {
    const thinking = { type: 'reasoning', origin: { protocol: 'anthropic-messages' } };
    const bytes = writeStream(gemini, [
      START,
      ...block(0, thinking, { text: 'hm' }, { signature: 'foreign' }),
      ...block(1, { ...thinking, redacted: 'secret' }),
      END('stop'),
    ]);
    expect(bytes.toString()).toContain('{"text":"hm","thought":true}');
    expect(bytes.toString()).not.toMatch(/foreign|secret/);
    const own = [
      ...block(0, { type: 'reasoning', origin: ORIGIN }, { text: 'hm' }, { signature: 's' }),
      ...block(1, { type: 'text' }, { text: 'Hi' }, { signature: 't' }),
      ...block(2, { type: 'toolCall', id: 'c', name: 'f' }, { text: '{}' }, { signature: 'u' }),
    ];
    expect(readStream(gemini, [writeStream(gemini, [START, ...own, END('tool_calls')])]).events).toEqual(
      expect.arrayContaining([
        { type: 'blockDelta', index: 1, signature: 't' },
        { type: 'blockDelta', index: 2, signature: 'u' },
      ]),
    );
  });

  it('trap 95 says a refusal where Google says why it stopped', () => {
    const events = [
      START,
      ...block(0, { type: 'refusal' }, { text: 'I will ' }, { text: 'not.' }),
      END('stop', 'stop'),
    ];
    expect(dataOf(writeStream(gemini, events))).toMatchObject([
      { candidates: [{ finishReason: 'SAFETY', finishMessage: 'I will not.' }] },
    ]);
  });

  it.each([
    ['stop', 'end_turn', 'STOP'],
    ['content_filter', 'refusal', 'SAFETY'],
    ['content_filter', 'RECITATION', 'RECITATION'],
    ['error', null, 'OTHER'],
    ['error', 'MALFORMED_FUNCTION_CALL', 'MALFORMED_FUNCTION_CALL'],
    ['tool_calls', 'STOP', 'STOP'],
  ] as const)('trap 102 104 %s (%s) ends with %s', (reason, raw, finishReason) => {
    expect(dataOf(writeStream(gemini, [START, END(reason, raw)]))).toMatchObject([
      { candidates: [{ finishReason }] },
    ]);
  });

  it('calls that must wait are bounded', () => {
    const writer = gemini.streamWriter(CONTEXT);
    writer.write({ type: 'blockStart', index: 0, block: { type: 'toolCall', id: 'c', name: 'f' } });
    const half: BlockEvent = {
      type: 'blockDelta',
      index: 0,
      text: 'x'.repeat(LIMITS.pendingBlockCharsMax / 2),
    };
    writer.write(half);
    writer.write(half);
    expect(() => writer.write({ type: 'blockDelta', index: 0, text: 'x' })).toThrow(CallError);
  });

  it('trap 112 leaves unknown counts out', () => {
    expect(writeStream(gemini, [START, END('stop')]).toString()).not.toContain('usageMetadata');
  });

  it('trap 64 an error says its status, and no finish follows', () => {
    const writer = gemini.streamWriter(CONTEXT);
    const bytes = writer.error(new CallError('upstream_interrupted'));
    expect(dataOf(bytes)).toMatchObject([
      { error: { code: 502, status: 'UNAVAILABLE', details: [{ reason: 'upstream_interrupted' }] } },
    ]);
  });

  describe('trap 39 as one JSON array', () => {
    const ARRAY = { ...CONTEXT, framing: 'json-array' } as const;
    const events = [
      START,
      ...block(0, { type: 'text' }, { text: 'Hi ' }, { text: '[there],\n' }),
      COUNTS,
      END('stop'),
    ];

    it('is JSON with an element for each event', () => {
      const bytes = writeStream(gemini, events, ARRAY);
      expect(JSON.parse(bytes.toString())).toEqual(dataOf(writeStream(gemini, events)));
      expect(JSON.parse(writeStream(gemini, [END('stop')], ARRAY).toString())).toHaveLength(1);
    });

    it('is JSON after every event once it is ended by an error', () => {
      for (let count = 0; count <= events.length; count += 1) {
        const writer = gemini.streamWriter(ARRAY);
        const pieces = events.slice(0, count).map((one) => writer.write(one) ?? Buffer.alloc(0));
        const isFirst = pieces.every((piece) => piece.length === 0);
        const bytes = Buffer.concat([...pieces, writer.error(new CallError('upstream_stalled'), isFirst)]);
        const elements = JSON.parse(bytes.toString()) as object[];
        expect(elements.at(-1)).toMatchObject({ error: { code: 504 } });
        expect(JSON.stringify(elements)).not.toContain('finishReason');
      }
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.ts';
import type { BlockEvent } from '../../../src/protocols/blocks.ts';
import { jsonToolReaders } from '../../../src/protocols/json-tool.ts';
import { ResponseBuilder } from '../../../src/protocols/response-builder.ts';
import { bedrockEvent } from '../../support/event-stream.ts';
import { FIXTURES, hasFixtures, listFixtures, loadJson, loadStream } from '../../support/fixtures.ts';
import { bytewise, digest } from './digest.ts';

const ORIGIN = { protocol: 'bedrock-converse' } as const;
const readers = jsonToolReaders(bedrockConverse, 'json');

function readStream(chunks: Iterable<Buffer>) {
  const reader = readers.streamReader(ORIGIN);
  const builder = new ResponseBuilder();
  const events: BlockEvent[] = [];
  const take = (event: BlockEvent): void => {
    events.push(event);
    builder.add(event);
  };
  for (const chunk of chunks) reader.push(chunk, take);
  reader.end?.(take);
  return { events, response: builder.build(), isComplete: reader.isComplete };
}
const start = (contentBlockIndex: number, name: string) =>
  bedrockEvent('contentBlockStart', {
    contentBlockIndex,
    start: { toolUse: { toolUseId: `t${contentBlockIndex}`, name } },
  });
const delta = (contentBlockIndex: number, value: object) =>
  bedrockEvent('contentBlockDelta', { contentBlockIndex, delta: value });
const text = (at: number, value: string) => [delta(at, { text: value }), stop(at)];
const call = (at: number, name: string, ...inputs: readonly string[]) => [
  start(at, name),
  ...inputs.map((input) => delta(at, { toolUse: { input } })),
  stop(at),
];
const stop = (contentBlockIndex: number) => bedrockEvent('contentBlockStop', { contentBlockIndex });
const end = (stopReason = 'tool_use') => [
  bedrockEvent('messageStop', { stopReason }),
  bedrockEvent('metadata', { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }),
];
const said = (...frames: readonly (readonly Buffer[])[]) => readStream([Buffer.concat(frames.flat())]);

describe('an answer in JSON that came as a tool call, streamed', () => {
  it('trap 91 is text, and the message has stopped', () => {
    const { response, isComplete } = said(call(0, 'json', '{"a":', '1}'), end());
    expect(isComplete).toBe(true);
    expect(response).toMatchObject({
      blocks: [{ type: 'text', text: '{"a":1}' }],
      finishReason: 'stop',
      rawFinishReason: null,
    });
  });

  it('trap 91 comes delta by delta', () => {
    const { events } = said(call(0, 'json', '{"a":', '1', '}'), end());
    expect(events.filter((event) => event.type === 'blockDelta')).toHaveLength(3);
  });

  it('trap 91 text before and behind it is left out, and what is left is numbered anew', () => {
    const reasoning = [delta(1, { reasoningContent: { text: 'Hm' } }), stop(1)];
    const { events, response } = said(
      text(0, 'Here is:'),
      reasoning,
      call(2, 'json', '{}'),
      text(3, 'Done.'),
      end(),
    );
    expect(response.blocks).toMatchObject([
      { type: 'reasoning', text: 'Hm' },
      { type: 'text', text: '{}' },
    ]);
    expect(events.flatMap((event) => (event.type === 'blockStart' ? [event.index] : []))).toEqual([0, 1]);
  });

  it('trap 93 a call of another tool stays one, and the message asks for its result', () => {
    const { response } = said(text(0, 'Let me see.'), call(1, 'weather', '{"city":"Basel"}'), end());
    expect(response).toMatchObject({
      blocks: [{ type: 'toolCall', name: 'weather', arguments: '{"city":"Basel"}' }],
      finishReason: 'tool_calls',
    });
  });

  it('trap 93 both together are both', () => {
    const { response } = said(call(0, 'weather', '{}'), call(1, 'json', '{"a":1}'), end());
    expect(response).toMatchObject({
      blocks: [{ type: 'toolCall' }, { type: 'text', text: '{"a":1}' }],
      finishReason: 'tool_calls',
    });
  });

  it('trap 91 text without any call comes out at the end', () => {
    const { response } = said(text(0, 'I cannot '), text(1, 'do that.'), end('end_turn'));
    expect(response).toMatchObject({
      blocks: [
        { type: 'text', text: 'I cannot ' },
        { type: 'text', text: 'do that.' },
      ],
      finishReason: 'stop',
      rawFinishReason: 'end_turn',
    });
  });

  it('a second answer in JSON is left out', () => {
    const { response } = said(call(0, 'json', '{"a":1}'), call(1, 'json', '{"a":2}'), end());
    expect(response.blocks).toEqual([{ type: 'text', text: '{"a":1}' }]);
  });

  it('an answer cut by the token limit says so', () => {
    expect(said(call(0, 'json', '{"a":'), end('max_tokens')).response).toMatchObject({
      blocks: [{ type: 'text', text: '{"a":' }],
      finishReason: 'length',
    });
  });

  it('holds no more text than the bound', () => {
    const large = 'x'.repeat(3 * 1024 * 1024);
    const reader = readers.streamReader(ORIGIN);
    const seen: string[] = [];
    for (let count = 0; count < 2; count += 1)
      reader.push(delta(0, { text: large }), (event) => seen.push(event.type));
    expect(seen.filter((type) => type === 'blockDelta')).toHaveLength(2);
  });

  it('any chunking gives the same events', () => {
    const bytes = Buffer.concat([...text(0, 'Here:'), ...call(1, 'json', '{"a":', '1}'), ...end()]);
    const whole = readStream([bytes]).events;
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 10 }), (places) => {
        const at = [0, ...places.sort((a, b) => a - b), bytes.length];
        expect(readStream(at.slice(1).map((to, index) => bytes.subarray(at[index], to))).events).toEqual(
          whole,
        );
      }),
    );
  });
});

describe('the same in one piece', () => {
  const read = (content: readonly object[], stopReason = 'tool_use') => {
    const response = readers.readResponse({ output: { message: { content } }, stopReason }, ORIGIN);
    if ('class' in response) throw new Error(response.message ?? '');
    return response;
  };
  const use = (name: string, input: object) => ({ toolUse: { toolUseId: name, name, input } });

  it('trap 91 trap 93 says the same as the stream', () => {
    expect(read([{ text: 'Here:' }, use('json', { a: 1 }), { text: 'Done.' }])).toMatchObject({
      blocks: [{ type: 'text', text: '{"a":1}' }],
      finishReason: 'stop',
      rawFinishReason: null,
    });
    expect(read([{ text: 'Let me see.' }, use('weather', {})])).toMatchObject({
      blocks: [{ type: 'toolCall' }],
      finishReason: 'tool_calls',
    });
    expect(read([{ text: 'No.' }], 'end_turn')).toMatchObject({
      blocks: [{ type: 'text', text: 'No.' }],
      finishReason: 'stop',
    });
  });

  it('a failure stays one', () => {
    expect(readers.readResponse({}, ORIGIN)).toMatchObject({ code: 'upstream_malformed' });
  });
});

describe.skipIf(!hasFixtures)(`recorded answers in JSON (skipped without ${FIXTURES})`, () => {
  const streams = listFixtures(['amazon-bedrock'], '.chunks.txt').filter((file) => file.includes('json'));
  const answers = listFixtures(['amazon-bedrock'], '.json').filter((file) => file.includes('json'));

  it.each([...streams, ...answers])('trap 91 %s', (file) => {
    const isStream = file.endsWith('.txt');
    const response = isStream
      ? readStream([loadStream(file).bytes]).response
      : readers.readResponse(loadJson(file), ORIGIN);
    if ('class' in response) throw new Error(response.message ?? '');
    const { text: json, calls, finishReason } = digest(response);
    expect(calls.map(({ name }) => name)).not.toContain('json');
    if (json === '') expect(calls.length).toBeGreaterThan(0);
    else expect(typeof JSON.parse(json)).toBe('object');
    expect(finishReason).toBe(calls.length === 0 ? 'stop' : 'tool_calls');
    if (isStream) {
      const { bytes } = loadStream(file);
      expect(readStream(bytewise(bytes)).events).toEqual(readStream([bytes]).events);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { bedrockConverse } from '../../../../src/protocols/bedrock-converse/index.ts';
import {
  type Block,
  type BlockEvent,
  type CallerProtocol,
  type ChatRequest,
  type ChatResponse,
  type Message,
  type Tool,
  UNKNOWN_USAGE,
} from '../../../../src/protocols/blocks.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { CONTEXT, digest, readStream, writeStream } from '../digest.ts';

const CLAUDE = 'us.anthropic.claude-3-7-sonnet-20250219-v1:0';
const ORIGIN = { protocol: 'bedrock-converse' } as const;

/** Text that says something: the target refuses what is blank, and the writer leaves it out. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((one) => one.trim() === one && one !== '');
const word = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,30}$/);
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const value = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const args = fc.dictionary(word, value).map((one) => JSON.stringify(JSON.parse(JSON.stringify(one))));
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const tenths = fc.integer({ min: 0, max: 10 }).map((one) => one / 10);

const textBlock = text.map((one): Block => ({ type: 'text', text: one }));
const image = fc.record({ data: base64, format: fc.constantFrom('png', 'jpeg', 'gif', 'webp') }).map(
  ({ data, format }): Block => ({
    type: 'image',
    source: { kind: 'base64', mediaType: `image/${format}`, data },
  }),
);
/** Names of the few characters that the target takes; they differ, for equal ones are numbered. */
const fileName = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,30}$/);
const files = fc
  .uniqueArray(fc.record({ data: base64, name: fileName }), { maxLength: 2, selector: ({ name }) => name })
  .map((list) =>
    list.map(
      ({ data, name }): Block => ({
        type: 'file',
        source: { kind: 'base64', mediaType: 'application/pdf', data },
        name,
      }),
    ),
  );

const turn = fc
  .record({
    said: some(text),
    calls: fc.array(fc.record({ name: word, args, result: text, isError: fc.boolean() }), { maxLength: 3 }),
    next: text,
  })
  .filter(({ said, calls }) => said !== undefined || calls.length > 0);

/** As a caller of this protocol can say it: results of one turn in one message. */
const conversation = fc
  .record({
    system: some(text),
    opening: textBlock,
    media: fc.array(image, { maxLength: 2 }),
    files,
    turns: fc.array(turn, { maxLength: 3 }),
  })
  .map(({ system, opening, media, files: documents, turns }) => {
    const messages: Message[] = [];
    if (system !== undefined) messages.push({ role: 'system', blocks: [{ type: 'text', text: system }] });
    messages.push({ role: 'user', blocks: [opening, ...media, ...documents] });
    for (const [at, { said, calls, next }] of turns.entries()) {
      const blocks: Block[] = said === undefined ? [] : [{ type: 'text', text: said }];
      const results: Block[] = [];
      for (const [place, { name, args: text, result, isError }] of calls.entries()) {
        const id = `call_${at}_${place}`;
        blocks.push({ type: 'toolCall', id, name, arguments: text });
        results.push({
          type: 'toolResult',
          toolCallId: id,
          content: [{ type: 'text', text: result }],
          isError,
        });
      }
      messages.push({ role: 'assistant', blocks });
      if (results.length > 0) messages.push({ role: 'tool', blocks: results });
      messages.push({ role: 'user', blocks: [{ type: 'text', text: next }] });
    }
    return messages;
  });

const tools = fc.uniqueArray(
  fc.record({
    name: word,
    description: some(text),
    parameters: fc.constant({ type: 'object', properties: {} }),
  }),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
) as fc.Arbitrary<Tool[]>; // `strict` is left out

const drawn = fc.record({
  messages: conversation,
  tools,
  mode: fc.constantFrom('auto', 'required', 'tool', undefined),
  maxOutputTokens: some(fc.integer({ min: 1, max: 100_000 })),
  temperature: some(tenths),
  topP: some(tenths),
  topK: some(fc.nat(500)),
  stop: some(fc.array(text, { minLength: 1, maxLength: 4 })),
  metadata: some(fc.dictionary(word, word, { minKeys: 1, maxKeys: 16 })),
  serviceTier: some(fc.constantFrom('flex', 'priority')),
});

function requestOf(
  protocol: CallerProtocol,
  { mode, ...rest }: { mode: 'auto' | 'required' | 'tool' | undefined; tools: Tool[]; messages: Message[] },
): ChatRequest {
  const [tool] = rest.tools;
  const toolChoice =
    mode === undefined || tool === undefined
      ? undefined
      : mode === 'tool'
        ? ({ mode, name: tool.name } as const)
        : ({ mode } as const);
  return {
    protocol,
    model: CLAUDE,
    stream: false,
    streamUsage: false,
    extra: {},
    unknownFields: [],
    fields: {},
    ...rest,
    ...(toolChoice === undefined ? {} : { toolChoice }),
  };
}

function readBack(request: ChatRequest): ChatRequest {
  const written = bedrockConverse.writeRequest(request, {
    provider: 'bedrock',
    model: CLAUDE,
    maxOutputTokens: null,
  });
  if (written instanceof CallError) throw written;
  const read = bedrockConverse.readRequest(JSON.parse(written.body.toString()) as JsonObject, {
    model: CLAUDE,
    stream: false,
  });
  if (read instanceof CallError) throw read;
  return read;
}

/** Without what a reader says about a request, and without members that are not set. */
const meaning = ({ fields, extra, unknownFields, protocol, ...rest }: ChatRequest) =>
  JSON.parse(JSON.stringify(rest)) as unknown;

describe('a request that was written', () => {
  it.each(['bedrock-converse', 'graphql'] as const)(
    'reads back as what it was, from a caller of %s',
    (protocol) => {
      fc.assert(
        fc.property(drawn, (one) => {
          const given = requestOf(protocol, one);
          expect(meaning(readBack(given))).toEqual(meaning(given));
        }),
      );
    },
  );
});

const usage = fc
  .record({
    input: fc.nat(10_000),
    output: fc.nat(10_000),
    cached: some(fc.nat(500)),
    written: some(fc.nat(500)),
  })
  .map(({ input, output, cached, written }) => {
    const inputTokens = input + (cached ?? 0) + (written ?? 0);
    return {
      ...UNKNOWN_USAGE,
      inputTokens,
      outputTokens: output,
      totalTokens: inputTokens + output,
      cachedInputTokens: cached ?? null,
      cacheWriteTokens: written ?? null,
    };
  });
const answer = fc.record({
  blocks: fc.array(
    fc.oneof(
      textBlock,
      fc
        .record({ text, signature: some(base64) })
        .map((one): Block => ({ type: 'reasoning', origin: ORIGIN, ...one })),
      base64.map((redacted): Block => ({ type: 'reasoning', text: '', redacted, origin: ORIGIN })),
      fc
        .record({ id: word, name: word, arguments: args })
        .map((call): Block => ({ type: 'toolCall', ...call })),
    ),
    { maxLength: 6 },
  ),
  finishReason: fc.constantFrom('stop', 'length', 'tool_calls', 'content_filter', 'error'),
  usage,
}) as fc.Arbitrary<Pick<ChatResponse, 'blocks' | 'finishReason' | 'usage'>>;

function eventsOf({
  blocks,
  finishReason,
  usage: counts,
}: Pick<ChatResponse, 'blocks' | 'finishReason' | 'usage'>) {
  const events: BlockEvent[] = [{ type: 'messageStart', id: null, model: null }];
  for (const [index, block] of blocks.entries()) {
    if (block.type === 'text') {
      events.push({ type: 'blockStart', index, block: { type: 'text' } });
      events.push({ type: 'blockDelta', index, text: block.text });
    } else if (block.type === 'reasoning') {
      const { redacted, signature } = block;
      events.push({ type: 'blockStart', index, block: { type: 'reasoning', origin: ORIGIN, redacted } });
      if (block.text !== '') events.push({ type: 'blockDelta', index, text: block.text });
      if (signature !== undefined) events.push({ type: 'blockDelta', index, signature });
    } else if (block.type === 'toolCall') {
      const { id, name } = block;
      events.push({ type: 'blockStart', index, block: { type: 'toolCall', id, name } });
      events.push({ type: 'blockDelta', index, text: block.arguments });
    }
    events.push({ type: 'blockStop', index });
  }
  events.push({ type: 'usage', usage: counts });
  events.push({ type: 'messageStop', reason: finishReason, rawReason: null, stopSequence: null });
  return events;
}

const plain = (blocks: readonly Block[]) => JSON.parse(JSON.stringify(blocks)) as unknown;

describe('an answer that was written', () => {
  it('reads back as what it was, in one piece', () => {
    fc.assert(
      fc.property(answer, (one) => {
        const response: ChatResponse = {
          id: null,
          model: null,
          rawFinishReason: null,
          stopSequence: null,
          ...one,
        };
        const body: unknown = JSON.parse(bedrockConverse.writeResponse(response, CONTEXT).toString());
        const read = bedrockConverse.readResponse(body, ORIGIN);
        if ('class' in read) throw new Error(read.message ?? '');
        expect(plain(read.blocks)).toEqual(plain(one.blocks));
        expect(read).toMatchObject({ finishReason: one.finishReason, usage: one.usage });
      }),
    );
  });

  it('and as a stream, cut anywhere into chunks', () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat(), { maxLength: 10 }), (one, places) => {
        const bytes = writeStream(bedrockConverse, eventsOf(one));
        const at = [
          0,
          ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
          bytes.length,
        ];
        const read = readStream(
          bedrockConverse,
          at.slice(1).map((end, index) => bytes.subarray(at[index], end)),
        );
        expect(read).toMatchObject({ isComplete: true, failure: null });
        expect(plain(read.response.blocks)).toEqual(plain(one.blocks));
        expect(read.response).toMatchObject({ finishReason: one.finishReason, usage: one.usage });
        expect(digest(read.response).finishReason).toBe(one.finishReason);
      }),
    );
  });
});

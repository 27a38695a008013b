import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import type { Block, ChatRequest, Message, Tool } from '../../../../src/protocols/blocks.ts';
import { gemini } from '../../../../src/protocols/gemini/index.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((one) => one.trim() === one && one !== '' && !/^[[{]/.test(one));
const word = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_.-]{0,30}$/);
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 30 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const args = fc.dictionary(word, value).map((one) => JSON.stringify(JSON.parse(JSON.stringify(one))));

const said: fc.Arbitrary<Block> = fc.oneof(
  { weight: 3, arbitrary: text.map((one): Block => ({ type: 'text', text: one })) },
  base64.map((data): Block => ({ type: 'image', source: { kind: 'base64', mediaType: 'image/png', data } })),
  base64.map(
    (data): Block => ({ type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data } }),
  ),
  base64.map((data): Block => ({ type: 'audio', format: 'wav', data })),
  word.map(
    (name): Block => ({
      type: 'image',
      source: { kind: 'url', url: `https://x.test/${name}.png`, mediaType: 'image/png' },
    }),
  ),
);
const turn = fc
  .record({
    text: fc.option(text, { nil: undefined }),
    calls: fc.array(fc.record({ name: word, args, result: text, isError: fc.boolean() }), { maxLength: 3 }),
    next: fc.array(said, { minLength: 1, maxLength: 3 }),
  })
  .filter(({ text: spoken, calls }) => spoken !== undefined || calls.length > 0);

/** A question, and turns of a model that may call functions; the user has the last word. */
const messages = fc
  .record({
    system: fc.option(text, { nil: undefined }),
    first: fc.array(said, { minLength: 1, maxLength: 3 }),
    turns: fc.array(turn, { maxLength: 3 }),
  })
  .map(({ system, first, turns }) => {
    const all: Message[] =
      system === undefined ? [] : [{ role: 'system', blocks: [{ type: 'text', text: system }] }];
    all.push({ role: 'user', blocks: first });
    for (const [at, { text: spoken, calls, next }] of turns.entries()) {
      const blocks: Block[] = spoken === undefined ? [] : [{ type: 'text', text: spoken }];
      const results: Block[] = [];
      for (const [place, call] of calls.entries()) {
        const id = `call_${at}_${place}`;
        blocks.push({ type: 'toolCall', id, name: call.name, arguments: call.args });
        const content: Block[] = [{ type: 'text', text: call.result }];
        results.push({ type: 'toolResult', toolCallId: id, content, isError: call.isError });
      }
      all.push({ role: 'assistant', blocks });
      if (results.length > 0) all.push({ role: 'tool', blocks: results });
      all.push({ role: 'user', blocks: next });
    }
    return all;
  });

const parameters = fc
  .dictionary(word, fc.constant({ type: 'string' }), { minKeys: 1, maxKeys: 3 })
  .map((properties) => ({ type: 'object', properties, required: Object.keys(properties) }));
const tools: fc.Arbitrary<Tool[]> = fc.uniqueArray(
  fc.record({ name: word, description: fc.option(text, { nil: undefined }), parameters }),
  { minLength: 1, maxLength: 4, selector: ({ name }) => name },
);
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const tenths = (max: number) => fc.integer({ min: 0, max: max * 10 }).map((one) => one / 10);

const settings = fc.record({
  temperature: some(tenths(2)),
  topP: some(tenths(1)),
  topK: some(fc.nat(500)),
  seed: some(fc.integer()),
  stop: some(fc.array(text, { minLength: 1, maxLength: 5 })),
  maxOutputTokens: some(fc.integer({ min: 1, max: 60_000 })),
  presencePenalty: some(tenths(2)),
  frequencyPenalty: some(tenths(2)),
});
const choice = fc.constantFrom('auto', 'none', 'required', 'tool', undefined);

/** What is lost in neither direction. */
const carried = ({ messages, tools, toolChoice, ...request }: ChatRequest) =>
  JSON.parse(
    JSON.stringify({
      messages,
      tools,
      toolChoice,
      temperature: request.temperature,
      topP: request.topP,
      topK: request.topK,
      seed: request.seed,
      stop: request.stop,
      maxOutputTokens: request.maxOutputTokens,
      presencePenalty: request.presencePenalty,
      frequencyPenalty: request.frequencyPenalty,
      responseFormat: request.responseFormat,
    }),
  ) as unknown;

it('reads back what it writes, for a caller of any protocol', () => {
  const drawn = fc.record({ messages, tools: fc.oneof(fc.constant<Tool[]>([]), tools), settings, choice });
  fc.assert(
    fc.property(
      drawn,
      parameters,
      fc.boolean(),
      ({ messages, tools, settings, choice }, schema, hasFormat) => {
        const [tool] = tools;
        const mode =
          choice === 'tool' && tool !== undefined ? { mode: choice, name: tool.name } : { mode: choice };
        const request = {
          protocol: 'graphql',
          model: 'm',
          stream: false,
          streamUsage: false,
          messages,
          tools,
          toolChoice: tool === undefined || choice === undefined ? undefined : mode,
          responseFormat:
            hasFormat && tool === undefined
              ? { type: 'jsonSchema', name: 'response', schema, strict: true }
              : undefined,
          ...settings,
          extra: {},
          unknownFields: [],
          fields: {},
        } as ChatRequest; // the mode and its name are drawn together
        const target = { provider: 'gemini', model: 'gemini-2.0-flash', maxOutputTokens: null };
        const written = gemini.writeRequest(request, target);
        if (written instanceof CallError) throw written;
        const body = JSON.parse(written.body.toString()) as JsonObject;
        const read = gemini.readRequest(body, { model: 'm', stream: false });
        if (read instanceof CallError) throw read;
        expect(carried(read)).toEqual(carried(request));
        expect(read.unknownFields).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import type { ChatRequest } from '../../../../src/protocols/blocks.ts';
import { cohereChat } from '../../../../src/protocols/cohere-chat/index.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { ResponseBuilder } from '../../../../src/protocols/response-builder.ts';
import { CONTEXT, readStream, writeStream } from '../digest.ts';

/** Whole texts: what JSON and UTF-8 carry as they are. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,20}$/);
const args = fc
  .dictionary(name, fc.oneof(text, fc.integer(), fc.boolean()), { minKeys: 1 })
  .map((one) => JSON.stringify(one));
const schema = fc.record({
  type: fc.constant('object'),
  properties: fc.dictionary(name, fc.record({ type: fc.constant('string') })),
});
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(model: T) =>
  fc.record(model, { requiredKeys: [] });

const image = some({ detail: fc.constantFrom('auto', 'low', 'high') }).map((more) => ({
  type: 'image_url',
  image_url: { url: 'https://example.com/a.png', ...more },
}));
const parts = fc.array(
  fc.oneof(
    text.map((one) => ({ type: 'text', text: one })),
    image,
  ),
  { minLength: 2, maxLength: 4 },
);
const user = fc.oneof(text, parts).map((content) => ({ role: 'user', content }));
const document = fc.oneof(
  text,
  fc.record({ id: name, data: fc.dictionary(name, text, { minKeys: 1, maxKeys: 3 }) }),
);
const citation = fc.record({
  start: fc.nat(9),
  end: fc.nat(9),
  sources: fc.constant([]),
  type: fc.constant('TEXT_CONTENT'),
});

/** A turn of the assistant with its calls, and a result for each of them. */
const turn = fc
  .record({
    plan: fc.option(text),
    content: fc.option(
      fc.array(
        fc.oneof(
          text.map((one) => ({ type: 'text', text: one })),
          text.map((one) => ({ type: 'thinking', thinking: one })),
        ),
        { minLength: 2, maxLength: 3 },
      ),
    ),
    calls: fc.uniqueArray(fc.record({ id: name, name, args }), {
      selector: (call) => call.id,
      minLength: 1,
      maxLength: 3,
    }),
    result: fc.oneof(
      text,
      fc.array(
        fc.oneof(
          text.map((one) => ({ type: 'text', text: one })),
          document
            .filter((one) => typeof one !== 'string')
            .map((one) => ({ type: 'document', document: one })),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    ),
    citations: fc.array(citation, { maxLength: 2 }),
  })
  .map(({ plan, content, calls, result, citations }) => [
    {
      role: 'assistant',
      ...(plan === null ? {} : { tool_plan: plan }),
      ...(content === null ? {} : { content }),
      tool_calls: calls.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.args },
      })),
      ...(content?.some((part) => part.type === 'text') && citations.length > 0 ? { citations } : {}),
    },
    ...calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: result })),
  ]);

const tools = some({ description: text }).chain((more) =>
  fc.uniqueArray(name, { minLength: 1, maxLength: 3 }).chain((names) =>
    fc
      .record({
        tools: fc.constant(names),
        parameters: schema,
      })
      .map(({ parameters }) =>
        names.map((one) => ({ type: 'function', function: { name: one, ...more, parameters } })),
      ),
  ),
);

const request = fc
  .record({
    turns: fc.array(
      fc.oneof(
        user.map((one) => [one]),
        turn,
      ),
      { minLength: 0, maxLength: 3 },
    ),
    last: user,
    settings: some({
      max_tokens: fc.integer({ min: 1, max: 9_999 }),
      temperature: fc.double({ min: 0, max: 1, noNaN: true }),
      p: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      k: fc.nat(500),
      seed: fc.nat(),
      stop_sequences: fc.array(text, { minLength: 1, maxLength: 5 }),
      presence_penalty: fc.double({ min: 0, max: 1, noNaN: true }),
      frequency_penalty: fc.double({ min: 0, max: 1, noNaN: true }),
      thinking: fc.oneof(
        fc.record({ type: fc.constant('enabled'), token_budget: fc.integer({ min: 1, max: 9_999 }) }),
        fc.constant({ type: 'enabled' }),
        fc.constant({ type: 'disabled' }),
      ),
      response_format: fc.oneof(
        fc.constant({ type: 'text' }),
        fc.constant({ type: 'json_object' }),
        schema.map((one) => ({ type: 'json_object', json_schema: one })),
      ),
      documents: fc.array(document, { minLength: 1, maxLength: 3 }),
      safety_mode: fc.constantFrom('CONTEXTUAL', 'STRICT', 'OFF'),
      citation_options: fc.record({ mode: fc.constantFrom('FAST', 'ACCURATE') }),
      logprobs: fc.boolean(),
      priority: fc.nat(9),
    }),
    tooling: fc.option(
      fc.record({
        tools,
        more: some({ strict_tools: fc.boolean(), tool_choice: fc.constantFrom('REQUIRED', 'NONE') }),
      }),
    ),
    stream: fc.boolean(),
  })
  .map(({ turns, last, settings, tooling, stream }) => ({
    model: 'command',
    messages: [...turns.flat(), last],
    ...(tooling === null ? {} : { tools: tooling.tools, ...tooling.more }),
    ...settings,
    stream,
  }));

const TARGET = { provider: 'cohere', model: 'command', maxOutputTokens: null };

function read(body: object): ChatRequest {
  const known = cohereChat.readRequest(body as JsonObject, { model: 'command', stream: false });
  if (known instanceof CallError) throw known;
  return known;
}

function rewritten(asked: ChatRequest): { body: object; receipt: readonly { action: string }[] } {
  const written = cohereChat.writeRequest(asked, TARGET);
  if (written instanceof CallError) throw written;
  return { body: JSON.parse(written.body.toString()) as object, receipt: written.receipt };
}

describe('what is read and written again is the same', () => {
  it('requests, with nothing lost on the way', () => {
    fc.assert(
      fc.property(request, (body) => {
        const asked = read(body);
        const { body: again, receipt } = rewritten(asked);
        expect(read(again)).toEqual(asked);
        expect(receipt.filter(({ action }) => action !== 'carried')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('answers, whole and streamed', () => {
    const block = fc.oneof(
      text.map((one) => ({ type: 'text' as const, text: one })),
      text.map((one) => ({ type: 'thinking' as const, thinking: one })),
    );
    const answer = fc
      .record({
        content: fc.array(block, { maxLength: 4 }),
        plan: fc.option(text),
        calls: fc.uniqueArray(fc.record({ id: name, name, args }), {
          selector: (call) => call.id,
          maxLength: 3,
        }),
        reason: fc.constantFrom('COMPLETE', 'STOP_SEQUENCE', 'MAX_TOKENS', 'TOOL_CALL'),
        usage: fc.record({ input: fc.nat(9_999), output: fc.nat(9_999), cached: fc.nat(99) }),
      })
      .map(({ content, plan, calls, reason, usage }) => ({
        id: 'x',
        finish_reason: reason,
        message: {
          role: 'assistant',
          ...(plan === null ? {} : { tool_plan: plan }),
          content,
          tool_calls: calls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: call.args },
          })),
        },
        usage: {
          billed_units: { input_tokens: usage.input, output_tokens: usage.output },
          tokens: { input_tokens: usage.input + 500, output_tokens: usage.output },
          cached_tokens: usage.cached,
        },
      }));
    fc.assert(
      fc.property(answer, (body) => {
        const response = cohereChat.readResponse(body, { protocol: 'cohere-chat' });
        if ('class' in response) throw new Error('no answer');
        const again = cohereChat.readResponse(
          JSON.parse(cohereChat.writeResponse(response, CONTEXT).toString()),
          {
            protocol: 'cohere-chat',
          },
        );
        expect(again).toEqual({ ...response, id: CONTEXT.callId });
        const events = [...eventsOf(response)];
        const builder = new ResponseBuilder();
        for (const event of events) builder.add(event);
        const streamed = readStream(cohereChat, [writeStream(cohereChat, events)]);
        expect(streamed.isComplete).toBe(true);
        expect(streamed.response).toEqual({ ...builder.build(), id: CONTEXT.callId });
      }),
      { numRuns: 300 },
    );
  });
});

type Answer = Exclude<ReturnType<typeof cohereChat.readResponse>, { class: string }>;
type Event = Parameters<ResponseBuilder['add']>[0];

/** The events of a stream that says the same. */
function* eventsOf({ blocks, finishReason, rawFinishReason, usage }: Answer): Iterable<Event> {
  yield { type: 'messageStart', id: 'x', model: null };
  for (const [index, block] of blocks.entries()) {
    if (block.type === 'text') {
      yield { type: 'blockStart', index, block: { type: 'text' } };
      yield { type: 'blockDelta', index, text: block.text };
    } else if (block.type === 'reasoning') {
      const plan = block.isPlan === true ? { isPlan: true } : {};
      yield { type: 'blockStart', index, block: { type: 'reasoning', origin: block.origin, ...plan } };
      yield { type: 'blockDelta', index, text: block.text };
    } else if (block.type === 'toolCall') {
      yield { type: 'blockStart', index, block: { type: 'toolCall', id: block.id, name: block.name } };
      yield { type: 'blockDelta', index, text: block.arguments };
    }
    yield { type: 'blockStop', index };
  }
  yield { type: 'usage', usage };
  yield { type: 'messageStop', reason: finishReason, rawReason: rawFinishReason, stopSequence: null };
}

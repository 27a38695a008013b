import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import {
  type Block,
  type BlockEvent,
  type ChatRequest,
  type ChatResponse,
  type Message,
  REASONING_EFFORTS,
  UNKNOWN_USAGE,
  type Usage,
} from '../../../../src/protocols/blocks.ts';
import { openaiResponses } from '../../../../src/protocols/openai-responses/index.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { CONTEXT, readStream, writeStream } from '../digest.ts';

const ORIGIN = { protocol: 'openai-responses' } as const;
const text = fc.string({ minLength: 1, unit: 'grapheme' });
const count = fc.option(fc.nat(1_000_000), { nil: null });

const textBlock = text.map((value): Block => ({ type: 'text', text: value }));
const image = fc.constantFrom<Block>(
  { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' }, detail: 'high' },
  { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
  { type: 'image', source: { kind: 'file', id: 'file-1' } },
);
const file = fc.constantFrom<Block>(
  { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'BBBB' }, name: 'a.pdf' },
  { type: 'file', source: { kind: 'url', url: 'https://example.com/a.pdf' } },
  { type: 'file', source: { kind: 'file', id: 'file-2' }, name: 'b.pdf' },
);
const refusal = text.map((value): Block => ({ type: 'refusal', text: value }));
const reasoning = fc.oneof(
  fc.tuple(text, text).map(([value, signature]): Block => {
    return { type: 'reasoning', text: value, signature, origin: ORIGIN };
  }),
  text.map((redacted): Block => ({ type: 'reasoning', text: '', redacted, origin: ORIGIN })),
);
const unknown = text.map((query): Block => {
  return { type: 'unknown', raw: { type: 'web_search_call', id: 'ws_1', query }, origin: ORIGIN };
});
const callText = fc.jsonValue().map((value) => JSON.stringify({ value }));
const said = fc.array(fc.oneof(textBlock, refusal, reasoning, unknown), { minLength: 1, maxLength: 5 });

/** What the user says, then what the assistant says and calls, with all results. */
const exchange = fc
  .record({
    asked: fc.array(fc.oneof(textBlock, image, file), { minLength: 1, maxLength: 3 }),
    said,
    calls: fc.array(
      fc.tuple(callText, fc.array(fc.oneof(textBlock, image), { minLength: 1, maxLength: 2 })),
      {
        maxLength: 3,
      },
    ),
    phase: fc.option(fc.constantFrom('commentary', 'final_answer'), { nil: null }),
  })
  .map(({ asked, said: blocks, calls, phase }): readonly Message[] => {
    const withPhase = (block: Block): Block =>
      block.type === 'text' && phase !== null ? { ...block, extra: { phase } } : block;
    const id = (place: number) => `call_${place}`;
    const called = calls.map(([json], place): Block => {
      return { type: 'toolCall', id: id(place), name: 'f', arguments: json };
    });
    const results = calls.map(([, content], place): Block => {
      return { type: 'toolResult', toolCallId: id(place), content: joined(content), isError: false };
    });
    const turn: Message[] = [
      { role: 'user', blocks: asked },
      { role: 'assistant', blocks: [...blocks.map(withPhase), ...called] },
    ];
    return results.length === 0 ? turn : [...turn, { role: 'tool', blocks: results }];
  });

/** Several texts of a result become one: lists of parts are not taken everywhere. */
function joined(content: readonly Block[]): readonly Block[] {
  const isText = content.every((block) => block.type === 'text');
  const texts = content.map((block) => (block.type === 'text' ? block.text : ''));
  return isText ? [{ type: 'text', text: texts.join('\n') }] : content;
}

const settings = fc.record(
  {
    maxOutputTokens: fc.integer({ min: 16, max: 100_000 }),
    temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((value) => value + 0),
    topP: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
    parallelToolCalls: fc.boolean(),
    reasoning: fc.constantFrom(...REASONING_EFFORTS).map((effort) => ({ effort })),
    user: text,
    metadata: fc.dictionary(fc.constantFrom('a', 'b'), text),
    serviceTier: fc.constantFrom('auto', 'flex'),
    responseFormat: fc.constantFrom(
      { type: 'text' } as const,
      { type: 'jsonObject' } as const,
      { type: 'jsonSchema', name: 'p', schema: { type: 'object' }, strict: true, description: 'P' } as const,
    ),
    toolChoice: fc.constantFrom(
      { mode: 'auto' } as const,
      { mode: 'required' } as const,
      { mode: 'tool', name: 'f' } as const,
    ),
  },
  { requiredKeys: [] },
);

const TOOL = { name: 'f', description: 'F', parameters: { type: 'object' }, strict: false };
/** Every field as sent; details of messages are for receipts alone. */
const FIELDS = { model: 'model', messages: 'input', tools: 'tools' };

describe('what is written is read as the same', () => {
  it('requests', () => {
    fc.assert(
      fc.property(
        fc.array(exchange, { minLength: 1, maxLength: 3 }),
        settings,
        fc.boolean(),
        (turns, some, stream) => {
          const messages = numbered(turns.flat());
          const base = { protocol: 'openai-responses' as const, model: 'm', stream, streamUsage: stream };
          const rest = { tools: [TOOL], extra: {}, unknownFields: [], fields: FIELDS };
          const request: ChatRequest = { ...base, messages, ...some, ...rest };
          const target = { provider: 'openai', model: 'm', maxOutputTokens: null };
          const written = openaiResponses.writeRequest(request, target);
          if (written instanceof CallError) throw written;
          const body = JSON.parse(written.body.toString()) as JsonObject;
          const again = openaiResponses.readRequest(body, { model: 'm', stream });
          if (again instanceof CallError) throw again;
          expect({ ...again, fields: FIELDS }).toEqual(request);
        },
      ),
    );
  });

  const blocks = fc.array(
    fc.oneof(
      textBlock,
      refusal,
      reasoning,
      unknown,
      callText.map((json): Block => ({ type: 'toolCall', id: 'call_1', name: 'f', arguments: json })),
    ),
    { maxLength: 6 },
  );
  const usage = fc
    .record({
      inputTokens: fc.nat(),
      outputTokens: fc.nat(),
      cachedInputTokens: count,
      reasoningTokens: count,
    })
    .map((some): Usage => {
      return { ...UNKNOWN_USAGE, ...some, totalTokens: some.inputTokens + some.outputTokens };
    });
  const response = fc
    .record({ blocks, usage, cut: fc.constantFrom(null, 'length', 'content_filter') })
    .map(({ cut, ...some }): ChatResponse => {
      const hasCalls = some.blocks.some((block) => block.type === 'toolCall');
      const finishReason = cut ?? (hasCalls ? 'tool_calls' : 'stop');
      const raw = { length: 'max_output_tokens', content_filter: 'content_filter' };
      const rawFinishReason = cut === null ? 'completed' : raw[cut];
      const ids = { id: `resp_${CONTEXT.callId}`, model: CONTEXT.model };
      return { ...ids, ...some, finishReason, rawFinishReason, stopSequence: null };
    });

  it('whole answers', () => {
    fc.assert(
      fc.property(response, (given) => {
        const body: unknown = JSON.parse(openaiResponses.writeResponse(given, CONTEXT).toString());
        expect(openaiResponses.readResponse(body, ORIGIN)).toEqual(given);
      }),
    );
  });

  it('streams, in any chunking', () => {
    fc.assert(
      fc.property(response, fc.integer({ min: 1, max: 200 }), (given, size) => {
        const bytes = writeStream(openaiResponses, eventsOf(given));
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        const again = readStream(openaiResponses, chunks);
        expect(again).toMatchObject({ isComplete: true, failure: null });
        expect(again.response).toEqual(given);
      }),
    );
  });
});

/** Ids of calls are unique in a conversation. */
function numbered(messages: readonly Message[]): readonly Message[] {
  let turn = 0;
  return messages.map((message) => {
    if (message.role === 'user') turn += 1;
    const blocks = message.blocks.map((block): Block => {
      if (block.type === 'toolCall') return { ...block, id: `${block.id}_${turn}` };
      return block.type === 'toolResult' ? { ...block, toolCallId: `${block.toolCallId}_${turn}` } : block;
    });
    return { ...message, blocks };
  });
}

function eventsOf(given: ChatResponse): BlockEvent[] {
  const events: BlockEvent[] = [{ type: 'messageStart', id: 'up', model: 'up' }];
  for (const [index, block] of given.blocks.entries()) {
    if (block.type === 'unknown') events.push({ type: 'blockStart', index, block });
    else if (block.type === 'toolCall') {
      events.push({ type: 'blockStart', index, block: { type: 'toolCall', id: block.id, name: block.name } });
      events.push({ type: 'blockDelta', index, text: block.arguments });
    } else if (block.type === 'text' || block.type === 'refusal') {
      events.push({ type: 'blockStart', index, block: { type: block.type } });
      for (const unit of block.text) events.push({ type: 'blockDelta', index, text: unit });
    } else if (block.type === 'reasoning') {
      const { origin, redacted, signature } = block;
      events.push({ type: 'blockStart', index, block: { type: 'reasoning', origin, redacted } });
      if (block.text !== '') events.push({ type: 'blockDelta', index, text: block.text });
      if (signature !== undefined) events.push({ type: 'blockDelta', index, signature });
    }
    events.push({ type: 'blockStop', index });
  }
  events.push({ type: 'usage', usage: given.usage });
  events.push({ type: 'messageStop', reason: given.finishReason, rawReason: null, stopSequence: null });
  return events;
}

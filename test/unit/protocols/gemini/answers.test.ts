import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChatResponse, UNKNOWN_USAGE } from '../../../../src/protocols/blocks.ts';
import { gemini } from '../../../../src/protocols/gemini/index.ts';
import { utf8Offsets, utf16Offsets } from '../../../../src/protocols/gemini/text-offsets.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import { CONTEXT, readStream, writeStream } from '../digest.ts';
import { event, STOP, said, sse, USAGE } from './events.ts';

const ORIGIN = { protocol: 'gemini' } as const;

function read(body: unknown): ChatResponse {
  const response = gemini.readResponse(body, ORIGIN);
  if ('class' in response) throw new Error(response.message ?? '');
  return response;
}
const write = (response: Partial<ChatResponse>): unknown =>
  JSON.parse(
    gemini
      .writeResponse(
        {
          id: null,
          model: null,
          blocks: [],
          finishReason: 'stop',
          rawFinishReason: null,
          stopSequence: null,
          usage: UNKNOWN_USAGE,
          ...response,
        },
        CONTEXT,
      )
      .toString(),
  );

describe('whole answers of Gemini', () => {
  it('reads text, thoughts, calls and what is Google’s own', () => {
    const code = { executableCode: { language: 'PYTHON', code: '1' } };
    const parts = [
      { text: 'hm', thought: true },
      { text: 'Hi', thoughtSignature: 's' },
      { functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 't' },
      code,
      { text: '' },
    ];
    const response = read({ ...event(parts, STOP), usageMetadata: USAGE });
    expect(response).toMatchObject({
      id: 'r1',
      model: 'gemini-x',
      finishReason: 'tool_calls',
      rawFinishReason: 'STOP',
      usage: { inputTokens: 10, outputTokens: 5 },
    });
    expect(response.blocks).toMatchObject([
      { type: 'reasoning', text: 'hm', origin: ORIGIN },
      { type: 'text', text: 'Hi', signature: { value: 's', origin: ORIGIN } },
      { type: 'toolCall', name: 'f', arguments: '{"a":1}', signature: { value: 't', origin: ORIGIN } },
      { type: 'unknown', raw: code, origin: ORIGIN },
    ]);
    expect(response.blocks).toHaveLength(4);
    expect(read(write(response)).blocks).toEqual(response.blocks);
  });

  it('trap 95 reads a blocked prompt, and an answer without any candidate as broken', () => {
    const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 9 } };
    expect(read(blocked)).toMatchObject({
      blocks: [],
      finishReason: 'content_filter',
      rawFinishReason: 'SAFETY',
    });
    expect(gemini.inspectResponse(blocked)).toMatchObject({ finishReason: 'content_filter' });
    for (const body of [{}, { candidates: [] }, { promptFeedback: {} }, 'x', null]) {
      expect(gemini.readResponse(body, ORIGIN)).toMatchObject({ code: 'upstream_malformed' });
    }
  });

  it('trap 111 reads an answer that has no text for its token limit', () => {
    const body = {
      candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS' }],
      usageMetadata: { promptTokenCount: 9, thoughtsTokenCount: 50, totalTokenCount: 59 },
    };
    expect(read(body)).toMatchObject({
      blocks: [],
      finishReason: 'length',
      usage: { inputTokens: 9, outputTokens: 50, reasoningTokens: 50 },
    });
  });

  it('writes an answer without content with an empty part, as the SDK takes none for broken', () => {
    expect(write({ finishReason: 'length' })).toEqual({
      candidates: [
        { content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'MAX_TOKENS', index: 0 },
      ],
      modelVersion: 'my-model',
      responseId: CONTEXT.callId,
    });
  });

  it('trap 95 tells a refusal of another vendor', () => {
    const written = write({ blocks: [{ type: 'refusal', text: 'No.' }], finishReason: 'content_filter' });
    expect(written).toMatchObject({ candidates: [{ finishReason: 'SAFETY', finishMessage: 'No.' }] });
    expect(read(written).blocks).toEqual([{ type: 'refusal', text: 'No.' }]);
    const chatty = event([{ functionCall: { name: 'f' } }], {
      ...STOP,
      finishMessage: 'Model generated function call(s).',
    });
    expect(read(chatty).blocks).toHaveLength(1);
  });
});

describe('trap 124 sources', () => {
  const text = 'Zürich 😀 is big. So is Bern.';
  const chunks = [{ web: { uri: 'https://a.test', title: 'A' } }, { web: { uri: 'https://b.test' } }];
  const start = Buffer.byteLength('Zürich 😀 is big. ');
  const groundingMetadata = {
    groundingChunks: chunks,
    groundingSupports: [
      { segment: { endIndex: start - 1, text: 'Zürich 😀 is big.' }, groundingChunkIndices: [0, 1] },
      { segment: { startIndex: start, endIndex: Buffer.byteLength(text) }, groundingChunkIndices: [1, 7] },
    ],
  };
  const cited = (at: string, url: string, title: string) => ({
    type: 'url_citation',
    url_citation: { start_index: text.indexOf(at), end_index: text.indexOf(at) + at.length, url, title },
  });
  const EXPECTED = [
    cited('Zürich 😀 is big.', 'https://a.test', 'A'),
    cited('Zürich 😀 is big.', 'https://b.test', ''),
    cited('So is Bern.', 'https://b.test', ''),
  ];

  it('come to callers of OpenAI’s protocol in units of UTF-16, whole and streamed', () => {
    const response = read(
      event([{ text: 'hm', thought: true }, { text }], {
        ...STOP,
        groundingMetadata: {
          ...groundingMetadata,
          groundingSupports: groundingMetadata.groundingSupports.map(({ segment, ...support }) => ({
            ...support,
            segment: { ...segment, partIndex: 1 },
          })),
        },
      }),
    );
    const whole = JSON.parse(openaiChat.writeResponse(response, CONTEXT).toString()) as {
      choices: { message: { annotations: unknown } }[];
    };
    expect(whole.choices[0]?.message.annotations).toEqual(EXPECTED);
    const { events } = readStream(gemini, [
      sse(said(text.slice(0, 9)), said(text.slice(9)), event([{ text: '' }], { ...STOP, groundingMetadata })),
    ]);
    const annotations = [
      ...writeStream(openaiChat, events)
        .toString()
        .matchAll(/"annotations":\[(\{.*?\}\})\]/g),
    ];
    expect(annotations.map(([, one = '']) => JSON.parse(one) as unknown)).toEqual(EXPECTED);
  });

  it('go back to callers of Gemini as they were', () => {
    const response = read(event([{ text }], { ...STOP, groundingMetadata }));
    expect(write(response)).toMatchObject({ candidates: [{ groundingMetadata }] });
    const { events } = readStream(gemini, [sse(said(text), event([], { ...STOP, groundingMetadata }))]);
    expect(writeStream(gemini, events).toString()).toContain(JSON.stringify(groundingMetadata));
  });

  it('of OpenAI’s become grounding in bytes', () => {
    const blocks = [
      {
        type: 'text' as const,
        text,
        citations: { raw: EXPECTED, origin: { protocol: 'openai-chat' as const } },
      },
    ];
    expect(write({ blocks })).toMatchObject({
      candidates: [
        {
          groundingMetadata: {
            groundingChunks: [
              { web: { uri: 'https://a.test', title: 'A' } },
              { web: { uri: 'https://b.test', title: '' } },
            ],
            groundingSupports: [
              {
                segment: { startIndex: 0, endIndex: start - 1, text: 'Zürich 😀 is big.' },
                groundingChunkIndices: [0],
              },
              { segment: { startIndex: 0, endIndex: start - 1 }, groundingChunkIndices: [1] },
              {
                segment: { startIndex: start, endIndex: Buffer.byteLength(text) },
                groundingChunkIndices: [1],
              },
            ],
          },
        },
      ],
    });
  });

  it('without supports stand behind the whole text; recitations have places of their own', () => {
    const { blocks } = read(event([{ text }], { ...STOP, groundingMetadata: { groundingChunks: chunks } }));
    expect(blocks[0]).toMatchObject({
      citations: { raw: [{}, cited(text, 'https://a.test', 'A'), cited(text, 'https://b.test', '')] },
    });
    const citationMetadata = { citationSources: [{ endIndex: 7, uri: 'https://c.test' }] };
    const recited = read(event([{ text }], { ...STOP, citationMetadata })).blocks[0];
    expect(recited).toMatchObject({
      citations: { raw: [{ citationMetadata }, cited('Zürich', 'https://c.test', '')] },
    });
  });

  it('offsets are converted both ways for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (any) => {
        const units = [0];
        for (const char of any) units.push((units.at(-1) ?? 0) + char.length);
        const bytes = units.map((unit) => Buffer.byteLength(any.slice(0, unit)));
        const there = utf8Offsets(any, units);
        expect(units.map((unit) => there.get(unit))).toEqual(bytes);
        const back = utf16Offsets(any, [...bytes].reverse());
        expect(bytes.map((byte) => back.get(byte))).toEqual(units);
      }),
    );
    expect(utf16Offsets('ü', [1, 99])).toEqual(
      new Map([
        [1, 0],
        [99, 1],
      ]),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { bedrockConverse } from '../../../../src/protocols/bedrock-converse/index.ts';
import { type Block, type ChatResponse, UNKNOWN_USAGE } from '../../../../src/protocols/blocks.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { CONTEXT } from '../digest.ts';

const ORIGIN = { protocol: 'bedrock-converse' } as const;
const USAGE = { inputTokens: 10, outputTokens: 5, totalTokens: 15 };

function read(content: readonly object[], more: object = {}): ChatResponse {
  const body = {
    output: { message: { role: 'assistant', content } },
    stopReason: 'end_turn',
    usage: USAGE,
    ...more,
  };
  const response = bedrockConverse.readResponse(body, ORIGIN);
  if ('class' in response) throw new Error(response.message ?? '');
  return response;
}
const write = (response: Partial<ChatResponse>, request: JsonObject = {}) =>
  JSON.parse(
    bedrockConverse
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
        { ...CONTEXT, request },
      )
      .toString(),
  ) as JsonObject;
const contentOf = (...blocks: readonly Block[]) =>
  (write({ blocks })['output'] as { message: { content: unknown } }).message.content;

describe('reading an answer of Bedrock', () => {
  it('gives text, calls, reasoning, stop reason and usage', () => {
    expect(
      read(
        [
          { reasoningContent: { reasoningText: { text: 'Hm', signature: 'c2ln' } } },
          { reasoningContent: { redactedContent: 'AAEC' } },
          { text: 'Hello' },
          { toolUse: { toolUseId: 't1', name: 'a', input: { x: 1 } } },
        ],
        { stopReason: 'tool_use' },
      ),
    ).toEqual({
      id: null,
      model: null,
      blocks: [
        { type: 'reasoning', text: 'Hm', signature: 'c2ln', origin: ORIGIN },
        { type: 'reasoning', text: '', redacted: 'AAEC', origin: ORIGIN },
        { type: 'text', text: 'Hello' },
        { type: 'toolCall', id: 't1', name: 'a', arguments: '{"x":1}' },
      ],
      finishReason: 'tool_calls',
      rawFinishReason: 'tool_use',
      stopSequence: null,
      usage: { ...UNKNOWN_USAGE, ...USAGE },
    });
  });

  it('trap 31 a call without arguments has the empty object', () => {
    for (const input of [{}, '', undefined]) {
      expect(read([{ toolUse: { toolUseId: 't', name: 'a', input } }]).blocks).toMatchObject([
        { arguments: '{}' },
      ]);
    }
  });

  it('trap 34 trap 101 keeps whole what it has no form for', () => {
    const content = [
      { toolUse: { toolUseId: 's', name: 'nova_grounding', input: {}, type: 'server_tool_use' } },
      { image: { format: 'png', source: { bytes: 'aW1n' } } },
    ];
    expect(read(content).blocks).toEqual(content.map((raw) => ({ type: 'unknown', raw, origin: ORIGIN })));
  });

  it('trap 124 reads cited text with its citations', () => {
    const citations = [{ title: 'A' }];
    expect(read([{ citationsContent: { content: [{ text: 'Hi' }], citations } }]).blocks).toEqual([
      { type: 'text', text: 'Hi', citations: { raw: citations, origin: ORIGIN } },
    ]);
  });

  it('trap 84 tells the sequence that matched, and trap 114 the model that a router chose', () => {
    const more = {
      stopReason: 'stop_sequence',
      additionalModelResponseFields: { stop_sequence: 'END' },
      trace: { promptRouter: { invokedModelId: 'anthropic.claude-3-haiku' } },
    };
    expect(read([{ text: 'a' }], more)).toMatchObject({
      stopSequence: 'END',
      finishReason: 'stop',
      model: 'anthropic.claude-3-haiku',
    });
  });

  it('trap 112 without usage nothing is known', () => {
    expect(read([{ text: 'a' }], { usage: undefined }).usage).toEqual(UNKNOWN_USAGE);
  });

  it.each([[null], [[]], [{}], [{ output: {} }], [{ output: { message: { content: 'text' } } }]])(
    'does not take %j for an answer',
    (body) => {
      expect(bedrockConverse.readResponse(body, ORIGIN)).toMatchObject({ code: 'upstream_malformed' });
    },
  );
});

describe('writing an answer for a caller of Bedrock', () => {
  it('has the form of a ConverseResponse', () => {
    expect(
      write({ blocks: [{ type: 'text', text: 'Hello' }], usage: { ...UNKNOWN_USAGE, ...USAGE } }),
    ).toEqual({
      output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } },
      stopReason: 'end_turn',
      usage: USAGE,
      metrics: {},
    });
  });

  it('trap 32 writes arguments as they came, and trap 33 wraps what is no object', () => {
    const call = (text: string): Block => ({ type: 'toolCall', id: 't1', name: 'a', arguments: text });
    const bytes = bedrockConverse
      .writeResponse(
        {
          id: null,
          model: null,
          blocks: [call('{"b":1e21,"a":12345678901234567890}')],
          finishReason: 'tool_calls',
          rawFinishReason: null,
          stopSequence: null,
          usage: UNKNOWN_USAGE,
        },
        CONTEXT,
      )
      .toString();
    expect(bytes).toContain('"input":{"b":1e21,"a":12345678901234567890}');
    expect(contentOf(call('{"x":'), call(''))).toMatchObject([
      { toolUse: { input: { invalid_arguments: '{"x":' } } },
      { toolUse: { input: {} } },
    ]);
  });

  it('trap 74 keeps signatures of others back', () => {
    const reasoning = (protocol: 'anthropic-messages' | 'bedrock-converse'): Block => ({
      type: 'reasoning',
      text: 'Hm',
      signature: 'c2ln',
      origin: { protocol },
    });
    expect(contentOf(reasoning('anthropic-messages'), reasoning('bedrock-converse'))).toEqual([
      { reasoningContent: { reasoningText: { text: 'Hm' } } },
      { reasoningContent: { reasoningText: { text: 'Hm', signature: 'c2ln' } } },
    ]);
    expect(
      contentOf({ type: 'reasoning', text: '', redacted: 'x', origin: { protocol: 'anthropic-messages' } }),
    ).toEqual([]);
  });

  it('trap 95 tells a refusal as text, leaves out empty text, and gives its own blocks back', () => {
    const raw = { video: { format: 'mp4' } };
    expect(
      contentOf(
        { type: 'text', text: '' },
        { type: 'refusal', text: 'I cannot.' },
        { type: 'unknown', raw, origin: ORIGIN },
        { type: 'unknown', raw: { type: 'server_tool_use' }, origin: { protocol: 'anthropic-messages' } },
      ),
    ).toEqual([{ text: 'I cannot.' }, raw]);
  });

  it.each([
    ['stop', null, 'end_turn'],
    ['stop', 'END', 'stop_sequence'],
    ['length', null, 'max_tokens'],
    ['tool_calls', null, 'tool_use'],
    ['content_filter', null, 'content_filtered'],
    ['error', null, 'malformed_model_output'],
    ['other', null, 'end_turn'],
  ] as const)('trap 104 tells %s (sequence %s) as %s', (finishReason, stopSequence, stopReason) => {
    expect(write({ finishReason, stopSequence })).toMatchObject({ stopReason });
  });

  it('trap 104 its own words come back, those of others do not', () => {
    expect(
      write({ finishReason: 'content_filter', rawFinishReason: 'guardrail_intervened' })['stopReason'],
    ).toBe('guardrail_intervened');
    expect(write({ finishReason: 'content_filter', rawFinishReason: 'SAFETY' })['stopReason']).toBe(
      'content_filtered',
    );
    expect(write({ finishReason: 'stop', rawFinishReason: 'tool_use' })['stopReason']).toBe('end_turn');
  });

  it('trap 84 tells the matched sequence where the caller asked for it', () => {
    const response = { finishReason: 'stop', stopSequence: 'END' } as const;
    expect(write(response, { additionalModelResponseFieldPaths: ['/stop_sequence'] })).toMatchObject({
      additionalModelResponseFields: { stop_sequence: 'END' },
    });
    expect(write(response)).not.toHaveProperty('additionalModelResponseFields');
  });
});

describe('looking at what passes', () => {
  it('finds usage and stop reason of a whole answer', () => {
    expect(bedrockConverse.inspectResponse({ usage: USAGE, stopReason: 'max_tokens' })).toMatchObject({
      usage: { inputTokens: 10 },
      finishReason: 'length',
    });
    expect(bedrockConverse.inspectResponse({})).toEqual({
      usage: undefined,
      model: undefined,
      finishReason: undefined,
    });
  });

  it.each([
    ['{"contentBlockDelta":{"delta":{"text":"a"}}}', { hasContent: true }],
    ['{"messageStart":{"role":"assistant"}}', { hasContent: false }],
    ['{"messageStop":{"stopReason":"end_turn"}}', { finishReason: 'stop' }],
    ['{"metadata":{"usage":{"inputTokens":1}}}', { usage: { inputTokens: 1 } }],
    ['{"throttlingException":{"message":"slow"}}', { failure: { class: 'rateLimited' } }],
    ['no JSON', { hasContent: false }],
    ['{}', { hasContent: false }],
  ])('of %s it learns what it says', (data, finding) => {
    expect(bedrockConverse.inspect(data)).toMatchObject(finding);
  });

  it('trap 131 the caller’s bytes go to the upstream as they are', () => {
    const bytes = Buffer.from('{"messages":[]}');
    const rewritten = bedrockConverse.rewriteRequest(bytes, { members: new Map(), inside: 1 }, {}, 'm');
    expect(rewritten).toEqual({ body: bytes, addsUsage: false });
    expect(rewritten.body).toBe(bytes);
  });
});

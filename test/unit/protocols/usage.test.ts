import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import { UNKNOWN_USAGE, type Usage } from '../../../src/protocols/blocks.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import type { Protocol } from '../../../src/protocols/protocol.ts';

const usageOf = (protocol: Protocol, usage: unknown) => protocol.inspectResponse({ usage }).usage;
const known = (counts: Partial<Usage>): Usage => ({ ...UNKNOWN_USAGE, ...counts });

describe('usage of OpenAI-style servers', () => {
  it.each<readonly [string, object, Partial<Usage>]>([
    [
      'OpenAI',
      {
        prompt_tokens: 20,
        completion_tokens: 10,
        total_tokens: 30,
        prompt_tokens_details: { cached_tokens: 5, audio_tokens: 1 },
        completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 2 },
      },
      {
        inputTokens: 20,
        outputTokens: 10,
        totalTokens: 30,
        cachedInputTokens: 5,
        audioInputTokens: 1,
        reasoningTokens: 4,
        audioOutputTokens: 2,
      },
    ],
    [
      'trap 110 Mistral in the singular',
      { prompt_tokens: 2, completion_tokens: 1, prompt_token_details: { cached_tokens: 1 } },
      { inputTokens: 2, outputTokens: 1, totalTokens: 3, cachedInputTokens: 1 },
    ],
    [
      'trap 110 num_cached_tokens',
      { prompt_tokens: 2, completion_tokens: 1, num_cached_tokens: 2 },
      { inputTokens: 2, outputTokens: 1, totalTokens: 3, cachedInputTokens: 2 },
    ],
    [
      'trap 110 DeepSeek',
      {
        prompt_tokens: 20,
        completion_tokens: 1,
        total_tokens: 21,
        prompt_cache_hit_tokens: 15,
        prompt_cache_miss_tokens: 5,
      },
      { inputTokens: 20, outputTokens: 1, totalTokens: 21, cachedInputTokens: 15 },
    ],
    [
      'trap 110 Moonshot',
      { prompt_tokens: 20, completion_tokens: 1, total_tokens: 21, cached_tokens: 10 },
      { inputTokens: 20, outputTokens: 1, totalTokens: 21, cachedInputTokens: 10 },
    ],
    [
      'traps 77 and 110 xAI, which counts reasoning outside',
      {
        prompt_tokens: 12,
        completion_tokens: 1,
        total_tokens: 303,
        completion_tokens_details: { reasoning_tokens: 290 },
      },
      { inputTokens: 12, outputTokens: 291, totalTokens: 303, reasoningTokens: 290 },
    ],
    ['trap 112 half of it', { prompt_tokens: 12 }, { inputTokens: 12 }],
    [
      'trap 112 nonsense',
      { prompt_tokens: 12, completion_tokens: -1, total_tokens: 'x' },
      { inputTokens: 12 },
    ],
  ])('reads %s', (_name, usage, expected) => {
    expect(usageOf(openaiChat, usage)).toEqual(known(expected));
  });

  it('trap 112 invents nothing', () => {
    for (const usage of [undefined, null, 5, [], {}, { prompt_tokens: null }])
      expect(usageOf(openaiChat, usage)).toBeUndefined();
  });
});

describe('usage of Anthropic', () => {
  it.each<readonly [string, object, Partial<Usage>]>([
    [
      'traps 106 and 107 with cache reads and writes',
      {
        input_tokens: 6,
        cache_creation_input_tokens: 3337,
        cache_read_input_tokens: 6289,
        output_tokens: 198,
        cache_creation: { ephemeral_1h_input_tokens: 37 },
      },
      {
        inputTokens: 9632,
        outputTokens: 198,
        totalTokens: 9830,
        cachedInputTokens: 6289,
        cacheWriteTokens: 3337,
        cacheWrite1hTokens: 37,
      },
    ],
    [
      'trap 77 with thinking inside of the output',
      { input_tokens: 1, output_tokens: 9, output_tokens_details: { thinking_tokens: 7 } },
      { inputTokens: 1, outputTokens: 9, totalTokens: 10, reasoningTokens: 7 },
    ],
    [
      'trap 108 with the rounds of a compaction, without an advisor of another model',
      {
        input_tokens: 682,
        output_tokens: 1320,
        iterations: [
          { type: 'compaction', input_tokens: 60_385, output_tokens: 592 },
          { type: 'advisor_message', input_tokens: 5, output_tokens: 5 },
          { type: 'message', input_tokens: 682, output_tokens: 1320, cache_read_input_tokens: 3 },
        ],
      },
      { inputTokens: 61_070, outputTokens: 1912, totalTokens: 62_982, cachedInputTokens: 3 },
    ],
  ])('reads it %s', (_name, usage, expected) => {
    expect(usageOf(anthropicMessages, usage)).toEqual(known(expected));
  });

  it('trap 112 invents nothing', () => {
    for (const usage of [undefined, null, {}, { input_tokens: null }])
      expect(usageOf(anthropicMessages, usage)).toBeUndefined();
  });
});

describe('byte lane', () => {
  const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

  it('joins later usage field by field', () => {
    const earlier = known({ inputTokens: 5, outputTokens: 1, cachedInputTokens: 2 });
    expect(openaiChat.joinUsage(earlier, known({ outputTokens: 9 }))).toEqual(
      known({ inputTokens: 5, outputTokens: 9, cachedInputTokens: 2 }),
    );
  });

  it('never throws on what it looks at', () => {
    for (const protocol of [openaiChat, anthropicMessages]) {
      for (const data of [
        '',
        '{',
        '[]',
        'null',
        '5',
        '{"choices":5}',
        '{"choices":[null]}',
        '{"type":5}',
        '{"type":"message_start"}',
        '{"type":"content_block_start","content_block":null}',
        '{"usage":[]}',
      ]) {
        expect(protocol.inspect(data)).toBeDefined();
      }
      expect(protocol.inspectResponse(json('{}'))).toEqual({});
      expect(protocol.inspectResponse(json('{"choices":[null],"usage":5,"model":7}'))).toEqual({});
    }
  });
});

import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import type { ChatResponse } from '../../../../src/protocols/blocks.ts';
import { cohereChat } from '../../../../src/protocols/cohere-chat/index.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import type { Protocol } from '../../../../src/protocols/protocol.ts';
import { FIXTURES, hasFixtures, listFixtures, loadJson, loadStream } from '../../../support/fixtures.ts';
import { CONTEXT, digest, readStream, writeStream } from '../digest.ts';

const OPENAI = [
  'openai/chat',
  'groq',
  'deepseek/chat',
  'mistral',
  'xai',
  'alibaba',
  'moonshotai',
  'perplexity',
];
const OTHERS = /error|transcription|embedding|spliced/;

const list = (ending: string): readonly (readonly [string, Protocol])[] =>
  [
    ...listFixtures(OPENAI, ending).map((file) => [file, openaiChat] as const),
    ...listFixtures(['anthropic'], ending).map((file) => [file, anthropicMessages] as const),
    ...listFixtures(['cohere'], ending).map((file) => [file, cohereChat] as const),
  ].filter(([file]) => !OTHERS.test(file));

/** A Cohere caller has no word for a refusal, nor a count of reasoning tokens. */
function heard(response: ChatResponse) {
  const { text, refusal, usage, ...rest } = digest(response);
  return { ...rest, text: text + refusal, usage: usage.slice(0, 3) };
}

describe.skipIf(!hasFixtures)(`recorded traffic for Cohere callers (skipped without ${FIXTURES})`, () => {
  it.each(list('.chunks.txt'))('%s says the same as a stream', (file, protocol) => {
    const { events, response } = readStream(protocol, [loadStream(file).bytes]);
    const again = readStream(cohereChat, [writeStream(cohereChat, events)]);
    if (response.finishReason === 'content_filter') {
      expect(again).toMatchObject({ isComplete: false, failure: { class: 'transient' } });
      return;
    }
    expect(again).toMatchObject({ isComplete: true, failure: null });
    expect(heard(again.response)).toEqual(heard(response));
  });

  it.each(list('.json'))('%s says the same in one piece', (file, protocol) => {
    const response = protocol.readResponse(loadJson(file), { protocol: protocol.name });
    if ('class' in response) return expect.unreachable(response.message ?? '');
    const again = cohereChat.readResponse(
      JSON.parse(cohereChat.writeResponse(response, CONTEXT).toString()),
      {
        protocol: 'cohere-chat',
      },
    );
    if ('class' in again) return expect.unreachable(again.message ?? '');
    const isFiltered = response.finishReason === 'content_filter';
    expect(heard(again)).toEqual({ ...heard(response), ...(isFiltered && { finishReason: 'error' }) });
  });

  it('trap 31 the recorded call with null for arguments has an empty object', () => {
    const response = cohereChat.readResponse(loadJson('cohere/cohere-null-args.json'), {
      protocol: 'cohere-chat',
    });
    expect(response).toMatchObject({ blocks: [{ isPlan: true }, { name: 'currentTime', arguments: '{}' }] });
  });

  it('trap 109 the recorded usage has both counts', () => {
    const { response } = readStream(cohereChat, [
      loadStream('cohere/cohere-empty-tool-call.chunks.txt').bytes,
    ]);
    expect(response.usage).toMatchObject({
      inputTokens: 1445,
      outputTokens: 43,
      cachedInputTokens: 704,
      billedInputTokens: 46,
      billedOutputTokens: 14,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import { bedrockConverse } from '../../../../src/protocols/bedrock-converse/index.ts';
import { BedrockTap } from '../../../../src/protocols/bedrock-converse/tap.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import type { Protocol } from '../../../../src/protocols/protocol.ts';
import {
  FIXTURES,
  hasFixtures,
  listFixtures,
  loadJson,
  loadStream,
  NO_FIXTURES,
} from '../../../support/fixtures.ts';
import { bytewise, CONTEXT, digest, readStream, writeStream } from '../digest.ts';

const streams = listFixtures(['amazon-bedrock'], '.chunks.txt');
const answers = listFixtures(['amazon-bedrock'], '.json');
const callers: readonly Protocol[] = [openaiChat, anthropicMessages, bedrockConverse];
const CHAT_FOLDERS = [
  ...['openai/chat', 'groq', 'deepseek/chat', 'mistral', 'xai', 'openai-compatible/chat'],
  ...['alibaba', 'moonshotai', 'perplexity'],
];
/** Recordings of other vendors, as they reach a caller of this protocol. */
const others: readonly (readonly [file: string, protocol: Protocol])[] = [
  ...listFixtures(CHAT_FOLDERS, '.chunks.txt').map((file) => [file, openaiChat] as const),
  ...listFixtures(['anthropic'], '.chunks.txt')
    .filter((file) => !/spliced|duplicate/.test(file))
    .map((file) => [file, anthropicMessages] as const),
];

/** Of messages that nobody counted the digest has null, where some writers must have a number. */
function expectSame(caller: Protocol, again: ReturnType<typeof digest>, said: ReturnType<typeof digest>) {
  const isUnknown = caller === anthropicMessages && said.usage[0] === null;
  expect(again).toEqual({ ...said, usage: isUnknown ? again.usage : said.usage });
}

it.skipIf(!hasFixtures)(`recorded traffic is there (skipped: ${NO_FIXTURES})`, () => {
  expect(streams).toHaveLength(5);
  expect(answers).toHaveLength(4);
  expect(others.length).toBeGreaterThan(25);
});

describe.skipIf(!hasFixtures)(`recorded streams of Bedrock (skipped without ${FIXTURES})`, () => {
  it.each(streams)('%s reads the same in one piece and byte by byte', (file) => {
    const { bytes } = loadStream(file);
    const whole = readStream(bedrockConverse, [bytes]);
    expect(whole).toMatchObject({ isComplete: true, failure: null });
    expect(digest(whole.response).finishReason).toBe('tool_calls');
    expect(whole.response.blocks.some((block) => block.type === 'toolCall')).toBe(true);
    expect(readStream(bedrockConverse, bytewise(bytes)).events).toEqual(whole.events);
  });

  it.each(streams)('%s is never complete when it is cut before its end', (file) => {
    const { bytes, frames } = loadStream(file);
    const last = frames.at(-1)?.length ?? 0;
    for (let end = 0; end <= bytes.length - 1; end += 1) {
      const isNearCut = end > bytes.length - last || end % 7 === 0;
      if (!isNearCut) continue;
      const cut = readStream(bedrockConverse, [bytes.subarray(0, end)]);
      expect(cut.isComplete, `after ${end} bytes`).toBe(false);
      expect(cut.events.some((event) => event.type === 'messageStop')).toBe(false);
    }
  });

  it.each(streams)('%s says the same to callers of every protocol', (file) => {
    const { events, response } = readStream(bedrockConverse, [loadStream(file).bytes]);
    for (const caller of callers) {
      const again = readStream(caller, [writeStream(caller, events)]);
      expect(again).toMatchObject({ isComplete: true, failure: null });
      expectSame(caller, digest(again.response), digest(response));
    }
  });

  it.each(streams)('%s as events is the same as its answer in one piece', (file) => {
    const { response } = readStream(bedrockConverse, [loadStream(file).bytes]);
    for (const caller of callers) {
      const written: unknown = JSON.parse(caller.writeResponse(response, CONTEXT).toString());
      const again = caller.readResponse(written, { protocol: caller.name });
      if ('class' in again) return expect.unreachable(again.message ?? '');
      expectSame(caller, digest(again), digest(response));
    }
  });

  it.each(streams)('%s says the same to the tap as to the reader and passes it untouched', (file) => {
    const { bytes, frames } = loadStream(file);
    const { response } = readStream(bedrockConverse, [bytes]);
    for (const chunks of [[bytes], bytewise(bytes), frames]) {
      const tap = new BedrockTap();
      const forwarded: Buffer[] = [];
      for (const chunk of chunks) forwarded.push(tap.push(chunk) ?? Buffer.alloc(0));
      expect(tap.mayEnd).toBe(true);
      expect(tap.usage ?? response.usage).toEqual(response.usage);
      expect(tap.finishReason).toBe(response.finishReason);
      expect(tap.contentEvents).toBeGreaterThan(0);
      const terminal = frames.at(-1) ?? Buffer.alloc(0);
      expect(Buffer.concat(forwarded).equals(bytes.subarray(0, -terminal.length))).toBe(true);
      expect(tap.takeTerminal().equals(terminal)).toBe(true);
    }
  });
});

describe.skipIf(!hasFixtures)(`recorded answers of Bedrock (skipped without ${FIXTURES})`, () => {
  it.each(answers)('%s says the same to callers of every protocol', (file) => {
    const body = loadJson(file);
    const response = bedrockConverse.readResponse(body, { protocol: 'bedrock-converse' });
    if ('class' in response) return expect.unreachable(response.message ?? '');
    expect(response.usage.inputTokens).toBeGreaterThan(0);
    expect(bedrockConverse.inspectResponse(body as Record<string, unknown>)).toEqual({
      usage: response.usage,
      model: undefined,
      finishReason: 'tool_calls',
    });
    for (const caller of callers) {
      const written: unknown = JSON.parse(caller.writeResponse(response, CONTEXT).toString());
      const again = caller.readResponse(written, { protocol: caller.name });
      if ('class' in again) return expect.unreachable(again.message ?? '');
      expect(digest(again)).toEqual(digest(response));
    }
  });
});

describe.skipIf(!hasFixtures)(
  `recordings of other vendors for a caller of Bedrock (skipped without ${FIXTURES})`,
  () => {
    it.each(others)('%s says the same, streamed and in one piece', (file, protocol) => {
      const { events, response } = readStream(protocol, [loadStream(file).bytes]);
      const said = digest(response);
      // This protocol tells a refusal as text, and does not tell which tokens were reasoning.
      const expected = {
        ...said,
        text: said.text + said.refusal,
        refusal: '',
        usage: [...said.usage.slice(0, 3), null],
      };
      const streamed = readStream(bedrockConverse, [writeStream(bedrockConverse, events)]);
      expect(streamed).toMatchObject({ isComplete: true, failure: null });
      expect(digest(streamed.response)).toEqual(expected);
      const whole = bedrockConverse.readResponse(
        JSON.parse(bedrockConverse.writeResponse(response, CONTEXT).toString()),
        { protocol: 'bedrock-converse' },
      );
      if ('class' in whole) return expect.unreachable(whole.message ?? '');
      expect(digest(whole)).toEqual(expected);
    });
  },
);

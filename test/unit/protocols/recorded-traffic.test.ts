import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import type { Protocol } from '../../../src/protocols/protocol.ts';
import { SseTap } from '../../../src/protocols/tap.ts';
import {
  FIXTURES,
  hasFixtures,
  listFixtures,
  loadJson,
  loadStream,
  NO_FIXTURES,
} from '../../support/fixtures.ts';
import { bytewise, CONTEXT, digest, readStream, writeStream } from './digest.ts';

const CHAT_FOLDERS = [
  ...[
    'openai/chat',
    'groq',
    'deepseek/chat',
    'mistral',
    'xai',
    'openai-compatible/chat',
    'alibaba',
    'moonshotai',
  ],
  'perplexity',
];
/** Not answers of a chat. */
const OTHERS = /error\.json$|transcription/;

const streams: readonly (readonly [file: string, protocol: Protocol])[] = [
  ...listFixtures(CHAT_FOLDERS, '.chunks.txt').map((file) => [file, openaiChat] as const),
  ...listFixtures(CHAT_FOLDERS, '.sse').map((file) => [file, openaiChat] as const),
  ...listFixtures(['anthropic'], '.chunks.txt')
    .filter((file) => !file.includes('spliced'))
    .map((file) => [file, anthropicMessages] as const),
];
const answers: readonly (readonly [file: string, protocol: Protocol])[] = [
  ...listFixtures(CHAT_FOLDERS, '.json').map((file) => [file, openaiChat] as const),
  ...listFixtures(['anthropic'], '.json').map((file) => [file, anthropicMessages] as const),
].filter(([file]) => !OTHERS.test(file));
const callers = [openaiChat, anthropicMessages];

it.skipIf(!hasFixtures)(`recorded traffic is there (skipped: ${NO_FIXTURES})`, () => {
  expect(streams.length, FIXTURES).toBeGreaterThan(20);
  expect(answers.length, FIXTURES).toBeGreaterThan(20);
});

describe.skipIf(!hasFixtures)(`recorded streams (skipped without ${FIXTURES})`, () => {
  it.each(streams)('%s reads the same in one piece and byte by byte', (file, protocol) => {
    const { bytes } = loadStream(file);
    const whole = readStream(protocol, [bytes]);
    expect(whole).toMatchObject({ isComplete: true, failure: null });
    const { text, refusal, calls, finishReason } = digest(whole.response);
    expect(text !== '' || refusal !== '' || calls.length > 0 || /advisor/.test(file)).toBe(true);
    expect(finishReason).not.toBe('other');
    expect(readStream(protocol, bytewise(bytes)).events).toEqual(whole.events);
  });

  it.each(streams)('%s is never complete when it is cut before its end', (file, protocol) => {
    const { frames } = loadStream(file);
    const reader = protocol.streamReader({ protocol: protocol.name });
    for (const frame of frames) {
      const isTerminal = /\[DONE\]|"type":"message_stop"/.test(frame.toString());
      reader.push(frame.subarray(0, -1), () => undefined);
      expect(reader.isComplete).toBe(false);
      reader.push(frame.subarray(-1), () => undefined);
      expect(reader.isComplete).toBe(isTerminal);
      if (isTerminal) return;
    }
    expect.unreachable('the recording has no terminator');
  });

  it.each(streams)('%s says the same to callers of every protocol', (file, protocol) => {
    const { events, response } = readStream(protocol, [loadStream(file).bytes]);
    for (const caller of callers) {
      const again = readStream(caller, [writeStream(caller, events)]);
      expect(again).toMatchObject({ isComplete: true, failure: null });
      // Anthropic's message_start must have numbers; where the upstream gave none they are 0.
      const isUnknown = response.usage.inputTokens === null && caller === anthropicMessages;
      const { usage } = isUnknown ? digest(again.response) : digest(response);
      expect(digest(again.response)).toEqual({ ...digest(response), usage });
      expect(again.response.model).toBe(CONTEXT.model);
    }
  });

  it.each(streams)(
    '%s says the same to the tap as to the reader and passes it untouched',
    (file, protocol) => {
      const { bytes } = loadStream(file);
      const { response } = readStream(protocol, [bytes]);
      const end = bytes.indexOf(protocol === openaiChat ? 'data: [DONE]' : 'event: message_stop');
      for (const chunks of [[bytes], bytewise(bytes), loadStream(file).frames]) {
        const tap = new SseTap(protocol, { dropUsageOnly: false, holdBytesMax: 128 * 1024 });
        const forwarded: Buffer[] = [];
        for (const chunk of chunks) forwarded.push(tap.push(chunk) ?? Buffer.alloc(0));
        expect(Buffer.concat(forwarded).equals(bytes.subarray(0, end))).toBe(true);
        expect(tap.isComplete).toBe(true);
        expect(tap.usage ?? response.usage).toEqual(response.usage);
        expect(tap.finishReason).toBe(response.finishReason);
        expect(tap.model).toBe(response.model);
        expect(tap.contentEvents > 0).toBe(response.finishReason !== 'content_filter');
      }
    },
  );
});

describe.skipIf(!hasFixtures)(`recorded answers (skipped without ${FIXTURES})`, () => {
  it.each(answers)('%s says the same to callers of every protocol', (file, protocol) => {
    const body = loadJson(file);
    const response = protocol.readResponse(body, { protocol: protocol.name });
    if ('class' in response) return expect.unreachable(response.message ?? '');
    expect(response.usage.inputTokens).toBeGreaterThan(0);
    expect(protocol.inspectResponse(body as Record<string, unknown>)).toEqual({
      usage: response.usage,
      model: response.model,
      finishReason: response.finishReason,
    });
    for (const caller of callers) {
      const written: unknown = JSON.parse(caller.writeResponse(response, CONTEXT).toString());
      const again = caller.readResponse(written, { protocol: caller.name });
      if ('class' in again) return expect.unreachable(again.message ?? '');
      expect(digest(again)).toEqual(digest(response));
    }
  });

  it.each(streams)('%s as events is the same as its answer in one piece', (file, protocol) => {
    const { response } = readStream(protocol, [loadStream(file).bytes]);
    for (const caller of callers) {
      const again = caller.readResponse(JSON.parse(caller.writeResponse(response, CONTEXT).toString()), {
        protocol: caller.name,
      });
      if ('class' in again) return expect.unreachable(again.message ?? '');
      expect(digest(again)).toEqual(digest(response));
    }
  });
});

describe.skipIf(!hasFixtures)(`recorded faults (skipped without ${FIXTURES})`, () => {
  it('trap 59 another message inside of a message is an error', () => {
    const { isComplete, failure } = readStream(anthropicMessages, [
      loadStream('anthropic/spliced-message-start.chunks.txt').bytes,
    ]);
    expect(isComplete).toBe(false);
    expect(failure).toMatchObject({ code: 'upstream_malformed' });
  });

  it('trap 59 the same message announced twice is one message', () => {
    const { events } = readStream(anthropicMessages, [
      loadStream('anthropic/duplicate-message-start.chunks.txt').bytes,
    ]);
    expect(events.filter((event) => event.type === 'messageStart')).toHaveLength(1);
  });

  it('trap 78 an unsupported parameter is the fault of the caller, with its name', () => {
    const body = JSON.stringify(loadJson('openai/chat/reasoning-model-legacy-parameter-error.json'));
    expect(openaiChat.readError(400, {}, body)).toMatchObject({
      class: 'callerFault',
      param: 'max_tokens',
      code: 'unsupported_parameter',
    });
  });
});

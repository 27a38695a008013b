import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import { cohereChat } from '../../../src/protocols/cohere-chat/index.ts';
import { gemini } from '../../../src/protocols/gemini/index.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import { openaiResponses } from '../../../src/protocols/openai-responses/index.ts';
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
const RESPONSE_FOLDERS = ['openai/responses', 'open-responses/responses', 'xai/responses', 'azure'];
/** Not answers of a chat, or no JSON. */
const OTHERS = /error(?:\.1)?\.(?:json|chunks)|transcription|embedding|parallel-tool-call-wrapper/;
/** Answers that say nothing for a caller: all in them is the vendor's own. */
const SILENT =
  /advisor|apply-patch|client-tool-search\.1|custom-tool|local-shell|mcp-tool-approval\.1|shell-tool\.1|programmatic-tool-calling\.2/;
/** What ends a stream, or counts as its end. */
const TERMINAL = /\[DONE\]|"type":"(?:message_stop|message-end|response\.completed)"|"finishReason":/;

const streams: readonly (readonly [file: string, protocol: Protocol])[] = [
  ...listFixtures(CHAT_FOLDERS, '.chunks.txt').map((file) => [file, openaiChat] as const),
  ...listFixtures(CHAT_FOLDERS, '.sse').map((file) => [file, openaiChat] as const),
  ...listFixtures(['anthropic'], '.chunks.txt')
    .filter((file) => !file.includes('spliced'))
    .map((file) => [file, anthropicMessages] as const),
  ...listFixtures(RESPONSE_FOLDERS, '.chunks.txt').map((file) => [file, openaiResponses] as const),
  ...listFixtures(['cohere'], '.chunks.txt').map((file) => [file, cohereChat] as const),
  ...listFixtures(['google'], '.chunks.txt').map((file) => [file, gemini] as const),
].filter(([file]) => !OTHERS.test(file));
const answers: readonly (readonly [file: string, protocol: Protocol])[] = [
  ...listFixtures(CHAT_FOLDERS, '.json').map((file) => [file, openaiChat] as const),
  ...listFixtures(['anthropic'], '.json').map((file) => [file, anthropicMessages] as const),
  ...listFixtures(RESPONSE_FOLDERS, '.json').map((file) => [file, openaiResponses] as const),
  ...listFixtures(['cohere'], '.json').map((file) => [file, cohereChat] as const),
  ...listFixtures(['google'], '.json').map((file) => [file, gemini] as const),
].filter(([file]) => !OTHERS.test(file));
/** How the event begins that ends a stream. */
const TERMINATORS = new Map([
  [openaiChat, 'data: [DONE]'],
  [anthropicMessages, 'event: message_stop'],
  [openaiResponses, 'event: response.completed'],
  [cohereChat, 'event: message-end'],
]);
const callers = [openaiChat, anthropicMessages, openaiResponses, gemini];

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
    expect(text !== '' || refusal !== '' || calls.length > 0 || SILENT.test(file)).toBe(true);
    expect(finishReason).not.toBe('other');
    expect(readStream(protocol, bytewise(bytes)).events).toEqual(whole.events);
  });

  it.each(streams)('%s is never complete when it is cut before its end', (file, protocol) => {
    const { frames } = loadStream(file);
    const reader = protocol.streamReader({ protocol: protocol.name });
    for (const frame of frames) {
      const isTerminal = TERMINAL.test(frame.toString());
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
      const terminator = TERMINATORS.get(protocol);
      // Gemini has none: what came last counts.
      const end =
        terminator === undefined
          ? bytes.length - (loadStream(file).frames.at(-1)?.length ?? 0)
          : bytes.indexOf(terminator);
      for (const chunks of [[bytes], bytewise(bytes), loadStream(file).frames]) {
        const options = { dropUsageOnly: false, holdBytesMax: 128 * 1024 };
        const tap = protocol.streamTap?.(options) ?? new SseTap(protocol, options);
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
      model: response.model ?? undefined,
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

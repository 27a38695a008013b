import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import { cohereChat } from '../../../src/protocols/cohere-chat/index.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import { openaiResponses } from '../../../src/protocols/openai-responses/index.ts';
import type { Protocol } from '../../../src/protocols/protocol.ts';
import { SseTap } from '../../../src/protocols/tap.ts';
import { FIXTURES, hasFixtures, loadJson, loadStream } from '../../support/fixtures.ts';
import { RECORDED_ANSWERS, RECORDED_STREAMS } from '../../support/recordings.ts';
import { bytewise, digest, readStream } from './digest.ts';
import { spoken } from './matrix/pairs.ts';

/** Answers that say nothing for a caller: all in them is the vendor's own. */
const SILENT =
  /advisor|apply-patch|client-tool-search\.1|custom-tool|local-shell|mcp-tool-approval\.1|shell-tool\.1|programmatic-tool-calling\.2/;
/** Bedrock's frames are no SSE: their tap is tested beside it. */
const streams: readonly (readonly [file: string, protocol: Protocol])[] = RECORDED_STREAMS.filter(
  ([, name]) => name !== 'bedrock-converse',
).map(([file, name]) => [file, spoken(name)]);
const answers = RECORDED_ANSWERS.map(([file, name]) => [file, spoken(name)] as const);
/** How the event begins that ends a stream. */
const TERMINATORS = new Map([
  [openaiChat, 'data: [DONE]'],
  [anthropicMessages, 'event: message_stop'],
  [openaiResponses, 'event: response.completed'],
  [cohereChat, 'event: message-end'],
]);

describe.skipIf(!hasFixtures)(`recorded streams (skipped without ${FIXTURES})`, () => {
  it.each(streams)('%s says something', (file, protocol) => {
    const { response } = readStream(protocol, [loadStream(file).bytes]);
    const { text, refusal, calls } = digest(response);
    expect(text !== '' || refusal !== '' || calls.length > 0 || SILENT.test(file)).toBe(true);
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
  it.each(answers)('%s says the same to the byte lane as to the reader', (file, protocol) => {
    const body = loadJson(file);
    const response = protocol.readResponse(body, { protocol: protocol.name });
    if ('class' in response) return expect.unreachable(response.message ?? '');
    expect(protocol.inspectResponse(body as Record<string, unknown>)).toEqual({
      usage: response.usage,
      model: response.model ?? undefined,
      finishReason: response.finishReason,
    });
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

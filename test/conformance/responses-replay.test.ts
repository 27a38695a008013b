import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP_KEY, configText } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { FIXTURES, hasFixtures, loadText } from '../support/fixtures.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import {
  RESPONSE_ANSWERS,
  RESPONSE_STREAMS,
  readRecordedResponse,
  readRecordedResponseStream,
  responseEventsIn,
} from '../support/recorded-responses.ts';
import { CUTS, DIVISIONS, replayAnswer, replayCut, replayStream } from '../support/replay.ts';
import { CALLERS, type Heard, type ReplayRig } from '../support/replay-callers.ts';
import { MODEL_OF } from '../support/sdk-rig.ts';

const PROTOCOL = 'openai-responses';
/** The callers name the model of this wire; behind it is a Responses upstream. */
const WIRE = 'openai-chat';
/** Byte by byte takes a turn of the event loop a byte: for those up to this size. */
const BYTEWISE_BYTES_MAX = 9_000;
/** Of longer recordings only the first and the last events are cut at. */
const CUTS_MAX = 16;
const upstream = new FakeUpstream();
let gateway: TestGateway;
let rig: ReplayRig;

beforeAll(async () => {
  await upstream.listen();
  const name = MODEL_OF[WIRE];
  gateway = await startGateway({
    config: configText(
      [{ name, protocol: PROTOCOL, port: upstream.port }],
      [{ name, targets: [`${name}/upstream-model`] }],
    ),
  });
  rig = {
    gateway,
    openai: new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: gateway.baseUrl, apiKey: APP_KEY, authToken: null, maxRetries: 0 }),
  };
});
afterAll(async () => {
  await gateway?.close();
  await upstream.close();
});

const heardAll: { readonly heard: Heard; readonly outcome: string; readonly what: string }[] = [];

describe.skipIf(!hasFixtures)(`recorded responses through every caller (skipped without ${FIXTURES})`, () => {
  it.each(RESPONSE_STREAMS)('%s comes out the same, however it was divided', async (file) => {
    const { raw: _, ...expected } = readRecordedResponseStream(file);
    const isSmall = loadText(file).length <= BYTEWISE_BYTES_MAX;
    const events = responseEventsIn(file);
    for (const division of DIVISIONS.filter((one) => isSmall || one !== 'byte by byte')) {
      upstream.answer(replayStream(events, PROTOCOL, division));
      for (const caller of CALLERS) {
        const what = `${file}: ${caller.name}, ${division}`;
        const heard = await caller.stream(rig, WIRE);
        if (heard.failure !== null) throw heard.failure;
        expect(heard.said, what).toEqual(expected);
        heardAll.push({ heard, outcome: 'succeeded', what });
      }
    }
  });

  it.each(RESPONSE_ANSWERS)('%s comes out the same', async (file) => {
    const { raw: _, ...expected } = readRecordedResponse(file);
    upstream.answer(replayAnswer(loadText(file)));
    for (const caller of CALLERS) {
      const heard = await caller.whole(rig, WIRE);
      if (heard.failure !== null) throw heard.failure;
      expect(heard.said, caller.name).toEqual(expected);
      heardAll.push({ heard, outcome: 'succeeded', what: `${file}: ${caller.name}` });
    }
  });

  const SHORTEST = [...RESPONSE_STREAMS]
    .sort((one, other) => responseEventsIn(one).length - responseEventsIn(other).length)
    .filter((file) => /tool-search\.1|copilot|pdf|programmatic-tool-calling\.2/.test(file));

  it.each(SHORTEST)('%s never looks complete, wherever and however it is cut', async (file) => {
    const { text } = readRecordedResponseStream(file);
    const events = responseEventsIn(file);
    const counts = [...events.keys()].filter(
      (count) => count < CUTS_MAX / 2 || count >= events.length - CUTS_MAX / 2,
    );
    for (const [count, cut] of counts.flatMap((each) => CUTS.map((one) => [each, one] as const))) {
      upstream.answer(replayCut(events, PROTOCOL, count, cut));
      for (const caller of CALLERS) {
        const what = `${file}: ${caller.name}, ${cut} after ${count} of ${events.length} events`;
        const heard = await caller.stream(rig, WIRE);
        expect(heard.said, what).toBeNull();
        expect(heard.failure, what).toBeInstanceOf(Error);
        expect(text.startsWith(heard.text), what).toBe(true);
        heardAll.push({ heard, outcome: 'not', what });
      }
    }
  });

  it('every one of these calls has its record, with the usage that the provider told', async () => {
    const rows = new Map((await gateway.rows()).map((row) => [row.id, row]));
    expect(heardAll.length).toBeGreaterThan(RESPONSE_STREAMS.length * CALLERS.length);
    for (const { heard, outcome, what } of heardAll) {
      const row = rows.get(heard.callId ?? '');
      if (outcome !== 'succeeded') {
        expect(['interrupted', 'failed'], what).toContain(row?.outcome);
        continue;
      }
      expect(row, what).toMatchObject({
        outcome,
        usage_source: 'provider',
        finish_reason: heard.said?.finishReason,
        input_tokens: heard.said?.inputTokens,
        output_tokens: heard.said?.outputTokens,
      });
    }
  });
});

import { describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { sseFrame } from '../support/fake-upstream-steps.ts';
import { FIXTURES, hasFixtures, loadText } from '../support/fixtures.ts';
import { GEMINI_MODELS, useGeminiRig } from '../support/gemini-rig.ts';
import type { Said } from '../support/recorded-answer.ts';
import {
  GEMINI_ANSWERS,
  GEMINI_STREAMS,
  geminiEventsIn,
  readRecordedGemini,
  readRecordedGeminiStream,
} from '../support/recorded-gemini.ts';
import { CUTS, DIVISIONS, replayAnswer, replayCut, replayStream } from '../support/replay.ts';
import { CALLERS, type Heard } from '../support/replay-callers.ts';
import { GoogleCaller } from '../support/replay-gemini-caller.ts';

/** Every model is the vendor's: what callers name `gpt` and `claude` are other names of it. */
const rig = useGeminiRig({ 'openai-chat': 'gemini', 'anthropic-messages': 'gemini' });
/** Byte by byte takes a turn of the event loop a byte: for those up to this size. */
const BYTEWISE_BYTES_MAX = 3_600;
const heardAll: { readonly heard: Heard; readonly said: Said | null; readonly what: string }[] = [];

/** Of every caller: those of other protocols, and Google's own client. */
async function hearAll(how: 'whole' | 'stream'): Promise<readonly (readonly [name: string, heard: Heard])[]> {
  const google = new GoogleCaller(rig.gateway.baseUrl);
  const heard: (readonly [string, Heard])[] = [[google.name, await google[how](GEMINI_MODELS.gemini)]];
  for (const caller of CALLERS) heard.push([caller.name, await caller[how](rig, 'openai-chat')]);
  return heard;
}

/** In the byte lane calls in pieces come as the upstream sent them: putting them together is the client's. */
const isInPieces = (file: string, name: string) => /arguments/.test(file) && name === '@google/genai';

describe.skipIf(!hasFixtures)(`recorded Gemini traffic (skipped without ${FIXTURES})`, () => {
  it.each(GEMINI_STREAMS)('%s comes out the same, however it was divided', async (file) => {
    const said = readRecordedGeminiStream(file);
    expect(said.finishReason).not.toBe('other');
    const isSmall = loadText(file).length <= BYTEWISE_BYTES_MAX;
    for (const division of DIVISIONS.filter((one) => isSmall || one !== 'byte by byte')) {
      rig.plays('gemini', replayStream(geminiEventsIn(file), 'gemini', division));
      for (const [name, heard] of await hearAll('stream')) {
        const what = `${file}: ${name}, ${division}`;
        if (heard.failure !== null) throw heard.failure;
        const calls = isInPieces(file, name) ? heard.said?.calls : said.calls;
        expect(heard.said, what).toEqual({ ...said, calls });
        heardAll.push({ heard, said, what });
      }
    }
  });

  it.each(GEMINI_ANSWERS)('%s comes out the same', async (file) => {
    const said = readRecordedGemini(file);
    rig.plays('gemini', replayAnswer(loadText(file)));
    for (const [name, heard] of await hearAll('whole')) {
      if (heard.failure !== null) throw heard.failure;
      expect(heard.said, name).toEqual(said);
      heardAll.push({ heard, said, what: `${file}: ${name}` });
    }
  });

  it.each(GEMINI_STREAMS)('trap 40 %s never looks complete, wherever and however it is cut', async (file) => {
    const { text } = readRecordedGeminiStream(file);
    const events = geminiEventsIn(file);
    const counts = events.map((_, count) => count);
    for (const [count, cut] of counts.flatMap((each) => CUTS.map((one) => [each, one] as const))) {
      rig.plays('gemini', replayCut(events, 'gemini', count, cut));
      for (const [name, heard] of await hearAll('stream')) {
        const what = `${file}: ${name}, ${cut} after ${count} of ${events.length} events`;
        expect(heard.said, what).toBeNull();
        expect(heard.failure, what).toBeInstanceOf(Error);
        expect(text.startsWith(heard.text), what).toBe(true);
        heardAll.push({ heard, said: null, what });
      }
    }
  });

  it.each(GEMINI_STREAMS)('%s passes untouched to a caller of its own protocol', async (file) => {
    const events = geminiEventsIn(file);
    rig.plays('gemini', replayStream(events, 'gemini', 'at every event'));
    const response = await fetch(
      `${rig.gateway.baseUrl}/v1beta/models/flash:streamGenerateContent?alt=sse&key=${APP_KEY}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"contents":[{"parts":[{"text":"Hello"}]}]}',
      },
    );
    expect(await response.text()).toBe(events.map((data) => sseFrame(data)).join(''));
  });

  it('every one of these calls has its record', async () => {
    const rows = new Map((await rig.gateway.rows()).map((row) => [row.id, row]));
    expect(heardAll.length).toBeGreaterThan(100);
    for (const { heard, said, what } of heardAll) {
      const row = rows.get(heard.callId ?? '');
      if (said === null) {
        // Google's client shows no headers of a stream that has said nothing.
        if (heard.callId === null) continue;
        expect(['interrupted', 'failed'], what).toContain(row?.outcome);
        expect(row?.error_code, what).toBe('upstream_interrupted');
      } else {
        expect(row, what).toMatchObject({
          outcome: 'succeeded',
          finish_reason: said.finishReason,
          usage_source: 'provider',
          input_tokens: said.inputTokens,
          output_tokens: said.outputTokens,
        });
      }
    }
  });
});

import { describe, expect, it } from 'vitest';
import { PROTOCOL_NAMES, type ProtocolName } from '../../src/protocols/blocks.ts';
import { FIXTURES, hasFixtures, loadText } from '../support/fixtures.ts';
import { playCut, playDivided, playFrames, useMatrixRig } from '../support/matrix-rig.ts';
import type { Recording } from '../support/recorded-answer.ts';
import { readRecording } from '../support/recorded-said.ts';
import {
  firstAnswerOf,
  GAPPED,
  RECORDED_ANSWERS,
  RECORDED_STREAMS,
  type RecordedFile,
} from '../support/recordings.ts';
import { CUTS, replayAnswer } from '../support/replay.ts';
import { ALL_CALLERS, expectedSaid, type Heard, type ReplayCaller } from '../support/replay-callers.ts';

/** A fault made by hand, which the byte lane passes as it is. */
const FAULTY = /duplicate-message-start/;
/** This client's errors have no headers. */
const SILENT_OF_IDS = 'to @google/genai: ';
/** In segments of their own above this takes long. */
const DIVIDED_BYTES_MAX = 40_000;
const SEED = 20_2020;

/** Short streams of text or calls. */
const CUT: Readonly<Record<ProtocolName, string>> = {
  'openai-chat': 'groq/groq-text.chunks.txt',
  'openai-responses': 'openai/responses/openai-tool-search.1.chunks.txt',
  'anthropic-messages': 'anthropic/anthropic-json-other-tool.1.chunks.txt',
  gemini: 'google/google-tool-call-gemini3.chunks.txt',
  'bedrock-converse': 'amazon-bedrock/amazon-bedrock-tool-no-args.chunks.txt',
  'cohere-chat': 'cohere/cohere-tool-call.chunks.txt',
};

const triplesOf = (files: readonly RecordedFile[]) =>
  files
    .filter(([file]) => !FAULTY.test(file) && !GAPPED.test(file))
    .flatMap(([file, wire]) => ALL_CALLERS.map((caller) => [file, caller.name, wire, caller] as const));
const STREAMED = triplesOf(RECORDED_STREAMS);
const WHOLE = triplesOf(RECORDED_ANSWERS);
const EVERY_PAIR = PROTOCOL_NAMES.flatMap((wire) =>
  ALL_CALLERS.map((caller) => [wire, caller.name, caller] as const),
);

/** What a caller hears otherwise than it was recorded, because its protocol or its client has no way to say it. */
function differenceOf(recording: Recording, said: Heard['said'], file: string, { protocol }: ReplayCaller) {
  const { inputTokens, outputTokens, text, calls } = said ?? recording;
  const isFiltered = recording.finishReason === 'content_filter';
  return {
    // A stream in Anthropic's protocol must have counts.
    ...(recording.inputTokens === null && protocol === 'anthropic-messages' && { inputTokens, outputTokens }),
    // Arguments in pieces pass the byte lane as they are: putting them together is the client's.
    ...(/array-arguments/.test(file) && protocol === 'gemini' && { calls }),
    // A refusal is text there.
    ...(isFiltered && (protocol === 'bedrock-converse' || protocol === 'cohere-chat') && { text }),
    // And a filtered answer an error, which is no reason to end of the internal form.
    ...(isFiltered && protocol === 'cohere-chat' && { finishReason: 'other' }),
  };
}

describe.skipIf(!hasFixtures)(`every caller before every upstream (skipped without ${FIXTURES})`, () => {
  const rig = useMatrixRig();
  const served: { readonly heard: Heard; readonly recording: Recording; readonly what: string }[] = [];
  const broken: { readonly heard: Heard; readonly what: string }[] = [];

  function check(heard: Heard, recording: Recording, file: string, wire: ProtocolName, caller: ReplayCaller) {
    if (heard.failure !== null) throw heard.failure;
    const expected = expectedSaid(recording, caller, wire);
    expect(heard.said).toEqual({ ...expected, ...differenceOf(recording, heard.said, file, caller) });
  }

  it.each(STREAMED)('%s, streamed to %s', async (file, name, wire, caller) => {
    const recording = readRecording(file, wire, 'stream');
    expect(recording.finishReason).not.toBe('other');
    const frames = firstAnswerOf(file);
    const isDivided = loadText(file).length <= DIVIDED_BYTES_MAX;
    const scripts = [playFrames(wire, frames), ...(isDivided ? [playDivided(wire, frames, SEED)] : [])];
    for (const script of scripts) {
      rig.plays(wire, script);
      const heard = await caller.stream(rig, wire);
      check(heard, recording, file, wire, caller);
      served.push({ heard, recording, what: `${file} to ${name}` });
    }
  });

  it.each(WHOLE)('%s, whole to %s', async (file, name, wire, caller) => {
    const recording = readRecording(file, wire, 'whole');
    expect(recording.finishReason).not.toBe('other');
    rig.plays(wire, replayAnswer(loadText(file)));
    const heard = await caller.whole(rig, wire);
    check(heard, recording, file, wire, caller);
    served.push({ heard, recording, what: `${file} to ${name}` });
  });

  it.each(EVERY_PAIR)('what %s cuts off reaches %s as an error', async (wire, name, caller) => {
    const file = CUT[wire];
    const frames = firstAnswerOf(file);
    const { text } = readRecording(file, wire, 'stream');
    // Before all, in the midst of it, and where all but the last frame has come.
    for (const count of [0, Math.ceil(frames.length / 2), frames.length - 1]) {
      for (const cut of CUTS) {
        rig.plays(wire, playCut(wire, frames, count, cut));
        const heard = await caller.stream(rig, wire);
        const what = `${file} to ${name}: ${cut} after ${count} of ${frames.length} frames`;
        expect(heard.said, what).toBeNull();
        expect(heard.failure, what).toBeInstanceOf(Error);
        // The client itself throws: nobody has to look for what is missing.
        expect(String(heard.failure), what).not.toContain('ended without');
        expect(text.startsWith(heard.text), what).toBe(true);
        broken.push({ heard, what });
      }
    }
  });

  it('every one of these calls has its record, with the usage that the provider told', async () => {
    expect(EVERY_PAIR).toHaveLength(42);
    for (const [wire, name] of EVERY_PAIR) {
      for (const all of [STREAMED, WHOLE]) {
        const count = all.filter(([, caller, upstream]) => caller === name && upstream === wire).length;
        expect(count, `${wire} to ${name}`).toBeGreaterThanOrEqual(3);
      }
    }
    expect(served.length).toBeGreaterThanOrEqual(STREAMED.length + WHOLE.length);
    expect(broken).toHaveLength(EVERY_PAIR.length * 3 * CUTS.length);
    const rows = new Map((await rig.gateway.rows()).map((row) => [row.id, row]));
    for (const { heard, recording, what } of served) {
      const row = rows.get(heard.callId ?? '');
      expect(row, what).toMatchObject({ outcome: 'succeeded', finish_reason: recording.finishReason });
      if (recording.inputTokens === null) expect(row?.usage_source, what).not.toBe('provider');
      else {
        expect(row, what).toMatchObject({
          usage_source: 'provider',
          input_tokens: recording.inputTokens,
          output_tokens: recording.outputTokens,
        });
      }
    }
    for (const { heard, what } of broken) {
      if (heard.callId === null && what.includes(SILENT_OF_IDS)) continue;
      const row = rows.get(heard.callId ?? '');
      expect(['interrupted', 'failed'], what).toContain(row?.outcome);
      expect(row?.error_code, what).toBe('upstream_interrupted');
    }
    const countOf = (code: string | null) =>
      [...rows.values()].filter((row) => row.error_code === code).length;
    expect([countOf(null), countOf('upstream_interrupted')]).toEqual([served.length, broken.length]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Wire } from '../support/call.ts';
import { FIXTURES, hasFixtures, loadText } from '../support/fixtures.ts';
import {
  ANSWERS,
  eventsIn,
  type Recording,
  readRecordedAnswer,
  readRecordedStream,
  STREAMS,
} from '../support/recorded-answer.ts';
import { type Division, replayAnswer, replayStream } from '../support/replay.ts';
import { CALLERS, expectedSaid, type Heard, type ReplayCaller } from '../support/replay-callers.ts';
import { useSdkRig } from '../support/sdk-rig.ts';

/** Byte by byte takes a turn of the event loop a byte: for those up to this size. */
const BYTEWISE_BYTES_MAX = 3_600;

describe.skipIf(!hasFixtures)(`recorded traffic through every caller (skipped without ${FIXTURES})`, () => {
  const rig = useSdkRig();
  const calls: { heard: Heard; recording: Recording; what: string }[] = [];

  function check(heard: Heard, recording: Recording, caller: ReplayCaller, wire: Wire, what: string): void {
    if (heard.failure !== null) throw heard.failure;
    const expected = expectedSaid(recording, caller, wire);
    // An answer in Anthropic's protocol has no way to say that a count is not known.
    const isUnknown = expected.inputTokens === null && caller.protocol === 'anthropic-messages';
    const { inputTokens, outputTokens } = heard.said ?? expected;
    expect(heard.said, what).toEqual({ ...expected, ...(isUnknown && { inputTokens, outputTokens }) });
    calls.push({ heard, recording, what });
  }

  it.each(STREAMS)('%s comes out the same, however it was divided', async (file, wire) => {
    const recording = readRecordedStream(file, wire);
    expect(recording.finishReason).not.toBe('other');
    const events = eventsIn(file);
    const isSmall = loadText(file).length <= BYTEWISE_BYTES_MAX;
    const divisions: Division[] = [
      'one piece',
      'at every event',
      ...(isSmall ? ['byte by byte' as const] : []),
    ];
    for (const division of divisions) {
      rig.plays(wire, replayStream(events, wire, division));
      for (const caller of CALLERS)
        check(await caller.stream(rig, wire), recording, caller, wire, `${caller.name}, ${division}`);
    }
  });

  it.each(ANSWERS)('%s comes out the same', async (file, wire) => {
    const recording = readRecordedAnswer(file, wire);
    rig.plays(wire, replayAnswer(loadText(file)));
    for (const caller of CALLERS) check(await caller.whole(rig, wire), recording, caller, wire, caller.name);
  });

  it('every one of these calls has its record, with the usage that the provider told', async () => {
    const rows = new Map((await rig.gateway.rows()).map((row) => [row.id, row]));
    expect(calls.length).toBeGreaterThan(STREAMS.length + ANSWERS.length);
    for (const { heard, recording, what } of calls) {
      const row = rows.get(heard.callId ?? '');
      expect(row?.outcome, what).toBe('succeeded');
      expect(row?.finish_reason, what).toBe(recording.finishReason);
      if (recording.inputTokens === null) expect(row?.usage_source, what).not.toBe('provider');
      else {
        expect(row, what).toMatchObject({
          usage_source: 'provider',
          input_tokens: recording.inputTokens,
          output_tokens: recording.outputTokens,
        });
      }
    }
  });
});

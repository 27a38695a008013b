import { describe, expect, it } from 'vitest';
import { FIXTURES, hasFixtures } from '../support/fixtures.ts';
import { eventsIn, readRecordedStream, STREAMS } from '../support/recorded-answer.ts';
import { CUTS, replayCut } from '../support/replay.ts';
import { CALLERS, type Heard } from '../support/replay-callers.ts';
import { useSdkRig } from '../support/sdk-rig.ts';

/** Of longer recordings only the first and the last events are cut at. */
const CUTS_MAX = 24;

const providerOf = (file: string) => file.split('/')[0];
const lengthOf = (file: string) => eventsIn(file).length;
/** The shortest recording of each provider that says something. */
const SHORTEST = STREAMS.filter(
  ([file]) =>
    !STREAMS.some(([other]) => providerOf(other) === providerOf(file) && lengthOf(other) < lengthOf(file)),
);

/** After how many events to cut, for each way to cut before the end. */
function cutsOf(file: string): readonly number[] {
  const isOpenai = !file.startsWith('anthropic/');
  // The last event of OpenAI's protocol, [DONE], is not among the recorded ones.
  const cuts = Array.from({ length: lengthOf(file) + (isOpenai ? 1 : 0) }, (_, count) => count);
  return cuts.length <= CUTS_MAX ? cuts : [...cuts.slice(0, CUTS_MAX / 2), ...cuts.slice(-CUTS_MAX / 2)];
}

describe.skipIf(!hasFixtures)(`recorded streams that break off (skipped without ${FIXTURES})`, () => {
  const rig = useSdkRig();
  const calls: { heard: Heard; what: string }[] = [];

  it.each(SHORTEST)('%s never looks complete, wherever and however it is cut', async (file, wire) => {
    const { text } = readRecordedStream(file, wire);
    const events = eventsIn(file);
    for (const [count, cut] of cutsOf(file).flatMap((each) => CUTS.map((cut) => [each, cut] as const))) {
      rig.plays(wire, replayCut(events, wire, count, cut));
      for (const caller of CALLERS) {
        const heard = await caller.stream(rig, wire);
        const what = `${caller.name}, ${cut} after ${count} of ${events.length} events`;
        expect(heard.said, what).toBeNull();
        expect(heard.failure, what).toBeInstanceOf(Error);
        if (caller.protocol === 'graphql') expect(String(heard.failure)).toContain('upstream_interrupted');
        expect(text.startsWith(heard.text), what).toBe(true);
        calls.push({ heard, what: `${file}: ${what}` });
      }
    }
  });

  it('every one of these calls has its record, and none has succeeded', async () => {
    const rows = new Map((await rig.gateway.rows()).map((row) => [row.id, row]));
    expect(SHORTEST.length).toBeGreaterThan(8);
    for (const { heard, what } of calls) {
      const row = rows.get(heard.callId ?? '');
      expect(['interrupted', 'failed'], what).toContain(row?.outcome);
      expect(row?.error_code, what).toBe('upstream_interrupted');
    }
  });
});

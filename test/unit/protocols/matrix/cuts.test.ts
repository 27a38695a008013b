import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import type { BlockEvent, ProtocolName } from '../../../../src/protocols/blocks.ts';
import type { Protocol } from '../../../../src/protocols/protocol.ts';
import { sampled } from '../../../support/divisions.ts';
import { FIXTURES, hasFixtures, NO_FIXTURES } from '../../../support/fixtures.ts';
import { firstAnswerOf, RECORDED_STREAMS } from '../../../support/recordings.ts';
import { CONTEXT, readStream } from '../digest.ts';
import { pairsOf, spoken } from './pairs.ts';

/** Cuts of one recording before one caller: all of a short one. */
const CUTS_MAX = 24;

/** These end without the usage that may follow their last event: only the end of the body tells that none does. */
const OPEN_ENDED = /amazon-bedrock-json-tool\.[12]\.chunks/;

interface Cut {
  readonly events: readonly BlockEvent[];
  readonly isComplete: boolean;
}

/** What a reader says of the first frames of a stream, after which the body ends as if it were whole. */
function cutAfter(upstream: ProtocolName, frames: readonly Buffer[], count: number): Cut {
  const { events, isComplete, failure } = readStream(spoken(upstream), frames.slice(0, count));
  expect(failure).toBeNull();
  return { events, isComplete };
}

/** What a caller gets of a stream that breaks off: the events so far, and the failure in its protocol's form. */
function brokenOff(caller: Protocol, events: readonly BlockEvent[]) {
  const writer = caller.streamWriter(CONTEXT);
  const pieces = events.flatMap((event) => writer.write(event) ?? []);
  const failure = writer.error(new CallError('upstream_interrupted'), pieces.length === 0);
  return { pieces, withFailure: [...pieces, failure] };
}

it.skipIf(!hasFixtures)(`streams are there to be cut (skipped: ${NO_FIXTURES})`, () => {
  expect(RECORDED_STREAMS.length).toBeGreaterThan(60);
});

describe.skipIf(!hasFixtures)(`recorded streams that break off (skipped without ${FIXTURES})`, () => {
  it.each(RECORDED_STREAMS)('%s is not complete before its last event', (file, upstream) => {
    const frames = firstAnswerOf(file);
    const reader = spoken(upstream).streamReader({ protocol: upstream });
    const failures: BlockEvent[] = [];
    const take = (event: BlockEvent) => {
      if (event.type === 'error') failures.push(event);
    };
    for (const [at, frame] of frames.entries()) {
      reader.push(frame.subarray(0, -1), take);
      expect(reader.isComplete, `before the end of frame ${at}`).toBe(false);
      reader.push(frame.subarray(-1), take);
      const isLast = at === frames.length - 1;
      expect(reader.isComplete, `after frame ${at}`).toBe(isLast && !OPEN_ENDED.test(file));
    }
    reader.end?.(take);
    expect(reader.isComplete).toBe(true);
    expect(failures).toEqual([]);
  });

  it.each(RECORDED_STREAMS)('%s is not complete where its body ends too soon', (file, upstream) => {
    const frames = firstAnswerOf(file);
    for (const count of sampled(frames.length, 2 * CUTS_MAX)) {
      const cut = cutAfter(upstream, frames, count);
      expect(cut.isComplete, `after ${count} of ${frames.length} frames`).toBe(false);
    }
    expect(cutAfter(upstream, frames, frames.length).isComplete).toBe(true);
  });

  it.each(pairsOf(RECORDED_STREAMS))('%s never looks complete to a caller of %s', (file, name, upstream) => {
    const caller = spoken(name);
    const frames = firstAnswerOf(file);
    for (const count of sampled(frames.length, CUTS_MAX)) {
      const { events } = cutAfter(upstream, frames, count);
      const { pieces, withFailure } = brokenOff(caller, events);
      const what = `after ${count} of ${frames.length} frames`;
      const lost = readStream(caller, pieces);
      expect(lost, `${what}, the connection lost`).toMatchObject({ isComplete: false });
      const told = readStream(caller, withFailure);
      expect(told.isComplete, `${what}, the failure told`).toBe(false);
      expect(told.failure, `${what}, the failure told`).not.toBeNull();
    }
  });

  it.each(pairsOf(RECORDED_STREAMS))(
    '%s, all of it but its end, to a caller of %s',
    (file, name, upstream) => {
      const caller = spoken(name);
      const { events } = readStream(spoken(upstream), firstAnswerOf(file));
      const { pieces, withFailure } = brokenOff(caller, events);
      const reader = caller.streamReader({ protocol: name });
      for (const [at, piece] of pieces.entries()) {
        reader.push(piece, () => undefined);
        expect(reader.isComplete, `after piece ${at} of ${pieces.length}`).toBe(false);
      }
      expect(readStream(caller, pieces).isComplete).toBe(false);
      expect(readStream(caller, withFailure)).toMatchObject({
        isComplete: false,
        failure: expect.anything() as unknown,
      });
    },
  );
});

import { describe, expect, it } from 'vitest';
import { PROTOCOL_NAMES } from '../../../../src/protocols/blocks.ts';
import type { Protocol } from '../../../../src/protocols/protocol.ts';
import { divisionsOf } from '../../../support/divisions.ts';
import { FIXTURES, hasFixtures, loadJson, loadStream, NO_FIXTURES } from '../../../support/fixtures.ts';
import { readRecording } from '../../../support/recorded-said.ts';
import { GAPPED, RECORDED_ANSWERS, RECORDED_STREAMS } from '../../../support/recordings.ts';
import { CONTEXT, readStream, writeStream } from '../digest.ts';
import { CALLERS, pairsOf, spoken } from './pairs.ts';
import { expected, heard, isError, saidBy } from './speech.ts';

it.skipIf(!hasFixtures)(`every recording meets every caller (skipped: ${NO_FIXTURES})`, () => {
  expect(CALLERS).toHaveLength(7);
  expect(RECORDED_STREAMS.length * CALLERS.length).toBeGreaterThan(480);
  expect(RECORDED_ANSWERS.length * CALLERS.length).toBeGreaterThan(440);
  for (const files of [RECORDED_STREAMS, RECORDED_ANSWERS]) {
    for (const name of PROTOCOL_NAMES) {
      const count = files.filter(([, protocol]) => protocol === name).length;
      expect(count, `recordings in ${name}`).toBeGreaterThanOrEqual(3);
    }
  }
});

/** The answer as the caller's own reader has it, written in one piece. */
function throughWhole(caller: Protocol, ...[response]: Parameters<typeof heard>) {
  const body: unknown = JSON.parse(caller.writeResponse(response, CONTEXT).toString());
  const again = caller.readResponse(body, { protocol: caller.name });
  if ('class' in again) throw new Error(`not read back: ${again.message}`);
  expect(again.model, 'the model has the name that the caller knows').toBe(
    caller.name === 'bedrock-converse' || caller.name === 'cohere-chat' ? null : CONTEXT.model,
  );
  return heard(again);
}

describe.skipIf(!hasFixtures)(`recorded streams (skipped without ${FIXTURES})`, () => {
  it.each(RECORDED_STREAMS)('%s has one meaning to the graph, however it is divided', (file, upstream) => {
    const { bytes, frames } = loadStream(file);
    const whole = readStream(spoken(upstream), [bytes]);
    expect(whole).toMatchObject({ isComplete: true, failure: null });
    expect(whole.response.finishReason).not.toBe('other');
    if (!GAPPED.test(file)) {
      const { raw: _, ...said } = readRecording(file, upstream, 'stream');
      expect(saidBy(whole.response)).toEqual(said);
    }
    for (const [how, chunks] of [['at every event', frames] as const, ...divisionsOf(bytes)]) {
      const { events, response, isComplete } = readStream(spoken(upstream), chunks);
      expect(isComplete, how).toBe(true);
      expect(heard(response), how).toEqual(heard(whole.response));
      expect(JSON.stringify(events) === JSON.stringify(whole.events), `${how}: the same events`).toBe(true);
    }
  });

  it.each(pairsOf(RECORDED_STREAMS))('%s to a caller of %s', (file, name, upstream) => {
    const caller = spoken(name);
    const { events, response } = readStream(spoken(upstream), loadStream(file).frames);
    const writer = caller.streamWriter(CONTEXT);
    const pieces = events.flatMap((event) => writer.write(event) ?? []);
    pieces.push(writer.end());
    const bytes = Buffer.concat(pieces);
    expect(bytes.equals(writeStream(caller, events)), 'written twice it is the same').toBe(true);
    const first = readStream(caller, [bytes]);
    const said = expected(name, response, 'stream');
    for (const [how, chunks] of [['at every event', pieces] as const, ...divisionsOf(bytes)]) {
      const again = readStream(caller, chunks);
      expect(JSON.stringify(again.events) === JSON.stringify(first.events), `${how}: same events`).toBe(true);
      if (isError(name, response)) {
        expect(again, how).toMatchObject({ isComplete: false, failure: { class: 'transient' } });
        expect(heard(again.response).text, how).toBe(said.text);
      } else {
        expect(again, how).toMatchObject({ isComplete: true, failure: null });
        expect(heard(again.response), how).toEqual(said);
      }
    }
  });

  it.each(pairsOf(RECORDED_STREAMS))('%s, put together, to a caller of %s', (file, name, upstream) => {
    const { response } = readStream(spoken(upstream), loadStream(file).frames);
    expect(throughWhole(spoken(name), response)).toEqual(expected(name, response, 'whole'));
  });
});

describe.skipIf(!hasFixtures)(`recorded answers (skipped without ${FIXTURES})`, () => {
  it.each(RECORDED_ANSWERS)('%s means to the graph what stands there', (file, upstream) => {
    const response = spoken(upstream).readResponse(loadJson(file), { protocol: upstream });
    if ('class' in response) return expect.unreachable(response.message ?? '');
    const { raw: _, ...said } = readRecording(file, upstream, 'whole');
    expect(saidBy(response)).toEqual(said);
  });

  it.each(pairsOf(RECORDED_ANSWERS))('%s to a caller of %s', (file, name, upstream) => {
    const response = spoken(upstream).readResponse(loadJson(file), { protocol: upstream });
    if ('class' in response) return expect.unreachable(response.message ?? '');
    expect(response.finishReason).not.toBe('other');
    expect(response.usage.inputTokens).toBeGreaterThan(0);
    expect(throughWhole(spoken(name), response)).toEqual(expected(name, response, 'whole'));
  });
});

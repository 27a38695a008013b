import { expect, test } from 'vitest';
import { protocolOf } from '../../src/protocols/registry.ts';
import { SseTap } from '../../src/protocols/tap.ts';
import { PAIRS, type Wire } from '../support/call.ts';
import { bytes, EVENT_STREAM, pieces, respond } from '../support/fake-upstream-steps.ts';
import { useRig } from '../support/scenario.ts';
import { streamText } from '../support/stream-text.ts';

const rig = useRig();
const chunked = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
const bytesOf = (content: Buffer): Buffer[] => Array.from(content, (_, at) => content.subarray(at, at + 1));

test.each(PAIRS)(
  'U12 one byte per segment gives the same answer as one segment ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      await rig.run(upstream, async (s) => {
        const deltas = ['Grüße, ', '\u{1f469}\u200d\u{1f680}', ' 世界'];
        const body = chunked(Buffer.from(streamText(upstream, deltas).replaceAll('\n', lineEnd)));
        const head = respond(200, EVENT_STREAM);
        s.main.answerNext([head, bytes(body)], [head, pieces(bytesOf(body))]);
        const whole = await s.call({ caller, stream: true });
        const expected = await whole.answer();
        const split = await s.call({ caller, stream: true });
        const answer = await split.answer(20_000);
        expect(answer.read).toEqual(expected.read);
        expect(answer.read).toMatchObject({ isComplete: true, text: deltas.join('') });
        if (caller === upstream) expect(answer.body.equals(expected.body), 'the same bytes').toBe(true);
        for (const row of await s.rows())
          expect(row).toMatchObject({ outcome: 'succeeded', output_tokens: 3 });
      });
    }
  },
);

test.each(PAIRS)(
  'U12 an event of 1 MB passes in one segment and in many ($caller ← $upstream)',
  async ({ caller, upstream }) => {
    await rig.run(upstream, async (s) => {
      const long = '0123456789abcdef\u{1f600}'.repeat(50_000);
      const body = chunked(Buffer.from(streamText(upstream, ['short ', long, ' end'])));
      const some = Array.from({ length: Math.ceil(body.length / 7_919) }, (_, at) =>
        body.subarray(at * 7_919, (at + 1) * 7_919),
      );
      s.main.answerNext(
        [respond(200, EVENT_STREAM), bytes(body)],
        [respond(200, EVENT_STREAM), pieces(some)],
      );
      for (let count = 0; count < 2; count += 1) {
        const answer = await (await s.call({ caller, stream: true })).answer();
        expect(answer.read.isComplete).toBe(true);
        expect(answer.read.text === `short ${long} end`).toBe(true);
      }
    });
  },
);

/** Time to push a stream with one long event in single bytes, the best of some tries. */
function pushMs(wire: Wire, lane: 'byte' | 'block', length: number): number {
  const protocol = protocolOf(wire);
  if (protocol === undefined) throw new Error(wire);
  const all = Buffer.from(streamText(wire, ['x', 'y'.repeat(length)]));
  const single = bytesOf(all);
  const tries = [0, 1, 2].map(() => {
    const reader = protocol.streamReader({ protocol: wire, provider: 'test', model: 'test' });
    const tap = new SseTap(protocol, { dropUsageOnly: true, holdBytesMax: 1024 * 1024 });
    const startedMs = performance.now();
    for (const byte of single) {
      if (lane === 'byte') tap.push(byte);
      else reader.push(byte, () => {});
    }
    const isComplete = lane === 'byte' ? tap.isComplete : reader.isComplete;
    if (!isComplete) throw new Error('the stream was not read to its end');
    return performance.now() - startedMs;
  });
  return Math.min(...tries);
}

test.each([
  ['byte', 'openai-chat'],
  ['byte', 'anthropic-messages'],
  ['block', 'openai-chat'],
  ['block', 'anthropic-messages'],
] as const)(
  'U12 the time for single bytes grows with their number, not with its square (%s lane, %s)',
  (lane, wire) => {
    pushMs(wire, lane, 20_000);
    const once = pushMs(wire, lane, 100_000);
    const fourTimes = pushMs(wire, lane, 400_000);
    // Quadratic would be 16 times. 2.3² is what twice the budget for twice the input allows; the rest is for a busy machine.
    expect(fourTimes / once).toBeLessThan(2.3 ** 2 * 1.6);
  },
);

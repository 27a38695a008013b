import { expect, it } from 'vitest';
import { type BlockEvent, PROTOCOL_NAMES, UNKNOWN_USAGE } from '../../../../src/protocols/blocks.ts';
import { ResponseBuilder } from '../../../../src/protocols/response-builder.ts';
import { divisionsOf, seeded } from '../../../support/divisions.ts';
import { readStream, writeStream } from '../digest.ts';
import { spoken } from './pairs.ts';
import { expected, heard } from './speech.ts';

const SEEDS = Array.from({ length: 25 }, (_, at) => at + 1);
const USAGE = { ...UNKNOWN_USAGE, inputTokens: 30, outputTokens: 20, totalTokens: 50, cachedInputTokens: 10 };
const ARGUMENTS = ['{"city":"Zürich","days":[1,2]}', '{}', '{"text":"\\"}{\\u00e9 ✓"}', ''];

/** A text and parallel calls whose pieces come in any order, as OpenAI's protocol may send them. */
function interleaved(seed: number): readonly BlockEvent[] {
  const random = seeded(seed * 7_919);
  const calls = ARGUMENTS.map((text, at) => ({ index: at + 1, text, at: 0, isOpen: false }));
  const events: BlockEvent[] = [
    { type: 'messageStart', id: 'upstream-1', model: 'upstream-model' },
    { type: 'blockStart', index: 0, block: { type: 'text' } },
    { type: 'blockDelta', index: 0, text: 'I look ' },
    { type: 'blockDelta', index: 0, text: 'it up. ✓' },
    { type: 'blockStop', index: 0 },
  ];
  let started = 0;
  for (let open = calls.slice(); open.length > 0; ) {
    const call = open[Math.floor(random() * Math.min(open.length, started + 1))] ?? open[0];
    if (call === undefined) break;
    if (!call.isOpen) {
      // Blocks are counted in the order of their start.
      call.index = ++started;
      call.isOpen = true;
      const block = { type: 'toolCall', id: `call_${call.index}0001`, name: `tool_${call.index}` } as const;
      events.push({ type: 'blockStart', index: call.index, block });
    } else if (call.at < call.text.length) {
      const end = call.at + 1 + Math.floor(random() * 8);
      events.push({ type: 'blockDelta', index: call.index, text: call.text.slice(call.at, end) });
      call.at = end;
    } else {
      events.push({ type: 'blockStop', index: call.index });
      open = open.filter((one) => one !== call);
    }
  }
  return [
    ...events,
    { type: 'usage', usage: USAGE },
    { type: 'messageStop', reason: 'tool_calls', rawReason: null, stopSequence: null },
  ];
}

it.each(PROTOCOL_NAMES)(
  'trap 52 parallel calls in pieces of any order stay apart for a caller of %s',
  (name) => {
    for (const seed of SEEDS) {
      const events = interleaved(seed);
      const builder = new ResponseBuilder();
      for (const event of events) builder.add(event);
      const response = builder.build();
      const whole = {
        ...response,
        blocks: response.blocks.map((block) =>
          block.type === 'toolCall' && block.arguments === '' ? { ...block, arguments: '{}' } : block,
        ),
      };
      expect(heard(whole).calls).toHaveLength(ARGUMENTS.length);
      const bytes = writeStream(spoken(name), events);
      for (const [how, chunks] of divisionsOf(bytes)) {
        const again = readStream(spoken(name), chunks);
        expect(again, `seed ${seed}, ${how}`).toMatchObject({ isComplete: true, failure: null });
        expect(heard(again.response), `seed ${seed}, ${how}`).toEqual(expected(name, whole, 'stream'));
      }
    }
  },
);

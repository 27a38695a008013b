import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseParser } from '../../../src/protocols/sse.ts';

type Event = readonly [event: string, data: string];

function parse(chunks: readonly Buffer[], parser = new SseParser()): readonly Event[] {
  const events: Event[] = [];
  for (const chunk of chunks) parser.push(chunk, (event, data) => events.push([event, data]));
  return events;
}

const bytewise = (bytes: Buffer) => Array.from(bytes, (byte) => Buffer.from([byte]));
const message = (data: string): Event => ['message', data];

/** The cases of web-platform-tests `eventsource/format-*`. */
const TABLE: readonly (readonly [name: string, stream: string, events: readonly Event[]])[] = [
  ['format-bom', '\uFEFFdata:1\n\n\uFEFFdata:2\n\ndata:3\n\n', [message('1'), message('3')]],
  ['format-bom-2', '\uFEFF\uFEFFdata:1\n\ndata:2\n\ndata:3\n\n', [message('2'), message('3')]],
  [
    'format-comments',
    `data:1\r:\0\n:\r\ndata:2\n:${'x'.repeat(3000)}\rdata:3\n:data:fail\r:${'x'.repeat(3000)}\ndata:4\n\n`,
    [message('1\n2\n3\n4')],
  ],
  [
    'format-data-before-final-empty-line',
    'retry:1000\ndata:test1\n\nid:test\ndata:test2',
    [message('test1')],
  ],
  [
    'format-field-data',
    'data:\n\ndata\ndata\n\ndata:test\n\n',
    [message(''), message('\n'), message('test')],
  ],
  ['format-field-event', 'event:test\ndata:x\n\ndata:x\n\n', [['test', 'x'], message('x')]],
  ['format-field-event-empty', 'event: \ndata:data\n\n', [message('data')]],
  ['format-field-id-null', 'data:1\nid:a\0b\n\ndata:2\n\n', [message('1'), message('2')]],
  [
    'format-field-parsing',
    'data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n',
    [message('\0\n 2\n1\n3\n\n4')],
  ],
  ['format-field-retry', 'retry:03000\ndata:x\n\n', [message('x')]],
  [
    'format-field-unknown',
    'data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n',
    [message('test\n\ntest')],
  ],
  ['format-leading-space', 'data:\ttest\rdata: \ndata:test\n\n', [message('\ttest\n\ntest')]],
  ['format-newlines', 'data:test\r\ndata\ndata:test\r\n\r', [message('test\n\ntest')]],
  ['format-null-character', 'data:\0\n\n', [message('\0')]],
  ['format-utf-8', 'data:ok…\n\n', [message('ok…')]],
  ['an event line without data dispatches nothing', 'event: x\n\ndata:1\n\n', [message('1')]],
  ['CR alone ends lines', 'event:a\rdata:1\r\rdata:2\r\r', [['a', '1'], message('2')]],
  ['U+2028 is no line end', 'data:a\u2028b\n\n', [message('a\u2028b')]],
];

describe('SseParser', () => {
  it.each(TABLE)('%s, in one piece and byte by byte', (_name, stream, events) => {
    const bytes = Buffer.from(stream);
    expect(parse([bytes])).toEqual(events);
    expect(parse(bytewise(bytes))).toEqual(events);
  });

  it('gives the same events for any chunking (trap 44)', () => {
    const piece = fc.constantFrom(
      ...[
        'data:',
        'data: ',
        'data',
        'event: x',
        ':',
        'id: 1',
        'é€😀',
        '\u2028',
        '\r',
        '\n',
        '\r\n',
        '\n\n',
        '{"a":1}',
        '\0',
        '\uFEFF',
      ],
    );
    const cuts = fc.array(fc.nat(200), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), cuts, (pieces, places) => {
        const bytes = Buffer.from(pieces.join(''));
        const at = [
          0,
          ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
          bytes.length,
        ];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(parse(chunks)).toEqual(parse([bytes]));
        expect(parse(bytewise(bytes))).toEqual(parse([bytes]));
      }),
      { numRuns: 300 },
    );
  });

  it('U12 a 1 MB event in one-byte chunks takes time linear in its size', () => {
    const event = Buffer.from(`data: ${'x'.repeat(1024 * 1024)}\n\n`);
    const began = performance.now();
    const events = parse(bytewise(event));
    expect(events).toEqual([message('x'.repeat(1024 * 1024))]);
    // About 0.2 s; copying or scanning what is held again for each chunk would take minutes.
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('an event of the largest size passes, one byte more stops the parser', () => {
    const at = new SseParser(16);
    expect(parse([Buffer.from(`data:${'x'.repeat(11)}\n\n`)], at)).toEqual([message('x'.repeat(11))]);
    expect(at.isOversized).toBe(false);
    for (const chunks of [
      [Buffer.from(`data:${'x'.repeat(12)}\n\n`)],
      bytewise(Buffer.from(`data:${'x'.repeat(12)}\n\n`)),
    ]) {
      const over = new SseParser(16);
      expect(parse([...chunks, Buffer.from('data:1\n\n')], over)).toEqual([]);
      expect(over.isOversized).toBe(true);
    }
  });

  it('bounds an event of many lines', () => {
    const parser = new SseParser(16);
    expect(parse([Buffer.from('data:xxxxxxx\n'.repeat(5)), Buffer.from('\n')], parser)).toEqual([]);
    expect(parser.isOversized).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallRecord } from '../../../src/calls/record.ts';
import { LINE_COLUMNS, LineWriter, runningTail } from '../../../src/calls/spool-line.ts';
import { LIMITS } from '../../../src/limits.ts';
import { sampleBegin, sampleEnd } from '../../support/sample-records.ts';

const BOOT = '01980000-0000-7000-8000-00000000b007';
const writer = new LineWriter(BOOT, LIMITS);
const endLine = (record: CallRecord) => writer.end(record, writer.head(record));

/** Reads a line as Postgres's COPY text format is specified. */
function parse(line: string): Record<string, string | null> {
  expect(line.endsWith('\n')).toBe(true);
  const fields = line.slice(0, -1).split('\t');
  expect(fields).toHaveLength(LINE_COLUMNS.length);
  const special: Record<string, string> = { t: '\t', n: '\n', r: '\r' };
  const unescaped = (field: string) =>
    field === '\\N' ? null : field.replaceAll(/\\(.)/g, (_, char: string) => special[char] ?? char);
  return Object.fromEntries(LINE_COLUMNS.map((column, index) => [column, unescaped(fields[index] ?? '')]));
}

describe('an end line', () => {
  test('has one field for each column', () => {
    const record = sampleEnd({ startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6) });
    expect(parse(endLine(record))).toMatchObject({
      id: record.id,
      boot: BOOT,
      started_at: '2026-01-02T03:04:05.006Z',
      is_stream: 'f',
      outcome: 'succeeded',
      queue_ms: '0.25',
      input_tokens: '120',
      cached_input_tokens: null,
      cost_pico: '90000000',
      receipt: null,
    });
    expect(JSON.parse(parse(endLine(record))['attempts'] ?? '')).toEqual(record.attempts);
  });

  test('gives back any text that came from outside', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 100 }),
        fc.string({ maxLength: 100 }),
        (name, message) => {
          const [attempt] = sampleEnd().attempts;
          if (attempt === undefined) return;
          const record = sampleEnd({
            modelAsked: name,
            attempts: [{ ...attempt, message }],
            receipt: [{ field: name, action: 'dropped', reason: message }],
          });
          const fields = parse(endLine(record));
          const clean = (text: string) => text.replaceAll('\0', '');
          expect(fields['model_asked']).toBe(clean(name));
          expect(JSON.parse(fields['attempts'] ?? '')[0].message).toBe(clean(message));
          expect(JSON.parse(fields['receipt'] ?? '')).toEqual([
            { field: clean(name), action: 'dropped', reason: clean(message) },
          ]);
        },
      ),
    );
  });

  test('has no NUL and no lone surrogate, which no Postgres text can hold', () => {
    const [attempt] = sampleEnd().attempts;
    const bad = 'a\0b\\u0000\ud800c';
    const record = sampleEnd({
      modelAsked: bad,
      attempts: attempt === undefined ? [] : [{ ...attempt, message: bad }],
    });
    const line = Buffer.from(endLine(record)).toString();
    expect(line).not.toContain('\0');
    const message: unknown = JSON.parse(parse(line)['attempts'] ?? '')[0].message;
    expect(message).toBe('ab\\u0000\ufffdc');
    expect(parse(line)['model_asked']).toBe('ab\\u0000\ufffdc');
  });

  test('leaves out numbers that no column can hold', () => {
    const { usage } = sampleEnd();
    const counts = [-1, 1.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY, 1e300];
    for (const inputTokens of counts) {
      expect(parse(endLine(sampleEnd({ usage: { ...usage, inputTokens } })))['input_tokens']).toBeNull();
    }
    const fields = parse(
      endLine(sampleEnd({ totalMs: Number.NaN, queueMs: Number.POSITIVE_INFINITY, costPico: 10n ** 30n })),
    );
    expect(fields).toMatchObject({ total_ms: null, queue_ms: null, cost_pico: null });
  });

  test('stays below the limit of a record whatever the caller sends', () => {
    const [attempt] = sampleEnd().attempts;
    const long = '\u20ac'.repeat(100_000);
    const record = sampleEnd({
      modelAsked: long,
      modelServed: long,
      attempts: Array.from({ length: 8 }, () => ({ ...attempt, target: long, message: long }) as never),
      receipt: Array.from({ length: 5_000 }, () => ({ field: long, action: 'dropped', reason: long })),
    });
    const line = endLine(record);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LIMITS.recordBytesMax);
    expect(parse(line)['model_asked']).toHaveLength(LIMITS.recordTextCharsMax);
  });

  test('keeps what was lost of a long receipt rather than what was carried', () => {
    const carried = Array.from({ length: 500 }, (_, n) => ({ field: `f${n}`, action: 'carried' }) as const);
    const record = sampleEnd({
      receipt: [...carried, { field: 'seed', action: 'dropped', reason: 'unknown' }],
    });
    const receipt: { field: string; reason?: string }[] = JSON.parse(parse(endLine(record))['receipt'] ?? '');
    expect(receipt).toHaveLength(LIMITS.recordReceiptEntriesMax);
    expect(receipt[0]?.field).toBe('seed');
    expect(receipt.at(-1)?.reason).toBe('302 more entries are not recorded');
  });
});

describe('a begin line', () => {
  test('is a running call', () => {
    const record = sampleBegin({ applicationId: null, startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 67) });
    const fields = parse(`${writer.head(record)}${runningTail(LINE_COLUMNS)}`);
    expect(fields).toMatchObject({
      id: record.id,
      application_id: null,
      outcome: 'running',
      started_at: '2026-01-02T03:04:05.067Z',
    });
    for (const column of LINE_COLUMNS.slice(LINE_COLUMNS.indexOf('outcome') + 1)) {
      expect(fields[column]).toBeNull();
    }
  });
});

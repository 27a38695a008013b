import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { packageRoot } from '../../../../src/package-root.ts';
import type { CallerProtocol, ReceiptEntry } from '../../../../src/protocols/blocks.ts';
import { callerWords } from '../../../../src/protocols/caller-words.ts';
import { FIELDS, type Rule, type TabledField } from '../../../../src/protocols/fields.ts';
import { OWN_FIELDS } from '../../../../src/protocols/own-fields.ts';
import type { Protocol } from '../../../../src/protocols/protocol.ts';
import { DETAIL_NAMES } from '../../../../src/protocols/receipt.ts';
import { CALLERS, FIELD_NAMES, isNoted, PROTOCOLS, requestsSaying, type Said, TARGETS } from './callers.ts';
import { valuesAt } from './paths.ts';

/** The rules that may hold for a request: the writer sees which one in the values. */
const rulesOf = (field: TabledField, target: Protocol): readonly Rule[] => {
  const rule = FIELDS[field][target.name];
  return [rule, ...Object.values(rule.cases)];
};

function agrees(entry: ReceiptEntry, rule: Rule): boolean {
  const isReason = rule.reason === null || entry.reason?.startsWith(rule.reason) === true;
  switch (rule.action) {
    case 'carry':
      if (entry.action === 'carried') return rule.to === null || rule.to === entry.field;
      return entry.action === 'renamed' && entry.to === rule.to;
    case 'convert':
      return entry.action === 'converted' && entry.to === (rule.to ?? undefined) && isReason;
    case 'drop':
      return entry.action === 'dropped' && isReason;
    case 'reject':
      return false;
  }
}

/** The name under which a receipt speaks of the field. */
function wordOf({ request }: Said, field: TabledField): string {
  const details: Readonly<Record<string, string>> = DETAIL_NAMES;
  return request.fields[field] ?? details[field] ?? field;
}

/** Holds one request against the table: its receipt, and where the field stands in the target's body. */
function check(caller: CallerProtocol, target: Protocol, field: TabledField, said: Said): void {
  const rules = rulesOf(field, target);
  const written = target.writeRequest(said.request, TARGETS[target.name]);
  if (written instanceof CallError) {
    expect(written.code).toBe('invalid_request');
    const rejected = rules.filter(({ action }) => action === 'reject');
    expect(
      rejected.map(({ reason }) => written.message.includes(reason ?? '')),
      written.message,
    ).toContain(true);
    return;
  }
  const body: unknown = JSON.parse(written.body.toString());
  const entry = written.receipt.find((one) => one.field === wordOf(said, field));
  if (entry === undefined) {
    expect(said.request.fields[field], 'a field that was noted has an entry').toBeUndefined();
    expect(FIELDS[field][target.name].action, 'what is not carried has an entry').toBe('carry');
  }
  if (caller === target.name) {
    const isDropped = FIELDS[field][target.name].action === 'drop';
    if (entry !== undefined) expect(entry.action).toBe(isDropped ? 'dropped' : 'carried');
    return;
  }
  const rule = entry === undefined ? rules[0] : rules.find((one) => agrees(entry, one));
  if (rule === undefined) throw new Error(`the table has no rule for ${JSON.stringify(entry)}`);
  checkBody(body, rule, said);
}

/** Places that are not in the body. */
const OUTSIDE = ['path'];

function checkBody(body: unknown, { action, to }: Rule, { mark }: Said): void {
  if (action === 'drop') {
    if (mark !== undefined) expect(JSON.stringify(body)).not.toContain(mark);
    return;
  }
  for (const path of to?.split(', ') ?? []) {
    if (OUTSIDE.includes(path)) continue;
    const values = valuesAt(body, path);
    expect(values, `something at ${path}`).not.toEqual([]);
    if (action === 'carry' && mark !== undefined) expect(JSON.stringify(values)).toContain(mark);
  }
}

describe.each(CALLERS)('a caller of %s', (caller) => {
  it.each(FIELD_NAMES)('says %s in the words that the documents give', (field) => {
    const requests = requestsSaying(caller, field);
    if (callerWords(caller, field).length === 0) {
      expect(requests, 'the caller has no word for it, and says it').toEqual([]);
      return;
    }
    expect(requests, 'the caller has a word for it, and a request with it').not.toEqual([]);
    for (const { request } of requests) {
      const word = request.fields[field];
      if (isNoted(field)) expect(word, 'its reader notes it').toBeDefined();
      if (word !== undefined) expect(callerWords(caller, field)).toContain(word);
      expect(request.unknownFields).toEqual([]);
    }
  });

  it('says nothing that is not in the table', () => {
    const noted = new Set<string>();
    for (const field of FIELD_NAMES) {
      for (const { request } of requestsSaying(caller, field)) {
        for (const name of Object.keys(request.fields)) noted.add(name);
      }
    }
    expect([...noted].filter((name) => !FIELD_NAMES.includes(name as TabledField))).toEqual([]);
  });

  describe.each(PROTOCOLS)('before $name', (target) => {
    it.each(FIELD_NAMES)('%s becomes what the table says', (field) => {
      for (const said of requestsSaying(caller, field)) check(caller, target, field, said);
    });
  });
});

/** What a target's writers are made of: its folder, and what all protocols share. */
function writersOf({ name }: Protocol): string {
  const folder = join(packageRoot(), 'src/protocols');
  const shared = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'fields.ts');
  const own = readdirSync(join(folder, name)).map((file) => join(name, file));
  return [...shared, ...own].map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
}

describe.each(PROTOCOLS)('the table for $name', (target) => {
  it('has no case that no writer finds', () => {
    const text = writersOf(target);
    const unused = FIELD_NAMES.flatMap((field) =>
      Object.keys(FIELDS[field][target.name].cases)
        .filter((name) => !text.includes(`'${name}'`))
        .map((name) => `${field}: ${name}`),
    );
    expect(unused).toEqual([]);
  });

  it('gives a reason for everything that is not carried, and a name for everything that is sent', () => {
    for (const field of FIELD_NAMES) {
      for (const { action, to, reason } of rulesOf(field, target)) {
        expect((reason ?? '') === '', `${field}: ${action}`).toBe(action === 'carry');
        expect(to === '', field).toBe(false);
        if (action === 'convert') expect(to, field).not.toBeNull();
        if (action === 'drop' || action === 'reject') expect(to, field).toBeNull();
      }
    }
  });
});

it('no protocol has a top-level field "strict": it is the gateway’s own in every body', () => {
  const words = CALLERS.filter((caller) => caller !== 'graphql').flatMap((caller) => [
    ...FIELD_NAMES.flatMap((field) => callerWords(caller, field)),
    ...OWN_FIELDS[caller],
  ]);
  expect(words.length).toBeGreaterThan(100);
  expect(words).not.toContain('strict');
});

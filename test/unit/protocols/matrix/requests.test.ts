import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import {
  type CallerProtocol,
  type ChatRequest,
  PROTOCOL_NAMES,
  type ProtocolName,
} from '../../../../src/protocols/blocks.ts';
import { TARGETS } from '../fields/callers.ts';
import { meaningOf } from './meaning.ts';
import { meaningAt } from './meaning-at.ts';
import { CALLERS, spoken } from './pairs.ts';
import { WISHES } from './wishes.ts';
import { bodyOf, read } from './words.ts';

const PAIRS = CALLERS.flatMap((caller) => PROTOCOL_NAMES.map((target) => [caller, target] as const));
const ALL = Object.entries(WISHES);

/** Settings that are equal wherever the receipt calls them carried. */
const SETTINGS = [
  ...(['maxOutputTokens', 'temperature', 'topP', 'topK', 'seed', 'stop', 'presencePenalty'] as const),
  ...(['frequencyPenalty', 'reasoning', 'user', 'metadata', 'parallelToolCalls'] as const),
] as const;

function write(request: ChatRequest, target: ProtocolName) {
  const written = spoken(target).writeRequest(request, TARGETS[target]);
  if (written instanceof CallError) throw written;
  return written;
}

function readBack(body: Buffer, { model, stream }: ChatRequest, target: ProtocolName): ChatRequest {
  const json = JSON.parse(body.toString()) as Record<string, unknown>;
  const again = spoken(target).readRequest(json, { model, stream });
  if (again instanceof CallError) throw again;
  return again;
}

/**
 * What a body says, by the names that receipts use: members of a config stand for themselves. A media type of the
 * answer is half of what the schema beside it says.
 */
function saidIn(body: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(body).flatMap(([name, value]) =>
    /Config$|ModelRequestFields$/.test(name)
      ? Object.keys(value as object)
          .filter((member) => member !== 'responseMimeType')
          .map((member) => `${name}.${member}`)
      : [name],
  );
}

/** `tools` for `tools[].functionDeclarations`, `reasoning` for `reasoning.effort`. */
const names = (field: string, said: string) =>
  field === said || field.startsWith(`${said}.`) || field.startsWith(`${said}[]`);

it('every caller meets every target', () => {
  expect(PAIRS).toHaveLength(42);
  expect(ALL.length).toBeGreaterThanOrEqual(12);
});

describe.each(ALL)('%s', (_, wish) => {
  it.each(CALLERS)('%s says it in words that its reader knows', (caller) => {
    const request = read(caller, wish);
    expect(request.unknownFields).toEqual([]);
    expect(request.extra).toEqual({});
    for (const said of saidIn(bodyOf(caller, wish))) {
      expect(
        Object.values(request.fields).some((field) => names(field, said)),
        `${said} is noted`,
      ).toBe(true);
    }
  });

  it.each(PAIRS)('%s to %s', (caller: CallerProtocol, target) => {
    const request = read(caller, wish);
    const { body, receipt } = write(request, target);
    expect(write(read(caller, wish), target).body.equals(body), 'the same bytes').toBe(true);

    const told = new Map(receipt.map((entry) => [entry.field, entry]));
    for (const field of Object.values(request.fields)) expect([...told.keys()]).toContain(field);

    const again = readBack(body, request, target);
    if (caller === target) {
      const { model } = TARGETS[target];
      expect({ ...again, model, fields: null }).toEqual({ ...request, model, fields: null });
      expect([...told.values()].filter(({ action }) => action !== 'carried')).toEqual([]);
      return;
    }
    expect(meaningOf(again)).toEqual(meaningAt(target, request, receipt));
    for (const field of SETTINGS) {
      const entry = told.get(request.fields[field] ?? '');
      if (entry?.action === 'dropped') expect(again[field], `${field} is not sent`).toBeUndefined();
      if (entry?.action === 'carried' || entry?.action === 'renamed') {
        expect(again[field], field).toEqual(request[field]);
      }
    }
  });
});

/** Callers whose arguments are text, so that nothing has counted in them before. */
const WITH_TEXT = ['openai-chat', 'openai-responses', 'cohere-chat', 'graphql'] as const;

it.each(WITH_TEXT)('trap 32 %s: arguments reach every target as the model wrote them', (caller) => {
  const text = '{"id":12345678901234567890,"price":1.10,"b":1,"a":"\\u00e9","2":[],"1":{}}';
  const call = { id: 'call_big00001', name: 'buy', arguments: text };
  const result = { id: call.id, name: call.name, text: 'Done.' };
  const wish = {
    turns: [{ user: [{ text: 'Buy.' }] }, { model: null, calls: [call] }, { results: [result] }],
    tools: [{ name: 'buy', description: 'Buys', parameters: { type: 'object', properties: {} } }],
  };
  for (const target of PROTOCOL_NAMES) {
    const { body } = write(read(caller, wish), target);
    const isText = body.includes(JSON.stringify(text));
    expect(isText || body.includes(text), `to ${target}: ${body.toString()}`).toBe(true);
  }
});

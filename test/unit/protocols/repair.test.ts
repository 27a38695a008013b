import { describe, expect, it } from 'vitest';
import { PROTOCOL_NAMES, type ProtocolName } from '../../../src/protocols/blocks.ts';
import { refusedParam } from '../../../src/protocols/refused-param.ts';
import { carriedReceipt, type Repair, repairBody, repairReceipt } from '../../../src/protocols/repair.ts';
import { readErrorAnswer } from '../../../src/protocols/upstream-error.ts';
import { hasFixtures, loadJson } from '../../support/fixtures.ts';

/** A request with every parameter that can be repaired. */
const BODY = {
  model: 'm',
  max_tokens: 5,
  temperature: 0.2,
  top_p: 0.9,
  presence_penalty: 0,
  frequency_penalty: 0,
  parallel_tool_calls: true,
  reasoning_effort: 'minimal',
  top_k: 4,
};

function repairOf(
  error: unknown,
  { protocol = 'openai-chat', status = 400, body = BODY as object }: Partial<Options> = {},
): Repair | null {
  const failure = readErrorAnswer(status, {}, JSON.stringify(error));
  return refusedParam(protocol, failure, Buffer.from(JSON.stringify(body)));
}

interface Options {
  readonly protocol: ProtocolName;
  readonly status: number;
  readonly body: object;
}

const openai = (code: string, param: string, message = 'x') => ({
  error: { message, type: 'invalid_request_error', param, code },
});
const said = (message: string) => ({
  error: { message, type: 'invalid_request_error', param: null, code: null },
});
const anthropic = (message: string) => ({
  type: 'error',
  error: { type: 'invalid_request_error', message },
});

describe('trap 122 a 400 that refuses one parameter', () => {
  it.skipIf(!hasFixtures)('trap 122 OpenAI’s own answer about max_tokens, as it was recorded', () => {
    const recorded = loadJson('openai/chat/reasoning-model-legacy-parameter-error.json');
    expect(repairOf(recorded)).toMatchObject({ member: 'max_tokens', to: 'max_completion_tokens' });
  });

  it.each([
    ['temperature', "Unsupported parameter: 'temperature' is not supported with this model."],
    ['reasoning_effort', '`reasoning_effort` is not supported with this model'],
    ['presence_penalty', 'Model grok-4-1-fast-reasoning does not support parameter presencePenalty.'],
    ['presence_penalty', 'Argument not supported on this model: presencePenalty'],
    ['reasoning_effort', 'Model grok-4-latest does not support parameter reasoningEffort.'],
    ['temperature', 'temperature is deprecated for this model.'],
    ['parallel_tool_calls', 'Unrecognized request argument supplied: parallel_tool_calls'],
  ])('trap 122 leaves %s out after: %s', (member, message) => {
    expect(repairOf(said(message))).toMatchObject({ member, to: null, value: null });
  });

  it.each(['temperature', 'top_p', 'top_k'])('trap 122 Anthropic’s words about %s', (member) => {
    const repair = repairOf(anthropic(`\`${member}\` is deprecated for this model.`), {
      protocol: 'anthropic-messages',
    });
    expect(repair).toEqual({ member, to: null, value: null, taken: [], beside: null });
  });

  it.each(['temperature', 'top_p', 'parallel_tool_calls'])(
    'trap 122 Responses refuse %s as Chat does',
    (param) => {
      const repair = repairOf(openai('unsupported_parameter', param), { protocol: 'openai-responses' });
      expect(repair).toMatchObject({ member: param, to: null, beside: null });
    },
  );

  it('trap 122 of two that exclude each other, top_p goes, and only beside a temperature', () => {
    const message = '`temperature` and `top_p` cannot both be specified for this model. Please use only one.';
    const repair = repairOf(anthropic(message), { protocol: 'anthropic-messages' });
    if (repair === null) throw new Error('nothing to repair');
    const body = (text: string) => repairBody(Buffer.from(text), [repair]).body.toString();
    expect(body('{"temperature":1,"top_p":0.5}')).toBe('{"temperature":1}');
    expect(body('{"top_p":0.5}')).toBe('{"top_p":0.5}');
  });

  it('trap 122 a refused value leaves the values that are taken alone', () => {
    const only = openai(
      'unsupported_value',
      'temperature',
      "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
    );
    const listed = openai(
      'unsupported_value',
      'reasoning_effort',
      "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: 'low', 'medium', and 'high'.",
    );
    const repairs = [repairOf(only), repairOf(listed)].filter((one) => one !== null);
    const left = (body: object) =>
      JSON.parse(repairBody(Buffer.from(JSON.stringify(body)), repairs).body.toString()) as unknown;
    const effort = { reasoning_effort: 'minimal' };
    expect(left({ temperature: 0.7, ...effort })).toEqual({});
    expect(left({ temperature: 1, ...effort })).toEqual({ temperature: 1 });
    expect(left({ reasoning_effort: 'high' })).toEqual({ reasoning_effort: 'high' });
  });

  it('trap 122 a value without a list of others is alone refused', () => {
    const repair = repairOf(openai('unsupported_value', 'reasoning_effort'));
    expect(repair).toMatchObject({ member: 'reasoning_effort', value: '"minimal"' });
  });

  it('trap 122 sampling settings are refused with the effort that they were sent with', () => {
    const repair = repairOf(openai('unsupported_parameter', 'temperature'), {
      body: { temperature: 0, reasoning_effort: 'high' },
    });
    if (repair === null) throw new Error('nothing to repair');
    const done = (text: string) => repairBody(Buffer.from(text), [repair]).done.length;
    expect(done('{"temperature":0,"reasoning_effort":"high"}')).toBe(1);
    expect(done('{"temperature":0,"reasoning_effort":"none"}')).toBe(0);
    expect(done('{"temperature":0}')).toBe(0);
  });

  it.each([
    ['another parameter', openai('unsupported_parameter', 'logit_bias')],
    ['a value out of range', openai('decimal_above_max_value', 'temperature', 'temperature must be <= 2')],
    ['a missing parameter', openai('missing_required_parameter', 'temperature')],
    ['a member of a member', openai('unsupported_parameter', 'messages[0].name')],
    ['too long a context', openai('context_length_exceeded', 'messages')],
    [
      'a conflict that the caller made',
      anthropic('`temperature` may only be set to 1 when thinking is enabled.'),
    ],
    [
      'a caller’s text that the error repeats',
      said("Invalid value: 'Unsupported parameter: temperature'. It is not supported with this model."),
    ],
    ['no message', {}],
  ])('trap 122 %s is not repaired', (_name, error) => {
    for (const protocol of PROTOCOL_NAMES) expect(repairOf(error, { protocol })).toBeNull();
  });

  it('trap 122 only a 400 counts, and only for a request that has the parameter', () => {
    const error = openai('unsupported_parameter', 'temperature');
    for (const status of [401, 404, 422, 429, 500]) expect(repairOf(error, { status })).toBeNull();
    expect(repairOf(error, { body: { model: 'm' } })).toBeNull();
    expect(repairOf(error, { protocol: 'gemini' })).toBeNull();
  });
});

describe('trap 122 the repair', () => {
  const rename: Repair = {
    member: 'max_tokens',
    to: 'max_completion_tokens',
    value: null,
    taken: [],
    beside: null,
  };
  const drop: Repair = { ...rename, member: 'top_p', to: null };
  const repair = (text: string, ...repairs: readonly Repair[]) => {
    const { body, done } = repairBody(Buffer.from(text), repairs);
    return { text: body.toString(), done: done.length };
  };

  it('trap 122 renames and leaves out, and every other byte stays', () => {
    const text = '{"messages":[ 1e21 ], "max_tokens": 5, "top_p":1.0 ,"x":"\\u00e9"}';
    expect(repair(text, rename, drop)).toEqual({
      text: '{"max_completion_tokens":5,"messages":[ 1e21 ] ,"x":"\\u00e9"}',
      done: 2,
    });
  });

  it('trap 122 a body that needs none is the same buffer', () => {
    const body = Buffer.from('{"a":1,"top_p":null}');
    expect(repairBody(body, [rename, drop])).toEqual({ body, done: [] });
    expect(repairBody(body, [rename, drop]).body).toBe(body);
  });

  it('trap 122 a body with both names keeps the one that is taken', () => {
    expect(repair('{"max_tokens":5,"max_completion_tokens":6}', rename).text).toBe(
      '{"max_completion_tokens":6}',
    );
  });

  it('trap 122 the receipt says it in the caller’s words', () => {
    const receipt = [
      { field: 'maxOutputTokens', action: 'renamed', to: 'max_tokens' },
      { field: 'topP', action: 'renamed', to: 'top_p' },
      { field: 'seed', action: 'dropped', reason: 'x' },
      { field: 'temperature', action: 'carried' },
    ] as const;
    expect(repairReceipt(receipt, [rename, drop])).toEqual([
      {
        field: 'maxOutputTokens',
        action: 'converted',
        to: 'max_completion_tokens',
        reason: 'refused by the model',
      },
      { field: 'topP', action: 'dropped', reason: 'refused by the model' },
      receipt[2],
      receipt[3],
    ]);
    expect(repairReceipt(carriedReceipt(['model', 'top_p']), [drop])).toEqual([
      { field: 'model', action: 'carried' },
      { field: 'top_p', action: 'dropped', reason: 'refused by the model' },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { type ChatResponse, UNKNOWN_USAGE } from '../../../../src/protocols/blocks.ts';
import { cohereChat } from '../../../../src/protocols/cohere-chat/index.ts';
import { CONTEXT } from '../digest.ts';

const ORIGIN = { protocol: 'cohere-chat' as const, provider: 'cohere', model: 'command' };
const read = (body: unknown): ChatResponse => {
  const response = cohereChat.readResponse(body, ORIGIN);
  if ('class' in response) throw new Error(response.message ?? '');
  return response;
};
const write = (response: Partial<ChatResponse>): Record<string, unknown> => {
  const whole: ChatResponse = {
    id: null,
    model: null,
    blocks: [],
    finishReason: 'stop',
    rawFinishReason: null,
    stopSequence: null,
    usage: UNKNOWN_USAGE,
    ...response,
  };
  return JSON.parse(cohereChat.writeResponse(whole, CONTEXT).toString()) as Record<string, unknown>;
};

describe('answers', () => {
  it('are read with plan, thinking, text, calls and citations', () => {
    const citation = { start: 0, end: 2, text: 'Hi', sources: [], type: 'TEXT_CONTENT' };
    const response = read({
      id: 'a1',
      finish_reason: 'TOOL_CALL',
      message: {
        role: 'assistant',
        tool_plan: 'Plan.',
        content: [
          { type: 'thinking', thinking: 'Hm.' },
          { type: 'text', text: 'Hi' },
        ],
        citations: [citation],
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: 'null' } }],
      },
    });
    expect(response).toMatchObject({
      id: 'a1',
      model: null,
      finishReason: 'tool_calls',
      rawFinishReason: 'TOOL_CALL',
      blocks: [
        { type: 'reasoning', text: 'Plan.', isPlan: true, origin: ORIGIN },
        { type: 'reasoning', text: 'Hm.', origin: ORIGIN },
        { type: 'text', text: 'Hi', citations: { raw: [citation], origin: ORIGIN } },
        { type: 'toolCall', id: 'c', name: 'f', arguments: '{}' },
      ],
    });
    expect(response.usage).toEqual(UNKNOWN_USAGE);
  });

  it('citations go to the text that their content_index names', () => {
    const citation = (index: number) => ({ start: 0, end: 1, sources: [], content_index: index });
    const { blocks } = read({
      message: { content: [{ text: 'a' }, { text: 'b' }], citations: [citation(1)] },
    });
    expect(blocks).toMatchObject([{ text: 'a' }, { text: 'b', citations: { raw: [citation(1)] } }]);
    expect(blocks[0]).not.toHaveProperty('citations');
  });

  it.each([
    ['COMPLETE', 'stop'],
    ['STOP_SEQUENCE', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['TOOL_CALL', 'tool_calls'],
    ['ERROR', 'error'],
    ['TIMEOUT', 'error'],
    ['SOMETHING_NEW', 'other'],
  ])('trap 102 the finish reason %s is %s', (raw, expected) => {
    const body = { message: { content: [{ text: 'a' }] }, finish_reason: raw };
    expect(read(body).finishReason).toBe(expected);
    expect(cohereChat.inspectResponse(body).finishReason).toBe(expected);
    expect(
      cohereChat.inspect(JSON.stringify({ type: 'message-end', delta: { finish_reason: raw } })).isTerminal,
    ).toBe(expected === 'error' ? undefined : true);
  });

  it.each([
    ['stop', 'COMPLETE'],
    ['length', 'MAX_TOKENS'],
    ['tool_calls', 'TOOL_CALL'],
    ['content_filter', 'ERROR'],
    ['error', 'ERROR'],
    ['other', 'COMPLETE'],
  ] as const)('trap 104 for callers, %s is %s', (reason, expected) => {
    expect(write({ finishReason: reason })['finish_reason']).toBe(expected);
  });

  it('the vendor’s own words and a stop sequence come back', () => {
    expect(write({ finishReason: 'error', rawFinishReason: 'TIMEOUT' })['finish_reason']).toBe('TIMEOUT');
    expect(write({ stopSequence: 'END' })['finish_reason']).toBe('STOP_SEQUENCE');
  });

  it('trap 109 billed units are kept; where none were told they are the tokens', () => {
    const usage = { ...UNKNOWN_USAGE, inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
    expect(write({ usage })['usage']).toEqual({
      billed_units: { input_tokens: 20, output_tokens: 7 },
      tokens: { input_tokens: 20, output_tokens: 7 },
      cached_tokens: 5,
    });
    expect(
      write({ usage: { ...usage, billedInputTokens: 2, billedOutputTokens: 1 } })['usage'],
    ).toMatchObject({
      billed_units: { input_tokens: 2, output_tokens: 1 },
    });
    expect(write({})).not.toHaveProperty('usage');
  });

  it('a refusal is text, and what is another vendor’s own is left out', () => {
    const { message } = write({
      blocks: [
        { type: 'unknown', raw: { type: 'server_tool_use' }, origin: { protocol: 'anthropic-messages' } },
        { type: 'reasoning', text: '', redacted: 'x', origin: { protocol: 'anthropic-messages' } },
        { type: 'refusal', text: 'No.' },
      ],
    });
    expect(message).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'No.' }] });
  });

  it.each([[null], [[]], [{}], [{ message: 'text' }]])('%j is malformed', (body) => {
    expect(cohereChat.readResponse(body, ORIGIN)).toMatchObject({ code: 'upstream_malformed' });
  });
});

describe('errors', () => {
  const classOf = (status: number, message: string, headers = {}) =>
    cohereChat.readError(status, headers, JSON.stringify({ id: 'x', message }));

  it.each([
    [400, 'invalid request: temperature must be between 0 and 1.0 inclusive.', 'callerFault'],
    [401, 'invalid api token', 'credential'],
    [498, 'invalid token', 'credential'],
    [402, 'Please add or update your payment method', 'quota'],
    [404, "model 'x' not found", 'modelUnavailable'],
    [422, 'too many tokens', 'callerFault'],
    [429, 'You are using a Trial key, which is limited to 40 API calls / minute.', 'rateLimited'],
    [429, 'You are using a Trial key, which is limited to 1000 API calls / month.', 'quota'],
    [499, 'request cancelled', 'transient'],
    [500, 'internal server error', 'transient'],
    [503, 'service unavailable', 'transient'],
  ])('trap 116 a %s that says %j', (status, message, expected) => {
    expect(classOf(status, message)).toMatchObject({ class: expected, status, message });
  });

  it('trap 117 Retry-After is read and written', () => {
    expect(classOf(429, 'slow down', { 'retry-after': '7' }).retryAfterMs).toBe(7_000);
    const error = new CallError('upstream_rate_limited', { retryAfterMs: 7_000 });
    expect(cohereChat.writeError(error, 'call-1')).toMatchObject({
      status: 429,
      headers: { 'content-type': 'application/json', 'retry-after': '7' },
    });
  });

  it('trap 115 is an id and a message, with this gateway’s code behind them', () => {
    const targets = [{ target: 'a/b', reason: 'upstream_refused' }];
    const error = new CallError('no_healthy_upstream', { targets, param: 'model' });
    expect(JSON.parse(cohereChat.writeError(error, 'call-1').body.toString())).toEqual({
      id: 'call-1',
      message: 'No healthy upstream can serve this model.',
      code: 'no_healthy_upstream',
      param: 'model',
      targets,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import {
  type ChatResponse,
  PROTOCOL_NAMES,
  type ProtocolName,
  UNKNOWN_USAGE,
} from '../../../src/protocols/blocks.ts';
import { gemini } from '../../../src/protocols/gemini/index.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import { openaiResponses } from '../../../src/protocols/openai-responses/index.ts';
import type { JsonObject, Protocol } from '../../../src/protocols/protocol.ts';
import { protocolOf } from '../../../src/protocols/registry.ts';
import { ResponseBuilder } from '../../../src/protocols/response-builder.ts';
import { responseEvents } from '../../../src/protocols/response-events.ts';
import { SseTap } from '../../../src/protocols/tap.ts';
import { classifyFailure } from '../../../src/upstream/classify.ts';
import { CONTEXT, dataOf, digest, readStream, writeStream } from './digest.ts';
import { translate } from './translate.ts';

const spoken = (name: ProtocolName): Protocol => {
  const protocol = protocolOf(name);
  if (protocol === undefined) throw new Error(name);
  return protocol;
};
const ANSWER: ChatResponse = {
  id: 'up_1',
  model: 'up-model',
  blocks: [
    { type: 'text', text: 'Hi, Zürich 😀' },
    { type: 'toolCall', id: 'call_1', name: 'look', arguments: '{"city":"Zürich"}' },
    { type: 'toolCall', id: 'call_2', name: 'look', arguments: '{"city":"Basel"}' },
  ],
  finishReason: 'tool_calls',
  rawFinishReason: null,
  stopSequence: null,
  usage: { ...UNKNOWN_USAGE, inputTokens: 7, outputTokens: 5, totalTokens: 12 },
};
const FILTERED: ChatResponse = {
  ...ANSWER,
  blocks: [{ type: 'refusal', text: 'I will not.' }],
  finishReason: 'content_filter',
};
const whole = (protocol: Protocol, response: ChatResponse) =>
  JSON.parse(protocol.writeResponse(response, CONTEXT).toString()) as JsonObject;

describe('a whole answer told as a stream', () => {
  it.each(PROTOCOL_NAMES)('trap 65 says the same to a caller of %s', (name) => {
    const stream = writeStream(spoken(name), [...responseEvents(ANSWER)]);
    const read = readStream(spoken(name), [stream]);
    expect(read).toMatchObject({ isComplete: true, failure: null });
    expect(digest(read.response)).toMatchObject({
      text: 'Hi, Zürich 😀',
      calls: digest(ANSWER).calls,
      finishReason: 'tool_calls',
      usage: [7, 5, expect.toSatisfy((count) => !count), expect.toSatisfy((count) => !count)],
    });
  });

  it('trap 65 keeps signatures, citations and what is not known', () => {
    const origin = { protocol: 'anthropic-messages' } as const;
    const response: ChatResponse = {
      ...ANSWER,
      blocks: [
        { type: 'reasoning', text: 'hm', signature: 'sig', redacted: undefined, isPlan: undefined, origin },
        { type: 'reasoning', text: '', signature: undefined, redacted: 'x', isPlan: undefined, origin },
        { type: 'text', text: 'a', citations: { raw: [{ url: 'u' }], origin } },
        { type: 'unknown', raw: { type: 'server_tool_use' }, origin },
        { type: 'refusal', text: 'no' },
      ],
      stopSequence: 'END',
    };
    const builder = new ResponseBuilder();
    for (const event of responseEvents(response)) builder.add(event);
    expect(builder.build()).toEqual(response);
  });
});

describe('instructions', () => {
  it('trap 4 are sent each time to who keeps none', () => {
    const ask = { model: 'm', instructions: 'Be brief.', input: 'Hi' };
    const target = { provider: 'anthropic', model: 'claude-sonnet-4-5', maxOutputTokens: null };
    const { body } = translate(openaiResponses, anthropicMessages, ask, target);
    expect(JSON.stringify(body['system'])).toContain('Be brief.');
    const google = { provider: 'google', model: 'gemini-2.5-flash', maxOutputTokens: null };
    const other = translate(openaiResponses, gemini, ask, google);
    expect(JSON.stringify(other.body['systemInstruction'])).toContain('Be brief.');
  });

  it('trap 4 of an earlier response, which nobody keeps, are refused by name', () => {
    const body = { model: 'm', input: 'Hi', previous_response_id: 'resp_1' };
    expect(openaiResponses.shapeError(body)).toMatchObject({ param: 'previous_response_id' });
  });
});

describe('padding', () => {
  const chunk = (delta: object, more: object = {}) =>
    `data: ${JSON.stringify({
      id: 'c',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: null }],
      obfuscation: 'p4dd1ng',
      ...more,
    })}\n\n`;
  const finish = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
  const stream = Buffer.from(`${chunk({ content: 'Hi' })}${chunk({}, finish)}data: [DONE]\n\n`);

  it('trap 49 of a stream reaches no caller of another protocol', () => {
    const { events } = readStream(openaiChat, [stream]);
    expect(JSON.stringify(events)).not.toContain('p4dd1ng');
    const written = writeStream(anthropicMessages, events).toString();
    expect(written).toContain('"text":"Hi"');
    expect(written).not.toContain('p4dd1ng');
    const responses = Buffer.from(
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"i",' +
        '"output_index":0,"content_index":0,"delta":"Hi","obfuscation":"p4dd1ng"}\n\n',
    );
    const read = readStream(openaiResponses, [responses]);
    expect(read.response.blocks).toEqual([{ type: 'text', text: 'Hi' }]);
    expect(JSON.stringify(read.events)).not.toContain('p4dd1ng');
  });

  it('trap 49 passes to a caller of the same protocol, whose client expects it', () => {
    const tap = new SseTap(openaiChat, { dropUsageOnly: true, holdBytesMax: 1024 });
    expect(
      tap
        .push(stream)
        ?.toString()
        .match(/p4dd1ng/g),
    ).toHaveLength(2);
  });
});

describe('reasoning of servers of OpenAI’s protocol', () => {
  const messages = [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'I look.',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
  ];
  const ask = (provider: string, model: string) =>
    translate(openaiChat, openaiChat, { model: 'm', messages }, { provider, model, maxOutputTokens: null });

  it('trap 72 goes back in a loop of tools to who needs it there', () => {
    const { body } = ask('deepseek', 'deepseek-reasoner');
    expect((body['messages'] as JsonObject[])[1]).toMatchObject({ reasoning_content: 'I look.' });
  });

  it('trap 72 stays away from who refuses it, and the receipt says so', () => {
    const { body, receipt } = ask('mistral', 'magistral-medium-latest');
    expect(JSON.stringify(body)).not.toContain('I look.');
    expect(Object.values(receipt).some(({ action }) => action === 'dropped')).toBe(true);
  });
});

it('trap 94 an older Gemini model takes no format beside tools: the schema is an instruction', () => {
  const ask = {
    model: 'm',
    messages: [{ role: 'user', content: 'Hi' }],
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'x', schema: { type: 'object', properties: { city: { type: 'string' } } } },
    },
    tools: [{ type: 'function', function: { name: 'look' } }],
  };
  const target = { provider: 'google', model: 'gemini-2.5-flash', maxOutputTokens: null };
  const { body, receipt } = translate(openaiChat, gemini, ask, target);
  expect(body['generationConfig'] ?? {}).not.toHaveProperty('responseMimeType');
  expect(JSON.stringify(body['systemInstruction'])).toContain('"city');
  expect(receipt['response_format']).toMatchObject({ action: 'converted', to: 'systemInstruction' });
});

/** How an answer that was filtered looks whole, and what its stream holds. */
const FILTER: Readonly<Record<ProtocolName, { whole: object; stream: string }>> = {
  'openai-chat': {
    whole: { choices: [{ finish_reason: 'content_filter', message: { refusal: 'I will not.' } }] },
    stream: '"finish_reason":"content_filter"',
  },
  'openai-responses': {
    whole: { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
    stream: 'response.incomplete',
  },
  'anthropic-messages': { whole: { stop_reason: 'refusal' }, stream: '"stop_reason":"refusal"' },
  gemini: { whole: { candidates: [{ finishReason: 'SAFETY' }] }, stream: '"finishReason":"SAFETY"' },
  'bedrock-converse': {
    whole: { stopReason: 'content_filtered' },
    stream: '"stopReason":"content_filtered"',
  },
  'cohere-chat': { whole: { finish_reason: 'ERROR' }, stream: '"finish_reason":"ERROR"' },
};

describe.each(PROTOCOL_NAMES)('a filtered answer for a caller of %s', (name) => {
  it('trap 132 is an answer with the protocol’s own word, not an odd status', () => {
    expect(whole(spoken(name), FILTERED)).toMatchObject(FILTER[name].whole);
    expect(writeStream(spoken(name), [...responseEvents(FILTERED)]).toString()).toContain(
      FILTER[name].stream,
    );
  });

  it('trap 132 an upstream’s refusal with status 400 stays a 400 of the protocol’s form', () => {
    const body = JSON.stringify({
      error: { message: 'The prompt was filtered', type: 'invalid_request_error', code: 'content_filter' },
    });
    const error = classifyFailure(openaiChat.readError(400, {}, body), null);
    const written = spoken(name).writeError(error, CONTEXT.callId);
    expect(written.status).toBe(400);
    expect(written.body.toString()).toContain('The prompt was filtered');
  });
});

describe('the time of an answer', () => {
  const streamed = (name: ProtocolName) => writeStream(spoken(name), [...responseEvents(ANSWER)]);

  it('trap 135 is the gateway’s, in whole seconds, where the protocol has one', () => {
    expect(whole(openaiChat, ANSWER)['created']).toBe(CONTEXT.createdAt);
    expect(whole(openaiResponses, ANSWER)['created_at']).toBe(CONTEXT.createdAt);
    const chunks = dataOf(streamed('openai-chat')).filter((one) => one !== '[DONE]') as JsonObject[];
    expect(new Set(chunks.map(({ created }) => created))).toEqual(new Set([CONTEXT.createdAt]));
    const [first] = dataOf(streamed('openai-responses')) as { response: JsonObject }[];
    expect(first?.response['created_at']).toBe(CONTEXT.createdAt);
  });

  it.each(['anthropic-messages', 'gemini', 'bedrock-converse', 'cohere-chat'] as const)(
    'trap 135 %s tells none',
    (name) => {
      expect(JSON.stringify(whole(spoken(name), ANSWER))).not.toMatch(/created|createTime|1700000000/);
      expect(streamed(name).toString()).not.toMatch(/created|createTime|1700000000/);
    },
  );

  it('trap 135 an upstream’s own, also with a fraction, is not read', () => {
    const body = { id: 'r', created: 1.5, choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] };
    const read = openaiChat.readResponse(body, { protocol: 'openai-chat' });
    expect(read).toMatchObject({ finishReason: 'stop' });
    expect(JSON.stringify(read)).not.toContain('1.5');
  });
});

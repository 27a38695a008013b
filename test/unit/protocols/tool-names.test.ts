import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChatRequest, PROTOCOL_NAMES, type ProtocolName } from '../../../src/protocols/blocks.ts';
import { ReceiptBook } from '../../../src/protocols/receipt.ts';
import { fitToolNames, withCallersName, withCallersNames } from '../../../src/protocols/tool-names.ts';
import { anthropicToOpenai, openaiToAnthropic } from './translate.ts';

/** What each vendor's reference says of function names; the narrower one where they differ by model. */
const TAKEN: Readonly<Record<ProtocolName, RegExp>> = {
  'openai-chat': /^[a-zA-Z0-9_-]{1,64}$/,
  'openai-responses': /^[a-zA-Z0-9_-]{1,64}$/,
  'anthropic-messages': /^[a-zA-Z0-9_-]{1,128}$/,
  gemini: /^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/,
  'bedrock-converse': /^[a-zA-Z0-9_-]{1,64}$/,
  'cohere-chat': /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/,
};

const requestWith = (names: readonly string[]): ChatRequest => ({
  protocol: 'graphql',
  model: 'm',
  stream: false,
  streamUsage: false,
  messages: [{ role: 'user', blocks: [{ type: 'text', text: 'Hello' }] }],
  tools: names.map((name) => ({ name })),
  extra: {},
  unknownFields: [],
  fields: { tools: 'tools' },
});

function fitted(names: readonly string[], target: ProtocolName = 'openai-chat') {
  const given = requestWith(names);
  const { request, toolNames } = fitToolNames(given, target, new ReceiptBook(given, target));
  return { names: request.tools.map((tool) => tool.name), toolNames };
}

describe('trap 21 names of tools', () => {
  it.each(PROTOCOL_NAMES)(
    'trap 21 any names become names that %s takes, each another one, and come back',
    (target) => {
      const name = fc.oneof(
        fc.string({ minLength: 1, maxLength: 200, unit: 'binary' }),
        fc.string({ minLength: 1, maxLength: 140, unit: fc.constantFrom('a', '/', '_', '-', '.', '1') }),
      );
      fc.assert(
        fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 20 }), (given) => {
          const { names, toolNames } = fitted(given, target);
          for (const one of names) expect(one).toMatch(TAKEN[target]);
          expect(new Set(names).size).toBe(given.length);
          expect(names.map((one) => toolNames?.get(one) ?? one)).toEqual(given);
        }),
      );
    },
  );

  it('trap 21 a name that fits stays, and nothing is made for a request of such names', () => {
    expect(fitted(['get_weather', 'a-1'])).toEqual({ names: ['get_weather', 'a-1'], toolNames: null });
  });

  it('trap 21 a name becomes the same one whatever stands beside it', () => {
    const [alone] = fitted(['files/read']).names;
    expect(alone).toMatch(/^files_read_[a-zA-Z0-9]{8}$/);
    expect(fitted(['other/tool', 'x', 'files/read']).names[2]).toBe(alone);
  });

  it('trap 21 two names that look alike afterwards stay two', () => {
    const [first, second] = fitted(['a/b', 'a.b']).names;
    expect(first).not.toBe(second);
    const [taken = ''] = fitted(['a/b']).names;
    const { names, toolNames } = fitted(['a/b', taken]);
    expect(names[1], 'a name that fits is never changed').toBe(taken);
    expect(names[0]).not.toBe(taken);
    expect(toolNames?.get(names[0] ?? '')).toBe('a/b');
  });

  it('trap 21 a caller of the target’s own protocol keeps its names', () => {
    const given: ChatRequest = { ...requestWith(['files/read']), protocol: 'openai-chat' };
    const book = new ReceiptBook(given, 'openai-chat');
    expect(fitToolNames(given, 'openai-chat', book)).toEqual({ request: given, toolNames: null });
  });

  it('trap 21 answers and streams get the caller’s name back, and other names pass', () => {
    const names = new Map([['files_read_1', 'files/read']]);
    const start = (name: string) =>
      ({ type: 'blockStart', index: 0, block: { type: 'toolCall', id: 'c', name } }) as const;
    expect(withCallersName(start('files_read_1'), names)).toEqual(start('files/read'));
    expect(withCallersName(start('invented'), names)).toEqual(start('invented'));
    const call = (name: string) => ({ type: 'toolCall', id: 'c', name, arguments: '{}' }) as const;
    const answer = { id: null, model: null, finishReason: 'tool_calls', rawFinishReason: null } as const;
    const usage = {} as never; // not looked at
    const text = { type: 'text', text: 'files_read_1' } as const;
    const response = { ...answer, stopSequence: null, usage, blocks: [text, call('files_read_1')] };
    expect(withCallersNames(response, names).blocks).toEqual([text, call('files/read')]);
  });
});

describe('trap 21 in whole requests', () => {
  const LONG = 'x'.repeat(100);

  it('trap 21 Anthropic gets one name in tools, choice and history', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'files/read', arguments: '{}' } };
    const { body, receipt } = openaiToAnthropic({
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c1', content: 'x' },
      ],
      tools: [
        { type: 'function', function: { name: 'files/read' } },
        { type: 'function', function: { name: LONG } },
      ],
      tool_choice: { type: 'function', function: { name: 'files/read' } },
    });
    const [tool, long] = body['tools'] as { name: string }[];
    expect(tool?.name).toMatch(/^files_read_[a-zA-Z0-9]{8}$/);
    expect(long?.name, 'Anthropic takes up to 128 characters').toBe(LONG);
    expect(body['tool_choice']).toEqual({ type: 'tool', name: tool?.name });
    expect(body['messages']).toMatchObject([{}, { content: [{ type: 'tool_use', name: tool?.name }] }, {}]);
    expect(receipt['tools[].name']).toMatchObject({ action: 'converted', to: 'tools[].name' });
    expect(receipt['tools[].name']?.reason).toContain('"files/read"');
  });

  it('trap 21 OpenAI gets one name in tools, choice and history', () => {
    const { body } = anthropicToOpenai({
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: LONG, input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'x' }] },
      ],
      tools: [{ name: LONG, input_schema: { type: 'object' } }],
      tool_choice: { type: 'tool', name: LONG },
    });
    const [tool] = body['tools'] as { function: { name: string } }[];
    expect(tool?.function.name).toMatch(/^x{55}_[a-zA-Z0-9]{8}$/);
    expect(body['tool_choice']).toEqual({ type: 'function', function: { name: tool?.function.name } });
    expect(body['messages']).toMatchObject([
      {},
      { tool_calls: [{ function: { name: tool?.function.name } }] },
      {},
    ]);
  });
});

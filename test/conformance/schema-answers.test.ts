import { describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { MODEL_OF, useSdkRig } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const model = MODEL_OF['anthropic-messages'];
const HELLO = [{ role: 'user' as const, content: 'Who?' }];
const schema = {
  type: 'object',
  properties: { age: { type: 'integer', minimum: 0, maximum: 150 } },
  required: ['age'],
  additionalProperties: false,
};
const format = (given: object) => ({
  type: 'json_schema' as const,
  json_schema: { name: 'person', schema: { ...given } },
});
const BROKEN = {
  field: 'response_format',
  action: 'converted',
  reason: 'the answer breaks $.age: maximum 150',
};

async function ask(text: string, given: object = schema) {
  rig.answers('anthropic-messages', { text });
  const { data, response } = await rig.openai.chat.completions
    .create({ model, messages: HELLO, response_format: format(given) })
    .withResponse();
  const record = await rig.record(response.headers.get('x-sluice-call-id'));
  const entries = record.receipt as { field: string; reason?: string }[];
  return {
    text: data.choices[0]?.message.content,
    header: response.headers.get('x-sluice-receipt'),
    entries: entries.filter(({ field }) => field === 'response_format'),
  };
}

describe('an answer to a schema that the target does not take as it is', () => {
  it('trap 19 what breaks a keyword that was moved stands in the record and in the header', async () => {
    const { text, header, entries } = await ask('{"age":200}');
    expect(text).toBe('{"age":200}');
    expect(entries).toHaveLength(2);
    expect(entries[1]).toEqual(BROKEN);
    expect(header).toMatch(/converted=response_format>output_config\.format,[^;]*\bresponse_format;/);
  });

  it('trap 19 an answer that keeps to it adds nothing', async () => {
    const { header, entries } = await ask('{"age":20}');
    expect(entries).toHaveLength(1);
    expect(header).toMatch(/converted=response_format>output_config\.format/);
    expect(header?.match(/response_format/g)).toHaveLength(1);
  });

  it('trap 19 an expression of the caller is named as not checked', async () => {
    const { entries } = await ask('{"age":"b"}', { properties: { age: { pattern: '^a' } } });
    expect(entries[1]).toMatchObject({ action: 'converted', reason: 'not checked: pattern' });
    expect(entries).toHaveLength(2);
  });

  it('trap 19 a streamed answer is checked at its end', async () => {
    rig.streams('anthropic-messages', { deltas: ['{"age"', ':200}'] });
    const { data, response } = await rig.openai.chat.completions
      .create({ model, messages: HELLO, stream: true, response_format: format(schema) })
      .withResponse();
    let text = '';
    for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('{"age":200}');
    const record = await rig.record(response.headers.get('x-sluice-call-id'));
    expect(record.receipt).toContainEqual(BROKEN);
  });

  it('trap 19 an answer that was cut short, or calls a tool, is not one to check', async () => {
    rig.answers(
      'anthropic-messages',
      { text: '{"age":2', finishReason: 'max_tokens' },
      { text: 'Let me look.', toolCalls: [{ id: 'c', name: 'look', arguments: '{}' }] },
    );
    for (let count = 0; count < 2; count += 1) {
      const { response } = await rig.openai.chat.completions
        .create({
          model,
          messages: HELLO,
          response_format: format(schema),
          tools: [{ type: 'function', function: { name: 'look' } }],
        })
        .withResponse();
      const record = await rig.record(response.headers.get('x-sluice-call-id'));
      expect(JSON.stringify(record.receipt)).not.toContain('breaks');
    }
  });

  it('trap 19 the graph tells it in the receipt', async () => {
    rig.answers('anthropic-messages', { text: '{"age":200}' });
    const input = {
      model,
      messages: [{ role: 'USER', content: 'Who?' }],
      responseFormat: { type: 'JSON_SCHEMA', name: 'person', schema },
    };
    const { json } = await post(
      `${rig.gateway.baseUrl}/graphql`,
      { query: CHAT, variables: { input } },
      { key: APP_KEY },
    );
    expect(json.errors).toBeUndefined();
    expect(JSON.stringify(json.data)).toContain('the answer breaks $.age: maximum 150');
  });

  it('the same protocol is not looked into', async () => {
    rig.answers('openai-chat', { text: '{"age":200}' });
    const { response } = await rig.openai.chat.completions
      .create({ model: MODEL_OF['openai-chat'], messages: HELLO, response_format: format(schema) })
      .withResponse();
    const record = await rig.record(response.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({ lane: 'byte', receipt: null });
  });
});

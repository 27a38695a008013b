import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import type { ChatRequest } from '../../../../src/protocols/blocks.ts';
import { scanObject } from '../../../../src/protocols/json-scan.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { repairBody } from '../../../../src/protocols/repair.ts';
import { PROVIDERS } from '../../../../src/providers/catalogue.ts';
import { targetFacts } from '../../../../src/providers/facts.ts';
import { anthropicToOpenai, HELLO } from '../translate.ts';

const factsOf = (provider: string, model: string, apiVersion: string | null = null) =>
  targetFacts({ provider, protocol: 'openai-chat', apiVersion }, model);

/** As GraphQL's callers ask: every setting at once. */
function written(provider: string, model: string, changes: Partial<ChatRequest>, apiVersion?: string) {
  const request: ChatRequest = {
    protocol: 'graphql',
    model,
    stream: false,
    streamUsage: false,
    messages: [{ role: 'user', blocks: [{ type: 'text', text: 'hi' }] }],
    tools: [],
    extra: {},
    unknownFields: [],
    fields: Object.fromEntries(Object.keys(changes).map((name) => [name, name])),
    ...changes,
  };
  const { quirks, capabilities } = factsOf(provider, model, apiVersion);
  const result = openaiChat.writeRequest(request, {
    provider,
    model,
    maxOutputTokens: null,
    quirks,
    capabilities,
  });
  if (result instanceof CallError) throw result;
  return {
    body: JSON.parse(result.body.toString()) as JsonObject,
    receipt: Object.fromEntries(result.receipt.map((entry) => [entry.field, entry])),
  };
}

/** What the byte lane sends for a caller's own body. */
function passed(provider: string, model: string, body: object, apiVersion: string | null = null): JsonObject {
  const bytes = Buffer.from(JSON.stringify(body));
  const scan = scanObject(bytes);
  if (scan instanceof CallError) throw scan;
  const { quirks, repairs } = factsOf(provider, model, apiVersion);
  const rewritten = openaiChat.rewriteRequest(bytes, scan, body as JsonObject, model, quirks);
  return JSON.parse(repairBody(rewritten.body, repairs ?? []).body.toString()) as JsonObject;
}

describe('what servers of OpenAI’s style differ in', () => {
  it('trap 78 names the token limit as each server does, and a new name where the old one is refused', () => {
    const limit = { maxOutputTokens: 50 };
    expect(written('openai', 'gpt-5', limit).body['max_completion_tokens']).toBe(50);
    expect(written('cerebras', 'gpt-oss-120b', limit).body['max_completion_tokens']).toBe(50);
    for (const [provider, model] of [
      ['mistral', 'mistral-large-latest'],
      ['groq', 'llama-3.3-70b-versatile'],
      ['custom', 'anything'],
    ] as const) {
      expect(written(provider, model, limit).body).toMatchObject({ max_tokens: 50 });
    }
    expect(passed('openai', 'gpt-5', { model: 'gpt-5', max_tokens: 9 })).toEqual({
      model: 'gpt-5',
      max_completion_tokens: 9,
    });
    expect(passed('openai', 'gpt-4.1', { model: 'gpt-4.1', max_tokens: 9 })).toHaveProperty('max_tokens', 9);
    expect(passed('mistral', 'm', { model: 'm', max_completion_tokens: 9 })).toEqual({
      model: 'm',
      max_tokens: 9,
    });
    expect(passed('mistral', 'm', { model: 'm', max_tokens: 8, max_completion_tokens: 9 })).toEqual({
      model: 'm',
      max_tokens: 8,
    });
  });

  it('traps 82 and 83 give a seed Mistral’s name and top_k to those who take it', () => {
    const { body, receipt } = written('mistral', 'mistral-large-latest', { seed: 7, topK: 5 });
    expect(body).toMatchObject({ random_seed: 7 });
    expect(body).not.toHaveProperty('seed');
    expect(body).not.toHaveProperty('top_k');
    expect(receipt).toMatchObject({
      seed: { action: 'renamed', to: 'random_seed' },
      topK: { action: 'dropped' },
    });
    expect(passed('mistral', 'm', { model: 'm', seed: 7 })).toEqual({ model: 'm', random_seed: 7 });
    const open = written('vllm', 'qwen3-32b', { seed: 7, topK: 5 });
    expect(open.body).toMatchObject({ seed: 7, top_k: 5 });
    expect(open.receipt['topK']).toMatchObject({ action: 'renamed', to: 'top_k' });
    expect(written('openai', 'gpt-4.1', { topK: 5 }).body).not.toHaveProperty('top_k');
  });

  it('trap 80 keeps the temperature inside of the target’s range, and says so', () => {
    const mistral = written('mistral', 'mistral-large-latest', { temperature: 1.8 });
    expect(mistral.body['temperature']).toBe(1.5);
    expect(mistral.receipt['temperature']).toMatchObject({ action: 'converted', to: 'temperature' });
    expect(mistral.receipt['temperature']?.reason).toContain('1.5');
    expect(written('moonshot', 'kimi-k2', { temperature: 1.8 }).body['temperature']).toBe(1);
    const inside = written('openai', 'gpt-4.1', { temperature: 1.8 });
    expect(inside.body['temperature']).toBe(1.8);
    expect(inside.receipt['temperature']?.action).toBe('carried');
  });

  it('trap 81 sends sampling settings to models that take them, or while they do not reason', () => {
    const settings = { temperature: 0.5, topP: 0.5, presencePenalty: 0.1 };
    const names = ['temperature', 'top_p', 'presence_penalty'];
    const sent = (provider: string, model: string, changes: Partial<ChatRequest> = {}) =>
      names.filter((name) => name in written(provider, model, { ...settings, ...changes }).body);
    expect(sent('openai', 'gpt-4o')).toEqual(names);
    expect(sent('openai', 'o3')).toEqual([]);
    expect(sent('openai', 'gpt-5')).toEqual([]);
    expect(sent('openai', 'gpt-5.2')).toEqual([]);
    expect(sent('openai', 'gpt-5.2', { reasoning: { effort: 'none' } })).toEqual(names);
    expect(sent('openai', 'gpt-5', { reasoning: { effort: 'none' } })).toEqual([]);
    // The same model under another provider's name for it.
    expect(sent('openrouter', 'openai/gpt-5')).toEqual([]);
    expect(sent('openai', 'a-model-of-tomorrow')).toEqual(names);
  });

  it('trap 75 sends the nearest effort that the target takes, and none to those that take none', () => {
    const effort = (provider: string, model: string, value: 'none' | 'minimal' | 'medium' | 'xhigh') =>
      written(provider, model, { reasoning: { effort: value } });
    expect(effort('openai', 'gpt-5', 'none').body['reasoning_effort']).toBe('minimal');
    expect(effort('openai', 'o3', 'minimal').body['reasoning_effort']).toBe('low');
    expect(effort('openai', 'gpt-5.1', 'xhigh').body['reasoning_effort']).toBe('high');
    expect(effort('openai', 'gpt-5.2', 'xhigh').body['reasoning_effort']).toBe('xhigh');
    const mistral = effort('mistral', 'magistral-medium-latest', 'medium');
    expect(mistral.body['reasoning_effort']).toBe('high');
    expect(mistral.receipt['reasoning']).toMatchObject({ action: 'converted', to: 'reasoning_effort' });
    expect(mistral.receipt['reasoning']?.reason).toContain('"medium" as "high"');
    expect(
      written('mistral', 'magistral-medium-latest', { reasoning: { effort: 'low' } }).body[
        'reasoning_effort'
      ],
    ).toBe('high');
    for (const [provider, model] of [
      ['moonshot', 'kimi-k2-thinking'],
      ['openai', 'gpt-4.1'],
      ['xai', 'grok-4-0709'],
    ] as const) {
      const none = effort(provider, model, 'medium');
      expect(none.body).not.toHaveProperty('reasoning_effort');
      expect(none.receipt['reasoning']?.action).toBe('dropped');
    }
    expect(effort('custom', 'anything', 'medium').body['reasoning_effort']).toBe('medium');
  });

  it('trap 46 asks for usage only where that is not refused', () => {
    expect(written('openai', 'gpt-5', { stream: true }).body).toHaveProperty('stream_options');
    for (const [provider, model, apiVersion] of [
      ['mistral', 'mistral-large-latest', undefined],
      ['azure', 'gpt-4o', '2024-06-01'],
      ['databricks', 'databricks-claude-sonnet-4-5', undefined],
    ] as const) {
      const { body } = written(provider, model, { stream: true }, apiVersion);
      expect(body['stream']).toBe(true);
      expect(body).not.toHaveProperty('stream_options');
      const own = { model, stream: true, stream_options: { include_usage: true } };
      expect(passed(provider, model, own, apiVersion ?? null)).toEqual({ model, stream: true });
      expect(passed(provider, model, { model, stream: true }, apiVersion ?? null)).not.toHaveProperty(
        'stream_options',
      );
    }
    expect(written('azure', 'gpt-4o', { stream: true }, '2024-10-21').body).toHaveProperty('stream_options');
    expect(written('azure', 'gpt-4o', { stream: true }).body).toHaveProperty('stream_options');
  });

  it('trap 3 calls developers "system" where the role is not known', () => {
    const messages: ChatRequest['messages'] = [
      { role: 'developer', blocks: [{ type: 'text', text: 'be kind' }] },
      { role: 'user', blocks: [{ type: 'text', text: 'hi' }] },
    ];
    const roleAt = (provider: string, model: string) =>
      (written(provider, model, { messages }).body['messages'] as JsonObject[])[0]?.['role'];
    expect(roleAt('openai', 'gpt-5')).toBe('developer');
    expect(roleAt('azure', 'my-deployment')).toBe('developer');
    expect(roleAt('openai', 'o1-mini')).toBe('system');
    expect(roleAt('groq', 'openai/gpt-oss-120b')).toBe('system');
    expect(roleAt('custom', 'gpt-5')).toBe('system');
  });

  it('trap 11 makes one text of several where parts of text are refused', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ];
    const image = { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } };
    const user = (provider: string, parts: readonly object[]) =>
      (
        anthropicToOpenai({ messages: [{ role: 'user', content: parts }] }, { provider }).body[
          'messages'
        ] as JsonObject[]
      )[0]?.['content'];
    expect(user('deepseek', content)).toBe('a\n\nb');
    expect(user('openai', content)).toEqual(content);
    expect(user('deepseek', [...content, image])).toHaveLength(3);
  });

  it('trap 22 gives Mistral ids of nine characters, and others theirs', () => {
    const call = { type: 'tool_use', id: 'toolu_01A09q90qw90lq917835lq9', name: 'f', input: {} };
    const messages = [
      HELLO,
      { role: 'assistant', content: [call] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'ok' }] },
    ];
    const idsAt = (provider: string) => {
      const tools = [{ name: 'f', input_schema: { type: 'object' } }];
      const { body } = anthropicToOpenai({ messages, tools }, { provider, model: 'm' });
      const [, assistant, tool] = body['messages'] as [JsonObject, JsonObject, JsonObject];
      return [(assistant['tool_calls'] as [JsonObject])[0]['id'], tool['tool_call_id']];
    };
    const [called, answered] = idsAt('mistral');
    expect(called).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(answered).toBe(called);
    expect(idsAt('together')).toEqual([call.id, call.id]);
  });

  it('trap 92 says a schema in words where only JSON objects can be asked for', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const format = { responseFormat: { type: 'jsonSchema', name: 'r', schema } } as const;
    const { body, receipt } = written('deepseek', 'deepseek-chat', format);
    expect(body['response_format']).toEqual({ type: 'json_object' });
    expect((body['messages'] as JsonObject[])[0]).toEqual({
      role: 'system',
      content: `Answer in JSON that follows this JSON Schema: ${JSON.stringify(schema)}`,
    });
    expect(receipt['responseFormat']).toMatchObject({ action: 'converted' });
    expect(written('openai', 'gpt-4.1', format).body['response_format']).toMatchObject({
      type: 'json_schema',
    });
  });

  it('trap 84 sends as many stop sequences as are taken', () => {
    const stop = ['a', 'b', 'c', 'd', 'e'];
    const zhipu = written('zhipu', 'glm-4.6', { stop });
    expect(zhipu.body['stop']).toEqual(['a']);
    expect(zhipu.receipt['stop']).toMatchObject({ action: 'converted', to: 'stop' });
    expect(written('openai', 'gpt-4.1', { stop }).body['stop']).toEqual(['a', 'b', 'c', 'd']);
  });

  it('leaves out what is known to be refused, and names it', () => {
    const messages: ChatRequest['messages'] = [
      { role: 'user', name: 'ann', blocks: [{ type: 'text', text: 'hi' }] },
    ];
    const account = { user: 'u', metadata: { a: 'b' }, messages };
    const { body, receipt } = written('mistral', 'mistral-large-latest', account);
    expect(body).not.toHaveProperty('user');
    expect(body).toHaveProperty('metadata');
    expect((body['messages'] as JsonObject[])[0]).not.toHaveProperty('name');
    expect(receipt['user']).toMatchObject({ action: 'dropped', reason: 'the target refuses it' });
    expect(receipt['messages[].name']).toMatchObject({ action: 'dropped' });
    expect(written('openai', 'gpt-4.1', account).body).toHaveProperty('user', 'u');
    expect(passed('mistral', 'm', { model: 'm', store: false, user: 'u', logprobs: null })).toEqual({
      model: 'm',
      logprobs: null,
    });
  });

  it('leaves every body alone for a provider about which nothing is known', () => {
    const body = { model: 'm', max_tokens: 1, max_completion_tokens: 2, seed: 3, user: 'u', store: true };
    expect(passed('custom', 'm', body)).toEqual(body);
    expect(factsOf('custom', 'm').quirks).toBeNull();
    expect(factsOf('no-such-provider', 'm')).toEqual({ capabilities: null, quirks: null, repairs: null });
  });

  it('is data alone: no name of a provider stands in the protocol', () => {
    const folder = new URL('../../../../src/protocols/openai-chat/', import.meta.url);
    const names = PROVIDERS.map(({ name }) => name).filter((name) => name !== 'custom');
    for (const file of readdirSync(folder)) {
      const code = readFileSync(new URL(file, folder), 'utf8')
        .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
        // Whose rule for ids it is, not whose server.
        .replace(/'openai' \| 'mistral'|toolIds === 'mistral'/g, '');
      expect([file, names.filter((name) => code.includes(`'${name}'`))]).toEqual([file, []]);
    }
  });
});

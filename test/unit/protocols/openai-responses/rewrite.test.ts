import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { scanObject } from '../../../../src/protocols/json-scan.ts';
import { openaiResponses } from '../../../../src/protocols/openai-responses/index.ts';
import { sealOf } from '../../../../src/protocols/openai-responses/reasoning-seal.ts';
import type { JsonObject, StreamTap } from '../../../../src/protocols/protocol.ts';

function rewrite(text: string, model = 'gpt-4.1'): string {
  const bytes = Buffer.from(text);
  const scan = scanObject(bytes);
  if (scan instanceof CallError) throw scan;
  const { body, addsUsage } = openaiResponses.rewriteRequest(
    bytes,
    scan,
    JSON.parse(text) as JsonObject,
    model,
  );
  expect(addsUsage).toBe(false);
  return body.toString();
}

const SEAL = sealOf({
  type: 'reasoning',
  text: 'hm',
  signature: 'sig',
  origin: { protocol: 'anthropic-messages', provider: 'anthropic', model: 'claude' },
});

describe('the caller’s own bytes for a Responses upstream', () => {
  it('change in the model’s name, and in what is stored; every other byte stays', () => {
    expect(rewrite('{ "model":"mine", "input" : "x",  "seed": 1e3, "store":true }')).toBe(
      '{ "model":"gpt-4.1", "input" : "x",  "seed": 1e3, "store":false }',
    );
    expect(rewrite('{"model":"mine","input":"x"}')).toBe('{"store":false,"model":"gpt-4.1","input":"x"}');
    const own = '{"model":"gpt-5","input":[{"type":"reasoning","id":"rs_1","summary":[]}],"store":false}';
    expect(rewrite(own, 'gpt-5')).toBe(own);
  });

  it('trap 71 ask for encrypted reasoning where the model has it and the caller counted on storage', () => {
    const include = (text: string, model: string) =>
      (JSON.parse(rewrite(text, model)) as JsonObject)['include'];
    expect(include('{"model":"m","input":"x"}', 'gpt-5-mini')).toEqual(['reasoning.encrypted_content']);
    expect(include('{"model":"m","input":"x","include":["a"]}', 'o3')).toEqual([
      'a',
      'reasoning.encrypted_content',
    ]);
    expect(include('{"model":"m","input":"x","include":["reasoning.encrypted_content"]}', 'o3')).toEqual([
      'reasoning.encrypted_content',
    ]);
    expect(include('{"model":"m","input":"x"}', 'gpt-4.1')).toBeUndefined();
    expect(include('{"model":"m","input":"x","store":false}', 'gpt-5-mini')).toBeUndefined();
  });

  it('trap 13 lose reasoning that would be looked for in what was stored, and what no upstream of this protocol wrote', () => {
    const bare = { type: 'reasoning', id: 'rs_1', summary: [] };
    const signed = { ...bare, encrypted_content: 'gAAAA' };
    const sealed = { ...bare, encrypted_content: SEAL };
    const last = { role: 'user', content: 'x' };
    const inputOf = (store: boolean | undefined) => {
      const body = { model: 'm', input: [bare, signed, sealed, last], store };
      return (JSON.parse(rewrite(JSON.stringify(body))) as JsonObject)['input'];
    };
    expect(inputOf(undefined)).toEqual([signed, last]);
    // Who says that nothing is stored has no references; the upstream says so to who errs.
    expect(inputOf(false)).toEqual([bare, signed, last]);
  });
});

describe('following the stream in the byte lane', () => {
  const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  const tapOf = (): StreamTap => {
    const tap = openaiResponses.streamTap?.({ dropUsageOnly: false, holdBytesMax: 1_024 });
    if (tap === undefined) throw new Error('no tap');
    return tap;
  };
  const DELTA = { type: 'response.output_text.delta', delta: 'x' };

  it('sees the end also where it repeats an answer that is longer than what is held of other events', () => {
    const tap = tapOf();
    const text = 'y'.repeat(300_000);
    const end = event({
      type: 'response.completed',
      ...{
        response: { model: 'up', output: [{ type: 'message', content: [{ type: 'output_text', text }] }] },
      },
    });
    const bytes = Buffer.from(event(DELTA) + end);
    const forwarded: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 1_000) {
      forwarded.push(tap.push(bytes.subarray(at, at + 1_000)) ?? Buffer.alloc(0));
    }
    expect(Buffer.concat(forwarded).toString()).toBe(event(DELTA));
    expect(tap).toMatchObject({ isComplete: true, finishReason: 'stop', model: 'up', failure: null });
    expect(tap.takeTerminal().toString()).toBe(end);
  });

  it('trap 62 lets neither the error event nor what follows it through', () => {
    const tap = tapOf();
    const failed = event({ type: 'response.failed' });
    const error = { type: 'error', error: { code: 'server_error', message: 'broken' } };
    const passed = tap.push(Buffer.from(event(DELTA) + event(error) + failed));
    expect(passed?.toString()).toBe(event(DELTA));
    expect(tap.failure).toMatchObject({ class: 'transient', code: 'server_error' });
    expect(tap.isComplete).toBe(false);
  });

  it('trap 102 tells calls from text', () => {
    const end = (output: readonly object[]) =>
      openaiResponses.inspect(JSON.stringify({ type: 'response.completed', response: { output } }));
    expect(end([{ type: 'function_call', name: 'f' }]).finishReason).toBe('tool_calls');
    expect(end([{ type: 'custom_tool_call', name: 'f' }]).finishReason).toBe('stop');
  });

  it('what only opens an item is no content', () => {
    const hasContent = (data: object) => openaiResponses.inspect(JSON.stringify(data)).hasContent;
    expect(hasContent({ type: 'response.created', response: {} })).toBe(false);
    expect(hasContent({ type: 'response.output_item.added', item: { type: 'message' } })).toBe(false);
    expect(hasContent({ type: 'response.content_part.added' })).toBe(false);
    expect(hasContent({ type: 'response.output_item.added', item: { type: 'function_call' } })).toBe(true);
    expect(hasContent(DELTA)).toBe(true);
    for (const data of ['[DONE]', 'nonsense', '[]', 'null']) {
      expect(openaiResponses.inspect(data)).toEqual({ hasContent: false });
    }
  });
});

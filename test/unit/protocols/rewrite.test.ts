import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import { scanObject } from '../../../src/protocols/json-scan.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import type { JsonObject, Protocol } from '../../../src/protocols/protocol.ts';
import { protocolOf } from '../../../src/protocols/registry.ts';

function rewrite(protocol: Protocol, text: string, model: string) {
  const bytes = Buffer.from(text);
  const scan = scanObject(bytes);
  if (scan instanceof CallError) throw scan;
  const { body, addsUsage } = protocol.rewriteRequest(bytes, scan, JSON.parse(text) as JsonObject, model);
  return { text: body.toString(), addsUsage, isSame: body === bytes };
}

describe('the byte lane', () => {
  it('renames the model and leaves every other byte', () => {
    const body =
      '{ "temperature":1.0, "model" : "alias","messages":[ {"role":"user","content":"\\u00e9 1e21"} ] }';
    for (const protocol of [openaiChat, anthropicMessages]) {
      expect(rewrite(protocol, body, 'real').text).toBe(body.replace('"alias"', '"real"'));
      expect(rewrite(protocol, body, 'alias').isSame).toBe(true);
    }
  });

  it.each([
    [
      '{"model":"m","stream":true}',
      '{"stream_options":{"include_usage":true},"model":"m","stream":true}',
      true,
    ],
    [
      '{"model":"m","stream":true,"stream_options":null}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
      true,
    ],
    [
      '{"model":"m","stream":true,"stream_options":{"include_obfuscation":false}}',
      '{"model":"m","stream":true,"stream_options":{"include_obfuscation":false,"include_usage":true}}',
      true,
    ],
    ['{"model":"m","stream":true,"stream_options":{"include_usage":true}}', null, false],
    ['{"model":"m","stream":false}', null, false],
    ['{"model":"m"}', null, false],
  ])('trap 46 asks a stream for usage: %s', (before, after, addsUsage) => {
    expect(rewrite(openaiChat, before, 'm')).toMatchObject({ text: after ?? before, addsUsage });
    expect(rewrite(anthropicMessages, before, 'm')).toMatchObject({ text: before, addsUsage: false });
  });
});

it('knows its protocols by name', () => {
  expect(protocolOf('openai-chat')).toBe(openaiChat);
  expect(protocolOf('anthropic-messages')).toBe(anthropicMessages);
  expect(openaiChat.path('m', true)).toBe('/chat/completions');
  expect(anthropicMessages.path('m', false)).toBe('/v1/messages');
});

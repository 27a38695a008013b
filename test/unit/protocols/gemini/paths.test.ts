import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { gemini } from '../../../../src/protocols/gemini/index.ts';
import { scanObject } from '../../../../src/protocols/json-scan.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';

describe('addresses of Gemini', () => {
  it.each([
    ['gemini-2.5-pro', '', '/v1beta/models/gemini-2.5-pro:generateContent'],
    ['models/gemini-2.5-pro', '/proxy', '/v1beta/models/gemini-2.5-pro:generateContent'],
    ['tunedModels/mine-1', '', '/v1beta/tunedModels/mine-1:generateContent'],
    ['a b/c?d', '', '/v1beta/models/a%20b/c%3Fd:generateContent'],
    ['models/../../x/./y//..', '', '/v1beta/models/x/y:generateContent'],
    [
      '../../../../q/locations/l/endpoints/1',
      '/v1/projects/p/locations/l',
      '/publishers/google/models/q/locations/l/endpoints/1:generateContent',
    ],
    ['a/%2e%2e/b', '', '/v1beta/models/a/%252e%252e/b:generateContent'],
    [
      'gemini-2.5-pro',
      '/v1/projects/p-1/locations/us-central1',
      '/publishers/google/models/gemini-2.5-pro:generateContent',
    ],
    [
      'models/gemini-2.5-pro',
      '/v1beta1/projects/p/locations/global',
      '/publishers/google/models/gemini-2.5-pro:generateContent',
    ],
    [
      'publishers/meta/models/llama',
      '/v1/projects/p/locations/l',
      '/publishers/meta/models/llama:generateContent',
    ],
    ['endpoints/12', '/v1/projects/p/locations/l', '/endpoints/12:generateContent'],
  ])('trap 130 %s below "%s"', (model, prefix, path) => {
    expect(gemini.path(model, false, prefix)).toBe(path);
    expect(gemini.path(model, true, prefix)).toBe(
      path.replace(':generateContent', ':streamGenerateContent?alt=sse'),
    );
  });

  it('a request passes untouched; only a model that it repeats is the target’s', () => {
    const rewrite = (text: string) => {
      const bytes = Buffer.from(text);
      const scan = scanObject(bytes);
      if (scan instanceof CallError) throw scan;
      const json = JSON.parse(text) as JsonObject;
      return { bytes, ...gemini.rewriteRequest(bytes, scan, json, 'gemini-x') };
    };
    const plain = rewrite('{ "contents": [] }');
    expect(plain.body).toBe(plain.bytes);
    expect(plain.addsUsage).toBe(false);
    const { body } = rewrite('{"model":"models/alias", "contents": [] }');
    expect(body.toString()).toBe('{"model":"models/gemini-x", "contents": [] }');
  });
});

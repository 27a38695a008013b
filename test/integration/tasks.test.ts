import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, APP_KEY } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { bytes, json, respond } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { post } from '../support/graphql-request.ts';
import { recordOf } from '../support/sdk-rig.ts';
import { NARROW_KEY, useTaskRig } from '../support/task-rig.ts';

const rig = useTaskRig();
const BOUNDARY = 'a-boundary';
const FORM = `multipart/form-data; boundary=${BOUNDARY}`;
const part = (name: string, value: string, more = '') =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
const form = (...parts: readonly string[]) => `${parts.join('')}--${BOUNDARY}--\r\n`;
const FILE = part('file', 'sound', '; filename="a.mp3"');

interface Asked {
  readonly path: string;
  readonly body: string;
  readonly type?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

async function ask({ path, body, type = FORM, key = APP_KEY, headers = {} }: Asked) {
  const answer = await fetch(`${rig.gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
    body,
  });
  const text = await answer.text();
  const callId = answer.headers.get('x-sluice-call-id') ?? '';
  return { status: answer.status, headers: answer.headers, callId, text };
}

const errorOf = ({ text }: { text: string }) =>
  (JSON.parse(text) as { error: { code: string; param: string | null; message: string } }).error;

describe('input that cannot be', () => {
  it.each([
    ['no model', form(FILE), 'invalid_request', 'model', 400],
    ['an empty model', form(part('model', ''), FILE), 'invalid_request', 'model', 400],
    ['two models', form(part('model', 'solo'), part('model', 'solo'), FILE), 'duplicate_field', 'model', 400],
    ['a file as model', form(part('model', 'solo', '; filename="m"'), FILE), 'invalid_request', 'model', 400],
    [
      'a stream of neither kind',
      form(part('model', 'solo'), part('stream', 'yes'), FILE),
      'invalid_request',
      'stream',
      400,
    ],
    ['a body that breaks off', form(part('model', 'solo'), FILE).slice(0, -8), 'malformed_form', null, 400],
    ['nothing', '', 'malformed_form', null, 400],
    ['a model that is not there', form(part('model', 'none'), FILE), 'model_not_found', 'model', 404],
  ])('%s is refused, and recorded', async (_what, body, code, param, status) => {
    const answer = await ask({ path: '/v1/audio/transcriptions', body });
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toMatchObject({ code, param });
    expect(rig.main.requests).toHaveLength(0);
    expect(await rig.record(answer.callId)).toMatchObject({
      operation: 'transcription',
      outcome: 'failed',
      error_code: code,
      target: null,
    });
  });

  it.each([
    ['/v1/audio/transcriptions', 'application/json', '{"model":"solo"}'],
    ['/v1/images/edits', 'multipart/mixed; boundary=x', '--x--'],
    ['/v1/files', 'text/plain', 'x'],
    ['/v1/embeddings', 'text/plain', '{"model":"solo","input":"x"}'],
    ['/v1/batches', FORM, form(part('input_file_id', 'x'))],
  ])('%s takes no %s', async (path, type, body) => {
    const answer = await ask({ path, type, body });
    expect(answer.status).toBe(415);
    expect(errorOf(answer).code).toBe('unsupported_media_type');
  });

  it('a form without a file, or whose file has no name, is no upload', async () => {
    for (const body of [form(part('purpose', 'batch')), form(part('file', 'x'))]) {
      expect(errorOf(await ask({ path: '/v1/files', body }))).toMatchObject({
        code: 'invalid_request',
        param: 'file',
      });
    }
  });

  it('a batch needs a file of the gateway’s', async () => {
    const batch = (body: object) =>
      ask({ path: '/v1/batches', type: 'application/json', body: JSON.stringify(body) });
    expect(errorOf(await batch({}))).toMatchObject({ code: 'invalid_request', param: 'input_file_id' });
    expect(errorOf(await batch({ input_file_id: 'file-1' }))).toMatchObject({
      code: 'not_found',
      param: 'input_file_id',
    });
    expect(errorOf(await batch({ input_file_id: 'main~x~file-1', metadata: 'x' }))).toMatchObject({
      code: 'invalid_request',
      param: 'metadata',
    });
  });

  it('several connections have files: the caller must say which, in any of the ways', async () => {
    const body = form(part('purpose', 'batch'), part('file', 'x', '; filename="a.jsonl"'));
    const refused = await ask({ path: '/v1/files', body });
    expect(errorOf(refused)).toMatchObject({ code: 'invalid_request', param: 'connection' });
    expect(errorOf(refused).message).toContain('main, spare');
    rig.spare.answer(json({ id: 'file-1', object: 'file', filename: 'a.jsonl', purpose: 'batch' }));
    const named = form(
      part('purpose', 'batch'),
      part('connection', 'spare'),
      part('file', 'x', '; filename="a.jsonl"'),
    );
    const byModel = form(part('model', 'spare/any'), part('file', 'x', '; filename="a.jsonl"'));
    for (const asked of [
      { path: '/v1/files', body, headers: { 'x-sluice-connection': 'spare' } },
      { path: '/v1/files?connection=spare', body },
      { path: '/v1/files', body: named },
      { path: '/v1/files', body: byModel },
    ]) {
      const answer = await ask(asked);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toMatchObject({ id: expect.stringMatching(/^spare~.+~file-1$/) });
    }
    for (const { body: sent } of rig.spare.requests) {
      expect(sent.toString()).not.toMatch(/name="(?:connection|model)"/);
    }
  });
});

describe('what an upstream says', () => {
  it('of a bad request goes to the caller as it is', async () => {
    const refusal = {
      error: { message: 'no such voice', type: 'invalid_request_error', param: 'voice', code: null },
    };
    rig.main.answer(json(refusal, 400));
    const answer = await ask({
      path: '/v1/audio/speech',
      type: 'application/json',
      body: JSON.stringify({ model: 'pair', input: 'x', voice: 'none' }),
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toEqual(refusal);
    expect(rig.spare.requests).toHaveLength(0);
  });

  it('with JSON where audio should be is no audio', async () => {
    rig.main.answer(json({ error: { message: 'try later', type: 'server_error' } }));
    rig.spare.answer([respond(200, { 'content-type': 'text/html', 'content-length': '4' }), bytes('<p/>')]);
    const answer = await ask({
      path: '/v1/audio/speech',
      type: 'application/json',
      body: JSON.stringify({ model: 'pair', input: 'x', voice: 'a' }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  });
});

it('a model with one target that has the endpoint goes to that one', async () => {
  rig.spare.answer(json({ data: [], model: 'm' }));
  const answer = await ask({
    path: '/v1/embeddings',
    type: 'application/json',
    body: JSON.stringify({ model: 'mixed', input: 'x' }),
  });
  expect(answer.status).toBe(200);
  expect(await rig.record(answer.callId)).toMatchObject({ target: 'spare/upstream-model' });
});

it('a key that may not use the model is refused on every path', async () => {
  for (const path of ['/v1/embeddings', '/v1/completions', '/v1/moderations', '/v1/images/generations']) {
    const body = JSON.stringify({ model: 'pair', input: 'x', prompt: 'x' });
    const answer = await ask({ path, type: 'application/json', body, key: NARROW_KEY });
    expect(answer.status).toBe(403);
    expect(errorOf(answer).code).toBe('model_not_allowed');
  }
  const answer = await ask({
    path: '/v1/audio/translations',
    body: form(part('model', 'pair'), FILE),
    key: NARROW_KEY,
  });
  expect(errorOf(answer).code).toBe('model_not_allowed');
  expect(rig.main.requests).toHaveLength(0);
});

it('calls are found by their operation', async () => {
  rig.main.answer(json({ results: [] }));
  const body = JSON.stringify({ model: 'solo', query: 'q', documents: ['a'] });
  const { callId } = await ask({ path: '/v1/rerank', type: 'application/json', body });
  await rig.record(callId);
  const query = `query ($operation: Operation!) {
    calls(first: 100, filter: { operation: $operation }) { edges { node { id operation } } }
  }`;
  const answer = await post(
    `${rig.gateway.baseUrl}/graphql`,
    { query, variables: { operation: 'RERANK' } },
    { key: APP_KEY },
  );
  const found = answer.json.data as { calls: { edges: { node: { id: string; operation: string } }[] } };
  const { edges } = found.calls;
  expect(edges.map(({ node }) => node.id)).toContain(callId);
  expect(new Set(edges.map(({ node }) => node.operation))).toEqual(new Set(['RERANK']));
});

describe('a provider with prices, whose bodies are kept', () => {
  const upstream = new FakeUpstream();
  let gateway: TestGateway;
  beforeAll(async () => {
    await upstream.listen();
    gateway = await startGateway({
      config: JSON.stringify({
        records: { bodies: true },
        connections: [
          {
            name: 'openai',
            provider: 'openai',
            baseUrl: `http://127.0.0.1:${upstream.port}/v1`,
            apiKey: 'k'.repeat(20),
          },
        ],
        tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
      }),
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await upstream.close();
  });

  it('tells the cost in the header and in the record', async () => {
    upstream.answer(
      json({
        data: [],
        model: 'text-embedding-3-small',
        usage: { prompt_tokens: 1_000_000, total_tokens: 1_000_000 },
      }),
    );
    const body = JSON.stringify({ model: 'openai/text-embedding-3-small', input: 'x' });
    const answer = await fetch(`${gateway.baseUrl}/v1/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
      body,
    });
    expect(answer.headers.get('x-sluice-cost-usd')).toBe('0.02');
    const callId = answer.headers.get('x-sluice-call-id');
    expect(await recordOf(gateway, callId)).toMatchObject({ cost_pico: '20000000000' });
    const query = 'query ($id: ID!) { call(id: $id) { bodies { request { text } response { text } } } }';
    const kept = await post(
      `${gateway.baseUrl}/graphql`,
      { query, variables: { id: callId } },
      { key: ADMIN_KEY },
    );
    expect(kept.json.errors).toBeUndefined();
    const call = kept.json.data?.['call'] as {
      bodies: { request: { text: string }; response: { text: string } };
    };
    expect(call.bodies.request.text).toBe(body);
    expect(call.bodies.response.text).toContain('text-embedding-3-small');
  });
});

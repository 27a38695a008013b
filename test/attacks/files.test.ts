import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, APP_KEY } from '../support/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { NARROW_KEY, OTHER_KEY } from '../support/task-rig.ts';

/** Two tenants whose files lie in one account of the operator's. */
let mock: LLMock;
let gateway: TestGateway;

beforeAll(async () => {
  mock = new LLMock({ port: 0, host: '127.0.0.1' });
  await mock.start();
  gateway = await startGateway({
    config: JSON.stringify({
      connections: [
        { name: 'shared', provider: 'custom', protocol: 'openai-chat', baseUrl: `${mock.url}/v1` },
      ],
      tenants: [
        {
          name: 'acme',
          applications: [
            { name: 'web', keys: [APP_KEY] },
            { name: 'narrow', keys: [NARROW_KEY], models: ['shared/one-model'] },
          ],
        },
        { name: 'other', applications: [{ name: 'app', keys: [OTHER_KEY] }] },
      ],
    }),
  });
});
afterAll(async () => {
  await gateway?.close();
  await mock?.stop();
});

const client = (apiKey: string) => new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey, maxRetries: 0 });
const acme = () => client(APP_KEY);
const other = () => client(OTHER_KEY);
const upload = (openai: OpenAI, text = 'private') =>
  openai.files.create({ file: new File([text], 'plans.jsonl'), purpose: 'batch' });

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of pages) found.push(each);
  return found;
}

const startBatch = (openai: OpenAI, input: string) =>
  openai.batches.create({
    input_file_id: input,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: { secret: 'plan' },
  });

describe('files of tenants that share an account', () => {
  it('are listed for their own tenant and for an admin alone', async () => {
    const mine = await upload(acme());
    const theirs = await upload(other());
    expect((await all(acme().files.list())).map(({ id }) => id)).toEqual(expect.arrayContaining([mine.id]));
    const seenByOther = await all(other().files.list());
    expect(seenByOther.map(({ id }) => id)).toEqual([theirs.id]);
    expect(seenByOther.map(({ filename }) => filename)).toEqual(['plans.jsonl']);
    const seenByAdmin = await all(client(ADMIN_KEY).files.list());
    expect(seenByAdmin.length).toBeGreaterThanOrEqual(2);
    expect(seenByAdmin.every(({ filename }) => filename === 'plans.jsonl')).toBe(true);
  });

  it('open with the id of another tenant’s to nobody', async () => {
    const { id } = await upload(acme());
    for (const attempt of [
      () => other().files.retrieve(id),
      () => other().files.content(id),
      () => other().files.delete(id),
      () => startBatch(other(), id),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ status: 404, code: 'not_found' });
    }
    expect(await (await acme().files.content(id)).text()).toBe('private');
  });

  it('open with no forged id', async () => {
    const { id } = await upload(acme());
    const own = await upload(other());
    const [name = '', proof = '', upstreamId = ''] = id.split('~');
    const [, ownProof = ''] = own.id.split('~');
    const forged = [
      upstreamId,
      `${name}~${ownProof}~${upstreamId}`,
      `${name}~~${upstreamId}`,
      `${name}~${'A'.repeat(12)}~${upstreamId}`,
      `nowhere~${proof}~${upstreamId}`,
      `${name}~${proof}~${upstreamId}x`,
      `${name}~${proof}~../files/${upstreamId}`,
    ];
    for (const each of forged) {
      await expect(other().files.content(each)).rejects.toMatchObject({ status: 404 });
    }
  });

  it('are no page’s cursor for another tenant', async () => {
    const { id } = await upload(acme());
    await expect(other().files.list({ after: id })).rejects.toMatchObject({ status: 404, param: 'after' });
    await expect(acme().files.list({ after: 'file-1' })).rejects.toMatchObject({
      status: 400,
      param: 'after',
    });
  });

  it('a mark in a file name that the caller wrote makes nothing its own or another’s', async () => {
    const { id } = await upload(other());
    const marked = (await fetch(`${mock.url}/v1/files`).then((answer) => answer.json())) as {
      data: { id: string; filename: string }[];
    };
    const theirName = marked.data.find((file) => id.endsWith(file.id))?.filename ?? '';
    expect(theirName).toMatch(/^sluice-[0-9a-f]{16}-plans\.jsonl$/);
    const planted = await acme().files.create({ file: new File(['x'], theirName), purpose: 'batch' });
    expect((await all(other().files.list())).map((file) => file.id)).not.toContain(planted.id);
  });
});

describe('batches of tenants that share an account', () => {
  it('are listed, opened and cancelled by their own tenant alone', async () => {
    const batch = await startBatch(acme(), (await upload(acme(), '{"custom_id":"1"}\n')).id);
    expect(await all(other().batches.list())).toEqual([]);
    expect((await all(acme().batches.list())).map(({ id }) => id)).toContain(batch.id);
    for (const attempt of [
      () => other().batches.retrieve(batch.id),
      () => other().batches.cancel(batch.id),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ status: 404, code: 'not_found' });
    }
    expect(batch.metadata).toEqual({ secret: 'plan' });
  });

  it('an owner that the caller writes into the metadata is not believed', async () => {
    const input = await upload(acme(), '{"custom_id":"1"}\n');
    const batch = await acme().batches.create({
      input_file_id: input.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      metadata: { sluice_owner: 'someone-else' },
    });
    expect((await all(acme().batches.list())).map(({ id }) => id)).toContain(batch.id);
  });
});

it('a key that may use single models has no files: a batch names models that nobody reads', async () => {
  await expect(upload(client(NARROW_KEY))).rejects.toMatchObject({
    status: 404,
    code: 'endpoint_unsupported',
  });
  const { id } = await upload(acme());
  await expect(client(NARROW_KEY).files.content(id)).rejects.toMatchObject({
    status: 404,
    code: 'not_found',
  });
});

it.each([
  ['GET', '/v1/files'],
  ['POST', '/v1/files'],
  ['GET', '/v1/files/shared~x~y'],
  ['DELETE', '/v1/files/shared~x~y'],
  ['GET', '/v1/files/shared~x~y/content'],
  ['GET', '/v1/batches'],
  ['POST', '/v1/batches'],
  ['GET', '/v1/batches/shared~x~y'],
  ['POST', '/v1/batches/shared~x~y/cancel'],
  ['GET', '/v1/models/shared%2Fm'],
  ['POST', '/v1/embeddings'],
  ['POST', '/v1/images/edits'],
  ['POST', '/v1/audio/transcriptions'],
  ['POST', '/v1/rerank'],
])('%s %s is closed without a key and with a wrong one', async (method, path) => {
  for (const headers of [{}, { authorization: 'Bearer sk-wrong-key-000000' }] as Record<string, string>[]) {
    const answer = await fetch(`${gateway.baseUrl}${path}`, { method, headers });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { type: 'authentication_error' } });
  }
});

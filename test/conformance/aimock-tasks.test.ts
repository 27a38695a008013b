import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { recordOf } from '../support/sdk-rig.ts';

/** A server of OpenAI's endpoints that nobody here wrote, with files and batches that it keeps. */
let mock: LLMock;
let gateway: TestGateway;
let openai: OpenAI;

beforeAll(async () => {
  mock = new LLMock({ port: 0, host: '127.0.0.1' });
  await mock.start();
  gateway = await startGateway({
    config: JSON.stringify({
      connections: [
        {
          name: 'mock',
          provider: 'custom',
          protocol: 'openai-chat',
          baseUrl: `${mock.url}/v1`,
          apiKey: 'k'.repeat(20),
        },
      ],
      models: [{ name: 'any', targets: [{ connection: 'mock', model: 'upstream-model' }] }],
      tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
    }),
  });
  openai = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
});
afterAll(async () => {
  await gateway?.close();
  await mock?.stop();
});

const file = (text: string, name = 'requests.jsonl') => new File([text], name);

it('embeddings', async () => {
  mock.onEmbedding('hello', { embedding: [0.5, -0.25, 1] });
  const { data } = await openai.embeddings.create({ model: 'any', input: 'hello' });
  expect(data[0]?.embedding).toEqual([0.5, -0.25, 1]);
});

it('images, generated and edited', async () => {
  const b64Json = Buffer.from('picture').toString('base64');
  mock.onImage(/./, { image: { b64Json } });
  const made = await openai.images.generate({ model: 'any', prompt: 'a cat' });
  expect(made.data?.[0]?.b64_json).toBe(b64Json);
  const edited = await openai.images.edit({ model: 'any', prompt: 'a hat', image: file('cat', 'cat.png') });
  expect(edited.data?.[0]?.b64_json).toBe(b64Json);
});

it('speech and transcriptions, whole and streamed', async () => {
  const sound = Buffer.from('sound of a voice');
  mock.onSpeech(/./, { audio: sound.toString('base64') });
  const spoken = await openai.audio.speech.create({ model: 'any', voice: 'alloy', input: 'Hello' });
  expect(Buffer.from(await spoken.arrayBuffer()).toString()).toBe('sound of a voice');
  mock.onTranscription({ transcription: { text: 'Hello there' } });
  const heard = await openai.audio.transcriptions.create({ model: 'any', file: file('x', 'a.mp3') });
  expect(heard.text).toBe('Hello there');
  const stream = await openai.audio.transcriptions.create({
    model: 'any',
    file: file('x', 'a.mp3'),
    stream: true,
  });
  const events: string[] = [];
  for await (const event of stream) events.push(event.type);
  expect(events.at(-1)).toBe('transcript.text.done');
});

it('moderations, of the only connection where the caller names no model', async () => {
  mock.onModerate(/bad/, { flagged: true, categories: { hate: true } });
  const { data, response } = await openai.moderations.create({ input: 'bad words' }).withResponse();
  expect(data.results[0]?.flagged).toBe(true);
  expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
    operation: 'moderation',
    model_asked: 'omni-moderation-latest',
    target: 'mock/omni-moderation-latest',
  });
});

it('files: create, retrieve, list, content, delete', async () => {
  const content = '{"custom_id":"1"}\n';
  const created = await openai.files.create({ file: file(content), purpose: 'batch' });
  expect(created).toMatchObject({ object: 'file', filename: 'requests.jsonl', purpose: 'batch' });
  expect(created.id).toMatch(/^mock~[\w-]{12}~.+/);
  expect(await openai.files.retrieve(created.id)).toMatchObject({
    id: created.id,
    filename: 'requests.jsonl',
  });
  const listed: string[] = [];
  for await (const each of openai.files.list()) listed.push(each.id);
  expect(listed).toContain(created.id);
  const read = await openai.files.content(created.id);
  expect(await read.text()).toBe(content);
  expect(await openai.files.delete(created.id)).toMatchObject({ id: created.id, deleted: true });
  await expect(openai.files.retrieve(created.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

it('batches: create, retrieve, list, cancel, with the ids of their files', async () => {
  const line = {
    custom_id: '1',
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'm', messages: [] },
  };
  const input = await openai.files.create({ file: file(`${JSON.stringify(line)}\n`), purpose: 'batch' });
  const batch = await openai.batches.create({
    input_file_id: input.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: { job: 'nightly' },
  });
  expect(batch).toMatchObject({ object: 'batch', input_file_id: input.id, metadata: { job: 'nightly' } });
  expect(batch.id).toMatch(/^mock~[\w-]{12}~.+/);
  expect(await openai.batches.retrieve(batch.id)).toMatchObject({
    id: batch.id,
    metadata: { job: 'nightly' },
  });
  const listed: OpenAI.Batch[] = [];
  for await (const each of openai.batches.list()) listed.push(each);
  expect(listed.map(({ id }) => id)).toContain(batch.id);
  const plain = await openai.batches.create({
    input_file_id: input.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  expect(plain.metadata ?? null).toBeNull();
  const { data: cancelled, response } = await openai.batches.cancel(plain.id).withResponse();
  expect(cancelled.id).toBe(plain.id);
  expect(await recordOf(gateway, response.headers.get('x-sluice-call-id'))).toMatchObject({
    operation: 'batch',
    outcome: 'succeeded',
    target: 'mock',
    model_asked: '',
  });
});

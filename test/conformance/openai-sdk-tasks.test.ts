import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { vectorToBase64 } from '../../src/operations/vectors.ts';
import { bytes, end, fin, json, respond, respondStream, send, sse } from '../support/fake-upstream-steps.ts';
import { MAIN_SECRET, useTaskRig } from '../support/task-rig.ts';

const rig = useTaskRig();
const FLOATS = [0.25, -1.5, 3];
const callIdOf = (response: Response) => response.headers.get('x-sluice-call-id');

const vectors = (embedding: unknown) =>
  json({
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model: 'served-model',
    usage: { prompt_tokens: 8, total_tokens: 8 },
  });

describe('embeddings', () => {
  it('come as base64 by default, as the client asks without its user', async () => {
    rig.main.answer(vectors(vectorToBase64(FLOATS)));
    const { data, response } = await rig
      .openai()
      .embeddings.create({ model: 'solo', input: 'hello' })
      .withResponse();
    expect(data.data[0]?.embedding).toEqual(FLOATS);
    expect(response.headers.get('x-sluice-model')).toBe('solo');
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
    const asked = await rig.main.seen();
    expect(asked).toMatchObject({ method: 'POST', path: '/v1/embeddings' });
    expect(asked.headers['authorization']).toBe(`Bearer ${MAIN_SECRET}`);
    expect(asked.json()).toEqual({ model: 'upstream-model', input: 'hello', encoding_format: 'base64' });
    expect(await rig.record(callIdOf(response))).toMatchObject({
      operation: 'embeddings',
      model_asked: 'solo',
      model_served: 'served-model',
      outcome: 'succeeded',
      lane: 'byte',
      input_tokens: 8,
      output_tokens: 0,
      total_tokens: 8,
      usage_source: 'provider',
      receipt: null,
    });
  });

  it('are put into base64 where the server knows no encoding_format', async () => {
    rig.main.answer(vectors(FLOATS));
    const data = await rig.openai().embeddings.create({ model: 'solo', input: ['hello'] });
    expect(data.data[0]?.embedding).toEqual(FLOATS);
    expect(data.usage).toEqual({ prompt_tokens: 8, total_tokens: 8 });
  });

  it('come as floats where the user asks for them', async () => {
    rig.main.answer(vectors(FLOATS));
    const data = await rig
      .openai()
      .embeddings.create({ model: 'solo', input: 'hello', encoding_format: 'float', dimensions: 3 });
    expect(data.data[0]?.embedding).toEqual(FLOATS);
    expect((await rig.main.seen()).json()).toMatchObject({ dimensions: 3, encoding_format: 'float' });
  });
});

describe('moderations', () => {
  const result = { flagged: true, categories: { hate: true }, category_scores: { hate: 0.9 } };

  it('give each result', async () => {
    rig.main.answer(json({ id: 'modr-1', model: 'omni', results: [result] }));
    const { data, response } = await rig
      .openai()
      .moderations.create({ model: 'solo', input: 'bad' })
      .withResponse();
    expect(data.results[0]).toMatchObject(result);
    expect(await rig.record(callIdOf(response))).toMatchObject({
      operation: 'moderation',
      outcome: 'succeeded',
      input_tokens: null,
      usage_source: 'none',
      cost_pico: null,
    });
  });

  it('without a model need one connection that has them, or a model of the default’s name', async () => {
    await expect(rig.openai().moderations.create({ input: 'bad' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('completions', () => {
  const choice = { text: ' world', index: 0, logprobs: null, finish_reason: 'length' };
  const usage = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 };
  const chunk = (text: string, more: object = {}) =>
    JSON.stringify({
      id: 'cmpl-1',
      object: 'text_completion',
      created: 1,
      model: 'served-model',
      choices: [{ text, index: 0, logprobs: null, finish_reason: null, ...more }],
    });

  it('come whole', async () => {
    rig.main.answer(
      json({
        id: 'cmpl-1',
        object: 'text_completion',
        created: 1,
        model: 'served-model',
        choices: [choice],
        usage,
      }),
    );
    const { data, response } = await rig
      .openai()
      .completions.create({ model: 'solo', prompt: 'hello' })
      .withResponse();
    expect(data.choices[0]).toMatchObject({ text: ' world', finish_reason: 'length' });
    expect(await rig.record(callIdOf(response))).toMatchObject({
      operation: 'completions',
      finish_reason: 'length',
      input_tokens: 2,
      output_tokens: 3,
    });
  });

  it('stream, and usage that the caller did not ask for stays in the record', async () => {
    rig.main.answer([
      respondStream(),
      sse(chunk('hel')),
      sse(chunk('lo', { finish_reason: 'stop' })),
      sse(
        JSON.stringify({
          id: 'cmpl-1',
          object: 'text_completion',
          model: 'served-model',
          choices: [],
          usage,
        }),
      ),
      sse('[DONE]'),
      end(),
    ]);
    const stream = await rig.openai().completions.create({ model: 'solo', prompt: 'x', stream: true });
    const chunks: OpenAI.Completion[] = [];
    for await (const part of stream) chunks.push(part);
    expect(chunks.map(({ choices }) => choices[0]?.text)).toEqual(['hel', 'lo']);
    expect((await rig.main.seen()).json()).toMatchObject({ stream_options: { include_usage: true } });
    expect(await rig.record()).toMatchObject({
      is_stream: true,
      outcome: 'succeeded',
      input_tokens: 2,
      output_tokens: 3,
      finish_reason: 'stop',
    });
  });

  it('that break off raise in the client', async () => {
    rig.main.answer([respondStream(), sse(chunk('hel')), fin()]);
    const stream = await rig.openai().completions.create({ model: 'solo', prompt: 'x', stream: true });
    const texts: (string | undefined)[] = [];
    await expect(async () => {
      for await (const part of stream) texts.push(part.choices[0]?.text);
    }).rejects.toThrow();
    expect(texts).toEqual(['hel']);
    expect(await rig.record()).toMatchObject({ outcome: 'interrupted', error_code: 'upstream_interrupted' });
  });
});

describe('images', () => {
  const b64 = Buffer.from('picture').toString('base64');
  const usage = {
    input_tokens: 10,
    output_tokens: 100,
    total_tokens: 110,
    input_tokens_details: { text_tokens: 10, image_tokens: 0 },
  };
  const completed = (kind: string) =>
    JSON.stringify({ type: `${kind}.completed`, b64_json: b64, usage, created_at: 1 });
  const partial = (kind: string) =>
    JSON.stringify({ type: `${kind}.partial_image`, b64_json: b64, partial_image_index: 0 });

  it('generate gives the image and its tokens', async () => {
    rig.main.answer(json({ created: 1, data: [{ b64_json: b64 }], usage }));
    const { data, response } = await rig
      .openai()
      .images.generate({ model: 'solo', prompt: 'a cat', size: '1024x1024' })
      .withResponse();
    expect(data.data?.[0]?.b64_json).toBe(b64);
    expect(await rig.record(callIdOf(response))).toMatchObject({
      operation: 'imageGeneration',
      input_tokens: 10,
      output_tokens: 100,
    });
  });

  it('edit sends every part of the form with the target’s model', async () => {
    rig.main.answer(json({ created: 1, data: [{ b64_json: b64 }], usage }));
    const image = new File(['original'], 'cat.png', { type: 'image/png' });
    const edited = await rig.openai().images.edit({ model: 'solo', prompt: 'a hat', image: [image, image] });
    expect(edited.data?.[0]?.b64_json).toBe(b64);
    const asked = await rig.main.seen();
    const type = asked.headers['content-type'] ?? '';
    expect(asked.path).toBe('/v1/images/edits');
    const form = await new Response(new Uint8Array(asked.body), {
      headers: { 'content-type': type },
    }).formData();
    expect(form.get('model')).toBe('upstream-model');
    expect(form.get('prompt')).toBe('a hat');
    const images = form.getAll('image[]') as File[];
    expect(await Promise.all(images.map((each) => each.text()))).toEqual(['original', 'original']);
    expect(await rig.record()).toMatchObject({ operation: 'imageEdit', outcome: 'succeeded' });
  });

  it.each([1, 2])('streams end with %i finished images', async (n) => {
    const last = Array.from({ length: n }, () =>
      sse(completed('image_generation'), 'image_generation.completed'),
    );
    rig.main.answer([
      respondStream(),
      sse(partial('image_generation'), 'image_generation.partial_image'),
      ...last,
      end(),
    ]);
    const stream = await rig.openai().images.generate({ model: 'solo', prompt: 'a cat', stream: true, n });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types).toEqual([
      'image_generation.partial_image',
      ...Array.from({ length: n }, () => 'image_generation.completed'),
    ]);
    expect(await rig.record()).toMatchObject({
      outcome: 'succeeded',
      output_tokens: 100,
      usage_source: 'provider',
    });
  });

  it('a stream of edits that ends before the finished image raises', async () => {
    rig.main.answer([respondStream(), sse(partial('image_edit'), 'image_edit.partial_image'), end()]);
    const image = new File(['original'], 'cat.png', { type: 'image/png' });
    const stream = await rig.openai().images.edit({ model: 'solo', prompt: 'x', image, stream: true });
    await expect(async () => {
      for await (const _event of stream) {
        // read to the end
      }
    }).rejects.toThrow();
    expect(await rig.record()).toMatchObject({
      operation: 'imageEdit',
      is_stream: true,
      outcome: 'interrupted',
      output_tokens: null,
    });
  });
});

describe('audio', () => {
  const audio = () => new File([Buffer.alloc(4_096, 7)], 'speech.mp3', { type: 'audio/mpeg' });
  const usage = {
    type: 'tokens',
    input_tokens: 14,
    output_tokens: 45,
    total_tokens: 59,
    input_token_details: { text_tokens: 4, audio_tokens: 10 },
  };

  it('transcriptions come as JSON, with their audio tokens', async () => {
    rig.main.answer(json({ text: 'Hello there', usage }));
    const data = await rig.openai().audio.transcriptions.create({ model: 'solo', file: audio() });
    expect(data.text).toBe('Hello there');
    const asked = await rig.main.seen();
    const type = asked.headers['content-type'] ?? '';
    const form = await new Response(new Uint8Array(asked.body), {
      headers: { 'content-type': type },
    }).formData();
    expect(form.get('model')).toBe('upstream-model');
    expect((form.get('file') as File).size).toBe(4_096);
    expect(await rig.record()).toMatchObject({
      operation: 'transcription',
      input_tokens: 14,
      output_tokens: 45,
      audio_input_tokens: 10,
    });
  });

  it.each(['text', 'srt', 'vtt'] as const)('transcriptions come as %s', async (format) => {
    const text = '1\n00:00:00,000 --> 00:00:01,000\nHello ✓\n';
    rig.main.answer([
      respond(200, { 'content-type': 'text/html', 'content-length': String(Buffer.byteLength(text)) }),
      bytes(text),
    ]);
    const { data, response } = await rig
      .openai()
      .audio.transcriptions.create({ model: 'solo', file: audio(), response_format: format })
      .withResponse();
    expect(data).toBe(text);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  it('a page where JSON should be is no transcription', async () => {
    rig.main.answer([respond(200, { 'content-type': 'text/html', 'content-length': '4' }), bytes('<p/>')]);
    await expect(
      rig.openai().audio.transcriptions.create({ model: 'solo', file: audio() }),
    ).rejects.toMatchObject({ status: 502, code: 'upstream_malformed' });
  });

  it('trap 113 verbose transcriptions keep their segments, and what is billed by the second has no cost', async () => {
    const verbose = {
      task: 'transcribe',
      language: 'english',
      duration: 1.5,
      text: 'Hi',
      segments: [{ id: 0, text: 'Hi' }],
    };
    rig.main.answer(json({ ...verbose, usage: { type: 'duration', seconds: 2 } }));
    const data = await rig
      .openai()
      .audio.transcriptions.create({ model: 'solo', file: audio(), response_format: 'verbose_json' });
    expect(data).toMatchObject(verbose);
    expect(await rig.record()).toMatchObject({
      input_tokens: null,
      usage_source: 'none',
      cost_pico: null,
    });
  });

  it('transcriptions stream', async () => {
    const done = JSON.stringify({ type: 'transcript.text.done', text: 'Hi there', usage });
    rig.main.answer([
      respondStream(),
      sse(JSON.stringify({ type: 'transcript.text.delta', delta: 'Hi ' }), 'transcript.text.delta'),
      sse(JSON.stringify({ type: 'transcript.text.delta', delta: 'there' }), 'transcript.text.delta'),
      sse(done, 'transcript.text.done'),
      end(),
    ]);
    const stream = await rig
      .openai()
      .audio.transcriptions.create({ model: 'solo', file: audio(), stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types).toEqual(['transcript.text.delta', 'transcript.text.delta', 'transcript.text.done']);
    expect(await rig.record()).toMatchObject({ is_stream: true, outcome: 'succeeded', output_tokens: 45 });
  });

  it('translations give English text', async () => {
    rig.main.answer(json({ text: 'Hello' }));
    const data = await rig.openai().audio.translations.create({ model: 'solo', file: audio() });
    expect(data.text).toBe('Hello');
    expect((await rig.main.seen()).path).toBe('/v1/audio/translations');
    expect(await rig.record()).toMatchObject({ operation: 'translation' });
  });

  it('speech is relayed as it comes, byte for byte', async () => {
    const sound = Buffer.from(Array.from({ length: 70_000 }, (_, at) => at % 251));
    rig.main.answer([
      respond(200, { 'content-type': 'audio/mpeg', 'transfer-encoding': 'chunked' }),
      send(sound.subarray(0, 1)),
      send(sound.subarray(1, 50_000)),
      send(sound.subarray(50_000)),
      end(),
    ]);
    const response = await rig
      .openai()
      .audio.speech.create({ model: 'solo', voice: 'alloy', input: 'Hello' });
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    expect(Buffer.from(await response.arrayBuffer()).equals(sound)).toBe(true);
    expect(await rig.record(callIdOf(response))).toMatchObject({
      operation: 'speech',
      outcome: 'succeeded',
      usage_source: 'none',
    });
  });

  it('speech as events is relayed with its tokens', async () => {
    rig.main.answer([
      respondStream(),
      sse(JSON.stringify({ type: 'speech.audio.delta', audio: 'AAAA' })),
      sse(
        JSON.stringify({
          type: 'speech.audio.done',
          usage: { input_tokens: 3, output_tokens: 9, total_tokens: 12 },
        }),
      ),
      end(),
    ]);
    const response = await rig
      .openai()
      .audio.speech.create({ model: 'solo', voice: 'alloy', input: 'Hello', stream_format: 'sse' });
    const text = await response.text();
    expect(text).toContain('speech.audio.delta');
    expect(text).toContain('speech.audio.done');
    expect(await rig.record(callIdOf(response))).toMatchObject({ is_stream: true, output_tokens: 9 });
  });
});

describe('models', () => {
  it('retrieve finds declared models and those of a connection', async () => {
    expect(await rig.openai().models.retrieve('solo')).toMatchObject({
      id: 'solo',
      object: 'model',
      owned_by: 'custom',
    });
    expect(await rig.openai().models.retrieve('main/any-model')).toMatchObject({ id: 'main/any-model' });
    await expect(rig.openai().models.retrieve('none')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});

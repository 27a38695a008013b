import { afterEach, describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import type { Script } from '../support/fake-upstream-exchange.ts';
import {
  bytes,
  end,
  fin,
  json,
  reset,
  respond,
  respondStream,
  send,
  sse,
  stall,
} from '../support/fake-upstream-steps.ts';
import { connectRaw, type RawClient, rawRequest } from '../support/raw-client.ts';
import { useTaskRig } from '../support/task-rig.ts';
import { until, within } from '../support/wait.ts';

const rig = useTaskRig({ uploadsBytesMax: 4_200_000, mediaUploadBytesMax: 2_000_000 });
const CANCEL_BUDGET_MS = 200;
const AUDIO = { 'content-type': 'audio/mpeg', 'transfer-encoding': 'chunked' };
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await until(() => rig.gateway.gateway.callsInFlight === 0, { what: 'no call is left' });
});

interface Sent {
  readonly path: string;
  readonly model?: string;
  readonly body?: object | FormData;
}

/** Sends with Node's own client, which repeats nothing. */
async function ask({ path, model = 'pair', body }: Sent): Promise<Response> {
  const isForm = body instanceof FormData;
  return await fetch(`${rig.gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${APP_KEY}`,
      ...(isForm ? {} : { 'content-type': 'application/json' }),
    },
    body: isForm ? body : JSON.stringify({ model, ...body }),
  });
}

function form(model = 'pair', size = 1_000): FormData {
  const data = new FormData();
  data.append('model', model);
  data.append('file', new Blob([Buffer.alloc(size, 1)]), 'a.mp3');
  return data;
}

const SPEECH = { path: '/v1/audio/speech', body: { voice: 'alloy', input: 'Hello' } };
const ERROR_429 = json({ error: { message: 'slow down', type: 'rate_limit' } }, 429, { 'retry-after': '1' });

/** One request of every kind, and an answer to it that is good. */
const KINDS: Readonly<Record<string, { readonly sent: () => Sent; readonly good: Script }>> = {
  embeddings: {
    sent: () => ({ path: '/v1/embeddings', body: { input: 'x' } }),
    good: json({ object: 'list', data: [], model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } }),
  },
  completions: {
    sent: () => ({ path: '/v1/completions', body: { prompt: 'x' } }),
    good: json({ choices: [{ text: 'y', finish_reason: 'stop' }] }),
  },
  imageGeneration: {
    sent: () => ({ path: '/v1/images/generations', body: { prompt: 'x' } }),
    good: json({ created: 1, data: [{ url: 'https://example.com/1.png' }] }),
  },
  imageEdit: {
    sent: () => ({ path: '/v1/images/edits', body: form() }),
    good: json({ created: 1, data: [] }),
  },
  transcription: {
    sent: () => ({ path: '/v1/audio/transcriptions', body: form() }),
    good: json({ text: 'y' }),
  },
  translation: { sent: () => ({ path: '/v1/audio/translations', body: form() }), good: json({ text: 'y' }) },
  speech: {
    sent: () => SPEECH,
    good: [respond(200, { 'content-type': 'audio/mpeg', 'content-length': '5' }), bytes('sound')],
  },
  moderation: {
    sent: () => ({ path: '/v1/moderations', body: { input: 'x' } }),
    good: json({ results: [] }),
  },
  rerank: {
    sent: () => ({ path: '/v1/rerank', body: { query: 'q', documents: ['a'] } }),
    good: json({ results: [{ index: 0, relevance_score: 1 }] }),
  },
};

describe.each(Object.entries(KINDS))('%s', (operation, { sent, good }) => {
  it('U16 goes to the next target when the first is rate limiting, and is recorded once', async () => {
    rig.main.answer(ERROR_429);
    rig.spare.answer(good);
    const answer = await ask(sent());
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    expect(answer.headers.get('x-sluice-attempts')).toBe('2');
    expect(rig.spare.requests[0]?.body.equals(rig.main.requests[0]?.body ?? Buffer.alloc(0))).toBe(true);
    const rows = await rig.rows();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      operation,
      outcome: 'succeeded',
      target: 'spare/upstream-model',
      attempts: [{ errorCode: 'upstream_rate_limited', status: 429 }, { errorCode: null }],
    });
  });

  it('U08 goes to the next target when an answer breaks off before a byte of it went out', async () => {
    const head =
      operation === 'speech' ? AUDIO : { 'content-type': 'application/json', 'content-length': '100' };
    rig.main.answer([
      respond(200, head),
      ...(operation === 'speech' ? [] : [bytes('{"object":"list"')]),
      fin(),
    ]);
    rig.spare.answer(good);
    const answer = await ask(sent());
    expect(answer.status).toBe(200);
    expect(await rig.record(answer.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      attempts: [{ errorCode: 'upstream_interrupted' }, { errorCode: null }],
    });
  });

  it('U19 that every target fails says what happened at each', async () => {
    rig.main.answer(ERROR_429);
    rig.spare.answer(json({ error: { message: 'broken' } }, 500));
    const answer = await ask(sent());
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({
      error: {
        code: 'upstream_error',
        targets: [
          { target: 'main/upstream-model', reason: 'upstream_rate_limited' },
          { target: 'spare/upstream-model', reason: 'upstream_error' },
        ],
      },
    });
    expect(await rig.record()).toMatchObject({ outcome: 'failed', error_code: 'upstream_error', operation });
  });

  it('C03 whose caller leaves while the upstream works lets it go at once', async () => {
    rig.main.answer(stall());
    const { path, body } = sent();
    const client = await connectRaw({ port: rig.gateway.port });
    clients.push(client);
    await client.send(await rawBytes(path, body ?? {}));
    const seen = await rig.main.seen();
    const leftAtMs = performance.now();
    client.destroy();
    const closedAtMs = await within(seen.peerClosed, { what: 'the upstream is let go' });
    expect(closedAtMs - leftAtMs).toBeLessThan(CANCEL_BUDGET_MS);
    await until(() => rig.gateway.gateway.callsInFlight === 0, { what: 'the call ends' });
    expect(await rig.record()).toMatchObject({ outcome: 'cancelled', error_code: 'client_closed_request' });
    expect(rig.spare.requests).toHaveLength(0);
  });
});

/** A request's bytes, as Node's own FormData writes a form. */
async function rawBytes(path: string, body: object | FormData): Promise<Buffer> {
  const isForm = body instanceof FormData;
  const encoded = new Response(isForm ? body : JSON.stringify({ model: 'pair', ...body }));
  const type = isForm ? (encoded.headers.get('content-type') ?? '') : 'application/json';
  const fields = { authorization: `Bearer ${APP_KEY}`, 'content-type': type };
  return rawRequest('POST', path, fields, Buffer.from(await encoded.arrayBuffer()));
}

describe('audio that is streamed', () => {
  const BREAKS: Readonly<Record<string, Script>> = {
    'is reset': [respond(200, AUDIO), send('half of the sound'), reset()],
    'is closed without its last chunk': [respond(200, AUDIO), send('half of the sound'), fin()],
    'is shorter than its length': [
      respond(200, { 'content-type': 'audio/mpeg', 'content-length': '100' }),
      bytes('half of the sound'),
      fin(),
    ],
  };

  it.each(Object.entries(BREAKS))('U07 U08 never looks whole when the upstream %s', async (_how, script) => {
    rig.main.answer(script);
    const client = await connectRaw({ port: rig.gateway.port });
    clients.push(client);
    await client.send(await rawBytes(SPEECH.path, SPEECH.body));
    const answer = await client.response();
    expect(answer.status).toBe(200);
    expect(answer.isComplete).toBe(false);
    expect(answer.body.toString()).toBe('half of the sound');
    expect(await rig.record()).toMatchObject({ outcome: 'interrupted', error_code: 'upstream_interrupted' });
    expect(rig.spare.requests).toHaveLength(0);
  });

  it('U08 is refused where nothing would tell that it broke off', async () => {
    rig.main.answer([
      respond(200, { 'content-type': 'audio/mpeg', connection: 'close' }),
      bytes('sound'),
      fin(),
    ]);
    rig.spare.answer(KINDS['speech']?.good ?? []);
    const answer = await ask(SPEECH);
    expect(await answer.text()).toBe('sound');
    expect(await rig.record()).toMatchObject({ target: 'spare/upstream-model', outcome: 'succeeded' });
  });

  it('U08 that is empty is no audio', async () => {
    rig.main.answer([respond(200, AUDIO), end()]);
    rig.spare.answer(KINDS['speech']?.good ?? []);
    expect(await (await ask(SPEECH)).text()).toBe('sound');
  });

  it('C01 C02 whose caller leaves in the middle lets the upstream go at once', async () => {
    rig.main.answer([respond(200, AUDIO), send('first'), stall()]);
    const client = await connectRaw({ port: rig.gateway.port });
    clients.push(client);
    await client.send(await rawBytes(SPEECH.path, SPEECH.body));
    await until(() => client.partial?.body.toString() === 'first', { what: 'the first bytes arrive' });
    const seen = await rig.main.seen();
    const leftAtMs = performance.now();
    client.destroy();
    const closedAtMs = await within(seen.peerClosed, { what: 'the upstream is let go' });
    expect(closedAtMs - leftAtMs).toBeLessThan(CANCEL_BUDGET_MS);
    await until(() => rig.gateway.gateway.callsInFlight === 0, { what: 'the call ends' });
    expect(await rig.record()).toMatchObject({ outcome: 'cancelled', operation: 'speech' });
  });

  it('C06 holds the upstream up while the caller does not read', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 5);
    const sends = Array.from({ length: 64 }, () => send(megabyte));
    rig.main.answer([respond(200, AUDIO), ...sends, end()]);
    const client = await connectRaw({ port: rig.gateway.port });
    clients.push(client);
    client.pause();
    await client.send(await rawBytes(SPEECH.path, SPEECH.body));
    const seen = await rig.main.seen();
    await until(() => seen.isBlocked, { what: 'the upstream is held up' });
    expect(seen.bytesWritten).toBeLessThan(40 * 1024 * 1024);
    client.resume();
    const answer = await client.response(20_000);
    expect(answer.isComplete).toBe(true);
    expect(answer.body.length).toBe(64 * 1024 * 1024);
  });

  it('U08 as events ends with an error event, and abnormally, when it breaks off', async () => {
    rig.main.answer([
      respondStream(),
      sse(JSON.stringify({ type: 'speech.audio.delta', audio: 'AA' })),
      fin(),
    ]);
    const client = await connectRaw({ port: rig.gateway.port });
    clients.push(client);
    await client.send(await rawBytes(SPEECH.path, { ...SPEECH.body, stream_format: 'sse' }));
    const answer = await client.response();
    expect(answer.isComplete).toBe(false);
    expect(answer.body.toString()).toContain('"code":"upstream_interrupted"');
  });
});

/** Clients that have sent the beginning of 1.9 MB each. */
async function beginUploads(count: number): Promise<void> {
  const whole = await rawBytes('/v1/audio/transcriptions', form('pair', 1_900_000));
  for (let begun = 0; begun < count; begun += 1) {
    const client = await connectRaw({ port: rig.gateway.port });
    clients.push(client);
    await client.send(whole.subarray(0, 200_000));
  }
}

describe('uploads', () => {
  it('C03 whose caller leaves in the middle never reach an upstream, and leave no call', async () => {
    await beginUploads(2);
    for (const client of clients.splice(0)) client.destroy();
    // The next uploads need the room that those had.
    rig.main.answer(json({ text: 'y' }));
    const uploaded = async () => {
      const answer = await ask({ path: '/v1/audio/transcriptions', body: form('solo', 1_900_000) });
      return answer.status === 200;
    };
    await until(uploaded, { what: 'the room is free again' });
    expect(rig.main.requests).toHaveLength(1);
    expect(await rig.rows()).toHaveLength(1);
  });

  it('C09 above their bound are refused, announced or not', async () => {
    const announced = await ask({ path: '/v1/audio/transcriptions', body: form('solo', 2_000_001) });
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ error: { code: 'body_too_large' } });
    const encoded = new Response(form('solo', 2_000_001));
    const unannounced = await fetch(`${rig.gateway.baseUrl}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${APP_KEY}`,
        'content-type': encoded.headers.get('content-type') ?? '',
      },
      body: encoded.body,
      duplex: 'half',
    } as RequestInit).catch((error: unknown) => error);
    // The connection may be closed while the rest is being sent.
    if (unannounced instanceof Response) expect(unannounced.status).toBe(413);
    expect(rig.main.requests).toHaveLength(0);
  });

  it('C09 beyond what all may take together wait for nothing: they are refused', async () => {
    await beginUploads(2);
    await until(
      async () => {
        const answer = await ask({ path: '/v1/audio/transcriptions', body: form('solo', 1_900_000) });
        return answer.status === 503
          ? ((await answer.json()) as { error: { code: string } }).error.code
          : null;
      },
      { what: 'an upload finds no room' },
    );
  });
});

import { ApiError, FunctionCallingConfigMode, type GenerateContentResponse, Type } from '@google/genai';
import { describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { geminiError, geminiEvent } from '../support/fake-upstream-gemini.ts';
import { fin, json, respondStream } from '../support/fake-upstream-steps.ts';
import { GEMINI_MODELS, GEMINI_WIRES, UPSTREAM_MODEL, useGeminiRig } from '../support/gemini-rig.ts';

const rig = useGeminiRig();
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const USAGE = { inputTokens: 12, outputTokens: 7, cachedInputTokens: 3 };
const tools = [
  {
    functionDeclarations: [
      {
        name: 'get_weather',
        description: 'The weather of a city',
        parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
      },
    ],
  },
];

async function collect(stream: AsyncIterable<GenerateContentResponse>) {
  const chunks: GenerateContentResponse[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return {
    text: chunks.map((chunk) => chunk.text ?? '').join(''),
    calls: chunks.flatMap((chunk) => chunk.functionCalls ?? []),
    finishReason: chunks.at(-1)?.candidates?.[0]?.finishReason,
    usage: chunks.at(-1)?.usageMetadata,
    parts: chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []),
  };
}

async function thrownBy(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe.each(GEMINI_WIRES)('@google/genai before an upstream of %s', (wire) => {
  const model = GEMINI_MODELS[wire];

  it('text, whole and streamed, with usage in the answer and in the record', async () => {
    rig.answers(wire, { text: 'Hi, Zürich ✓', usage: USAGE });
    const response = await rig.google.models.generateContent({ model, contents: 'hello' });
    expect(response.text).toBe('Hi, Zürich ✓');
    expect(response.candidates?.[0]?.finishReason).toBe('STOP');
    expect(response.usageMetadata).toMatchObject({
      promptTokenCount: 12,
      candidatesTokenCount: 7,
      totalTokenCount: 19,
      cachedContentTokenCount: 3,
    });
    const callId = response.sdkHttpResponse?.headers?.['x-sluice-call-id'];
    expect(await rig.record(callId)).toMatchObject({
      outcome: 'succeeded',
      caller_protocol: 'gemini',
      is_stream: false,
      finish_reason: 'stop',
      input_tokens: 12,
      output_tokens: 7,
      usage_source: 'provider',
    });

    rig.streams(wire, { deltas: ['Hi, ', 'Zür', 'ich ✓'], usage: USAGE });
    const stream = await rig.google.models.generateContentStream({ model, contents: 'hello' });
    const heard = await collect(stream);
    expect(heard).toMatchObject({ text: 'Hi, Zürich ✓', finishReason: 'STOP' });
    expect(heard.usage).toMatchObject({ promptTokenCount: 12, totalTokenCount: 19 });
  });

  it('function calling: parallel calls, and their results on the way back', async () => {
    rig.answers(wire, { text: '', toolCalls: TWO_CALLS }, { text: 'Rain in both.' });
    const config = { tools, toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } } };
    const question = { role: 'user', parts: [{ text: 'Weather?' }] };
    const first = await rig.google.models.generateContent({ model, contents: [question], config });
    const calls = first.functionCalls ?? [];
    expect(calls.map(({ name, args }) => [name, args])).toEqual([
      ['get_weather', { city: 'Basel' }],
      ['get_weather', { city: 'Zürich' }],
    ]);
    expect(first.candidates?.[0]?.finishReason).toBe('STOP');
    const content = first.candidates?.[0]?.content;
    if (content === undefined) throw new Error('no content');
    const results = calls.map(({ id, name }, at) => ({
      functionResponse: {
        ...(id === undefined ? {} : { id }),
        name: name ?? '',
        response: { output: `rain ${at}` },
      },
    }));
    const contents = [question, content, { role: 'user', parts: results }];
    const second = await rig.google.models.generateContent({ model, contents, config });
    expect(second.text).toBe('Rain in both.');
    const sent = (await rig.asked(wire, 2)).body.toString();
    for (const piece of ['rain 0', 'rain 1', 'call_1', 'call_2', 'Basel']) expect(sent).toContain(piece);
    expect(sent.indexOf('rain 0')).toBeLessThan(sent.indexOf('rain 1'));

    rig.streams(wire, { deltas: ['Let me see.'], toolCalls: TWO_CALLS });
    const heard = await collect(
      await rig.google.models.generateContentStream({ model, contents: 'Weather?', config }),
    );
    expect(heard.text).toBe('Let me see.');
    expect(heard.calls.map(({ args }) => args)).toEqual([{ city: 'Basel' }, { city: 'Zürich' }]);
  });

  it('a chat keeps its history, tools and all, from streams', async () => {
    rig.streams(wire, { deltas: ['Let me ', 'see.'], toolCalls: TWO_CALLS }, { deltas: ['Rain ', 'it is.'] });
    const chat = rig.google.chats.create({ model, config: { tools } });
    const { calls } = await collect(await chat.sendMessageStream({ message: 'Weather?' }));
    const message = calls.map(({ id, name }) => ({
      functionResponse: {
        ...(id === undefined ? {} : { id }),
        name: name ?? '',
        response: { output: 'rain' },
      },
    }));
    const heard = await collect(await chat.sendMessageStream({ message }));
    expect(heard.text).toBe('Rain it is.');
    expect(chat.getHistory(true).length).toBeGreaterThan(4);
    expect((await rig.asked(wire, 2)).body.toString()).toContain('rain');
  });

  it('a response schema comes to the upstream, and its JSON back', async () => {
    rig.answers(wire, { text: '{"city":"Basel"}' });
    const response = await rig.google.models.generateContent({
      model,
      contents: 'Where?',
      config: {
        responseMimeType: 'application/json',
        responseSchema: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } },
        temperature: 0.5,
        maxOutputTokens: 100,
        systemInstruction: 'Answer in JSON.',
      },
    });
    expect(JSON.parse(response.text ?? '')).toEqual({ city: 'Basel' });
    const sent = (await rig.asked(wire)).body.toString();
    expect(sent).toMatch(/"city":\{"type":"(?:STRING|string)"\}/);
    expect(sent).toContain('Answer in JSON.');
  });

  it('thoughts come through, apart from the text', async () => {
    rig.streams(wire, { deltas: ['42'], reasoning: 'Six times seven.' });
    const { parts, text } = await collect(
      await rig.google.models.generateContentStream({ model, contents: 'hello' }),
    );
    expect(text).toBe('42');
    expect(parts).toContainEqual(expect.objectContaining({ text: 'Six times seven.', thought: true }));
  });

  it('trap 102 the token limit and the filter have Google’s words', async () => {
    const limit = { gemini: 'MAX_TOKENS', 'openai-chat': 'length', 'anthropic-messages': 'max_tokens' }[wire];
    const filter = { gemini: 'SAFETY', 'openai-chat': 'content_filter', 'anthropic-messages': 'refusal' }[
      wire
    ];
    rig.answers(wire, { text: 'cut', finishReason: limit }, { text: '', finishReason: filter });
    const cut = await rig.google.models.generateContent({ model, contents: 'hello' });
    expect(cut.candidates?.[0]?.finishReason).toBe('MAX_TOKENS');
    const filtered = await rig.google.models.generateContent({ model, contents: 'hello' });
    expect(filtered.candidates?.[0]?.finishReason).toBe('SAFETY');
  });

  it.each([
    [400, 400],
    [401, 502],
    [404, 404],
    [429, 429],
    [503, 503],
  ])('the upstream answers %i: the SDK throws ApiError with %i', async (status, expected) => {
    const body =
      wire === 'gemini'
        ? { error: { code: status, message: 'overloaded, no', status: 'X' } }
        : { type: 'error', error: { type: 'x', message: 'overloaded, no' } };
    rig.plays(wire, json(body, status));
    for (const run of [
      () => rig.google.models.generateContent({ model, contents: 'hello' }),
      () => rig.google.models.generateContentStream({ model, contents: 'hello' }),
    ]) {
      const error = await thrownBy(run);
      expect(error).toBeInstanceOf(ApiError);
      expect((error as ApiError).status).toBe(expected);
    }
  });

  it('trap 40 64 a stream that breaks off throws, however it does', async () => {
    for (const until of ['terminator', 'content'] as const) {
      rig.streams(wire, { deltas: ['one ', 'two'], until });
      if (until === 'content') {
        rig.streams(wire, {
          deltas: ['one ', 'two', 'three'],
          before: (at) => (at === 2 ? fin() : undefined),
        });
      }
      let text = '';
      const error = await thrownBy(async () => {
        const stream = await rig.google.models.generateContentStream({ model, contents: 'hello' });
        for await (const chunk of stream) text += chunk.text ?? '';
      });
      expect('one two'.startsWith(text), text).toBe(true);
      expect(error).toBeInstanceOf(ApiError);
      expect((error as ApiError).status).toBe(502);
      expect((error as ApiError).message).toContain('upstream_interrupted');
    }
  });

  it('leaving in mid-stream cancels the upstream', async () => {
    rig.streams(wire, { deltas: ['Hel', 'lo'], before: (at) => (at === 1 ? (e) => e.stall() : undefined) });
    const abort = new AbortController();
    const stream = await rig.google.models.generateContentStream({
      model,
      contents: 'hello',
      config: { abortSignal: abort.signal },
    });
    const read = async () => {
      for await (const chunk of stream) if (chunk.text === 'Hel') abort.abort();
    };
    await expect(read()).rejects.toThrow();
    expect(await (await rig.asked(wire)).peerClosed).toBeGreaterThan(0);
  });
});

describe('@google/genai before its own upstream', () => {
  it('passes request and answer untouched, with the target’s name in the path and the key in its header', async () => {
    rig.answers('gemini', { text: 'ok' });
    const config = {
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }] as never,
      candidateCount: 2,
      tools: [{ googleSearch: {} }],
    };
    await rig.google.models.generateContent({ model: 'flash', contents: 'hello', config });
    const asked = await rig.asked('gemini');
    expect(asked.path).toBe(`/v1beta/models/${UPSTREAM_MODEL}:generateContent`);
    expect(asked.headers['x-goog-api-key']).toBe('secret-of-at-gemini-0001');
    expect(asked.rawHead).not.toContain(APP_KEY);
    expect(asked.json()).toMatchObject({
      safetySettings: config.safetySettings,
      generationConfig: { candidateCount: 2 },
      tools: [{ googleSearch: {} }],
    });
    rig.streams('gemini', { deltas: ['ok'] });
    await collect(await rig.google.models.generateContentStream({ model: 'flash', contents: 'hello' }));
    expect((await rig.asked('gemini')).path).toBe(
      `/v1beta/models/${UPSTREAM_MODEL}:streamGenerateContent?alt=sse`,
    );
  });

  it('trap 70 keeps signatures, which go back with the history', async () => {
    rig.streams('gemini', { deltas: ['Let me see.'], toolCalls: TWO_CALLS }, { deltas: ['ok'] });
    const chat = rig.google.chats.create({ model: 'flash', config: { tools } });
    const { calls } = await collect(await chat.sendMessageStream({ message: 'Weather?' }));
    const message = calls.map(({ id, name }) => ({
      functionResponse: { id: id ?? '', name: name ?? '', response: { output: 'rain' } },
    }));
    await collect(await chat.sendMessageStream({ message }));
    expect((await rig.asked('gemini', 2)).body.toString()).toContain('"thoughtSignature":"c2lnbmF0dXJl"');
  });

  it('trap 95 a blocked prompt is told as Google tells it', async () => {
    const blocked = {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 9 },
    };
    rig.plays('gemini', json(blocked), [respondStream(), geminiEvent(blocked), (exchange) => exchange.end()]);
    const whole = await rig.google.models.generateContent({ model: 'flash', contents: 'hello' });
    expect(whole.promptFeedback?.blockReason).toBe('PROHIBITED_CONTENT');
    const callId = whole.sdkHttpResponse?.headers?.['x-sluice-call-id'];
    expect(await rig.record(callId)).toMatchObject({ outcome: 'succeeded', finish_reason: 'content_filter' });
    const stream = await rig.google.models.generateContentStream({ model: 'flash', contents: 'hello' });
    const chunks: GenerateContentResponse[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(({ promptFeedback }) => promptFeedback?.blockReason)).toEqual(['PROHIBITED_CONTENT']);
  });

  it('an error of the caller’s comes back in the upstream’s own words', async () => {
    rig.plays('gemini', geminiError(400, 'INVALID_ARGUMENT', 'Invalid value at generation_config.top_p'));
    const error = await thrownBy(() =>
      rig.google.models.generateContent({ model: 'flash', contents: 'hello' }),
    );
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).message).toContain('Invalid value at generation_config.top_p');
  });

  it('an error in mid-stream throws ApiError with its status', async () => {
    rig.plays('gemini', [
      respondStream(),
      geminiEvent({ candidates: [{ content: { parts: [{ text: 'Hi' }] } }] }),
      geminiEvent({ error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' } }),
      (exchange) => exchange.end(),
    ]);
    const error = await thrownBy(async () =>
      collect(await rig.google.models.generateContentStream({ model: 'flash', contents: 'hello' })),
    );
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).status).toBe(429);
  });
});

describe('names, keys and paths', () => {
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${rig.gateway.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ contents: [{ parts: [{ text: 'hello' }] }] }),
    });
  const KEY = { 'x-goog-api-key': APP_KEY };

  it.each(['flash', 'models/flash', `at-gemini/${UPSTREAM_MODEL}`, 'models/at-gemini/any/where'])(
    'trap 130 the SDK may name the model %s',
    async (model) => {
      rig.answers('gemini', { text: 'ok' });
      expect((await rig.google.models.generateContent({ model, contents: 'hello' })).text).toBe('ok');
      const upstream = model.endsWith('any/where') ? 'any/where' : UPSTREAM_MODEL;
      expect((await rig.asked('gemini')).path).toBe(`/v1beta/models/${upstream}:generateContent`);
    },
  );

  it.each([
    '/v1beta/models/flash:generateContent',
    '/v1/models/flash:generateContent',
    '/v1beta/models/models/flash:generateContent',
    '/v1beta/models/models%2Fflash:generateContent',
    '/v1/models/at-gemini%2Fgemini-x:generateContent',
  ])('takes %s', async (path) => {
    rig.answers('gemini', { text: 'ok' });
    expect((await ask(path, KEY)).status).toBe(200);
  });

  it('takes the key from the query, where no header has one', async () => {
    rig.answers('gemini', { text: 'ok' });
    const path = '/v1beta/models/flash:generateContent';
    expect((await ask(`${path}?key=${APP_KEY}`)).status).toBe(200);
    expect((await rig.asked('gemini')).rawHead).not.toContain(APP_KEY);
    expect((await ask(`${path}?key=wrong`)).status).toBe(401);
    expect((await ask(`${path}?key=${APP_KEY}`, { 'x-goog-api-key': 'wrong' })).status).toBe(401);
    expect((await ask(`${path}?key=`)).status).toBe(401);
    const openai = await fetch(`${rig.gateway.baseUrl}/v1/chat/completions?key=${APP_KEY}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(openai.status).toBe(401);
  });

  it('refuses in Google’s envelope, whatever is wrong', async () => {
    const wrong = await thrownBy(() =>
      rig.googleWith('wrong').models.generateContent({ model: 'flash', contents: 'hello' }),
    );
    expect(wrong).toBeInstanceOf(ApiError);
    expect((wrong as ApiError).status).toBe(401);
    expect((wrong as ApiError).message).toContain('UNAUTHENTICATED');
    const none = await thrownBy(() =>
      rig.google.models.generateContent({ model: 'none', contents: 'hello' }),
    );
    expect((none as ApiError).status).toBe(404);
    expect((none as ApiError).message).toContain('model_not_found');
    const shape = await fetch(`${rig.gateway.baseUrl}/v1beta/models/flash:generateContent`, {
      method: 'POST',
      headers: { ...KEY, 'content-type': 'application/json' },
      body: '{"contents":"hello"}',
    });
    expect(shape.status).toBe(400);
    expect(await shape.json()).toMatchObject({
      error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'invalid_request' }, {}] },
    });
    for (const path of ['/v1beta/models/flash:embedContent', '/v1beta/x', '/v1/models/flash:embedText']) {
      const missing = await ask(path, KEY);
      expect(missing.status, path).toBeGreaterThanOrEqual(404);
      expect(await missing.json(), path).toMatchObject({ error: { code: missing.status } });
    }
  });

  it('lists and shows models at OpenAI’s paths as before', async () => {
    const authorization = `Bearer ${APP_KEY}`;
    const list = await fetch(`${rig.gateway.baseUrl}/v1/models`, { headers: { authorization } });
    expect(await list.json()).toMatchObject({ object: 'list' });
  });
});

describe('trap 39 without alt=sse', () => {
  const ask = (model: string) =>
    fetch(`${rig.gateway.baseUrl}/v1beta/models/${model}:streamGenerateContent?key=${APP_KEY}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ parts: [{ text: 'hello' }] }] }),
    });

  it.each(GEMINI_WIRES)('a stream of %s is one JSON array', async (wire) => {
    rig.streams(wire, { deltas: ['Hi, ', 'Zürich'], toolCalls: TWO_CALLS, usage: USAGE });
    const response = await ask(GEMINI_MODELS[wire]);
    expect(response.headers.get('content-type')).toBe('application/json');
    const elements = (await response.json()) as GenerateContentResponse[];
    expect(elements.length).toBeGreaterThan(3);
    const parts = elements.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
    expect(parts.map(({ text }) => text ?? '').join('')).toBe('Hi, Zürich');
    expect(
      parts.flatMap(({ functionCall }) => (functionCall === undefined ? [] : [functionCall.args])),
    ).toEqual([{ city: 'Basel' }, { city: 'Zürich' }]);
    expect(elements.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 12, totalTokenCount: 19 },
    });
    expect(await rig.record(response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      finish_reason: 'tool_calls',
      input_tokens: 12,
    });
  });

  it.each(GEMINI_WIRES)(
    'a stream of %s comes element by element, each as soon as it was said',
    async (wire) => {
      let letGo = () => {};
      const gate = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      rig.streams(wire, {
        deltas: ['one', 'two'],
        before: (at) => (at === 1 ? (exchange) => exchange.wait(gate) : undefined),
      });
      const response = await ask(GEMINI_MODELS[wire]);
      let text = '';
      let elements = 0;
      try {
        for await (const piece of response.body ?? []) {
          text += Buffer.from(piece).toString();
          if (elements === 0 && text.includes('"one"'))
            elements = (JSON.parse(`${text}]`) as object[]).length;
          if (elements > 0) letGo();
        }
      } finally {
        letGo();
      }
      expect(elements).toBe(1);
      expect(JSON.parse(text)).toHaveLength(3);
    },
  );

  it.each(GEMINI_WIRES)(
    'a stream of %s that breaks off has an error as its last element, and ends abnormally',
    async (wire) => {
      rig.streams(wire, { deltas: ['one', 'two'], until: 'terminator' });
      const response = await ask(GEMINI_MODELS[wire]);
      let text = '';
      const error = await thrownBy(async () => {
        for await (const piece of response.body ?? []) text += Buffer.from(piece).toString();
      });
      expect(error).toBeInstanceOf(TypeError);
      const elements = JSON.parse(text) as object[];
      expect(elements.at(-1)).toMatchObject({
        error: { code: 502, details: [{ reason: 'upstream_interrupted' }] },
      });
      expect(text).not.toContain('finishReason');
    },
  );
});

import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../support/checker-answer.ts';
import { startFakeUpstream } from '../../support/fake-upstream.ts';
import type { Script } from '../../support/fake-upstream-exchange.ts';
import { connectRaw, rawRequest } from '../../support/raw-client.ts';
import { parseEvents } from '../../support/raw-client-events.ts';
import { DIVISIONS, replayAnswer, replayCut, replayStream } from '../../support/replay.ts';

const EVENTS = [
  '{"type":"message_start","message":{"usage":{"output_tokens":1}}}',
  '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Zürich ✓"}}',
  '{"type":"message_delta","delta":{},"usage":{"output_tokens":4}}',
  '{"type":"message_stop"}',
];

async function fetchOnce(answer: Script) {
  const upstream = await startFakeUpstream({ answer });
  const client = await connectRaw({ port: upstream.port });
  await client.send(rawRequest('GET', '/'));
  const response = await client.response();
  client.destroy();
  await upstream.close();
  return { ...response, reads: client.reads };
}

describe('replayStream', () => {
  it.each(DIVISIONS)('sends the recorded events, divided %s', async (division) => {
    const response = await fetchOnce(replayStream(EVENTS, 'anthropic-messages', division));
    expect(readAnswer(response)).toMatchObject({ text: 'Zürich ✓', outputTokens: 4, isComplete: true });
    expect(parseEvents(response.body).map((event) => event.event)).toEqual([
      'message_start',
      'content_block_delta',
      'message_delta',
      'message_stop',
    ]);
    // The head comes with the first piece; the last chunk is a piece of its own.
    if (division === 'one piece') expect(response.reads).toBeLessThanOrEqual(2);
    if (division === 'at every event') expect(response.reads).toBe(EVENTS.length + 1);
    if (division === 'byte by byte') expect(response.reads).toBeGreaterThan(response.body.length);
  });

  it('ends an OpenAI stream with its terminator', async () => {
    const response = await fetchOnce(replayStream(['{"choices":[]}'], 'openai-chat', 'one piece'));
    expect(parseEvents(response.body).map((event) => event.data)).toEqual(['{"choices":[]}', '[DONE]']);
  });
});

it('replayCut breaks off after each event and is never whole', async () => {
  for (let count = 0; count <= EVENTS.length; count++) {
    const response = await fetchOnce(replayCut(EVENTS, 'anthropic-messages', count));
    expect(parseEvents(response.body)).toHaveLength(count);
    expect(readAnswer(response).isComplete).toBe(false);
  }
});

it('replayAnswer sends the recorded bytes as they are', async () => {
  const body = '{ "choices" : [] , "n": 1.0 }';
  expect((await fetchOnce(replayAnswer(body, 201))).body.toString()).toBe(body);
});

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { end, respondStream, send } from '../support/fake-upstream-steps.ts';
import { hasFixtures, loadStream, NO_FIXTURES } from '../support/fixtures.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { recordOf } from '../support/sdk-rig.ts';

const upstream = new FakeUpstream();
let gateway: TestGateway;

beforeAll(async () => {
  await upstream.listen();
  gateway = await startGateway({
    config: JSON.stringify({
      connections: [
        {
          name: 'azure',
          provider: 'azure',
          baseUrl: upstream.origin,
          apiKey: 'azure-key',
          apiVersion: '2024-10-21',
        },
      ],
      tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
    }),
  });
});
beforeEach(() => {
  upstream.requests.length = 0;
  const { frames } = loadStream('openai/chat/azure-model-router.1.chunks.txt');
  upstream.answer([respondStream(), ...frames.map((frame) => send(frame)), end()]);
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

describe.skipIf(!hasFixtures)(`a recorded stream of Azure${hasFixtures ? '' : ` (${NO_FIXTURES})`}`, () => {
  const ANSWER = 'Capital of Denmark.';

  it('trap 45 reaches the openai SDK although its first chunk has no choices, id or model', async () => {
    const client = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
    const stream = client.chat.completions.stream({
      model: 'azure/router',
      messages: [{ role: 'user', content: 'What is the capital of Denmark?' }],
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: ANSWER },
    });
    const asked = await upstream.seen();
    expect(asked.path).toBe('/openai/deployments/router/chat/completions?api-version=2024-10-21');
    expect(asked.headers['api-key']).toBe('azure-key');
  });

  it('trap 45 reaches the anthropic SDK as a message, and is priced by the model behind the router', async () => {
    const client = new Anthropic({
      baseURL: gateway.baseUrl,
      apiKey: APP_KEY,
      authToken: null,
      maxRetries: 0,
    });
    const { data, response } = await client.messages
      .create({
        model: 'azure/router',
        max_tokens: 50,
        stream: true,
        messages: [{ role: 'user', content: 'What is the capital of Denmark?' }],
      })
      .withResponse();
    let text = '';
    for await (const event of data) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
    }
    expect(text).toBe(ANSWER);
    const row = await recordOf(gateway, response.headers.get('x-sluice-call-id'));
    expect(row).toMatchObject({
      outcome: 'succeeded',
      lane: 'block',
      model_served: 'gpt-5-nano-2025-08-07',
      finish_reason: 'stop',
    });
  });
});

import { expect, it } from 'vitest';
import { answerOf, streamOf } from '../support/call.ts';
import { APP_KEY } from '../support/config.ts';
import { json } from '../support/fake-upstream-steps.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { useSdkRig } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const MESSAGES = [{ role: 'user' as const, content: 'Hello' }];
const refuses = (param: string) =>
  json(
    {
      error: {
        message: `Unsupported parameter: '${param}' is not supported with this model.`,
        type: 'invalid_request_error',
        param,
        code: 'unsupported_parameter',
      },
    },
    400,
  );

/** Each test has a parameter of its own: the gateway remembers. */
it('trap 122 the openai SDK gets its answer, and hears in a header what was renamed', async () => {
  rig.plays('openai-chat', refuses('max_tokens'), answerOf('openai-chat', { text: 'yes' }));
  const body = { model: 'gpt', messages: MESSAGES, max_tokens: 9 };
  const { data, response } = await rig.openai.chat.completions.create(body).withResponse();
  expect(data.choices[0]?.message.content).toBe('yes');
  expect(response.headers.get('x-sluice-receipt')).toContain('converted=max_tokens>max_completion_tokens');
  expect((await rig.asked('openai-chat', 2)).json()).toMatchObject({ max_completion_tokens: 9 });
});

it('trap 122 the Anthropic SDK gets its stream from an OpenAI upstream that refuses its temperature', async () => {
  rig.plays('openai-chat', refuses('temperature'), streamOf('openai-chat', { deltas: ['y', 'es'] }));
  const body = { model: 'gpt', max_tokens: 9, messages: MESSAGES, temperature: 0.5 };
  const message = await rig.anthropic.messages.stream(body).finalMessage();
  expect(message.content).toMatchObject([{ type: 'text', text: 'yes' }]);
  expect((await rig.asked('openai-chat', 2)).json()).not.toHaveProperty('temperature');
});

it('trap 122 GraphQL’s receipt says what was left out, and by whom', async () => {
  rig.plays('openai-chat', refuses('top_p'), answerOf('openai-chat', { text: 'yes' }));
  const input = { model: 'gpt', messages: [{ role: 'USER', content: 'Hello' }], topP: 0.5 };
  const { json: answer } = await post(
    `${rig.gateway.baseUrl}/graphql`,
    { query: CHAT, variables: { input } },
    { key: APP_KEY },
  );
  expect(answer.data?.['chat']).toMatchObject({
    text: 'yes',
    servedBy: { attempts: 2 },
    receipt: {
      entries: expect.arrayContaining([
        { field: 'topP', action: 'DROPPED', to: null, reason: 'refused by the model' },
      ]) as unknown,
    },
  });
});

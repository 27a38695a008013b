import { type FakeUpstream, type FakeUpstreamOptions, startFakeUpstream } from './fake-upstream.ts';
import type { FakeStream } from './fake-upstream-answer.ts';
import { anthropicAnswer, anthropicStream } from './fake-upstream-anthropic.ts';
import { play } from './fake-upstream-exchange.ts';
import { openaiAnswer, openaiStream } from './fake-upstream-openai.ts';

/**
 * A model that repeats the request's nonce, streamed when asked to, in the protocol that the path belongs to.
 * `stream` gives the streams a shape: gates, more text.
 */
export function startEchoUpstream(
  stream: FakeStream = {},
  options: Omit<FakeUpstreamOptions, 'answer'> = {},
): Promise<FakeUpstream> {
  return startFakeUpstream({
    ...options,
    answer: (exchange) => {
      const isStream = exchange.request.json()['stream'] === true;
      if (exchange.request.path.endsWith('/v1/messages')) {
        return play(exchange, isStream ? anthropicStream(stream) : anthropicAnswer());
      }
      return play(exchange, isStream ? openaiStream(stream) : openaiAnswer());
    },
  });
}

import { createHash } from 'node:crypto';
import { DEMO_MODEL, type DemoAnswer, wordsOf } from './demo-answer.ts';
import type { DemoRequest } from './demo-request.ts';

/** What is the same in an answer and in every chunk of it. */
interface Envelope {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

export function envelopeOf(body: string, nowMs: number): Envelope {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 24);
  return {
    id: `chatcmpl-demo-${hash}`,
    created: Math.floor(nowMs / 1_000),
    model: DEMO_MODEL,
    system_fingerprint: 'sluice-demo',
  };
}

/** The chat completion object (https://platform.openai.com/docs/api-reference/chat/object). */
export function completionOf(envelope: Envelope, answer: DemoAnswer): object {
  const toolCalls = answer.toolCalls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }));
  const message = {
    role: 'assistant',
    content: answer.text,
    refusal: null,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return {
    ...envelope,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finishReason }],
    usage: answer.usage,
  };
}

/** The same answer as chunk objects (https://platform.openai.com/docs/api-reference/chat/streaming), word by word. */
export function* chunksOf(envelope: Envelope, answer: DemoAnswer, request: DemoRequest): Generator<object> {
  const isUsageWanted = request.stream_options?.include_usage === true;
  const chunk = (choices: object[], usage: DemoAnswer['usage'] | null): object => ({
    ...envelope,
    object: 'chat.completion.chunk',
    choices,
    ...(isUsageWanted && { usage }),
  });
  const delta = (fields: object, finishReason: string | null = null): object =>
    chunk([{ index: 0, delta: fields, logprobs: null, finish_reason: finishReason }], null);

  yield delta({ role: 'assistant', content: answer.text === null ? null : '', refusal: null });
  for (const word of answer.text ? wordsOf(answer.text) : []) yield delta({ content: word });
  for (const [index, call] of answer.toolCalls.entries()) {
    const { id, name } = call;
    yield delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
    for (const piece of piecesOf(call.arguments)) {
      yield delta({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }
  yield delta({}, answer.finishReason);
  if (isUsageWanted) yield chunk([], answer.usage);
}

/** JSON has few spaces: cut before every key and item. */
const piecesOf = (json: string): string[] => json.split(/(?<=[,:{[])/);

/** The error envelope of the OpenAI API. */
export function errorOf(message: string, code: string | null): object {
  return {
    error: {
      message: `Sluice's built-in demo: ${message}`,
      type: 'invalid_request_error',
      param: null,
      code,
    },
  };
}

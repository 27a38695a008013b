import { type Cohere, CohereClientV2 } from 'cohere-ai';
import { APP_KEY } from './config.ts';
import { hear, type ReplayCaller, type ReplayRig } from './heard.ts';
import { parsedCall, type Said } from './recorded-answer.ts';
import { COHERE_FINISH } from './recorded-cohere.ts';
import { MODEL_OF } from './sdk-rig.ts';

const HELLO: Cohere.ChatMessages = [{ role: 'user', content: 'Hello' }];

const clientOf = ({ gateway }: ReplayRig) =>
  new CohereClientV2({ token: APP_KEY, environment: gateway.baseUrl, maxRetries: 0 });

const ended = (finish: string | undefined, usage: Cohere.Usage | undefined) => ({
  finishReason: COHERE_FINISH[finish ?? ''] ?? ('other' as const),
  inputTokens: usage?.tokens?.inputTokens ?? null,
  outputTokens: usage?.tokens?.outputTokens ?? null,
});

const calledAs = (call: Cohere.ToolCallV2) => ({
  name: call.function?.name ?? '',
  arguments: call.function?.arguments === 'null' ? '{}' : (call.function?.arguments ?? ''),
});

/** The vendor's client. */
export const cohereSdk: ReplayCaller = {
  name: 'cohere-ai',
  protocol: 'cohere-chat',
  whole: (rig, wire) =>
    hear(async (heard) => {
      const asked = clientOf(rig).chat({ model: MODEL_OF[wire], messages: HELLO });
      const { data, rawResponse } = await asked.withRawResponse();
      heard.callId = rawResponse.headers.get('x-sluice-call-id');
      const { message, finishReason, usage } = data;
      const text = (message.content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
      const calls = (message.toolCalls ?? []).map((call) => parsedCall(calledAs(call)));
      return { text, calls, ...ended(finishReason, usage) };
    }),
  stream: (rig, wire) =>
    hear(async (heard) => {
      const asked = clientOf(rig).chatStream({ model: MODEL_OF[wire], messages: HELLO });
      const { data, rawResponse } = await asked.withRawResponse();
      heard.callId = rawResponse.headers.get('x-sluice-call-id');
      return await streamed(data, heard);
    }),
};

async function streamed(
  events: AsyncIterable<Cohere.V2ChatStreamResponse>,
  heard: { text: string },
): Promise<Said> {
  const calls: { name: string; arguments: string }[] = [];
  let end: Cohere.ChatMessageEndEventDelta | undefined;
  for await (const event of events) {
    if (event.type === 'content-delta') heard.text += event.delta?.message?.content?.text ?? '';
    if (event.type === 'message-end') end = event.delta;
    if (event.type === 'tool-call-start') {
      const call = event.delta?.message?.toolCalls;
      if (call !== undefined) calls[event.index ?? 0] = calledAs(call);
    }
    if (event.type === 'tool-call-delta') {
      const call = calls[event.index ?? 0];
      const piece = event.delta?.message?.toolCalls?.function?.arguments ?? '';
      if (call !== undefined) call.arguments += piece;
    }
  }
  if (end === undefined) throw new Error('ended without message-end');
  return { text: heard.text, calls: calls.map(parsedCall), ...ended(end.finishReason, end.usage) };
}

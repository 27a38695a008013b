import type { Response, ResponseOutputItem } from 'openai/resources/responses/responses';
import type { FinishReason } from '../../src/protocols/blocks.ts';
import { hear, idOf, type ReplayCaller } from './heard.ts';
import { parsedCall, type Said } from './recorded-answer.ts';
import { MODEL_OF } from './sdk-rig.ts';

const INCOMPLETE: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  content_filter: 'content_filter',
};

/** A call that a program at the vendor has made is not the caller's to run. */
function isOwnCall(item: ResponseOutputItem): boolean {
  const { caller } = item as { caller?: { type: string } };
  return item.type === 'function_call' && (caller?.type ?? 'direct') === 'direct';
}

/** What a response says, in the words of the recordings. */
export function saidByResponse(response: Response): Said {
  const calls = response.output.flatMap((item) =>
    item.type === 'function_call' && isOwnCall(item) ? [parsedCall(item)] : [],
  );
  const texts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const why = response.incomplete_details?.reason;
  return {
    text: texts.map((part) => (part.type === 'output_text' ? part.text : '')).join(''),
    calls,
    finishReason:
      response.status === 'incomplete'
        ? (INCOMPLETE[why ?? ''] ?? 'other')
        : calls.length > 0
          ? 'tool_calls'
          : 'stop',
    inputTokens: response.usage?.input_tokens ?? null,
    outputTokens: response.usage?.output_tokens ?? null,
  };
}

export const responsesSdk: ReplayCaller = {
  name: 'openai SDK, Responses',
  protocol: 'openai-responses',
  whole: (rig, wire) =>
    hear(async (heard) => {
      const asked = rig.openai.responses.create({ model: MODEL_OF[wire], input: 'Hello' });
      const { data, response } = await asked.withResponse();
      heard.callId = idOf(response);
      return saidByResponse(data);
    }),
  stream: (rig, wire) =>
    hear(async (heard) => {
      const asked = rig.openai.responses.create({ model: MODEL_OF[wire], input: 'Hello', stream: true });
      const { data, response } = await asked.withResponse();
      heard.callId = idOf(response);
      let whole: Response | null = null;
      for await (const event of data) {
        if (event.type === 'response.output_text.delta') heard.text += event.delta;
        if (event.type === 'response.completed' || event.type === 'response.incomplete')
          whole = event.response;
      }
      if (whole === null) throw new Error('the stream ended without a whole response');
      return saidByResponse(whole);
    }),
};

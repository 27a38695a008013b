import type { Response } from 'openai/resources/responses/responses';
import { hear, idOf, type ReplayCaller } from './heard.ts';
import { saidByResponse } from './recorded-responses.ts';
import { MODEL_OF } from './sdk-rig.ts';

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

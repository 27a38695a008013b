import { type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import type { FinishReason } from '../../src/protocols/blocks.ts';
import { APP_KEY } from './config.ts';
import { type Heard, hear, type ReplayCaller } from './heard.ts';
import type { Said } from './recorded-answer.ts';
import { MODEL_OF } from './sdk-rig.ts';

const FINISH: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
};

function saidBy(chunks: readonly GenerateContentResponse[]): Said {
  const calls = chunks.flatMap(({ candidates }) =>
    (candidates?.[0]?.content?.parts ?? []).flatMap(({ functionCall }) =>
      functionCall?.name === undefined
        ? []
        : [{ name: functionCall.name, arguments: functionCall.args ?? {} }],
    ),
  );
  const usage = chunks.at(-1)?.usageMetadata;
  const finish = FINISH[chunks.at(-1)?.candidates?.[0]?.finishReason ?? ''] ?? 'other';
  return {
    text: chunks.map((chunk) => chunk.text ?? '').join(''),
    calls,
    finishReason: finish === 'stop' && calls.length > 0 ? 'tool_calls' : finish,
    inputTokens: usage?.promptTokenCount ?? null,
    outputTokens:
      usage === undefined ? null : (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
  };
}

/** Google's client; `calls` of a stream in pieces come as they are, which this does not put together. */
export class GoogleCaller {
  readonly name = '@google/genai';
  readonly #google: GoogleGenAI;

  constructor(baseUrl: string) {
    this.#google = new GoogleGenAI({ apiKey: APP_KEY, httpOptions: { baseUrl } });
  }

  whole(model: string): Promise<Heard> {
    return hear(async (heard) => {
      const response = await this.#google.models.generateContent({ model, contents: 'Hello' });
      heard.callId = response.sdkHttpResponse?.headers?.['x-sluice-call-id'] ?? null;
      return saidBy([response]);
    });
  }

  stream(model: string): Promise<Heard> {
    return hear(async (heard) => {
      const chunks: GenerateContentResponse[] = [];
      const stream = await this.#google.models.generateContentStream({ model, contents: 'Hello' });
      for await (const chunk of stream) {
        heard.callId = chunk.sdkHttpResponse?.headers?.['x-sluice-call-id'] ?? heard.callId;
        heard.text += chunk.text ?? '';
        chunks.push(chunk);
      }
      return saidBy(chunks);
    });
  }
}

export const googleSdk: ReplayCaller = {
  name: '@google/genai',
  protocol: 'gemini',
  whole: (rig, wire) => new GoogleCaller(rig.gateway.baseUrl).whole(MODEL_OF[wire]),
  stream: (rig, wire) => new GoogleCaller(rig.gateway.baseUrl).stream(MODEL_OF[wire]),
};

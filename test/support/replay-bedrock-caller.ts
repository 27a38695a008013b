import {
  type BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { bedrockClient } from './bedrock-rig.ts';
import { APP_KEY } from './config.ts';
import { hear, type ReplayCaller, type ReplayRig } from './heard.ts';
import type { Said } from './recorded-answer.ts';
import { BEDROCK_STOP, type BedrockPart, saidByBedrock } from './recorded-bedrock.ts';
import { MODEL_OF } from './sdk-rig.ts';

const HELLO = [{ role: 'user' as const, content: [{ text: 'Hello' }] }];

async function withClient<T>({ gateway }: ReplayRig, run: (client: BedrockRuntimeClient) => Promise<T>) {
  const client = bedrockClient(gateway.baseUrl, APP_KEY);
  try {
    return await run(client);
  } finally {
    client.destroy();
  }
}

/** AWS' client. It shows the call's id as that of the request. */
export const awsSdk: ReplayCaller = {
  name: 'AWS SDK',
  protocol: 'bedrock-converse',
  whole: (rig, wire) =>
    hear((heard) =>
      withClient(rig, async (client) => {
        const answer = await client.send(new ConverseCommand({ modelId: MODEL_OF[wire], messages: HELLO }));
        heard.callId = answer.$metadata.requestId ?? null;
        const parts = (answer.output?.message?.content ?? []) as readonly BedrockPart[]; // of the same form
        return saidByBedrock(parts, answer.stopReason ?? '', answer.usage);
      }),
    ),
  stream: (rig, wire) =>
    hear((heard) => withClient(rig, (client) => streamed(client, MODEL_OF[wire], heard))),
};

async function streamed(
  client: BedrockRuntimeClient,
  modelId: string,
  heard: { callId: string | null; text: string },
): Promise<Said> {
  const { stream, $metadata } = await client.send(new ConverseStreamCommand({ modelId, messages: HELLO }));
  heard.callId = $metadata.requestId ?? null;
  const texts: string[] = [];
  const calls: { name: string; input: string }[] = [];
  let stop: string | undefined;
  let usage: Parameters<typeof saidByBedrock>[2];
  for await (const { contentBlockStart, contentBlockDelta, messageStop, metadata } of stream ?? []) {
    const use = contentBlockStart?.start?.toolUse;
    const at = contentBlockStart?.contentBlockIndex ?? contentBlockDelta?.contentBlockIndex ?? 0;
    if (use !== undefined) calls[at] = { name: use.name ?? '', input: '' };
    const call = calls[at];
    if (call !== undefined) call.input += contentBlockDelta?.delta?.toolUse?.input ?? '';
    const text = contentBlockDelta?.delta?.text;
    if (text !== undefined) {
      texts[at] = (texts[at] ?? '') + text;
      heard.text += text;
    }
    stop = messageStop?.stopReason ?? stop;
    usage = metadata?.usage ?? usage;
  }
  if (stop === undefined || BEDROCK_STOP[stop] === undefined) throw new Error('ended without messageStop');
  const parts = [
    ...texts.map((text) => ({ text })),
    ...calls.map(({ name, input }) => ({
      toolUse: { name, input: JSON.parse(input === '' ? '{}' : input) as unknown },
    })),
  ];
  return saidByBedrock(parts.filter(Boolean), stop, usage);
}

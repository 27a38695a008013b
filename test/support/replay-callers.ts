import { FINISH_REASONS, type FinishReason, type ProtocolName } from '../../src/protocols/blocks.ts';
import { APP_KEY } from './config.ts';
import { eventsOf, post } from './graphql-request.ts';
import { type Heard, hear, idOf, type ReplayCaller, type ReplayRig } from './heard.ts';
import {
  ANTHROPIC_STOP,
  CallDeltas,
  OPENAI_FINISH,
  parsedCall,
  type Recording,
  type Said,
  textOf,
} from './recorded-answer.ts';
import { awsSdk } from './replay-bedrock-caller.ts';
import { cohereSdk } from './replay-cohere-caller.ts';
import { googleSdk } from './replay-gemini-caller.ts';
import { responsesSdk } from './replay-responses-caller.ts';
import { MODEL_OF } from './sdk-rig.ts';

export type { Heard, ReplayCaller, ReplayRig };

const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const OUTPUT = 16_000;

const openaiSdk: ReplayCaller = {
  name: 'openai SDK',
  protocol: 'openai-chat',
  whole: (rig, wire) =>
    hear(async (heard) => {
      const asked = rig.openai.chat.completions.create({ model: MODEL_OF[wire], messages: HELLO });
      const { data, response } = await asked.withResponse();
      heard.callId = idOf(response);
      const [choice] = data.choices;
      return {
        text: textOf(choice?.message.content),
        calls: (choice?.message.tool_calls ?? []).map((call) =>
          parsedCall((call as { function: { name: string; arguments: string } }).function),
        ),
        finishReason: OPENAI_FINISH[choice?.finish_reason ?? ''] ?? 'other',
        inputTokens: data.usage?.prompt_tokens ?? null,
        outputTokens: data.usage?.completion_tokens ?? null,
      };
    }),
  stream: (rig, wire) =>
    hear(async (heard) => {
      const asked = rig.openai.chat.completions.create({
        model: MODEL_OF[wire],
        messages: HELLO,
        stream: true,
        stream_options: { include_usage: true },
      });
      const { data, response } = await asked.withResponse();
      heard.callId = idOf(response);
      const calls = new CallDeltas();
      let finish = '';
      let usage: { prompt_tokens: number; completion_tokens: number } | null = null;
      for await (const chunk of data) {
        const [choice] = chunk.choices;
        heard.text += textOf(choice?.delta.content);
        calls.add(choice?.delta.tool_calls);
        finish = choice?.finish_reason ?? finish;
        usage = chunk.usage ?? usage;
      }
      return {
        text: heard.text,
        calls: calls.parsed,
        finishReason: OPENAI_FINISH[finish] ?? 'other',
        inputTokens: usage?.prompt_tokens ?? null,
        outputTokens: usage?.completion_tokens ?? null,
      };
    }),
};

interface AnthropicMessage {
  readonly content: readonly {
    type: string;
    text?: string;
    name?: string;
    input?: unknown;
    caller?: { type: string };
  }[];
  readonly stop_reason: string | null;
  readonly usage: {
    input_tokens: number | null;
    output_tokens: number | null;
    cache_creation_input_tokens: number | null;
    cache_read_input_tokens: number | null;
  };
}

function saidByAnthropic({ content, stop_reason: stop, usage }: AnthropicMessage): Said {
  const cached = (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content.flatMap(({ type, caller, name = '', input }) =>
      type === 'tool_use' && (caller?.type ?? 'direct') === 'direct' ? [{ name, arguments: input }] : [],
    ),
    finishReason: ANTHROPIC_STOP[stop ?? ''] ?? 'other',
    inputTokens: usage.input_tokens === null ? null : usage.input_tokens + cached,
    outputTokens: usage.output_tokens,
  };
}

const anthropicSdk: ReplayCaller = {
  name: 'Anthropic SDK',
  protocol: 'anthropic-messages',
  whole: (rig, wire) =>
    hear(async (heard) => {
      const params = { model: MODEL_OF[wire], max_tokens: OUTPUT, messages: HELLO };
      const { data, response } = await rig.anthropic.messages.create(params).withResponse();
      heard.callId = idOf(response);
      return saidByAnthropic(data);
    }),
  stream: (rig, wire) =>
    hear(async (heard) => {
      const stream = rig.anthropic.messages.stream({
        model: MODEL_OF[wire],
        max_tokens: OUTPUT,
        messages: HELLO,
      });
      stream.on('connect', () => {
        heard.callId =
          stream.response === undefined || stream.response === null ? null : idOf(stream.response);
      });
      stream.on('text', (delta) => {
        heard.text += delta;
      });
      return saidByAnthropic(await stream.finalMessage());
    }),
};

const COMPLETION = /* GraphQL */ `
  callId text refusal finishReason toolCalls { name arguments } usage { inputTokens outputTokens }
`;
const CHAT = `mutation ($input: ChatInput!) { chat(input: $input) { ${COMPLETION} } }`;
const CHAT_STREAM = /* GraphQL */ `
  subscription ($input: ChatInput!) {
    chatStream(input: $input) {
      ... on ChatStarted { callId }
      ... on ChatTextDelta { delta: text }
      ... on ChatCompleted { completion { ${COMPLETION} } }
    }
  }
`;

interface Completion {
  readonly callId: string;
  readonly text: string | null;
  /** What of the text is a refusal; the recordings tell it apart. */
  readonly refusal: string | null;
  readonly finishReason: string;
  readonly toolCalls: readonly { name: string; arguments: string }[];
  readonly usage: { inputTokens: number | null; outputTokens: number | null };
}
interface StreamEvent {
  readonly callId?: string;
  readonly delta?: string;
  readonly completion?: Completion;
}

const saidByGraph = ({ text, refusal, finishReason, toolCalls, usage }: Completion): Said => ({
  text: (text ?? '').slice(0, (text ?? '').length - (refusal ?? '').length),
  calls: toolCalls.map(parsedCall),
  finishReason:
    FINISH_REASONS.find((reason) => reason === finishReason.toLowerCase()) ?? ('?' as FinishReason),
  ...usage,
});

const graphql: ReplayCaller = {
  name: 'GraphQL',
  protocol: 'graphql',
  whole: (rig, wire) =>
    hear(async (heard) => {
      const input = { model: MODEL_OF[wire], messages: [{ role: 'USER', content: 'Hello' }] };
      const url = `${rig.gateway.baseUrl}/graphql`;
      const { json } = await post(url, { query: CHAT, variables: { input } }, { key: APP_KEY });
      if (json.errors !== undefined) throw new GraphError(json.errors[0]?.extensions);
      const completion = (json.data as { chat: Completion }).chat;
      heard.callId = completion.callId;
      return saidByGraph(completion);
    }),
  stream: (rig, wire) =>
    hear(async (heard) => {
      const input = { model: MODEL_OF[wire], messages: [{ role: 'USER', content: 'Hello' }] };
      const url = `${rig.gateway.baseUrl}/graphql`;
      const options = { key: APP_KEY, headers: { accept: 'text/event-stream' } };
      const { text } = await post(url, { query: CHAT_STREAM, variables: { input } }, options);
      let completion: Completion | undefined;
      let failure: GraphError | undefined;
      for (const { data, errors } of eventsOf(text).results) {
        const event = data?.['chatStream'] as StreamEvent | undefined;
        heard.callId ??= event?.callId ?? null;
        heard.text += event?.delta ?? '';
        completion ??= event?.completion;
        if (errors !== undefined) failure ??= new GraphError(errors[0]?.extensions);
      }
      // Whoever has ChatCompleted takes the answer for complete, whatever follows.
      if (completion === undefined)
        throw failure ?? new Error('the live operation ended without ChatCompleted');
      if ((completion.text ?? '') !== heard.text) throw new Error('the deltas are not the text');
      return saidByGraph(completion);
    }),
};

/** An error of the graph, with the id of its call where the gateway tells it. */
class GraphError extends Error {
  readonly headers: Headers;

  constructor(extensions: Record<string, unknown> | undefined) {
    super(String(extensions?.['code']));
    this.headers = new Headers({ 'x-sluice-call-id': String(extensions?.['callId'] ?? '') });
  }
}

export const CALLERS: readonly ReplayCaller[] = [openaiSdk, anthropicSdk, responsesSdk, graphql];
/** One of every protocol that callers speak. */
export const ALL_CALLERS: readonly ReplayCaller[] = [...CALLERS, googleSdk, awsSdk, cohereSdk];

/** What this caller has to hear of a recording. */
export function expectedSaid(recording: Recording, caller: ReplayCaller, wire: ProtocolName): Said {
  const { raw, ...said } = recording;
  // The byte lane leaves the vendor's own counts as they are.
  return caller.protocol === wire ? { ...said, ...raw } : said;
}

import { ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, it } from 'vitest';
import { BEDROCK_MODELS, useBedrockRig } from '../support/bedrock-rig.ts';
import { APP_KEY } from '../support/config.ts';
import { respondEventStream } from '../support/fake-upstream-bedrock.ts';
import { bytes, end, fin, pieces, send } from '../support/fake-upstream-steps.ts';
import { FIXTURES, hasFixtures, listFixtures, loadJson, loadStream, loadText } from '../support/fixtures.ts';
import { eventsOf, post } from '../support/graphql-request.ts';
import { replayAnswer } from '../support/replay.ts';

/** What a recording says, folded from its JSON by hand. */
interface Said {
  text: string;
  readonly calls: { name: string; input: unknown }[];
  tokens: readonly (number | null)[];
}
type Part = {
  text?: string;
  toolUse?: { name?: string; input?: unknown };
};
type Body = {
  output?: { message: { content: Part[] } };
  usage?: { inputTokens: number; outputTokens: number };
};
type Line = {
  contentBlockStart?: { contentBlockIndex: number; start: Part };
  contentBlockDelta?: { contentBlockIndex: number; delta: Part };
  metadata?: Body;
};

function fold(parts: readonly Part[], usage: Body['usage']): Said {
  return {
    text: parts.map(({ text }) => text ?? '').join(''),
    calls: parts.flatMap(({ toolUse }) =>
      toolUse === undefined ? [] : [{ name: toolUse.name ?? '', input: toolUse.input }],
    ),
    tokens: [usage?.inputTokens ?? null, usage?.outputTokens ?? null],
  };
}
function foldStream(file: string): Said {
  const parts: Part[] = [];
  const inputs: string[] = [];
  let usage: Body['usage'];
  for (const line of loadText(file)
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text) as Line)) {
    const { contentBlockStart: start, contentBlockDelta: delta, metadata } = line;
    usage = metadata?.usage ?? usage;
    if (start !== undefined) parts[start.contentBlockIndex] = { ...start.start };
    if (delta === undefined) continue;
    const at = delta.contentBlockIndex;
    const part = parts[at] ?? {};
    parts[at] = part;
    if (delta.delta.text !== undefined) part.text = (part.text ?? '') + delta.delta.text;
    if (delta.delta.toolUse !== undefined)
      inputs[at] = (inputs[at] ?? '') + String(delta.delta.toolUse.input);
  }
  for (const [at, input] of inputs.entries()) {
    const use = parts[at]?.toolUse;
    if (use !== undefined) use.input = JSON.parse(input === '' ? '{}' : input);
  }
  return fold(parts.filter(Boolean), usage);
}

const streams = listFixtures(['amazon-bedrock'], '.chunks.txt');
const answers = listFixtures(['amazon-bedrock'], '.json');
const model = BEDROCK_MODELS['bedrock-converse'];
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const TURNS = [{ role: 'user' as const, content: [{ text: 'Hello' }] }];
const COMPLETION = 'completion { text toolCalls { name arguments } usage { inputTokens outputTokens } }';
const STREAM = `subscription ($input: ChatInput!) { chatStream(input: $input) { ... on ChatCompleted { ${COMPLETION} } } }`;

describe.skipIf(!hasFixtures)(`recorded traffic of Bedrock (skipped without ${FIXTURES})`, () => {
  const rig = useBedrockRig();
  const plays = (script: Parameters<typeof rig.plays>[1]) => rig.plays('bedrock-converse', script);

  /** Each caller, streamed: what it has heard, or what it has thrown. */
  const callers: Readonly<Record<string, () => Promise<Said>>> = {
    'AWS SDK': async () => {
      const { stream } = await rig.aws.send(new ConverseStreamCommand({ modelId: model, messages: TURNS }));
      const parts: { text?: string; name?: string | undefined; input?: string }[] = [];
      let usage: Body['usage'];
      let hasStopped = false;
      for await (const event of stream ?? []) {
        const { contentBlockStart: start, contentBlockDelta: delta, metadata, messageStop } = event;
        if (start?.start?.toolUse !== undefined) {
          parts[start.contentBlockIndex ?? 0] = { name: start.start.toolUse.name, input: '' };
        }
        const at = delta?.contentBlockIndex ?? 0;
        const part = parts[at] ?? {};
        parts[at] = part;
        if (delta?.delta?.text !== undefined) part.text = (part.text ?? '') + delta.delta.text;
        if (delta?.delta?.toolUse !== undefined) part.input += delta.delta.toolUse.input ?? '';
        if (metadata?.usage !== undefined) usage = metadata.usage as Body['usage'];
        hasStopped ||= messageStop !== undefined;
      }
      if (!hasStopped) throw new Error('the stream ended without messageStop');
      return fold(
        parts.map(({ text = '', name, input }) =>
          name === undefined
            ? { text }
            : { toolUse: { name, input: JSON.parse(input === '' ? '{}' : (input ?? '')) as unknown } },
        ),
        usage,
      );
    },
    'openai SDK': async () => {
      const stream = rig.openai.chat.completions.stream({
        model,
        messages: HELLO,
        stream_options: { include_usage: true },
      });
      const { choices, usage } = await stream.finalChatCompletion();
      const message = choices[0]?.message;
      return {
        text: message?.content ?? '',
        calls: (message?.tool_calls ?? []).map((call) => ({
          name: call.function.name,
          input: JSON.parse(call.function.arguments) as unknown,
        })),
        tokens: [usage?.prompt_tokens ?? null, usage?.completion_tokens ?? null],
      };
    },
    'Anthropic SDK': async () => {
      const { content, usage } = await rig.anthropic.messages
        .stream({ model, max_tokens: 1_000, messages: HELLO })
        .finalMessage();
      return fold(
        content.map((block) =>
          block.type === 'tool_use'
            ? { toolUse: { name: block.name, input: block.input } }
            : { text: block.type === 'text' ? block.text : '' },
        ),
        usage.input_tokens === 0
          ? undefined
          : { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens },
      );
    },
    GraphQL: async () => {
      const input = { model, messages: [{ role: 'USER', content: 'Hello' }] };
      const options = { key: APP_KEY, headers: { accept: 'text/event-stream' } };
      const { text } = await post(
        `${rig.gateway.baseUrl}/graphql`,
        { query: STREAM, variables: { input } },
        options,
      );
      type Completion = {
        text: string | null;
        toolCalls: { name: string; arguments: string }[];
        usage: { inputTokens: number | null; outputTokens: number | null };
      };
      const { results } = eventsOf(text);
      const found = results
        .map(({ data }) => (data?.['chatStream'] as { completion?: Completion } | undefined)?.completion)
        .find((completion) => completion !== undefined);
      if (found === undefined) throw new Error(JSON.stringify(results.at(-1)?.errors));
      return {
        text: found.text ?? '',
        calls: found.toolCalls.map((call) => ({
          name: call.name,
          input: JSON.parse(call.arguments) as unknown,
        })),
        tokens: [found.usage.inputTokens, found.usage.outputTokens],
      };
    },
  };

  it.each(streams)('%s comes out the same, however it was divided', async (file) => {
    const said = foldStream(file);
    const { bytes: whole, frames } = loadStream(file);
    const chunked = (piece: Buffer) =>
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
    const body = Buffer.concat([chunked(whole), Buffer.from('0\r\n\r\n')]);
    const divisions = {
      'in one piece': bytes(body),
      'byte by byte': pieces(Array.from(body, (_, at) => body.subarray(at, at + 1))),
      'at every event': [...frames.map((frame) => send(frame)), end()],
    };
    for (const [division, script] of Object.entries(divisions)) {
      for (const [name, ask] of Object.entries(callers)) {
        plays([respondEventStream(), script]);
        const heard = await ask();
        // Anthropic's message_start must have numbers, also where nobody knows them.
        const tokens = name === 'Anthropic SDK' && said.tokens[0] === null ? heard.tokens : said.tokens;
        expect(heard, `${name}, ${division}`).toEqual({ ...said, tokens });
      }
    }
  });

  it.each(streams)('%s never looks complete, wherever and however it is cut', async (file) => {
    const { frames } = loadStream(file);
    const stop = frames.findIndex((frame) => frame.includes('messageStop'));
    for (let count = 0; count < frames.length; count += 1) {
      // After messageStop a body that properly ends only lacks its usage: another test's.
      const cuts = { 'connection closed': fin(), ...(count > stop ? {} : { 'body ended': end() }) };
      for (const [cut, script] of Object.entries(cuts)) {
        for (const [name, ask] of Object.entries(callers)) {
          plays([respondEventStream(), ...frames.slice(0, count).map((frame) => send(frame)), script]);
          await expect(ask(), `${name}, ${cut} after ${count} events`).rejects.toThrow();
        }
      }
    }
  });

  it.each(answers)('%s comes out the same', async (file) => {
    const body = loadJson(file) as Required<Body>;
    const said = fold(body.output.message.content, body.usage);
    plays(replayAnswer(loadText(file)));
    const whole = await rig.aws.send(new ConverseCommand({ modelId: model, messages: TURNS }));
    const heard = (whole.output?.message?.content ?? []).map(({ text, toolUse }) =>
      toolUse === undefined
        ? { text: text ?? '' }
        : { toolUse: { name: toolUse.name ?? '', input: toolUse.input as unknown } },
    );
    expect(fold(heard, whole.usage as Body['usage'])).toEqual(said);
    const { choices, usage } = await rig.openai.chat.completions.create({ model, messages: HELLO });
    const message = choices[0]?.message;
    expect({
      text: message?.content ?? '',
      calls: (message?.tool_calls ?? []).map((call) =>
        call.type === 'function'
          ? { name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }
          : null,
      ),
      tokens: [usage?.prompt_tokens, usage?.completion_tokens],
    }).toEqual(said);
    expect(choices[0]?.finish_reason).toBe('tool_calls');
  });
});

/** What a recording of Bedrock says, folded from its JSON by hand. */
import type { FinishReason } from '../../src/protocols/blocks.ts';
import { loadJson, loadText } from './fixtures.ts';
import type { Said } from './recorded-answer.ts';

export interface BedrockPart {
  text?: string;
  readonly toolUse?: { readonly name?: string; input?: unknown };
}
interface Usage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cacheReadInputTokens?: number | undefined;
  readonly cacheWriteInputTokens?: number | undefined;
}
interface Body {
  readonly output: { readonly message: { readonly content: readonly BedrockPart[] } };
  readonly stopReason: string;
  readonly usage?: Usage;
}
interface Line {
  readonly contentBlockStart?: { readonly contentBlockIndex: number; readonly start: BedrockPart };
  readonly contentBlockDelta?: {
    readonly contentBlockIndex: number;
    readonly delta: { readonly text?: string; readonly toolUse?: { readonly input: string } };
  };
  readonly messageStop?: { readonly stopReason: string };
  readonly metadata?: { readonly usage?: Usage };
}

export const BEDROCK_STOP: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool_calls',
  guardrail_intervened: 'content_filter',
  content_filtered: 'content_filter',
};

export function saidByBedrock(parts: readonly BedrockPart[], stop: string, usage: Usage | undefined): Said {
  const cached = (usage?.cacheReadInputTokens ?? 0) + (usage?.cacheWriteInputTokens ?? 0);
  return {
    text: parts.map(({ text }) => text ?? '').join(''),
    calls: parts.flatMap(({ toolUse }) =>
      toolUse === undefined ? [] : [{ name: toolUse.name ?? '', arguments: toolUse.input }],
    ),
    finishReason: BEDROCK_STOP[stop] ?? 'other',
    inputTokens: usage?.inputTokens === undefined ? null : usage.inputTokens + cached,
    outputTokens: usage?.outputTokens ?? null,
  };
}

export function readRecordedBedrock(file: string): Said {
  const { output, stopReason, usage } = loadJson(file) as Body;
  return saidByBedrock(output.message.content, stopReason, usage);
}

export function readRecordedBedrockStream(file: string): Said {
  const parts: BedrockPart[] = [];
  const inputs: string[] = [];
  let stop = '';
  let usage: Usage | undefined;
  for (const text of loadText(file).split('\n').filter(Boolean)) {
    const { contentBlockStart, contentBlockDelta, messageStop, metadata } = JSON.parse(text) as Line;
    stop = messageStop?.stopReason ?? stop;
    usage = metadata?.usage ?? usage;
    if (contentBlockStart !== undefined) {
      parts[contentBlockStart.contentBlockIndex] = { ...contentBlockStart.start };
    }
    if (contentBlockDelta === undefined) continue;
    const { contentBlockIndex: at, delta } = contentBlockDelta;
    const part = parts[at] ?? {};
    parts[at] = part;
    if (delta.text !== undefined) part.text = (part.text ?? '') + delta.text;
    if (delta.toolUse !== undefined) inputs[at] = (inputs[at] ?? '') + delta.toolUse.input;
  }
  for (const [at, { toolUse }] of parts.entries()) {
    if (toolUse !== undefined) toolUse.input = JSON.parse(inputs[at] || '{}');
  }
  return saidByBedrock(parts, stop, usage);
}

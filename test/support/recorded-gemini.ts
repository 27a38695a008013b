/** What a recording of Gemini says, folded from its JSON by hand. */
import type { FinishReason } from '../../src/protocols/blocks.ts';
import { listFixtures, loadJson, loadText } from './fixtures.ts';
import type { Said } from './recorded-answer.ts';

interface FunctionCall {
  readonly name?: string;
  readonly args?: unknown;
  readonly partialArgs?: readonly { jsonPath: string; stringValue?: string; numberValue?: number }[];
}
interface Body {
  readonly candidates?: readonly {
    readonly content?: {
      readonly parts?: readonly { text?: string; thought?: boolean; functionCall?: FunctionCall }[];
    };
    readonly finishReason?: string;
  }[];
  readonly usageMetadata?: {
    readonly promptTokenCount?: number;
    readonly candidatesTokenCount?: number;
    readonly thoughtsTokenCount?: number;
  };
}

export const GEMINI_STREAMS: readonly string[] = listFixtures(['google'], '.chunks.txt');
export const GEMINI_ANSWERS: readonly string[] = listFixtures(['google'], '.json');

export const geminiEventsIn = (file: string): readonly string[] =>
  loadText(file)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');

export const readRecordedGemini = (file: string): Said => said([loadJson(file) as Body]);
export const readRecordedGeminiStream = (file: string): Said =>
  said(geminiEventsIn(file).map((line) => JSON.parse(line) as Body));

function said(bodies: readonly Body[]): Said {
  const calls: { name: string; arguments: unknown }[] = [];
  let text = '';
  let finish = '';
  let usage: NonNullable<Body['usageMetadata']> = {};
  for (const { candidates, usageMetadata } of bodies) {
    const [candidate] = candidates ?? [];
    for (const part of candidate?.content?.parts ?? []) {
      if (part.thought !== true) text += part.text ?? '';
      const call = part.functionCall;
      if (call?.name !== undefined) calls.push({ name: call.name, arguments: call.args ?? {} });
      for (const piece of call?.partialArgs ?? []) put(calls.at(-1)?.arguments, piece);
    }
    finish = candidate?.finishReason ?? finish;
    usage = usageMetadata ?? usage;
  }
  return {
    text,
    calls,
    finishReason: finishOf(finish, calls.length > 0),
    inputTokens: usage.promptTokenCount ?? null,
    outputTokens: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
  };
}

function finishOf(finish: string, hasCalls: boolean): FinishReason {
  if (finish === 'STOP') return hasCalls ? 'tool_calls' : 'stop';
  return finish === 'MAX_TOKENS' ? 'length' : 'other';
}

/** The paths of the recordings alone: names and indices, with the text of one path in one or more pieces. */
function put(root: unknown, piece: NonNullable<FunctionCall['partialArgs']>[number]): void {
  const steps = [...piece.jsonPath.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(
    ([, name, index]) => name ?? Number(index),
  );
  let at = root as Record<string | number, unknown>;
  for (const [place, step] of steps.entries()) {
    if (place === steps.length - 1) {
      at[step] = piece.numberValue ?? `${typeof at[step] === 'string' ? at[step] : ''}${piece.stringValue}`;
    } else {
      at[step] ??= typeof steps[place + 1] === 'number' ? [] : {};
      at = at[step] as Record<string | number, unknown>;
    }
  }
}

/** What a recording of Cohere says, folded from its JSON by hand. */
import type { FinishReason } from '../../src/protocols/blocks.ts';
import { loadJson, loadText } from './fixtures.ts';
import { parsedCall, type Said } from './recorded-answer.ts';

interface Called {
  readonly function?: { readonly name?: string; readonly arguments?: string | null };
}
interface Usage {
  readonly tokens?: { readonly input_tokens: number; readonly output_tokens: number };
}
interface Body {
  readonly message: {
    readonly content?: readonly { readonly type: string; readonly text?: string }[];
    readonly tool_calls?: readonly Called[];
  };
  readonly finish_reason: string;
  readonly usage?: Usage;
}
interface Event {
  readonly type: string;
  readonly index?: number;
  readonly delta?: {
    readonly message?: { readonly content?: { readonly text?: string }; readonly tool_calls?: Called };
    readonly finish_reason?: string;
    readonly usage?: Usage;
  };
}

export const COHERE_FINISH: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
};

function said(
  text: string,
  calls: readonly { name: string; arguments: string }[],
  finish: string,
  usage: Usage | undefined,
): Said {
  return {
    text,
    calls: calls.map(parsedCall),
    finishReason: COHERE_FINISH[finish] ?? 'other',
    inputTokens: usage?.tokens?.input_tokens ?? null,
    outputTokens: usage?.tokens?.output_tokens ?? null,
  };
}

/** Arguments that are the text `null` are none. */
const callOf = ({ function: called }: Called) => ({
  name: called?.name ?? '',
  arguments: called?.arguments === 'null' ? '{}' : (called?.arguments ?? ''),
});

export function readRecordedCohere(file: string): Said {
  const { message, finish_reason: finish, usage } = loadJson(file) as Body;
  const text = (message.content ?? []).map((part) => part.text ?? '').join('');
  return said(text, (message.tool_calls ?? []).map(callOf), finish, usage);
}

export function readRecordedCohereStream(file: string): Said {
  const calls: { name: string; arguments: string }[] = [];
  let text = '';
  let finish = '';
  let usage: Usage | undefined;
  for (const line of loadText(file).split('\n').filter(Boolean)) {
    const { type, index = 0, delta } = JSON.parse(line) as Event;
    const called = delta?.message?.tool_calls;
    if (type === 'content-delta') text += delta?.message?.content?.text ?? '';
    if (type === 'tool-call-start' && called !== undefined) calls[index] = callOf(called);
    const call = calls[index];
    if (type === 'tool-call-delta' && call !== undefined) call.arguments += called?.function?.arguments ?? '';
    finish = delta?.finish_reason ?? finish;
    usage = delta?.usage ?? usage;
  }
  return said(text, calls, finish, usage);
}

/**
 * Recognises the one 400 that says that a model does not take a parameter, in the words of the vendors: OpenAI's
 * codes, and the sentences of Anthropic, xAI, Groq and other servers of OpenAI's protocol. A sentence counts
 * from its first word on, so that text of a caller that some error repeats is not taken for one.
 */
import { CallError } from '../errors.ts';
import type { ProtocolName, UpstreamFailure } from './blocks.ts';
import { scanObject } from './json-scan.ts';
import { memberText, type Repair } from './repair.ts';

/** Parameter → what it is called instead; null: it is left out. */
const REPAIRABLE: Readonly<Partial<Record<ProtocolName, Readonly<Record<string, string | null>>>>> = {
  'openai-chat': {
    max_tokens: 'max_completion_tokens',
    max_completion_tokens: 'max_tokens',
    temperature: null,
    top_p: null,
    presence_penalty: null,
    frequency_penalty: null,
    parallel_tool_calls: null,
    reasoning_effort: null,
  },
  'openai-responses': { temperature: null, top_p: null, parallel_tool_calls: null },
  'anthropic-messages': { temperature: null, top_p: null, top_k: null },
};

/** OpenAI's newer models take them with some efforts and not with others. */
const SAMPLING: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
]);

const SENTENCES: readonly RegExp[] = [
  /^Unsupported parameter:? ['"`]?(\w+)/i,
  /^['"`]?(\w+)['"`]? is (?:deprecated|not supported|unsupported|no longer supported) (?:for|with|by|on|in) (?:this|the) model/i,
  /^(?:The )?model \S{1,200} does not support (?:the )?(?:parameter|argument):? ['"`]?(\w+)/i,
  /^Argument not supported on this model: ['"`]?(\w+)/i,
  /^Unrecognized request argument supplied: ['"`]?(\w+)/i,
];
const VALUE_SENTENCE = /^Unsupported value: ['"`]?(\w+)['"`]? does not support/i;
const BOTH_SENTENCE = /^['"`]?temperature['"`]? and ['"`]?top_p['"`]? cannot both be specified/i;

interface Refusal {
  readonly param: string;
  readonly kind: 'parameter' | 'value' | 'both';
}

/**
 * How to repair a request that was answered so; null for every other answer, and where `body`, the request as it
 * was sent, does not have the parameter.
 */
export function refusedParam(protocol: ProtocolName, failure: UpstreamFailure, body: Buffer): Repair | null {
  const refusal = failure.status === 400 ? refusalOf(failure) : null;
  if (refusal === null) return null;
  const { param, kind } = refusal;
  const to = REPAIRABLE[protocol]?.[param];
  if (to === undefined) return null;
  const scan = scanObject(body);
  const text = scan instanceof CallError ? null : memberText(body, scan, param);
  if (scan instanceof CallError || text === null) return null;
  const taken = kind === 'value' ? takenValues(failure.message ?? '') : [];
  const effort = memberText(body, scan, 'reasoning_effort') ?? 'absent';
  return {
    member: param,
    to,
    value: kind === 'value' && taken.length === 0 ? text : null,
    taken: taken.includes(text) ? [] : taken,
    beside:
      kind === 'both'
        ? { member: 'temperature', value: 'present' }
        : protocol === 'openai-chat' && SAMPLING.has(param)
          ? { member: 'reasoning_effort', value: effort }
          : null,
  };
}

function refusalOf({ code, param, message }: UpstreamFailure): Refusal | null {
  if (code === 'unsupported_parameter' && param !== null) return { param, kind: 'parameter' };
  if (code === 'unsupported_value' && param !== null) return { param, kind: 'value' };
  const text = message ?? '';
  // Of two that exclude each other the temperature stays: more callers mean it.
  if (BOTH_SENTENCE.test(text)) return { param: 'top_p', kind: 'both' };
  const value = VALUE_SENTENCE.exec(text)?.[1];
  if (value !== undefined) return { param: snakeCase(value), kind: 'value' };
  for (const sentence of SENTENCES) {
    const name = sentence.exec(text)?.[1];
    if (name !== undefined) return { param: snakeCase(name), kind: 'parameter' };
  }
  return null;
}

/** xAI writes the names of its own code: `presencePenalty`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `Only the default (1) value is supported.`, `Supported values are: 'low', 'medium', and 'high'.` */
function takenValues(message: string): readonly string[] {
  const only = /default \(([\d.]+)\) value/i.exec(message)?.[1];
  if (only !== undefined) return [only];
  const list = /supported values are:(.*)/i.exec(message)?.[1] ?? '';
  return [...list.matchAll(/'([^']+)'/g)].map(([, value]) => JSON.stringify(value));
}

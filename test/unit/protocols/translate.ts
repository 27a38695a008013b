import { CallError } from '../../../src/errors.ts';
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.ts';
import type { ReceiptEntry } from '../../../src/protocols/blocks.ts';
import { openaiChat } from '../../../src/protocols/openai-chat/index.ts';
import type { JsonObject, Protocol, TargetContext } from '../../../src/protocols/protocol.ts';
import { targetFacts } from '../../../src/providers/facts.ts';

export interface Translated {
  readonly body: JsonObject;
  readonly text: string;
  readonly receipt: Readonly<Record<string, ReceiptEntry>>;
}

const ANTHROPIC: TargetContext = { provider: 'anthropic', model: 'claude-sonnet-4-5', maxOutputTokens: null };
const OPENAI: TargetContext = { provider: 'openai', model: 'gpt-4.1', maxOutputTokens: null };

/** A caller's body as the target's protocol gets it. Throws what the reader or the writer refuses. */
export function translate(from: Protocol, to: Protocol, body: object, target: TargetContext): Translated {
  const json = JSON.parse(JSON.stringify(body)) as JsonObject;
  const asked = { model: String(json['model'] ?? 'm'), stream: json['stream'] === true };
  const request = from.readRequest(json, asked);
  if (request instanceof CallError) throw request;
  const written = to.writeRequest(request, { ...known(to, target), ...target });
  if (written instanceof CallError) throw written;
  const text = written.body.toString();
  const receipt = Object.fromEntries(written.receipt.map((entry) => [entry.field, entry]));
  return { body: JSON.parse(text) as JsonObject, text, receipt };
}

/** What the catalogue says of a target, without its limit of output. */
function known(to: Protocol, { provider, model }: TargetContext): Partial<TargetContext> {
  const { quirks, capabilities } = targetFacts({ provider, protocol: to.name }, model);
  return { quirks, capabilities };
}

export function openaiToAnthropic(body: object, target: Partial<TargetContext> = {}): Translated {
  return translate(
    openaiChat,
    anthropicMessages,
    { model: 'm', messages: [HELLO], ...body },
    { ...ANTHROPIC, ...target },
  );
}

export function anthropicToOpenai(body: object, target: Partial<TargetContext> = {}): Translated {
  const base = { model: 'm', max_tokens: 100, messages: [HELLO] };
  return translate(anthropicMessages, openaiChat, { ...base, ...body }, { ...OPENAI, ...target });
}

export const HELLO = { role: 'user', content: 'Hello' };

/** The refusal as a value. */
export function refusalOf(run: () => unknown): CallError {
  try {
    run();
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

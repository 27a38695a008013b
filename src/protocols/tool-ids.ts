import { createHash } from 'node:crypto';

/** What a protocol or provider accepts as the id of a tool call. */
export interface ToolIdRule {
  readonly pattern: RegExp;
  /** Characters of a replacement. */
  readonly chars: number;
  readonly prefix: string;
}

/** OpenAI: any characters, at most 40 of them ("string too long" otherwise). */
export const OPENAI_TOOL_IDS: ToolIdRule = { pattern: /^[\x21-\x7e]{1,40}$/, chars: 24, prefix: 'call_' };
/** Anthropic: `^[a-zA-Z0-9_-]+$`. */
export const ANTHROPIC_TOOL_IDS: ToolIdRule = {
  pattern: /^[a-zA-Z0-9_-]{1,256}$/,
  chars: 24,
  prefix: 'toolu_',
};
/** Mistral: exactly nine alphanumerics. */
export const MISTRAL_TOOL_IDS: ToolIdRule = { pattern: /^[a-zA-Z0-9]{9}$/, chars: 9, prefix: '' };

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * The id itself where the rule takes it, else a hash of it: the same id always becomes the same one, so calls
 * and results stay paired and the provider's prompt cache keeps its hits.
 */
export function fitToolId(id: string, rule: ToolIdRule): string {
  return rule.pattern.test(id) ? id : rule.prefix + hashText(id, rule.chars);
}

/** An id for a call that came without one: the same for the same answer and place. */
export function mintToolId(answerId: string | null, index: number, name: string): string {
  return `call_${hashText(`${answerId ?? ''}\n${index}\n${name}`, 24)}`;
}

/** Letters and digits of a SHA-256, at most 32 of them. */
export function hashText(text: string, chars: number): string {
  const digest = createHash('sha256').update(text).digest();
  let hash = '';
  for (let at = 0; at < chars; at += 1) hash += ALPHABET.charAt((digest[at] ?? 0) % ALPHABET.length);
  return hash;
}

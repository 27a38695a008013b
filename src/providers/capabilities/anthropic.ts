import { rule, TEXT, TEXT_IMAGE, TEXT_IMAGE_FILE } from './rule.ts';

const CLAUDE = { inputs: TEXT_IMAGE_FILE, outputs: TEXT, tools: true, sampling: true };
const THINKS = { ...CLAUDE, reasoning: true, contextTokens: 200_000 };
const WIDE = { ...THINKS, structuredOutput: true, contextTokens: 1_000_000 };

/** Claude, from Anthropic's "Models overview" and its guides of structured outputs and migration. */
export const ANTHROPIC = [
  rule(/^claude-(fable|mythos)/, { ...WIDE, outputTokensMax: 128_000, sampling: false }),
  rule(/^claude-(opus|sonnet)-[5-9]/, { ...WIDE, outputTokensMax: 128_000, sampling: false }),
  rule(/^claude-opus-4-[78]/, { ...WIDE, outputTokensMax: 128_000, sampling: false }),
  rule(/^claude-opus-4-6/, { ...WIDE, outputTokensMax: 128_000 }),
  rule(/^claude-sonnet-4-6/, { ...WIDE, outputTokensMax: 64_000 }),
  rule(/^claude-haiku-[5-9]|^claude-haiku-4-[6-9]/, {
    ...THINKS,
    structuredOutput: true,
    sampling: undefined,
  }),
  rule(/^claude-(opus|sonnet|haiku)-4-5/, { ...THINKS, structuredOutput: true, outputTokensMax: 64_000 }),
  rule(/^claude-opus-4-1/, { ...THINKS, structuredOutput: true, outputTokensMax: 32_000 }),
  rule(/^claude-(opus-4|4-opus)/, { ...THINKS, structuredOutput: false, outputTokensMax: 32_000 }),
  rule(/^claude-(sonnet-4|4-sonnet)/, { ...THINKS, structuredOutput: false, outputTokensMax: 64_000 }),
  rule(/^claude-3-7-sonnet/, { ...THINKS, structuredOutput: false, outputTokensMax: 64_000 }),
  rule(/^claude-3-5/, {
    ...CLAUDE,
    structuredOutput: false,
    reasoning: false,
    contextTokens: 200_000,
    outputTokensMax: 8_192,
  }),
  rule(/^claude-3-/, {
    ...CLAUDE,
    inputs: TEXT_IMAGE,
    structuredOutput: false,
    reasoning: false,
    contextTokens: 200_000,
    outputTokensMax: 4_096,
  }),
  rule(/^claude-(2|v|instant)/, {
    inputs: TEXT,
    outputs: TEXT,
    tools: false,
    structuredOutput: false,
    reasoning: false,
    outputTokensMax: 4_096,
  }),
];

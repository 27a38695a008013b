import { ALL, noChat, rule, TEXT, TEXT_AUDIO, TEXT_IMAGE } from './rule.ts';

const GEMINI = { inputs: ALL, outputs: TEXT, tools: true, structuredOutput: true, sampling: true };
const CONTEXT = 1_048_576;

/** Gemini and Gemma, from the page of each (https://ai.google.dev/gemini-api/docs/models). */
export const GOOGLE = [
  noChat(/^(gemini-embedding|text-embedding-00|text-multilingual-embedding|embedding-00)/, TEXT),
  rule(/^(imagen|veo|lyria)/, { inputs: TEXT_IMAGE, tools: false, reasoning: false }),
  rule(/^gemini-[\d.]+-(flash|pro)(-lite)?-(preview-)?tts/, {
    inputs: TEXT,
    outputs: ['audio'],
    tools: false,
    structuredOutput: false,
    reasoning: false,
  }),
  rule(/^gemini-[\d.]+-[a-z]+(-lite)?-image/, {
    inputs: TEXT_IMAGE,
    outputs: TEXT_IMAGE,
    tools: false,
    outputTokensMax: 32_768,
    sampling: true,
  }),
  rule(/^gemini-.*(live|native-audio)/, { inputs: ALL, outputs: TEXT_AUDIO, tools: true }),
  rule(/^gemini-(2\.5|[3-9])/, {
    ...GEMINI,
    reasoning: true,
    contextTokens: CONTEXT,
    outputTokensMax: 65_536,
  }),
  rule(/^gemini-2\.0-flash-thinking/, { ...GEMINI, tools: false, reasoning: true, contextTokens: CONTEXT }),
  rule(/^gemini-2\.0/, { ...GEMINI, reasoning: false, contextTokens: CONTEXT, outputTokensMax: 8_192 }),
  rule(/^gemini-1\.5-pro/, { ...GEMINI, reasoning: false, contextTokens: 2_097_152, outputTokensMax: 8_192 }),
  rule(/^gemini-1\.5/, { ...GEMINI, reasoning: false, contextTokens: CONTEXT, outputTokensMax: 8_192 }),
  rule(/^gemini-(flash|pro)(-lite)?-latest/, { ...GEMINI, contextTokens: CONTEXT }),
  rule(/^gemma-?3n/, { inputs: ['text', 'image', 'audio', 'video'], outputs: TEXT, reasoning: false }),
  rule(/^gemma-?[34]/, { inputs: TEXT_IMAGE, outputs: TEXT }),
  rule(/^gemma/, { inputs: TEXT, outputs: TEXT, tools: false, reasoning: false }),
];

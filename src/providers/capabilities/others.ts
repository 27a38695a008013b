import { ALL, noChat, rule, TEXT, TEXT_AUDIO, TEXT_IMAGE, TEXT_IMAGE_FILE } from './rule.ts';

const CHAT = { inputs: TEXT, outputs: TEXT, tools: true, structuredOutput: true, sampling: true };
const SEES = { ...CHAT, inputs: TEXT_IMAGE };
const NOVA = { ...CHAT, structuredOutput: false, reasoning: false };

/** Models of other makers, from their own lists. */
export const OTHERS = [
  // https://docs.mistral.ai/getting-started/models/
  noChat(/^(mistral|codestral)-embed/, TEXT, 8_192),
  noChat(/^mistral-(moderation|ocr)/, TEXT_IMAGE),
  rule(/^voxtral.*(tts|transcribe|realtime)/, { tools: false, reasoning: false }),
  rule(/^voxtral/, { ...CHAT, inputs: TEXT_AUDIO, reasoning: false }),
  rule(/^pixtral/, { ...SEES, reasoning: false }),
  rule(/^magistral-(small|medium)-(2506|2507)/, { ...CHAT, reasoning: true }),
  rule(/^magistral/, { ...SEES, reasoning: true }),
  rule(/^(mistral-large-(2512|3|latest)|ministral-(3-)?(3b|8b|14b)-?(2512|latest|instruct))/, {
    ...SEES,
    reasoning: false,
  }),
  rule(/^mistral-(medium-3[-.]5|medium-26|small-26|large-4)/, {
    ...SEES,
    reasoning: true,
    contextTokens: 262_144,
  }),
  rule(/^mistral-medium-(3|2505|2508)/, { ...SEES, reasoning: false, contextTokens: 131_072 }),
  rule(/^mistral-small-(3[.-][12]|2503|2506)/, { ...SEES, reasoning: false, contextTokens: 131_072 }),
  rule(/^(codestral|devstral|mistral-nemo|open-mistral-nemo|open-mixtral|mistral-large-24|ministral)/, {
    ...CHAT,
    reasoning: false,
  }),
  rule(/^(mistral-(medium|small)-latest)/, SEES),
  rule(/^(mixtral|mistral-7b|open-mistral|mistral-tiny|mistral-saba)/, {
    inputs: TEXT,
    outputs: TEXT,
    reasoning: false,
  }),

  // https://docs.x.ai/docs/models
  rule(/^grok-imagine|^grok-2-image/, { inputs: TEXT_IMAGE, tools: false, reasoning: false }),
  rule(/^grok-2-vision|^grok-vision/, { ...SEES, reasoning: false, contextTokens: 32_768 }),
  rule(/^grok-(2|beta)/, { ...CHAT, reasoning: false, contextTokens: 131_072 }),
  rule(/^grok-3-mini/, { ...CHAT, reasoning: true, contextTokens: 131_072 }),
  rule(/^grok-3/, { ...CHAT, reasoning: false, contextTokens: 131_072 }),
  rule(/^grok-code/, { ...CHAT, reasoning: true, contextTokens: 256_000 }),
  rule(/^grok-4.*non-reasoning/, { ...SEES, reasoning: false }),
  rule(/^grok-4(-1)?-fast/, { ...SEES, reasoning: true, contextTokens: 2_000_000 }),
  rule(/^grok-4[.-]?(0709|latest|$)/, { ...SEES, reasoning: true, contextTokens: 256_000 }),
  rule(/^grok-4\.([56])/, { ...CHAT, inputs: TEXT_IMAGE_FILE, reasoning: true, contextTokens: 500_000 }),
  rule(/^grok-4/, { ...SEES, reasoning: true }),

  // https://docs.cohere.com/docs/models
  noChat(/^embed-v4|^embed-4/, TEXT_IMAGE, 128_000),
  noChat(/^embed-/, TEXT, 512),
  noChat(/^rerank-/, TEXT),
  rule(/^command-a-reasoning/, {
    ...CHAT,
    reasoning: true,
    contextTokens: 256_000,
    outputTokensMax: 32_000,
  }),
  rule(/^command-a-vision/, {
    ...SEES,
    tools: false,
    reasoning: false,
    contextTokens: 128_000,
    outputTokensMax: 8_000,
  }),
  rule(/^command-a-(03|$)/, { ...CHAT, reasoning: false, contextTokens: 256_000, outputTokensMax: 8_000 }),
  rule(/^command-r/, { ...CHAT, reasoning: false, contextTokens: 128_000, outputTokensMax: 4_000 }),
  rule(/^c4ai-aya-vision/, { inputs: TEXT_IMAGE, outputs: TEXT, tools: false, reasoning: false }),
  rule(/^(c4ai-)?aya/, { inputs: TEXT, outputs: TEXT, tools: false, reasoning: false }),

  // https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html
  rule(/^nova-(2-)?sonic/, { inputs: TEXT_AUDIO, outputs: TEXT_AUDIO, tools: true, reasoning: false }),
  rule(/^nova-(canvas|reel)/, { inputs: TEXT_IMAGE, tools: false, reasoning: false }),
  rule(/^nova-2-/, { ...NOVA, inputs: ['text', 'image', 'video', 'file'], reasoning: true }),
  rule(/^nova-micro/, { ...NOVA, contextTokens: 128_000, outputTokensMax: 10_000 }),
  rule(/^nova-(lite|pro)/, {
    ...NOVA,
    inputs: ['text', 'image', 'video', 'file'],
    contextTokens: 300_000,
    outputTokensMax: 10_000,
  }),
  rule(/^nova-premier/, {
    ...NOVA,
    inputs: ['text', 'image', 'video', 'file'],
    contextTokens: 1_000_000,
    outputTokensMax: 32_000,
  }),
  noChat(/^titan-embed/, TEXT, 8_192),
  rule(/^titan-text/, { inputs: TEXT, outputs: TEXT, tools: false, reasoning: false }),

  rule(/^jamba/, { ...CHAT, reasoning: false, contextTokens: 256_000, outputTokensMax: 4_096 }),
  rule(/^sonar-(reasoning|deep)/, { inputs: TEXT_IMAGE, outputs: TEXT, tools: false, reasoning: true }),
  rule(/^sonar/, { inputs: TEXT_IMAGE, outputs: TEXT, tools: false, reasoning: false }),
  noChat(/^voyage-multimodal/, TEXT_IMAGE, 32_000),
  noChat(/^(voyage|jina-(embeddings|reranker|clip|colbert))/, TEXT),
  rule(/^palmyra/, { inputs: TEXT, outputs: TEXT, tools: true, reasoning: false }),
  rule(/^doubao-seed/, { inputs: ALL.filter((one) => one !== 'audio'), outputs: TEXT, tools: true }),
];

import { noChat, rule, TEXT, TEXT_AUDIO, TEXT_IMAGE } from './rule.ts';

const CHAT = { inputs: TEXT, outputs: TEXT, tools: true };

/**
 * Models with open weights, from their model cards. How long a context and an answer may be, and whether schemas
 * are enforced, is for whoever serves them to say, so it is not here.
 */
export const OPEN_MODELS = [
  noChat(/^(llama-?guard|llama-prompt-guard)/, TEXT_IMAGE),
  rule(/^llama-?4/, { ...CHAT, inputs: TEXT_IMAGE, reasoning: false }),
  rule(/^llama-?(v3p2|3[.-]2)-?(11b|90b)/, { ...CHAT, inputs: TEXT_IMAGE, reasoning: false }),
  rule(/^llama-?(v3p[123]|3[.-][123]|3-[123])/, { ...CHAT, reasoning: false }),
  rule(/^(code)?llama/, { inputs: TEXT, outputs: TEXT, reasoning: false }),

  noChat(/^(qwen.*-(embedding|reranker)|text-embedding-v|gte-)/, TEXT),
  rule(/^(qvq|qwq)/, { ...CHAT, reasoning: true }),
  rule(/^qwen.*omni/, { inputs: ['text', 'image', 'audio', 'video'], outputs: TEXT_AUDIO }),
  rule(/^qwen.*(vl|ocr)/, { inputs: ['text', 'image', 'video'], outputs: TEXT }),
  rule(/^qwen.*thinking/, { ...CHAT, reasoning: true }),
  rule(/^qwen-?3.*(instruct|coder)/, { ...CHAT, reasoning: false }),
  rule(/^qwen-?3/, { ...CHAT, reasoning: true }),
  rule(/^qwen-?(2|1)/, { inputs: TEXT, outputs: TEXT, reasoning: false }),
  rule(/^qwen-(plus|turbo|flash)/, { ...CHAT, reasoning: true }),
  rule(/^qwen-max/, { ...CHAT, reasoning: false }),

  rule(/^deepseek-r1-distill/, { inputs: TEXT, outputs: TEXT, reasoning: true }),
  rule(/^(deepseek-)?r1/, { inputs: TEXT, outputs: TEXT, reasoning: true }),
  rule(/^deepseek-reasoner/, { ...CHAT, reasoning: true }),
  rule(/^deepseek-(chat|v3(?![p.][1-9])|coder)/, { ...CHAT, reasoning: false }),
  rule(/^deepseek-(v3[p.][1-9]|v4|flash)/, { ...CHAT, reasoning: true }),

  rule(/^kimi-k2-thinking/, { ...CHAT, reasoning: true }),
  rule(/^kimi-k2([p.][5-9])/, { ...CHAT, inputs: ['text', 'image', 'video'], reasoning: true }),
  rule(/^kimi-k3/, { ...CHAT, inputs: ['text', 'image', 'video'], reasoning: true }),
  rule(/^kimi-k2/, { ...CHAT, reasoning: false }),
  rule(/^moonshot-v1.*vision/, { ...CHAT, inputs: TEXT_IMAGE, reasoning: false }),
  rule(/^moonshot-v1/, { ...CHAT, reasoning: false }),

  rule(/^glm-4(\.\d)?v/, { ...CHAT, inputs: ['text', 'image', 'video'] }),
  rule(/^(zai-)?glm-(4\.[5-9]|4p[5-9]|[5-9])/, { ...CHAT, reasoning: true }),
  rule(/^glm-4/, { ...CHAT, reasoning: false }),
  rule(/^minimax-(m[1-9])/, { ...CHAT, reasoning: true }),
  rule(/^minimax-/, { ...CHAT }),

  rule(/^phi-4-multimodal/, { inputs: ['text', 'image', 'audio'], outputs: TEXT }),
  rule(/^phi-.*reasoning/, { inputs: TEXT, outputs: TEXT, reasoning: true }),
  rule(/^phi-3.*vision/, { inputs: TEXT_IMAGE, outputs: TEXT, reasoning: false }),
  rule(/^phi-/, { inputs: TEXT, outputs: TEXT, reasoning: false }),
];

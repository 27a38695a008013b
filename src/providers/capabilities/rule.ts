import type { Modality, ModelCapabilities } from '../../protocols/capabilities.ts';

/** What models whose family name begins so can do. Of the rules that fit, the first is the one. */
export interface CapabilityRule {
  readonly name: RegExp;
  readonly can: ModelCapabilities;
}

export const TEXT: readonly Modality[] = ['text'];
export const TEXT_IMAGE: readonly Modality[] = ['text', 'image'];
export const TEXT_IMAGE_FILE: readonly Modality[] = ['text', 'image', 'file'];
export const TEXT_AUDIO: readonly Modality[] = ['text', 'audio'];
export const ALL: readonly Modality[] = ['text', 'image', 'audio', 'video', 'file'];

export const rule = (name: RegExp, can: ModelCapabilities): CapabilityRule => ({ name, can });

/** A model that takes texts for vectors, ranks or labels: no conversation, no tools. */
export const noChat = (name: RegExp, inputs: readonly Modality[], contextTokens?: number): CapabilityRule =>
  rule(name, { inputs, contextTokens, tools: false, structuredOutput: false, reasoning: false });

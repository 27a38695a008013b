export const MODALITIES = ['text', 'image', 'audio', 'video', 'file'] as const;
export type Modality = (typeof MODALITIES)[number];

/** What an upstream model can do, as far as the catalogue knows; what is absent is not known. */
export interface ModelCapabilities {
  /** Tokens of input and output together. */
  readonly contextTokens?: number | undefined;
  readonly outputTokensMax?: number | undefined;
  readonly inputs?: readonly Modality[] | undefined;
  readonly outputs?: readonly Modality[] | undefined;
  readonly tools?: boolean | undefined;
  /** Answers that follow a JSON Schema. */
  readonly structuredOutput?: boolean | undefined;
  readonly reasoning?: boolean | undefined;
  /** False: temperature, top_p and penalties are refused. */
  readonly sampling?: boolean | undefined;
  /** They are taken while reasoning is off (effort `none`). */
  readonly samplingWithoutReasoning?: boolean | undefined;
}

/**
 * The internal form: content blocks. Every reader produces it, every writer consumes it.
 *
 * Unknown and signed blocks carry their origin and go back only to the protocol, provider and model they
 * came from. Tool arguments stay raw text, because parsing and printing them again changes large numbers,
 * key order and escapes.
 */
import type { UpstreamFailure } from './failure.ts';

export const PROTOCOL_NAMES = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere-chat',
] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];
export type CallerProtocol = ProtocolName | 'graphql';

/** Where a signed or unknown block came from. */
export interface Origin {
  readonly protocol: CallerProtocol;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
}

/** A provider's proof on a block that is no reasoning (Gemini `thoughtSignature`); worthless elsewhere. */
export interface Signature {
  readonly value: string;
  readonly origin: Origin;
}

export type MediaSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType?: string | undefined }
  | { readonly kind: 'file'; readonly id: string; readonly mediaType?: string | undefined };

/** Documented members without internal form, by the caller's name; they go only to the caller's protocol. */
export type BlockExtra = Readonly<Record<string, unknown>>;

export interface TextBlock {
  readonly type: 'text';
  readonly text: string;
  /** The provider's cache breakpoint, raw (Anthropic `cache_control`). */
  readonly cacheControl?: unknown;
  /** Citations on this text, raw, with their origin. */
  readonly citations?: { readonly raw: readonly unknown[]; readonly origin: Origin } | undefined;
  readonly signature?: Signature | undefined;
  readonly extra?: BlockExtra | undefined;
}
export interface ImageBlock {
  readonly type: 'image';
  readonly source: MediaSource;
  readonly detail?: string | undefined;
  readonly cacheControl?: unknown;
  readonly extra?: BlockExtra | undefined;
}
export interface AudioBlock {
  readonly type: 'audio';
  readonly format: string;
  /** base64 */
  readonly data: string;
}
export interface FileBlock {
  readonly type: 'file';
  readonly source: MediaSource;
  readonly name?: string | undefined;
  readonly cacheControl?: unknown;
  /** The whole block, where it says more than this (citations asked for, a context). */
  readonly raw?: { readonly value: unknown; readonly origin: Origin } | undefined;
  readonly extra?: BlockExtra | undefined;
}
export interface ToolCallBlock {
  readonly type: 'toolCall';
  readonly id: string;
  readonly name: string;
  /** Raw JSON text, as the model or caller wrote it; may be truncated JSON. */
  readonly arguments: string;
  readonly signature?: Signature | undefined;
  readonly cacheControl?: unknown;
  readonly extra?: BlockExtra | undefined;
}
export interface ToolResultBlock {
  readonly type: 'toolResult';
  readonly toolCallId: string;
  readonly content: readonly Block[];
  readonly isError: boolean;
  readonly cacheControl?: unknown;
  readonly extra?: BlockExtra | undefined;
}
export interface ReasoningBlock {
  readonly type: 'reasoning';
  readonly text: string;
  /** Opaque proof of origin; the block is worthless elsewhere. */
  readonly signature?: string | undefined;
  /** Encrypted reasoning whose text is not shown (Anthropic `redacted_thinking.data`). */
  readonly redacted?: string | undefined;
  /** Cohere's `tool_plan`: what the model says before its tool calls, in a field of its own. */
  readonly isPlan?: boolean | undefined;
  readonly origin: Origin;
}
export interface RefusalBlock {
  readonly type: 'refusal';
  readonly text: string;
}
export interface UnknownBlock {
  readonly type: 'unknown';
  readonly raw: unknown;
  readonly origin: Origin;
}
export type Block =
  | TextBlock
  | ImageBlock
  | AudioBlock
  | FileBlock
  | ToolCallBlock
  | ToolResultBlock
  | ReasoningBlock
  | RefusalBlock
  | UnknownBlock;

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export interface Message {
  readonly role: Role;
  readonly blocks: readonly Block[];
  readonly name?: string | undefined;
}

export interface Tool {
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON Schema of the arguments; absent means "no parameters". */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly strict?: boolean | undefined;
  readonly cacheControl?: unknown;
  /** A tool without internal form (server tool, free-text tool), whole; it goes only to its own protocol. */
  readonly raw?: { readonly value: unknown; readonly origin: Origin } | undefined;
  readonly extra?: BlockExtra | undefined;
}

export type ToolChoice =
  | { readonly mode: 'auto' | 'none' | 'required' }
  | { readonly mode: 'tool'; readonly name: string };

export type ResponseFormat =
  | { readonly type: 'text' | 'jsonObject' }
  | {
      readonly type: 'jsonSchema';
      readonly name: string;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict?: boolean | undefined;
      readonly description?: string | undefined;
    };

export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;
export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

export interface ReasoningSetting {
  readonly effort?: ReasoningEffort | undefined;
  readonly budgetTokens?: number | undefined;
  /** Adaptive thinking: the model chooses its own budget. */
  readonly adaptive?: boolean | undefined;
}

/** A chat request in the internal form. Absent means "the caller did not say". */
export interface ChatRequest {
  /** Whose words `fields` and `extra` are. */
  readonly protocol: CallerProtocol;
  readonly model: string;
  readonly stream: boolean;
  /** The caller asked for usage in the stream (OpenAI `stream_options.include_usage`). */
  readonly streamUsage: boolean;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice | undefined;
  readonly parallelToolCalls?: boolean | undefined;
  readonly responseFormat?: ResponseFormat | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly seed?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly reasoning?: ReasoningSetting | undefined;
  readonly user?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly serviceTier?: string | undefined;
  /**
   * Fields that the caller's protocol documents and the internal form has no word for, by the caller's
   * name, raw. They go only to a target of the same protocol; elsewhere the receipt says "dropped".
   */
  readonly extra: Readonly<Record<string, unknown>>;
  /**
   * Paths of fields that the caller's protocol does not document (`foo`, `messages[0].bar`). A hop to
   * another protocol is refused because of them; top-level ones are also in `extra`.
   */
  readonly unknownFields: readonly string[];
  /** Every field the caller sent, internal name → the caller's own name; the receipt speaks the caller's. */
  readonly fields: Readonly<Record<string, string>>;
}

export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter', 'error', 'other'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];

/** Token counts; `null` when not known, never invented. Input includes cached reads and cache writes. */
export interface Usage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly totalTokens: number | null;
  readonly cachedInputTokens: number | null;
  /** Written to the provider's cache: in all, and of these with the one-hour lifetime. */
  readonly cacheWriteTokens: number | null;
  readonly cacheWrite1hTokens: number | null;
  /** Part of outputTokens. */
  readonly reasoningTokens: number | null;
  readonly audioInputTokens: number | null;
  readonly audioOutputTokens: number | null;
  /** What the provider bills, where that is another number than what the model saw (Cohere `billed_units`). */
  readonly billedInputTokens?: number | undefined;
  readonly billedOutputTokens?: number | undefined;
}

export const UNKNOWN_USAGE: Usage = {
  inputTokens: null,
  outputTokens: null,
  totalTokens: null,
  cachedInputTokens: null,
  cacheWriteTokens: null,
  cacheWrite1hTokens: null,
  reasoningTokens: null,
  audioInputTokens: null,
  audioOutputTokens: null,
};

/** A complete answer. */
export interface ChatResponse {
  /** The upstream's own id, if any. */
  readonly id: string | null;
  /** The model that the upstream says it used. */
  readonly model: string | null;
  readonly blocks: readonly Block[];
  readonly finishReason: FinishReason;
  /** The upstream's own word for it. */
  readonly rawFinishReason: string | null;
  readonly stopSequence: string | null;
  readonly usage: Usage;
}

export type BlockStart =
  | { readonly type: 'text' }
  | { readonly type: 'refusal' }
  | {
      readonly type: 'reasoning';
      readonly origin: Origin;
      readonly redacted?: string | undefined;
      readonly isPlan?: boolean | undefined;
    }
  | { readonly type: 'toolCall'; readonly id: string; readonly name: string }
  | { readonly type: 'unknown'; readonly raw: unknown; readonly origin: Origin };

/**
 * Events of a stream. `index` counts blocks of all kinds from 0 in order of their start; blocks may overlap
 * (OpenAI interleaves parallel tool calls). Usage is cumulative: the last one stands. Any chunking of the
 * same bytes gives the same events.
 */
export type BlockEvent =
  | { readonly type: 'messageStart'; readonly id: string | null; readonly model: string | null }
  | { readonly type: 'blockStart'; readonly index: number; readonly block: BlockStart }
  | {
      readonly type: 'blockDelta';
      readonly index: number;
      /** Text of a text, refusal or reasoning block; raw argument text of a tool call. */
      readonly text?: string | undefined;
      /**
       * Signature of a reasoning block, in one piece or in several to be joined; of a text block or tool call
       * where the protocol signs those (Gemini).
       */
      readonly signature?: string | undefined;
      /** Raw citation of a text block. */
      readonly citation?: unknown;
    }
  | { readonly type: 'blockStop'; readonly index: number }
  | { readonly type: 'usage'; readonly usage: Usage }
  | {
      readonly type: 'messageStop';
      readonly reason: FinishReason;
      readonly rawReason: string | null;
      readonly stopSequence: string | null;
    }
  | { readonly type: 'error'; readonly failure: UpstreamFailure };

export { FAILURE_CLASSES, type FailureClass, type UpstreamFailure } from './failure.ts';

export type ReceiptAction = 'carried' | 'renamed' | 'converted' | 'dropped';

/** What became of one request field on a cross-protocol hop. `field` is the caller's own name. */
export interface ReceiptEntry {
  readonly field: string;
  readonly action: ReceiptAction;
  /** The target's name for it, when renamed or converted. */
  readonly to?: string | undefined;
  /** Why it was converted or dropped, in a few words. */
  readonly reason?: string | undefined;
}
export type Receipt = readonly ReceiptEntry[];

import type { CallError } from '../errors.ts';
import type {
  BlockEvent,
  ChatRequest,
  ChatResponse,
  FinishReason,
  Origin,
  ProtocolName,
  Receipt,
  UpstreamFailure,
  Usage,
} from './blocks.ts';
import type { ModelCapabilities } from './capabilities.ts';
import type { ScanResult } from './json-scan.ts';
import type { ChatQuirks } from './openai-chat/quirks.ts';
import type { ToolNames } from './tool-names.ts';

export type JsonObject = Record<string, unknown>;

/** What a request asks for, wherever its protocol says so: in the body or in the path. */
export interface Asked {
  /** The model's name as the caller wrote it. */
  readonly model: string;
  readonly stream: boolean;
}

/** How the events of a streamed answer follow each other; a JSON array is Gemini's other form. */
export type Framing = 'sse' | 'json-array';

/** What a writer must know of the call it answers. */
export interface AnswerContext {
  /** The call's id, a UUIDv7; the source of every id that the caller's protocol needs. */
  readonly callId: string;
  /** The model's name as the caller wrote it. */
  readonly model: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** The caller asked for usage in the stream. */
  readonly streamUsage: boolean;
  /** `sse` where absent, or what else the protocol always does. */
  readonly framing?: Framing | undefined;
  /** The caller's own body, for protocols that repeat settings in their answers. */
  readonly request?: JsonObject | undefined;
}

/** What a request writer must know of its target. */
export interface TargetContext {
  readonly provider: string;
  /** The upstream's name of the model. */
  readonly model: string;
  /** Output limit of the model where the catalogue knows it. */
  readonly maxOutputTokens: number | null;
  /** What the catalogue knows of the model; null for nothing. */
  readonly capabilities?: ModelCapabilities | null | undefined;
  /** Where its openai-chat differs from what most servers take; null for nowhere. */
  readonly quirks?: ChatQuirks | null | undefined;
}

export interface WrittenRequest {
  /** JSON text of the body: the same request always gives the same bytes (provider prompt caches need it). */
  readonly body: Buffer;
  readonly receipt: Receipt;
  /** Tools that the target knows by another name than the caller: the answer must get the caller's back. */
  readonly toolNames?: ToolNames | null | undefined;
  /** The tool whose call is the answer in JSON: the caller must get it as text (`json-tool.ts`). */
  readonly jsonTool?: string | undefined;
}

export interface RewrittenRequest {
  readonly body: Buffer;
  /** Usage was asked for although the caller did not: its event must not reach the caller. */
  readonly addsUsage: boolean;
}

export interface RenderedError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Turns the bytes of a streamed answer into events. */
export interface StreamReader {
  /** Takes bytes in any chunking. Stops emitting after an `error` event. */
  push(chunk: Buffer, emit: (event: BlockEvent) => void): void;
  /** True once the protocol's own terminator has been read; without it the stream is truncated. */
  readonly isComplete: boolean;
  /**
   * The body has ended as HTTP says it should: gives what only then is certain, before `isComplete` is asked. For
   * protocols without a terminator, where the answer may go on after what looked like its end, or which may end
   * without the last event. Does nothing where the stream is truncated.
   */
  end?(emit: (event: BlockEvent) => void): void;
}

/** Turns events into the bytes of a streamed answer. */
export interface StreamWriter {
  /**
   * Bytes to send for this event, or null for none. The terminator is never among them.
   * Throws CallError `upstream_response_too_large` when blocks that must wait for their turn exceed the bound.
   */
  write(event: BlockEvent): Buffer | null;
  /** What must still be sent after a complete stream, the terminator last. Called once, after the end record. */
  end(): Buffer;
  /**
   * The protocol's form of a failure in mid-stream; never followed by the terminator. `isFirst`: nothing of the
   * stream has gone to the caller, from this writer or as the upstream's bytes.
   */
  error(error: CallError, isFirst?: boolean): Buffer;
}

/** What the byte lane learns from one event of a same-protocol stream. */
export interface TapFinding {
  /** The event carries content (text, tool call, reasoning): the call is now committed. */
  readonly hasContent: boolean;
  readonly usage?: Usage | undefined;
  /** The event carries usage and nothing else: dropped if the caller did not ask for it. */
  readonly isUsageOnly?: boolean | undefined;
  readonly finishReason?: FinishReason | undefined;
  readonly model?: string | undefined;
  readonly isTerminal?: boolean | undefined;
  readonly failure?: UpstreamFailure | undefined;
}

export interface TapOptions {
  /** Take out events that carry usage and nothing else: the caller did not ask for them. */
  readonly dropUsageOnly: boolean;
  /** An incomplete event above this is passed on in pieces and not looked at. */
  readonly holdBytesMax: number;
  /** How the caller wants the events framed; as they come where absent. */
  readonly framing?: Framing | undefined;
}

/** Follows a stream whose bytes go to the caller as they are: what may be forwarded, and what they say. */
export interface StreamTap {
  /** The bytes that may be forwarded now, whole events without the terminator; null for none. */
  push(chunk: Buffer): Buffer | null;
  /** The terminator's bytes as the upstream sent them; empty before they came and after they were taken. */
  takeTerminal(): Buffer;
  /** The protocol's terminator has been read. */
  readonly isComplete: boolean;
  /** The body may end here, although more may come: for streams without a terminator. */
  readonly mayEnd?: boolean;
  readonly hasContent: boolean;
  readonly contentEvents: number;
  readonly eventsSeen: number;
  readonly usage: Usage | null;
  readonly finishReason: FinishReason | null;
  readonly model: string | null;
  readonly failure: UpstreamFailure | null;
}

/**
 * One wire format, both as a caller's (readRequest, write…) and as an upstream's (writeRequest, read…).
 * Pure: no input or output, no clock, no randomness.
 */
export interface Protocol {
  readonly name: ProtocolName;

  // --- as the caller's protocol
  /**
   * What even the byte lane needs to be right, and what this gateway does not do; null when all is well.
   * `model` and `stream` are checked before, where they stand in the body.
   */
  shapeError(body: JsonObject): CallError | null;
  /** The body has been parsed and is an object. Errors name the field in `param`. */
  readRequest(body: JsonObject, asked: Asked): ChatRequest | CallError;
  writeResponse(response: ChatResponse, context: AnswerContext): Buffer;
  streamWriter(context: AnswerContext): StreamWriter;
  writeError(error: CallError, callId: string): RenderedError;
  /** Sent when a stream is silent for long, invisible to the SDKs; null where the protocol has no such thing. */
  readonly heartbeat: Buffer | null;
  readonly streamContentType: string;

  // --- as an upstream's protocol
  /** Path below the connection's base URL, of which `prefix` is the path. */
  path(model: string, stream: boolean, prefix?: string): string;
  /**
   * An error names in `param` what this protocol cannot express at all: a field that the caller's protocol does
   * not document (`unknown_field`), `n` above 1 or a medium without a form (`invalid_request`).
   */
  writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError;
  readResponse(body: unknown, origin: Origin): ChatResponse | UpstreamFailure;
  streamReader(origin: Origin): StreamReader;
  /** `body` is the response's text, at most errorBodyBytesMax of it. */
  readError(
    status: number,
    headers: Readonly<Record<string, string | undefined>>,
    body: string,
  ): UpstreamFailure;

  // --- byte lane
  /**
   * The caller's own bytes for a target of the same protocol: with the target's model name, and where the
   * protocol reports usage in a stream only on request, with that request unless the target is known to refuse
   * it. Every other byte stays.
   */
  rewriteRequest(
    bytes: Buffer,
    scan: ScanResult,
    json: JsonObject,
    model: string,
    quirks?: ChatQuirks | null,
  ): RewrittenRequest;
  /** What is known of usage after a later event of the same stream: some protocols split it over several. */
  joinUsage(earlier: Usage, later: Usage): Usage;
  /** Follows a stream in the byte lane; absent where it is SSE and `inspect` is enough. */
  readonly streamTap?: (options: TapOptions) => StreamTap;
  /** Byte sequences without which an event needs no look after the first content (usage, errors, terminator). */
  readonly tapNeedles: readonly Buffer[];
  /** Looks at one event's data text. Must not throw on anything. */
  inspect(data: string): TapFinding;
  /** Usage, served model and finish reason of a complete answer, without building blocks. */
  inspectResponse(body: JsonObject): Pick<TapFinding, 'usage' | 'model' | 'finishReason'>;
}

/** What following a stream in the byte lane takes. */
export type TapSource = Pick<Protocol, 'streamTap' | 'joinUsage' | 'tapNeedles' | 'inspect'>;

import type { CallError } from '../errors.ts';
import type { FinishReason, Receipt, UpstreamFailure, Usage } from '../protocols/blocks.ts';
import type { TapSource } from '../protocols/protocol.ts';
import type { ResolvedModel, ResolvedTarget } from '../tenancy/routes.ts';
import type { Identity, Snapshot } from '../tenancy/snapshot.ts';
import type { Operation } from './operation.ts';

/** A request's body; in pieces where putting them together would only copy a large upload. */
export type RequestBytes = Buffer | readonly Buffer[];

/** A whole answer as it goes to the caller, and what it says. */
export interface ReadAnswer {
  readonly body: Buffer;
  /** Null for JSON. */
  readonly contentType: string | null;
  readonly usage: Usage | null;
  /** The model that the upstream says it used. */
  readonly model: string | null;
  readonly finishReason: FinishReason | null;
}

/** What the answer to a request may be, and how each form of it is read. */
export interface AnswerForm {
  /** A whole answer. `contentType` is the upstream's word, empty where it sent none. */
  read(body: Buffer, contentType: string): ReadAnswer | UpstreamFailure;
  /** For an answer that is a stream of events; null where none can be. */
  readonly events: TapSource | null;
  /** Usage was asked for although the caller did not: its event must not reach the caller. */
  readonly dropsUsage: boolean;
  /**
   * Answers that are neither JSON nor events go through as they come; `empty` allows one without a byte.
   * Null where every answer is read as a whole.
   */
  readonly binary: 'some' | 'empty' | null;
}

/** The request for one target. */
export interface Sending {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the connection's base URL; with its query. */
  readonly path: string;
  /** Null for a request without a body. */
  readonly contentType: string | null;
  readonly body: RequestBytes;
  /** Null where the caller's own bytes go through. */
  readonly receipt: Receipt | null;
  readonly answer: AnswerForm;
}

/** What a call other than a chat asks for. Pure: no input or output, no clock. */
export interface Task {
  readonly operation: Operation;
  /** The request's body as it came, for operators who have bodies kept; null without one. */
  readonly bytes: Buffer | null;
  /**
   * Where the call may go; only targets that have the endpoint.
   * Errors: those of `resolveModel`, `endpoint_unsupported`, `not_found` for a connection.
   */
  route(snapshot: Snapshot, identity: Identity): ResolvedModel | CallError;
  /** The request for one of the targets that `route` gave. Errors name the field that the target cannot take. */
  send(target: ResolvedTarget): Sending | CallError;
}

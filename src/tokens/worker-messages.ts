import type { ChatRequest, ProtocolName } from '../protocols/blocks.ts';

/** A caller's request as it came. */
export interface BodyWork {
  readonly kind: 'body';
  readonly protocol: ProtocolName;
  readonly model: string;
  readonly isStream: boolean;
  readonly bytes: Uint8Array;
}

/** What is to be counted. */
export type TokenWork =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'request'; readonly request: ChatRequest }
  | BodyWork
  /** Of an answer that streams: its text, or its bytes in this protocol; the count is of all pieces so far. */
  | { readonly kind: 'piece'; readonly stream: number; readonly text: string }
  | {
      readonly kind: 'bytes';
      readonly stream: number;
      readonly protocol: ProtocolName;
      readonly bytes: Uint8Array;
    };

/** To the thread. */
export type TokenRequest =
  | { readonly kind: 'count'; readonly token: number; readonly work: TokenWork }
  /** No piece of this stream will follow. */
  | { readonly kind: 'forget'; readonly stream: number };

/** From the thread; null where the work cannot be read. */
export interface TokenReport {
  readonly token: number;
  readonly tokens: number | null;
}

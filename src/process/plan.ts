import type { DatabaseAddress } from '../db/address.ts';
import type { Settings } from '../settings.ts';

/** What a gateway process needs that only the first process of the machine can find out. Plain data. */
export interface ProcessPlan {
  readonly settings: Settings;
  readonly address: DatabaseAddress;
  /** 32 bytes, hex. */
  readonly masterKey: string;
  /** Base URLs of what the program itself serves: `demo`. */
  readonly runtimeBaseUrls: Readonly<Record<string, string>>;
}

/** From the supervisor to a worker. */
export type ToWorker =
  | { readonly type: 'start'; readonly plan: ProcessPlan; readonly slot: number }
  | { readonly type: 'drain' };

/** From a worker to the supervisor: first `waiting`, because messages that come before it listens are lost. */
export type FromWorker =
  | { readonly type: 'waiting' }
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  | { readonly type: 'failed'; readonly message: string };

import type { DatabaseAddress } from '../db/address.ts';
import type { Limits } from '../limits.ts';
import type { LogFields } from '../ports.ts';

/** What the drain has done since this process started, and how it stands. */
export interface DrainStats {
  /** Ended calls committed to Postgres. */
  readonly drained: number;
  /** Records that Postgres refused, kept in `quarantined_records`. */
  readonly quarantined: number;
  /** Damaged places in segments, each skipped. */
  readonly corrupt: number;
  /** Segments whose last record was cut off by the end of their process. */
  readonly torn: number;
  /** In the spool and not in Postgres yet. */
  readonly backlogBytes: number;
  /** Why Postgres did not take the last batch; null once it takes them again. */
  readonly lastError: string | null;
}

export interface DrainData {
  readonly dir: string;
  readonly address: DatabaseAddress;
  readonly limits: Limits;
}

/** From the gateway to the drain's thread. */
export type DrainRequest = { readonly kind: 'settle'; readonly token: number } | { readonly kind: 'stop' };

/** From the drain's thread to the gateway. */
export type DrainReport =
  | { readonly kind: 'stats'; readonly stats: DrainStats }
  | { readonly kind: 'settled'; readonly token: number }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly fields: LogFields;
      readonly message: string;
    };

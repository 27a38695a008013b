import type { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Identity } from '../tenancy/snapshot.ts';
import { capacity } from './capacity.ts';
import { records } from './records.ts';

/** What a policy may look at. */
export interface PolicyInput {
  readonly identity: Identity;
  readonly model: string;
  readonly limits: Limits;
  /** Calls in flight in this process, without this one. */
  readonly inFlight: number;
  /** Records can be written now. */
  readonly isSpoolWritable: boolean;
}

/**
 * A rule on calls: returns why a call may not proceed, or null. Runs on the call path: no promise, no input or
 * output. Spends nothing before all policies have agreed.
 */
export type Policy = (input: PolicyInput) => CallError | null;

/** In this order; the first refusal wins. */
export const POLICIES: readonly Policy[] = [capacity, records];

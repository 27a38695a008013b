/**
 * Capacity: refuses calls above the process's bound on calls in flight, so that those admitted still get
 * their memory and time. Trips at `callsInFlightMax`, recovers with the next call that ends. Does not queue.
 */
import { CallError } from '../errors.ts';
import type { Policy } from './policy.ts';

export const capacity: Policy = ({ inFlight, limits }) =>
  inFlight < limits.callsInFlightMax ? null : new CallError('overloaded', { retryAfterMs: 1_000 });

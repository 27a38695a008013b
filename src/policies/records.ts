/**
 * Records: refuses calls whose record could not be kept (spool disk full or at its quota), because a call
 * without a record must not happen. Recovers as soon as the spool can be written again.
 */
import { CallError } from '../errors.ts';
import type { Policy } from './policy.ts';

export const records: Policy = ({ isSpoolWritable }) =>
  isSpoolWritable ? null : new CallError('records_unavailable', { retryAfterMs: 5_000 });

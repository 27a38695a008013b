import { CallError } from '../errors.ts';
import type { Ending } from '../relay/answer.ts';
import type { Exclusion } from '../upstream/plan.ts';

/** The last failure, with what happened at every target. */
export function withTargets(ending: Ending, targets: readonly Exclusion[]): Ending {
  if (ending.kind !== 'error') return ending;
  const { error, raw } = ending;
  const { message, param, status, retryAfterMs, cause } = error;
  const details = {
    message,
    status,
    targets,
    cause,
    param: param ?? undefined,
    retryAfterMs: retryAfterMs ?? undefined,
  };
  return { kind: 'error', error: new CallError(error.code, details), raw };
}

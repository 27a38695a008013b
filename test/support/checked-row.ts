import { UNKNOWN_USAGE } from '../../src/protocols/blocks.ts';
import type { CheckedRow } from './checker-invariants.ts';
import type { CallRow } from './gateway.ts';

/** A row of `calls` in the words of the checker. */
export function toChecked(row: CallRow): CheckedRow {
  return {
    id: row.id,
    outcome: row.outcome as CheckedRow['outcome'],
    errorCode: row.error_code as CheckedRow['errorCode'],
    attempts: row.attempts ?? [],
    usage: { ...UNKNOWN_USAGE, inputTokens: row.input_tokens, outputTokens: row.output_tokens },
    usageSource: (row.usage_source ?? 'none') as CheckedRow['usageSource'],
  };
}

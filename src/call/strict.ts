import { CallError } from '../errors.ts';
import type { Receipt } from '../protocols/blocks.ts';

/** `lossy_translation` where the receipt tells of a loss; null where nothing is lost. */
export function strictRefusal(receipt: Receipt): CallError | null {
  const fields = receipt.filter((entry) => entry.action === 'dropped').map((entry) => entry.field);
  if (fields.length === 0) return null;
  return new CallError('lossy_translation', {
    message: `Strict mode: the target cannot carry ${fields.map((field) => `"${field}"`).join(', ')}.`,
    param: fields[0],
  });
}

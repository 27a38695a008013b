import { CallError } from '../errors.ts';
import type { ReceiptEntry } from '../protocols/blocks.ts';
import { isJsonObject } from '../protocols/json-parse.ts';
import type { JsonObject } from '../protocols/protocol.ts';

/** What a target in another protocol does with a member of the caller's body. */
export type FieldRule = 'carried' | { readonly to: string } | { readonly dropped: string };

/**
 * The receipt of a hop to another protocol: one entry for each member that the caller sent, in its order.
 * Errors: `unknown_field` for one without a rule.
 */
export function receiptFor(
  json: JsonObject,
  rules: Readonly<Record<string, FieldRule>>,
): ReceiptEntry[] | CallError {
  const receipt: ReceiptEntry[] = [];
  for (const [field, value] of Object.entries(json)) {
    if (value === undefined || value === null) continue;
    const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
    if (rule === undefined) return unknownField(field);
    if (rule === 'carried') receipt.push({ field, action: 'carried' });
    else if ('to' in rule) receipt.push({ field, action: 'renamed', to: rule.to });
    else receipt.push({ field, action: 'dropped', reason: rule.dropped });
  }
  return receipt;
}

function unknownField(field: string): CallError {
  return new CallError('unknown_field', {
    param: field,
    message: `The target protocol cannot express the field ${JSON.stringify(field.slice(0, 200))}.`,
  });
}

/** Every entry read; null if one cannot be, or there is no list. */
export function readList<T>(value: unknown, read: (entry: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  const list: T[] = [];
  for (const entry of value) {
    const item = read(entry);
    if (item === null) return null;
    list.push(item);
  }
  return list;
}

export const readText = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A member of a member; undefined where the outer one is no object. */
export const within = (value: unknown, key: string): unknown =>
  isJsonObject(value) ? value[key] : undefined;

/** The rules of JSON Schema on one value, without what is below it. Each gives the broken rule, or null. */
import type { JsonObject } from './protocol.ts';

/** Counts one step of work at a depth below the value; throws when it is too many or too deep. */
export type Spend = (depth: number) => void;

export function brokenByNumber(schema: JsonObject, value: number): string | null {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === 'number' && value < minimum) return `minimum ${minimum}`;
  if (typeof maximum === 'number' && value > maximum) return `maximum ${maximum}`;
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
    return `exclusiveMinimum ${exclusiveMinimum}`;
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
    return `exclusiveMaximum ${exclusiveMaximum}`;
  if (typeof multipleOf === 'number' && multipleOf > 0 && !isMultiple(value, multipleOf))
    return `multipleOf ${multipleOf}`;
  return null;
}

/** 0.3 is a multiple of 0.1, although their quotient in binary is not whole. */
function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  if (!Number.isFinite(quotient)) return true;
  return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient));
}

/** Lengths count characters, not UTF-16 units (JSON Schema validation, 6.3). */
export function brokenByText(schema: JsonObject, value: string): string | null {
  const { minLength, maxLength } = schema;
  if (typeof minLength !== 'number' && typeof maxLength !== 'number') return null;
  let length = 0;
  for (const _ of value) length += 1;
  if (typeof minLength === 'number' && length < minLength) return `minLength ${minLength}`;
  return typeof maxLength === 'number' && length > maxLength ? `maxLength ${maxLength}` : null;
}

export function brokenByArray(schema: JsonObject, value: readonly unknown[], spend: Spend): string | null {
  const { minItems, maxItems, uniqueItems } = schema;
  if (typeof minItems === 'number' && value.length < minItems) return `minItems ${minItems}`;
  if (typeof maxItems === 'number' && value.length > maxItems) return `maxItems ${maxItems}`;
  if (uniqueItems !== true) return null;
  const seen = new Set(value.map((one) => canonical(one, spend)));
  return seen.size < value.length ? 'uniqueItems' : null;
}

/** Equal as JSON: whatever the order of an object's members. */
export function isSame(one: unknown, other: unknown, spend: Spend): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    spend(0);
    return one === other;
  }
  return canonical(one, spend) === canonical(other, spend);
}

/** Equal values, equal texts. */
function canonical(value: unknown, spend: Spend, depth = 0): string {
  spend(depth);
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, spend, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, one]) => `${JSON.stringify(name)}:${canonical(one, spend, depth + 1)}`,
  );
  return `{${members.sort().join(',')}}`;
}

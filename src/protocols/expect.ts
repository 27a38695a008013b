import { CallError } from '../errors.ts';
import { isJsonObject } from './json-parse.ts';
import type { JsonObject } from './protocol.ts';

/*
 * Checks of one request field each. They return the value in its type or throw a CallError
 * `invalid_request` whose `param` is the field's path; `catchingRefusal` turns the throw into a value.
 */

/** Runs a reader or writer of requests; a CallError that it throws becomes the result. */
export function catchingRefusal<T>(read: () => T): T | CallError {
  try {
    return read();
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
}

export function refuse(param: string, message: string): never {
  throw new CallError('invalid_request', { param, message: `${param}: ${message}` });
}

export function expectObject(value: unknown, param: string): JsonObject {
  return isJsonObject(value) ? value : refuse(param, 'an object is expected.');
}

export function expectArray(value: unknown, param: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(param, 'an array is expected.');
}

export function expectString(value: unknown, param: string): string {
  return typeof value === 'string' ? value : refuse(param, 'a string is expected.');
}

export function expectName(value: unknown, param: string): string {
  const text = expectString(value, param);
  return text === '' ? refuse(param, 'must not be empty.') : text;
}

export function expectBoolean(value: unknown, param: string): boolean {
  return typeof value === 'boolean' ? value : refuse(param, 'true or false is expected.');
}

export function expectNumber(value: unknown, param: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return refuse(param, 'a number is expected.');
  return value < min || value > max ? refuse(param, `must be from ${min} to ${max}.`) : value;
}

export function expectInteger(
  value: unknown,
  param: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const number = expectNumber(value, param, min, max);
  return Number.isInteger(number) ? number : refuse(param, 'a whole number is expected.');
}

export function expectOneOf<T extends string>(value: unknown, param: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  return found ?? refuse(param, `must be one of ${allowed.map((one) => `"${one}"`).join(', ')}.`);
}

/** Absent and null mean the same in every protocol here: the caller did not say. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

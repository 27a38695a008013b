import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

/** Non-empty text, or null. */
export const readText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** The objects of a list; empty for whatever is none. */
export const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

import type { JsonObject } from '../protocol.ts';

export interface WrittenSchema {
  readonly schema: JsonObject;
  /** Keywords that now stand in descriptions instead. */
  readonly moved: readonly string[];
}

/** A description with what no keyword can say any more. */
export function withHints(description: unknown, hints: readonly string[]): string {
  const hint = `(${hints.join(', ')})`;
  return typeof description === 'string' && description !== '' ? `${description} ${hint}` : hint;
}

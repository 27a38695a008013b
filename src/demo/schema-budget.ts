/** The schema accepts nothing, or nothing that can be found here; the message says why. */
export class UnfillableSchema extends Error {}

export type SchemaObject = { readonly [keyword: string]: unknown };

/** JSON characters of a schema; those that people write stay under 50,000. */
const SCHEMA_CHARS_MAX = 100_000;
const VALUE_CHARS_MAX = 100_000;
/** What a value costs beside its text, so that empty ones are bounded too. */
const PART_CHARS = 40;

/** What a schema may still cost: references, alternatives and minItems multiply a small one into a huge value. */
export class SchemaBudget {
  #charsLeft = VALUE_CHARS_MAX;

  constructor(schema: unknown) {
    if ((JSON.stringify(schema) ?? '').length > SCHEMA_CHARS_MAX) {
      throw new UnfillableSchema(`the schema is longer than ${SCHEMA_CHARS_MAX} characters`);
    }
  }

  get isSpent(): boolean {
    return this.#charsLeft < 0;
  }

  /** Takes the cost of one part with `chars` characters of text; throws when there is not enough left. */
  spend(chars = 0): void {
    this.#charsLeft -= PART_CHARS + chars;
    if (this.isSpent) throw new UnfillableSchema('the value would be too large');
  }
}

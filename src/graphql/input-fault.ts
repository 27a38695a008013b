/** An input value that fits the schema and still cannot be used. */
export class InputFault extends Error {
  readonly path: string;

  /** `path` starts at the argument (`input.messages[0].content`); `problem` completes the sentence. */
  constructor(path: string, problem: string) {
    super(`${path} ${problem}.`);
    this.name = 'InputFault';
    this.path = path;
  }
}

/** Throws an InputFault unless `holds`. */
export function demand(holds: boolean, path: string, problem: string): void {
  if (!holds) throw new InputFault(path, problem);
}

export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

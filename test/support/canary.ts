import { randomBytes } from 'node:crypto';

/** A secret for one place where secrets live: a value that can be found wherever it leaks to. */
export interface Canary {
  /** Where it was planted ("provider key", "prompt"), for the report. */
  readonly place: string;
  readonly value: string;
}

/** `shape` gives the secret the look of the real thing, so that code that expects a form still takes it. */
export function canary(place: string, shape: (random: string) => string = (random) => random): Canary {
  return { place, value: shape(`canary${randomBytes(12).toString('hex')}`) };
}

/** The part of the base64 text that is the same whatever follows, when the value starts `offset` bytes into the input. */
function base64Core(value: string, offset: 0 | 1 | 2): string {
  const encoded = Buffer.from('\0'.repeat(offset) + value).toString('base64url');
  return encoded.slice(offset === 0 ? 0 : offset + 1, -2);
}

/** Every form in which the secret would still be usable by who reads it. */
function forms(value: string): readonly string[] {
  const cores = [base64Core(value, 0), base64Core(value, 1), base64Core(value, 2)];
  const standard = cores.map((core) => core.replaceAll('-', '+').replaceAll('_', '/'));
  return [value, ...cores, ...standard, Buffer.from(value).toString('hex')];
}

/** Places of the canaries that occur in `text`, in clear or encoded. */
export function canariesIn(text: string, canaries: readonly Canary[]): readonly string[] {
  return canaries.filter(({ value }) => forms(value).some((form) => text.includes(form))).map((c) => c.place);
}

const NONCE = /nonce-[0-9a-f]{16}/g;

/** The random word that a request carries in its prompt; the fake upstream repeats it in the answer. */
export const nonce = (): string => `nonce-${randomBytes(8).toString('hex')}`;

/** Every distinct nonce in `text`, in order of appearance. */
export const noncesIn = (text: string): readonly string[] => [...new Set(text.match(NONCE) ?? [])];

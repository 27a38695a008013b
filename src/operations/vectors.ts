import { readList } from './conversion.ts';

/** 32-bit floats, little-endian, as base64: OpenAI's `encoding_format: "base64"`. */
export function vectorToBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  vector.forEach((value, at) => {
    bytes.writeFloatLE(value, at * 4);
  });
  return bytes.toString('base64');
}

/** The other way; null for what holds no whole number of floats. */
export function vectorFromBase64(text: string): number[] | null {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return null;
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}

/** A vector of finite numbers; null for anything else. */
export function readVector(value: unknown): readonly number[] | null {
  return readList(value, (entry) => (typeof entry === 'number' && Number.isFinite(entry) ? entry : null));
}

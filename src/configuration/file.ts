import { closeSync, openSync, readSync } from 'node:fs';
import type { z } from 'zod';
import { SetupError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { findProvider } from '../providers/catalogue.ts';
import { awsSecret, bedrockUrl } from './aws-credential.ts';
import { checkReferences } from './file-references.ts';
import { type ConfigConnection, type ConfigFile, fileSchema, type WrittenConnection } from './file-schema.ts';
import type { Environment } from './interpolate.ts';
import { type Mistake, type Path, parseYaml, type YamlSource } from './yaml-source.ts';

const VALUE_CHARS_MAX = 60;

/**
 * Reads and checks sluice.yaml. Throws a SetupError that lists every mistake, one line each:
 * `sluice.yaml:12:7 models[0].targets[1].connection: expected the name of a connection, got "opena"`.
 */
export function readConfigFile(path: string, env: Environment): ConfigFile {
  return parseConfigFile(path, readConfigText(path), env);
}

/** The file's text, at most configBytesMax of it. Throws a SetupError when it cannot be read. */
export function readConfigText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readBounded(path, LIMITS.configBytesMax + 1);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new SetupError(`${path}: expected a readable file (${code})`, { cause: error });
  }
  if (bytes.length > LIMITS.configBytesMax) {
    throw new SetupError(`${path}: expected at most ${LIMITS.configBytesMax} bytes`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SetupError(`${path}: expected UTF-8 text`, { cause: error });
  }
}

/** As `readConfigFile`, of a text that has been read. */
export function parseConfigFile(path: string, text: string, env: Environment): ConfigFile {
  const source = parseYaml(text, env);
  const mistakes = [...source.mistakes];
  if (source.value === undefined && mistakes.length > 0) throw refusal(path, mistakes);
  // An editor that truncates before it writes must not wipe the configuration.
  if (source.value === null || source.value === undefined) {
    throw refusal(path, [
      { place: null, path: [], message: 'expected a mapping, got nothing; write {} to configure nothing' },
    ]);
  }
  const report = (at: Path, message: string) => {
    if (mistakes.some((known) => isSamePath(known.path, at))) return;
    mistakes.push({ place: source.placeOf(at), path: at, message: `${message}${got(source, at)}` });
  };
  const parsed = fileSchema.safeParse(source.value);
  for (const issue of parsed.error?.issues ?? []) reportIssue(issue, source, report, mistakes);
  checkReferences(source.value, report);
  if (!parsed.success || mistakes.length > 0) throw refusal(path, mistakes);
  return { ...parsed.data, connections: parsed.data.connections.map(withProvider) };
}

function withProvider(written: WrittenConnection): ConfigConnection {
  const { name, provider, protocol, baseUrl, apiKey, aws, apiVersion, models } = written;
  const entry = findProvider(provider);
  return {
    name,
    provider,
    protocol: protocol ?? entry?.protocol ?? 'openai-chat',
    baseUrl: baseUrl ?? entry?.baseUrl ?? (aws === undefined ? null : bedrockUrl(aws.region)),
    apiKey:
      apiKey ?? (aws === undefined ? null : awsSecret({ ...aws, sessionToken: aws.sessionToken ?? null })),
    apiVersion: apiVersion ?? null,
    models: models ?? null,
  };
}

function readBounded(path: string, bytesMax: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    while (total < bytesMax) {
      const chunk = Buffer.alloc(Math.min(64 * 1024, bytesMax - total));
      const read = readSync(file, chunk, 0, chunk.length, null);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      total += read;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
}

function reportIssue(
  issue: z.core.$ZodIssue,
  source: YamlSource,
  report: (at: Path, message: string) => void,
  mistakes: Mistake[],
): void {
  const at = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code !== 'unrecognized_keys') {
    report(at, issue.message);
    return;
  }
  for (const key of issue.keys) {
    const path = [...at, key];
    mistakes.push({ place: source.placeOf(path, true), path, message: issue.message });
  }
}

/** What stands there instead, unless it is, or may hold, a secret. */
function got(source: YamlSource, path: Path): string {
  let value: unknown = source.value;
  for (const step of path) {
    // `value` is what YAML gave: scalars, arrays and plain objects.
    value =
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  }
  if (value === undefined || value === null) return ', got nothing';
  if (Array.isArray(value)) return ', got a list';
  if (typeof value === 'object') return ', got a mapping';
  const [variable] = source.variablesAt(path);
  if (variable !== undefined) return `, got what ${variable} holds`;
  if (['apiKey', 'aws', 'keys', 'baseUrl'].some((name) => path.includes(name))) return '';
  const text = JSON.stringify(value);
  return `, got ${text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text}`;
}

function isSamePath(a: Path, b: Path): boolean {
  return a.length > 0 && a.length === b.length && a.every((step, index) => step === b[index]);
}

function refusal(path: string, mistakes: readonly Mistake[]): SetupError {
  const inOrder = [...mistakes].sort((a, b) => comparePlaces(a.place, b.place));
  const lines = inOrder.slice(0, LIMITS.mistakesMax).map((mistake) => {
    const place = mistake.place === null ? path : `${path}:${mistake.place}`;
    const field = writePath(mistake.path);
    return field === '' ? `${place}: ${mistake.message}` : `${place} ${field}: ${mistake.message}`;
  });
  if (mistakes.length > lines.length) lines.push(`${path}: and ${mistakes.length - lines.length} more`);
  return new SetupError(lines.join('\n'));
}

/** In the order of the file: `9:1` before `10:1`. */
function comparePlaces(a: string | null, b: string | null): number {
  return (a ?? '').localeCompare(b ?? '', 'en', { numeric: true });
}

function writePath(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}

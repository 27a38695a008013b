import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bedrockEvent } from './event-stream.ts';

/** Recorded provider traffic lies outside of the repository; tests that need it are skipped without it. */
export const FIXTURES = path.resolve(process.env['SLUICE_FIXTURES'] ?? '../shared/fixtures');
export const hasFixtures = existsSync(FIXTURES);
export const NO_FIXTURES = `no recorded traffic at SLUICE_FIXTURES (${FIXTURES})`;

/** A streamed answer as the provider sends it. */
export interface RecordedStream {
  /** One event each, the terminator included. */
  readonly frames: readonly Buffer[];
  readonly bytes: Buffer;
}

type Framing = 'data' | 'dataAndDone' | 'namedEvents';

/** `file` is relative to the fixtures, for example `groq/groq-text.chunks.txt`. */
export function loadStream(file: string): RecordedStream {
  const text = readFileSync(path.join(FIXTURES, file), 'utf8');
  const frames = /^amazon-bedrock\//.test(file)
    ? binaryFrames(text)
    : file.endsWith('.sse')
      ? splitEvents(text)
      : frameLines(text, framingOf(file));
  return { frames, bytes: Buffer.concat(frames) };
}

export function loadJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(FIXTURES, file), 'utf8'));
}

export function loadText(file: string): string {
  return readFileSync(path.join(FIXTURES, file), 'utf8');
}

/** Files of these folders (not of folders in them) whose names end so, relative to the fixtures, sorted. */
export function listFixtures(folders: readonly string[], ending: string): readonly string[] {
  if (!hasFixtures) return [];
  return folders.flatMap((folder) =>
    readdirSync(path.join(FIXTURES, folder))
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => `${folder}/${name}`),
  );
}

function framingOf(file: string): Framing {
  if (/^(google|google-vertex)\//.test(file)) return 'data';
  const isNamed = /^(anthropic|cohere|azure|open-responses)\/|\/responses\//.test(file);
  return isNamed ? 'namedEvents' : 'dataAndDone';
}

function frameLines(text: string, framing: Framing): readonly Buffer[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const frames = lines.map((line) => {
    const name = framing === 'namedEvents' ? `event: ${(JSON.parse(line) as { type: string }).type}\n` : '';
    return Buffer.from(`${name}data: ${line}\n\n`);
  });
  return framing === 'dataAndDone' ? [...frames, Buffer.from('data: [DONE]\n\n')] : frames;
}

/** Each line is an object whose one member's name is the type of the event. */
function binaryFrames(text: string): readonly Buffer[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [[type, payload] = ['', null]] = Object.entries(JSON.parse(line) as object);
    return bedrockEvent(type, payload);
  });
}

function splitEvents(text: string): readonly Buffer[] {
  return text
    .trim()
    .split('\n\n')
    .map((event) => Buffer.from(`${event}\n\n`));
}

import { createHash } from 'node:crypto';
import type { TaskResult } from '../calls/task-invocation.ts';
import { CallError } from '../errors.ts';
import { speech, transcription, translation } from '../operations/audio.ts';
import { readList, readText, within } from '../operations/conversion.ts';
import { imageGeneration } from '../operations/images.ts';
import { formTask } from '../operations/model-task.ts';
import type { CallerContext } from './context.ts';
import { demand } from './input-fault.ts';
import { type Answered, checked, jsonOf, jsonRequest, runTask, type TaskOptions } from './tasks.ts';

type Maybe<T> = T | null | undefined;

/** Bytes as the graph carries them. */
export interface Media {
  /** Null where it is not known. */
  readonly mediaType: string | null;
  /** Base64. */
  readonly data: string;
}

export interface GenerateImageInputValue extends TaskOptions {
  readonly model: string;
  readonly prompt: string;
  readonly count?: Maybe<number>;
  readonly size?: Maybe<string>;
  readonly quality?: Maybe<string>;
  readonly background?: Maybe<string>;
  readonly outputFormat?: Maybe<string>;
}
export interface GeneratedImage {
  readonly media: Media | null;
  readonly url: string | null;
  readonly revisedPrompt: string | null;
}

/** Images from a text. */
export function generateImage(
  input: GenerateImageInputValue,
  context: CallerContext,
): Promise<Answered<readonly GeneratedImage[]>> {
  const { model, prompt, count, size, quality, background, outputFormat } = input;
  checked(() => {
    demand(model !== '', 'input.model', 'must not be empty');
    demand(count == null || count > 0, 'input.count', 'must be greater than 0');
  });
  const body = { model, prompt, n: count, size, quality, background, output_format: outputFormat };
  const asked = jsonRequest(imageGeneration, body, context);
  return runTask(asked, input, context, (result) => readList(jsonOf(result)?.['data'], imageOf));
}

function imageOf(row: unknown): GeneratedImage | null {
  const data = readText(within(row, 'b64_json'));
  const url = readText(within(row, 'url'));
  if (data === null && url === null) return null;
  const media = data === null ? null : { mediaType: imageType(data), data };
  return { media, url, revisedPrompt: readText(within(row, 'revised_prompt')) };
}

/** How the formats begin, in base64. */
const IMAGE_TYPES: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['UklGR', 'image/webp'],
];

function imageType(data: string): string | null {
  return IMAGE_TYPES.find(([start]) => data.startsWith(start))?.[1] ?? null;
}

export interface SpeakInputValue extends TaskOptions {
  readonly model: string;
  readonly input: string;
  readonly voice: string;
  readonly format?: Maybe<string>;
  readonly speed?: Maybe<number>;
  readonly instructions?: Maybe<string>;
}

/** Text to audio. */
export function speak(input: SpeakInputValue, context: CallerContext): Promise<Answered<Media>> {
  const { model, input: text, voice, format, speed, instructions } = input;
  checked(() => {
    demand(model !== '', 'input.model', 'must not be empty');
    demand(text !== '', 'input.input', 'must not be empty');
  });
  const body = { model, input: text, voice, response_format: format, speed, instructions };
  return runTask(jsonRequest(speech, body, context), input, context, ({ contentType, body: bytes }) => ({
    mediaType: contentType,
    data: bytes.toString('base64'),
  }));
}

export interface TranscribeInputValue extends TaskOptions {
  readonly model: string;
  readonly audio: { readonly mediaType: string; readonly data: string; readonly fileName?: Maybe<string> };
  readonly language?: Maybe<string>;
  readonly prompt?: Maybe<string>;
  readonly temperature?: Maybe<number>;
  readonly toEnglish?: Maybe<boolean>;
  readonly segments?: Maybe<boolean>;
}
export interface Segment {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly text: string;
}
export interface Transcript {
  readonly text: string;
  readonly language: string | null;
  readonly durationSeconds: number | null;
  readonly segments: readonly Segment[] | null;
}

/** Audio to text. */
export function transcribe(
  input: TranscribeInputValue,
  context: CallerContext,
): Promise<Answered<Transcript>> {
  const { model, language, prompt, temperature, toEnglish, segments } = input;
  const audio = checked(() => {
    demand(model !== '', 'input.model', 'must not be empty');
    return readAudio(input);
  });
  const fields = {
    model,
    language,
    prompt,
    temperature,
    response_format: segments === true ? 'verbose_json' : 'json',
  };
  // Nothing in the form can hold a text that depends on all of it.
  const digest = createHash('sha256').update(JSON.stringify(fields)).update(audio.bytes).digest('hex');
  const boundary = `sluice-${digest.slice(0, 32)}`;
  const form = formOf(boundary, fields, audio);
  const spec = toEnglish === true ? translation : transcription;
  const asked = formTask(spec, form, `multipart/form-data; boundary=${boundary}`, context.limits);
  if (asked instanceof CallError) throw asked;
  return runTask(asked, input, context, transcriptOf);
}

interface Audio {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly fileName: string;
}

function readAudio({ audio }: TranscribeInputValue): Audio {
  const { mediaType, data } = audio;
  demand(
    /^(?:audio|video)\/[\w.+-]{1,100}$/.test(mediaType),
    'input.audio.mediaType',
    'must be that of audio',
  );
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(data) && data.length % 4 === 0;
  demand(isBase64, 'input.audio.data', 'must be base64');
  // Servers tell the format by the name's ending.
  const fileName =
    audio.fileName ?? `audio.${mediaType.slice(mediaType.indexOf('/') + 1).replace(/^x-/, '')}`;
  demand(
    /^[\w. -]{1,200}$/.test(fileName),
    'input.audio.fileName',
    'must be a plain name of at most 200 characters',
  );
  return { bytes: Buffer.from(data, 'base64'), mediaType, fileName };
}

function formOf(boundary: string, fields: Readonly<Record<string, unknown>>, audio: Audio): Buffer {
  const pieces: (string | Buffer)[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    pieces.push(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${String(value)}\r\n`,
    );
  }
  const { fileName, mediaType, bytes } = audio;
  pieces.push(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: ${mediaType}\r\n\r\n`,
    bytes,
    `\r\n--${boundary}--\r\n`,
  );
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}

function transcriptOf(result: TaskResult): Transcript | null {
  const json = jsonOf(result);
  const text = json?.['text'];
  if (json === null || typeof text !== 'string') return null;
  const { duration } = json;
  return {
    text,
    language: readText(json['language']),
    durationSeconds: typeof duration === 'number' && Number.isFinite(duration) ? duration : null,
    segments: readList(json['segments'], segmentOf),
  };
}

function segmentOf(row: unknown): Segment | null {
  const [start, end, text] = [within(row, 'start'), within(row, 'end'), within(row, 'text')];
  if (typeof start !== 'number' || typeof end !== 'number' || typeof text !== 'string') return null;
  return { startSeconds: start, endSeconds: end, text };
}

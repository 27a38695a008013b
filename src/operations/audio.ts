import { CallError } from '../errors.ts';
import { malformedAnswer } from '../protocols/upstream-error.ts';
import { isFailure, readPlain, scanAnswer } from './answers.ts';
import { finalEvents } from './event-tap.ts';
import { type FormSpec, type JsonSpec, passJson } from './spec.ts';
import type { AnswerForm } from './task.ts';

/** What is not JSON comes as this, so that a page of the upstream's is never shown as one. */
const TEXT = 'text/plain; charset=utf-8';
/** Values of `response_format` whose answer is text (OpenAI, "Create transcription"). */
const TEXT_FORMATS: readonly string[] = ['text', 'srt', 'vtt'];

/** Audio to text. */
export const transcription: FormSpec = {
  operation: 'transcription',
  path: '/audio/transcriptions',
  defaultModel: null,
  answer: ({ responseFormat }) => textAnswer(responseFormat),
};

/** Audio to English text. */
export const translation: FormSpec = {
  operation: 'translation',
  path: '/audio/translations',
  defaultModel: null,
  answer: ({ responseFormat }) => textAnswer(responseFormat),
};

/** Text to audio. */
export const speech: JsonSpec = {
  operation: 'speech',
  path: '/audio/speech',
  defaultModel: null,
  shapeError(json) {
    if (typeof json['input'] === 'string') return null;
    return new CallError('invalid_request', { param: 'input', message: '"input" must be a string.' });
  },
  pass: (asked, target) =>
    passJson(speech, asked, target, {
      read: readSpeech,
      events: finalEvents(['speech.audio.done']),
      dropsUsage: false,
      binary: 'some',
    }),
  writers: {},
};

/** A whisper model ignores `stream` and answers in one piece, so that both forms are read always. */
function textAnswer(responseFormat: string): AnswerForm {
  const mayBeText = TEXT_FORMATS.includes(responseFormat);
  return {
    read(body, contentType) {
      if (mayBeText && !/json/i.test(contentType)) {
        return { body, contentType: TEXT, usage: null, model: null, finishReason: null };
      }
      const answer = scanAnswer(body);
      return isFailure(answer) ? answer : readPlain(answer, true);
    },
    events: finalEvents(['transcript.text.done']),
    dropsUsage: false,
    binary: null,
  };
}

/** JSON where audio should be: an error with status 200, or nothing that a client could play. */
function readSpeech(body: Buffer) {
  const answer = scanAnswer(body);
  return isFailure(answer) ? answer : malformedAnswer('The answer is JSON instead of audio.');
}

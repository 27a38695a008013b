import { isFailure, readPlain, scanAnswer } from './answers.ts';
import { finalEvents } from './event-tap.ts';
import { type FormSpec, type JsonSpec, passJson } from './spec.ts';
import type { AnswerForm } from './task.ts';

/** Images from a text. */
export const imageGeneration: JsonSpec = {
  operation: 'imageGeneration',
  path: '/images/generations',
  defaultModel: null,
  shapeError: () => null,
  pass(asked, target) {
    const { n } = asked.json;
    const count = typeof n === 'number' && n > 1 ? n : 1;
    return passJson(imageGeneration, asked, target, imageAnswer('image_generation.completed', count));
  },
  writers: {},
};

/** Images from images and a text. */
export const imageEdit: FormSpec = {
  operation: 'imageEdit',
  path: '/images/edits',
  defaultModel: null,
  answer: ({ count }) => imageAnswer('image_edit.completed', count),
};

/** OpenAI's streams of partial images end with one event for each finished image. */
function imageAnswer(final: string, count: number): AnswerForm {
  return {
    read(body) {
      const answer = scanAnswer(body);
      return isFailure(answer) ? answer : readPlain(answer, true);
    },
    events: finalEvents([final], count),
    dropsUsage: false,
    binary: null,
  };
}

import { CallError } from '../errors.ts';
import { plainJson } from './answers.ts';
import { type JsonSpec, passJson } from './spec.ts';

/** Whether texts and images are harmful. */
export const moderation: JsonSpec = {
  operation: 'moderation',
  path: '/moderations',
  // OpenAI's documented default.
  defaultModel: 'omni-moderation-latest',
  shapeError(json) {
    if (json['input'] !== undefined) return null;
    return new CallError('invalid_request', { param: 'input', message: '"input" must be given.' });
  },
  pass: (asked, target) => passJson(moderation, asked, target, plainJson(true)),
  writers: {},
};

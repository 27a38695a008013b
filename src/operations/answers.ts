import type { UpstreamFailure, Usage } from '../protocols/blocks.ts';
import { parseJson } from '../protocols/json-parse.ts';
import { type ScanResult, scanObject } from '../protocols/json-scan.ts';
import { malformedAnswer, readErrorObject } from '../protocols/upstream-error.ts';
import type { AnswerForm, ReadAnswer } from './task.ts';
import { readTokens } from './usage.ts';

/** A whole JSON answer whose members are found without parsing them: vectors and images are megabytes. */
export interface ScannedAnswer {
  readonly body: Buffer;
  readonly scan: ScanResult;
}

/** Errors: no JSON object (also one that breaks off), or one that tells of a failure. */
export function scanAnswer(body: Buffer): ScannedAnswer | UpstreamFailure {
  const scan = scanObject(body);
  if (!('members' in scan)) return malformedAnswer('The answer is no JSON object.');
  const answer = { body, scan };
  const error = memberOf(answer, 'error');
  if (error === undefined || error === null || error === false || error === '') return answer;
  return readErrorObject(error);
}

/** The value of a top-level member; undefined without it. */
export function memberOf({ body, scan }: ScannedAnswer, key: string): unknown {
  const span = scan.members.get(key);
  return span === undefined ? undefined : parseJson(body.toString('utf8', span.start, span.end));
}

export function isFailure(value: object): value is UpstreamFailure {
  return 'class' in value;
}

/** Usage and model as nearly every server tells them; the body stays as it is. */
export function readPlain(answer: ScannedAnswer, hasOutput: boolean): ReadAnswer {
  const model = memberOf(answer, 'model');
  return {
    body: answer.body,
    contentType: null,
    usage: readTokens(memberOf(answer, 'usage'), hasOutput),
    model: typeof model === 'string' && model !== '' ? model : null,
    finishReason: null,
  };
}

/** An answer that we wrote ourselves. */
export function jsonAnswer(value: unknown, usage: Usage | null, model: string | null): ReadAnswer {
  const body = Buffer.from(JSON.stringify(value));
  return { body, contentType: null, usage, model, finishReason: null };
}

/** Answers that are JSON, go through as they are, and are never streamed. */
export function plainJson(hasOutput: boolean): AnswerForm {
  return jsonForm((answer) => readPlain(answer, hasOutput));
}

/** Answers that are JSON and never streamed. */
export function jsonForm(read: (answer: ScannedAnswer) => ReadAnswer | UpstreamFailure): AnswerForm {
  return {
    read(body) {
      const answer = scanAnswer(body);
      return isFailure(answer) ? answer : read(answer);
    },
    events: null,
    dropsUsage: false,
    binary: null,
  };
}

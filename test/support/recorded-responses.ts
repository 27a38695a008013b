/** What a recording of OpenAI's Responses says: its last response by hand, the measure for what comes out. */
import type { Response } from 'openai/resources/responses/responses';
import { listFixtures, loadJson, loadText } from './fixtures.ts';
import type { Recording } from './recorded-answer.ts';
import { saidByResponse } from './replay-responses-caller.ts';

const FOLDERS = ['openai/responses', 'open-responses/responses', 'xai/responses', 'azure'];
/** Errors, a recording that is no JSON, and one out of which deltas were cut. */
const OTHERS = /error\.1\.|parallel-tool-call-wrapper|shell-container/;

const entries = (ending: string): readonly string[] =>
  listFixtures(FOLDERS, ending).filter((file) => !OTHERS.test(file));

export const RESPONSE_STREAMS: readonly string[] = entries('.chunks.txt');
export const RESPONSE_ANSWERS: readonly string[] = entries('.json');

/** The JSON texts of the events, up to the end of the first response: some recordings go on with another. */
export function responseEventsIn(file: string): readonly string[] {
  const lines = loadText(file)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const end = lines.findIndex((line) => line.includes('"type":"response.completed"'));
  return lines.slice(0, end + 1);
}

function recordingOf(response: Response): Recording {
  const said = saidByResponse(response);
  return { ...said, raw: { inputTokens: said.inputTokens, outputTokens: said.outputTokens } };
}

export function readRecordedResponseStream(file: string): Recording {
  const last = JSON.parse(responseEventsIn(file).at(-1) ?? '{}') as { response: Response };
  return recordingOf(last.response);
}

export const readRecordedResponse = (file: string): Recording => recordingOf(loadJson(file) as Response);

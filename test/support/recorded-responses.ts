/** What a recording of OpenAI's Responses says: its last response by hand, the measure for what comes out. */
import type { Response, ResponseOutputItem } from 'openai/resources/responses/responses';
import type { FinishReason } from '../../src/protocols/blocks.ts';
import { listFixtures, loadJson, loadText } from './fixtures.ts';
import { parsedCall, type Recording, type Said } from './recorded-answer.ts';

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

const INCOMPLETE: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  content_filter: 'content_filter',
};

/** A call that a program at the vendor has made is not the caller's to run. */
function isOwnCall(item: ResponseOutputItem): boolean {
  const { caller } = item as { caller?: { type: string } };
  return item.type === 'function_call' && (caller?.type ?? 'direct') === 'direct';
}

/** What a response says, in the words of the recordings. */
export function saidByResponse(response: Response): Said {
  const calls = response.output.flatMap((item) =>
    item.type === 'function_call' && isOwnCall(item) ? [parsedCall(item)] : [],
  );
  const texts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const why = response.incomplete_details?.reason;
  return {
    text: texts.map((part) => (part.type === 'output_text' ? part.text : '')).join(''),
    calls,
    finishReason:
      response.status === 'incomplete'
        ? (INCOMPLETE[why ?? ''] ?? 'other')
        : calls.length > 0
          ? 'tool_calls'
          : 'stop',
    inputTokens: response.usage?.input_tokens ?? null,
    outputTokens: response.usage?.output_tokens ?? null,
  };
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

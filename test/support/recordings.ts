import type { ProtocolName } from '../../src/protocols/blocks.ts';
import { listFixtures, loadStream } from './fixtures.ts';

/** A recorded answer, and the protocol it is in. */
export type RecordedFile = readonly [file: string, protocol: ProtocolName];

const FOLDERS: Readonly<Record<ProtocolName, readonly string[]>> = {
  'openai-chat': [
    ...['openai/chat', 'groq', 'deepseek/chat', 'mistral', 'xai', 'openai-compatible/chat'],
    ...['alibaba', 'moonshotai', 'perplexity'],
  ],
  'openai-responses': ['openai/responses', 'open-responses/responses', 'xai/responses', 'azure'],
  'anthropic-messages': ['anthropic'],
  gemini: ['google'],
  'bedrock-converse': ['amazon-bedrock'],
  'cohere-chat': ['cohere'],
};
/** Not answers of a chat, no JSON, or a fault made by hand, which has its own test. */
const OTHERS = /error(?:\.1)?\.(?:json|chunks)|transcription|embedding|parallel-tool-call-wrapper|spliced/;

const listed = (...endings: readonly string[]): readonly RecordedFile[] =>
  Object.entries(FOLDERS).flatMap(([protocol, folders]) =>
    endings
      .flatMap((ending) => listFixtures(folders, ending))
      .filter((file) => !OTHERS.test(file))
      .map((file) => [file, protocol as ProtocolName] as const),
  );

/** Every recorded stream and every recorded answer in one piece, of every protocol. */
export const RECORDED_STREAMS = listed('.chunks.txt', '.sse');
export const RECORDED_ANSWERS = listed('.json');

/** A recording out of which deltas were cut: its last event says more than those before. */
export const GAPPED = /shell-container/;

/** The frames of a recorded stream; some recordings go on with a second answer behind the first. */
const ENDS =
  /^data: \[DONE\]|"type":"(?:message_stop|message-end|response\.completed|response\.incomplete)"/m;

export function firstAnswerOf(file: string): readonly Buffer[] {
  const { frames } = loadStream(file);
  const end = frames.findIndex((frame) => ENDS.test(frame.toString()));
  return end === -1 ? frames : frames.slice(0, end + 1);
}

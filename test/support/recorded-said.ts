/** What any recording says, by its protocol. */
import type { ProtocolName } from '../../src/protocols/blocks.ts';
import { type Recording, readRecordedAnswer, readRecordedStream, type Said } from './recorded-answer.ts';
import { readRecordedBedrock, readRecordedBedrockStream } from './recorded-bedrock.ts';
import { readRecordedCohere, readRecordedCohereStream } from './recorded-cohere.ts';
import { readRecordedGemini, readRecordedGeminiStream } from './recorded-gemini.ts';
import { readRecordedResponse, readRecordedResponseStream } from './recorded-responses.ts';

type Read = (file: string) => Said;

const READERS: Readonly<Record<ProtocolName, Readonly<Record<'whole' | 'stream', Read>>>> = {
  'openai-chat': {
    whole: (file) => readRecordedAnswer(file, 'openai-chat'),
    stream: (file) => readRecordedStream(file, 'openai-chat'),
  },
  'openai-responses': { whole: readRecordedResponse, stream: readRecordedResponseStream },
  'anthropic-messages': {
    whole: (file) => readRecordedAnswer(file, 'anthropic-messages'),
    stream: (file) => readRecordedStream(file, 'anthropic-messages'),
  },
  gemini: { whole: readRecordedGemini, stream: readRecordedGeminiStream },
  'bedrock-converse': { whole: readRecordedBedrock, stream: readRecordedBedrockStream },
  'cohere-chat': { whole: readRecordedCohere, stream: readRecordedCohereStream },
};

/** `raw`: the counts as they stand there, which a caller of the same protocol gets. */
export function readRecording(file: string, protocol: ProtocolName, how: 'whole' | 'stream'): Recording {
  const said = READERS[protocol][how](file);
  const { inputTokens, outputTokens } = said;
  return { raw: { inputTokens, outputTokens }, ...said };
}

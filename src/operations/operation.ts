/** What a call asks for; one word each, the same in records, SQL and GraphQL. `chat` is every chat protocol. */
export const OPERATIONS = [
  'chat',
  'completions',
  'embeddings',
  'imageGeneration',
  'imageEdit',
  'transcription',
  'translation',
  'speech',
  'moderation',
  'rerank',
  'file',
  'batch',
] as const;
export type Operation = (typeof OPERATIONS)[number];

import { speech, transcription, translation } from '../operations/audio.ts';
import { completions } from '../operations/completions.ts';
import { embeddings } from '../operations/embeddings.ts';
import { imageEdit, imageGeneration } from '../operations/images.ts';
import { moderation } from '../operations/moderation.ts';
import { rerank } from '../operations/rerank.ts';
import { batches, files } from './files.ts';
import type { Methods } from './route-table.ts';
import { formEndpoint, jsonEndpoint } from './tasks.ts';

/** Paths of everything but chat. */
export const TASK_ROUTES: readonly (readonly [string, Methods])[] = [
  ['/v1/completions', { POST: jsonEndpoint(completions) }],
  ['/v1/embeddings', { POST: jsonEndpoint(embeddings) }],
  ['/v1/images/generations', { POST: jsonEndpoint(imageGeneration) }],
  ['/v1/images/edits', { POST: formEndpoint(imageEdit) }],
  ['/v1/audio/transcriptions', { POST: formEndpoint(transcription) }],
  ['/v1/audio/translations', { POST: formEndpoint(translation) }],
  ['/v1/audio/speech', { POST: jsonEndpoint(speech) }],
  ['/v1/moderations', { POST: jsonEndpoint(moderation) }],
  ['/v1/rerank', { POST: jsonEndpoint(rerank) }],
  ['/v2/rerank', { POST: jsonEndpoint(rerank) }],
  ['/v1/files', files],
  ['/v1/batches', batches],
];

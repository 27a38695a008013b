import type { ServedBy } from '../../calls/invocation.ts';
import type { TaskResult } from '../../calls/task-invocation.ts';
import { CallError } from '../../errors.ts';
import type { Builder } from '../builder.ts';
import { generateImage, speak, transcribe } from '../media-tasks.ts';
import { embed, moderate, rankDocuments } from '../vector-tasks.ts';
import { defineTaskInputs } from './task-inputs.ts';
import { costOf } from './usage.ts';

/** Model invocation besides chat: `embed`, `moderate`, `rerank`, `generateImage`, `transcribe` and `speak`. */
export function defineTasks(builder: Builder): void {
  defineAnswer(builder);
  defineVectorAnswers(builder);
  defineMediaAnswers(builder);
  const inputs = defineTaskInputs(builder);
  builder.mutationFields((t) => ({
    embed: t.withAuth({ caller: true }).field({
      type: 'Embeddings',
      description: 'Turns texts into vectors.',
      args: { input: t.arg({ type: inputs.embed, required: true }) },
      resolve: (_root, { input }, context) => embed(input, context),
    }),
    moderate: t.withAuth({ caller: true }).field({
      type: 'Moderation',
      description: 'Tells whether texts are harmful.',
      args: { input: t.arg({ type: inputs.moderate, required: true }) },
      resolve: (_root, { input }, context) => moderate(input, context),
    }),
    rerank: t.withAuth({ caller: true }).field({
      type: 'Reranking',
      description: 'Orders documents by how well they answer a query.',
      args: { input: t.arg({ type: inputs.rerank, required: true }) },
      resolve: (_root, { input }, context) => rankDocuments(input, context),
    }),
    generateImage: t.withAuth({ caller: true }).field({
      type: 'ImageGeneration',
      description: 'Makes images from a text.',
      args: { input: t.arg({ type: inputs.generateImage, required: true }) },
      resolve: (_root, { input }, context) => generateImage(input, context),
    }),
    transcribe: t.withAuth({ caller: true }).field({
      type: 'Transcription',
      description:
        'Turns audio into text. A GraphQL request is small: longer audio goes to `POST /v1/audio/transcriptions`.',
      args: { input: t.arg({ type: inputs.transcribe, required: true }) },
      resolve: (_root, { input }, context) => transcribe(input, context),
    }),
    speak: t.withAuth({ caller: true }).field({
      type: 'Speech',
      description: 'Turns text into audio.',
      args: { input: t.arg({ type: inputs.speak, required: true }) },
      resolve: (_root, { input }, context) => speak(input, context),
    }),
  }));
}

/** What is known of every answer. */
function defineAnswer(builder: Builder): void {
  builder.interfaceType('CallAnswer', {
    description: 'The answer to a call.',
    fields: (t) => ({
      callId: t.exposeID('callId'),
      model: t.exposeString('model', { description: 'The name that the call was made with.' }),
      servedBy: t.field({ type: 'ServedBy', resolve: servedBy }),
      usage: t.expose('usage', { type: 'Usage' }),
      cost: t.field({ type: 'Cost', nullable: true, resolve: costOf }),
      receipt: t.expose('receipt', { type: 'Receipt', nullable: true }),
    }),
  });
}

/** A call that succeeded was served by someone. */
function servedBy(result: TaskResult): ServedBy {
  if (result.servedBy === null) throw new CallError('internal', { cause: 'an answer without servedBy' });
  return result.servedBy;
}

function defineVectorAnswers(builder: Builder): void {
  builder.objectType('Embeddings', {
    interfaces: ['CallAnswer'],
    fields: (t) => ({
      vectors: t.field({
        type: t.listRef(t.listRef('Float')),
        description: 'One for each text, in their order.',
        resolve: ({ value }) => value,
      }),
    }),
  });
  builder.objectType('ModerationVerdict', {
    fields: (t) => ({
      flagged: t.exposeBoolean('isFlagged'),
      categories: t.expose('categories', {
        type: 'JSON',
        nullable: true,
        description: 'Category → whether.',
      }),
      scores: t.expose('scores', { type: 'JSON', nullable: true, description: 'Category → 0 to 1.' }),
    }),
  });
  builder.objectType('Moderation', {
    interfaces: ['CallAnswer'],
    fields: (t) => ({
      results: t.field({
        type: ['ModerationVerdict'],
        description: 'One for each text, in their order.',
        resolve: ({ value }) => value,
      }),
    }),
  });
  builder.objectType('RankedDocument', {
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'Of the document in the input.' }),
      relevanceScore: t.exposeFloat('relevanceScore'),
      document: t.exposeString('document'),
    }),
  });
  builder.objectType('Reranking', {
    interfaces: ['CallAnswer'],
    fields: (t) => ({
      results: t.field({
        type: ['RankedDocument'],
        description: 'The best first.',
        resolve: ({ value }) => value,
      }),
    }),
  });
}

function defineMediaAnswers(builder: Builder): void {
  builder.objectType('Media', {
    fields: (t) => ({
      mediaType: t.exposeString('mediaType', { nullable: true }),
      data: t.exposeString('data', { description: 'base64' }),
    }),
  });
  builder.objectType('GeneratedImage', {
    fields: (t) => ({
      media: t.expose('media', { type: 'Media', nullable: true }),
      url: t.exposeString('url', { nullable: true, description: "At the provider's, for some time." }),
      revisedPrompt: t.exposeString('revisedPrompt', { nullable: true }),
    }),
  });
  builder.objectType('ImageGeneration', {
    interfaces: ['CallAnswer'],
    fields: (t) => ({ images: t.field({ type: ['GeneratedImage'], resolve: ({ value }) => value }) }),
  });
  builder.objectType('Speech', {
    interfaces: ['CallAnswer'],
    fields: (t) => ({ audio: t.field({ type: 'Media', resolve: ({ value }) => value }) }),
  });
  builder.objectType('TranscriptSegment', {
    fields: (t) => ({
      startSeconds: t.exposeFloat('startSeconds'),
      endSeconds: t.exposeFloat('endSeconds'),
      text: t.exposeString('text'),
    }),
  });
  builder.objectType('Transcription', {
    interfaces: ['CallAnswer'],
    fields: (t) => ({
      text: t.string({ resolve: ({ value }) => value.text }),
      language: t.string({ nullable: true, resolve: ({ value }) => value.language }),
      durationSeconds: t.float({ nullable: true, resolve: ({ value }) => value.durationSeconds }),
      segments: t.field({
        type: ['TranscriptSegment'],
        nullable: true,
        resolve: ({ value }) => value.segments,
      }),
    }),
  });
}

import type { Builder } from '../builder.ts';

/** The inputs of everything but chat. */
export function defineTaskInputs(builder: Builder) {
  return { ...defineVectorInputs(builder), ...defineMediaInputs(builder) };
}

const STRICT = 'Refuse the call if the target cannot carry every field.';
const IDEMPOTENCY_KEY = 'Allows a retry after the upstream broke off unanswered.';

function defineVectorInputs(builder: Builder) {
  const embed = builder.inputType('EmbedInput', {
    fields: (t) => ({
      model: t.string({ required: true }),
      input: t.stringList({ required: true, description: 'Texts; each gets a vector.' }),
      dimensions: t.int({ description: 'Length of the vectors, where the model can shorten them.' }),
      strict: t.boolean({ description: STRICT }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }),
  });
  const moderate = builder.inputType('ModerateInput', {
    fields: (t) => ({
      model: t.string({ description: 'OpenAI’s newest where absent.' }),
      input: t.stringList({ required: true }),
      strict: t.boolean({ description: STRICT }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }),
  });
  const rerank = builder.inputType('RerankInput', {
    fields: (t) => ({
      model: t.string({ required: true }),
      query: t.string({ required: true }),
      documents: t.stringList({ required: true }),
      topN: t.int({ description: 'How many results; all where absent.' }),
      strict: t.boolean({ description: STRICT }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }),
  });
  return { embed, moderate, rerank };
}

function defineMediaInputs(builder: Builder) {
  const generateImage = builder.inputType('GenerateImageInput', {
    fields: (t) => ({
      model: t.string({ required: true }),
      prompt: t.string({ required: true }),
      count: t.int(),
      size: t.string({ description: '1024x1024, …' }),
      quality: t.string(),
      background: t.string(),
      outputFormat: t.string({ description: 'png, jpeg or webp' }),
      strict: t.boolean({ description: STRICT }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }),
  });
  const audio = builder.inputType('AudioFileInput', {
    fields: (t) => ({
      mediaType: t.string({ required: true, description: 'audio/mpeg, …' }),
      data: t.string({ required: true, description: 'base64' }),
      fileName: t.string({ description: 'Its ending tells some servers the format.' }),
    }),
  });
  const transcribe = builder.inputType('TranscribeInput', {
    fields: (t) => ({
      model: t.string({ required: true }),
      audio: t.field({ type: audio, required: true }),
      language: t.string({ description: 'Of the audio, ISO 639-1.' }),
      prompt: t.string(),
      temperature: t.float(),
      toEnglish: t.boolean({ description: 'Translate to English.' }),
      segments: t.boolean({ description: 'Ask for language, duration and timed segments too.' }),
      strict: t.boolean({ description: STRICT }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }),
  });
  const speak = builder.inputType('SpeakInput', {
    fields: (t) => ({
      model: t.string({ required: true }),
      input: t.string({ required: true, description: 'The text.' }),
      voice: t.string({ required: true }),
      format: t.string({ description: 'mp3, wav, …' }),
      speed: t.float(),
      instructions: t.string({ description: 'How to speak.' }),
      strict: t.boolean({ description: STRICT }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }),
  });
  return { generateImage, transcribe, speak };
}

import type { Provider } from '../provider.ts';
import { NO_HEADERS } from './entry.ts';

/** Google's two services of one protocol. */
export const GOOGLE: readonly Provider[] = [
  {
    name: 'gemini',
    title: 'Google Gemini',
    protocol: 'gemini',
    baseUrl: 'https://generativelanguage.googleapis.com',
    auth: 'x-goog-api-key',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    headers: NO_HEADERS,
    priceId: 'google',
    docs: 'https://ai.google.dev/api/generate-content',
    endpoints: ['chat', 'embeddings'],
  },
  {
    name: 'vertex',
    title: 'Google Vertex AI',
    protocol: 'gemini',
    // https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}
    baseUrl: null,
    baseUrlTemplates: [
      'https://{GOOGLE_CLOUD_LOCATION}-aiplatform.googleapis.com/v1/projects/{GOOGLE_CLOUD_PROJECT}/locations/{GOOGLE_CLOUD_LOCATION}',
    ],
    auth: 'bearer',
    keyVariables: [],
    headers: NO_HEADERS,
    priceId: 'google',
    docs: 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
    endpoints: ['chat'],
  },
];

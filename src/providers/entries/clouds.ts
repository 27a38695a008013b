import type { Provider } from '../provider.ts';
import { ANTHROPIC_HEADERS, openaiStyle } from './entry.ts';
import { OPENAI_QUIRKS, OPENAI_RULES } from './openai-quirks.ts';

/** Clouds that serve the models of many makers. */
export const CLOUDS: readonly Provider[] = [
  openaiStyle({
    name: 'azure',
    title: 'Azure OpenAI',
    // https://{resource}.openai.azure.com; /openai/v1 is added, or with an apiVersion /openai/deployments/{model}.
    baseUrl: null,
    baseUrlTemplates: [
      '{AZURE_OPENAI_ENDPOINT}',
      '{AZURE_API_BASE}',
      'https://{AZURE_RESOURCE_NAME}.openai.azure.com',
    ],
    auth: 'api-key',
    addressing: 'azure-openai',
    keyVariables: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
    priceId: 'azure',
    docs: 'https://learn.microsoft.com/en-us/azure/ai-foundry/openai/api-version-lifecycle',
    endpoints: [
      'chat',
      'responses',
      'completions',
      'embeddings',
      'images',
      'speech',
      'transcriptions',
      'files',
      'batches',
    ],
    quirks: OPENAI_QUIRKS,
    quirkRules: [
      ...OPENAI_RULES,
      // "Unknown parameter" before these versions (Azure/azure-rest-api-specs, inference).
      { before: '2024-09-01', quirks: { streamOptions: false, maxTokensField: 'max_tokens', refuses: [] } },
    ],
  }),
  openaiStyle({
    name: 'azure-foundry',
    title: 'Azure AI Foundry',
    // https://{resource}.services.ai.azure.com; /openai/v1 is added, or with an apiVersion /models.
    baseUrl: null,
    baseUrlTemplates: ['{AZURE_AI_ENDPOINT}', '{AZURE_AI_API_BASE}'],
    auth: 'api-key',
    addressing: 'azure-foundry',
    keyVariables: ['AZURE_AI_API_KEY'],
    priceId: 'azure',
    docs: 'https://learn.microsoft.com/en-us/azure/ai-foundry/foundry-models/concepts/endpoints',
    endpoints: ['chat', 'responses', 'embeddings'],
    quirkRules: OPENAI_RULES.map((rule) => ({ ...rule, quirks: { ...OPENAI_QUIRKS, ...rule.quirks } })),
  }),
  {
    name: 'azure-anthropic',
    title: 'Claude in Azure AI Foundry',
    protocol: 'anthropic-messages',
    // https://{resource}.services.ai.azure.com/anthropic
    baseUrl: null,
    baseUrlTemplates: [
      '{ANTHROPIC_FOUNDRY_BASE_URL}',
      'https://{ANTHROPIC_FOUNDRY_RESOURCE}.services.ai.azure.com/anthropic',
    ],
    auth: 'x-api-key',
    keyVariables: ['ANTHROPIC_FOUNDRY_API_KEY'],
    headers: ANTHROPIC_HEADERS,
    priceId: 'anthropic',
    docs: 'https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry',
    endpoints: ['messages'],
  },
  {
    name: 'bedrock',
    title: 'Amazon Bedrock',
    protocol: 'bedrock-converse',
    baseUrl: null,
    baseUrlTemplates: [
      'https://bedrock-runtime.{AWS_REGION}.amazonaws.com',
      'https://bedrock-runtime.{AWS_DEFAULT_REGION}.amazonaws.com',
    ],
    // Of a Bedrock API key; requests with an access key are signed instead.
    auth: 'bearer',
    keyVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
    headers: {},
    priceId: 'aws',
    docs: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
    endpoints: ['chat'],
  },
  openaiStyle({
    name: 'databricks',
    title: 'Databricks',
    // https://{workspace}/serving-endpoints; the model is the name of a serving endpoint.
    baseUrl: null,
    baseUrlTemplates: ['{DATABRICKS_HOST}/serving-endpoints'],
    keyVariables: ['DATABRICKS_TOKEN'],
    docs: 'https://docs.databricks.com/machine-learning/model-serving/score-foundation-models.html',
    endpoints: ['chat', 'completions', 'embeddings'],
    quirkRules: [{ model: /claude/, quirks: { streamOptions: false } }],
  }),
  openaiStyle({
    name: 'watsonx',
    title: 'IBM watsonx.ai model gateway',
    // https://{region}.ml.cloud.ibm.com/ml/gateway/v1
    baseUrl: null,
    baseUrlTemplates: ['{WATSONX_URL}/ml/gateway/v1'],
    keyVariables: ['WATSONX_TOKEN'],
    docs: 'https://www.ibm.com/docs/en/watsonx/saas?topic=generation-inferencing-gateway-models',
    endpoints: ['chat', 'completions', 'embeddings'],
  }),
  openaiStyle({
    name: 'cloudflare',
    title: 'Cloudflare Workers AI',
    baseUrl: null,
    baseUrlTemplates: ['https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1'],
    keyVariables: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY'],
    priceId: 'cloudflare',
    docs: 'https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/',
    endpoints: ['chat', 'responses', 'embeddings'],
    quirks: { textContent: true },
  }),
  openaiStyle({
    name: 'github',
    title: 'GitHub Models',
    baseUrl: 'https://models.github.ai/inference',
    // Not GITHUB_TOKEN: nearly every build machine has one, for something else.
    keyVariables: ['GITHUB_MODELS_TOKEN'],
    docs: 'https://docs.github.com/en/rest/models/inference',
    endpoints: ['chat', 'embeddings'],
    quirkRules: OPENAI_RULES.map(({ model, quirks }) => ({
      model: new RegExp((model?.source ?? '').replace('^', '^openai/')),
      quirks: { ...OPENAI_QUIRKS, ...quirks },
    })),
  }),
  openaiStyle({
    name: 'scaleway',
    title: 'Scaleway',
    baseUrl: 'https://api.scaleway.ai/v1',
    keyVariables: ['SCALEWAY_API_KEY', 'SCW_SECRET_KEY'],
    docs: 'https://www.scaleway.com/en/docs/generative-apis/',
    endpoints: ['chat', 'embeddings', 'transcriptions'],
  }),
  openaiStyle({
    name: 'ovhcloud',
    title: 'OVHcloud AI Endpoints',
    baseUrl: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
    keyVariables: ['OVHCLOUD_API_KEY', 'OVH_AI_ENDPOINTS_ACCESS_TOKEN'],
    priceId: 'ovhcloud',
    docs: 'https://help.ovhcloud.com/csm/en-public-cloud-ai-endpoints-getting-started',
    endpoints: ['chat', 'responses', 'embeddings'],
  }),
];

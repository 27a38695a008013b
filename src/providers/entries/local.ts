import { PROVIDER_ENDPOINTS, type Provider } from '../provider.ts';
import { localServer, openaiStyle } from './entry.ts';

/** Servers that the operator runs, and the two that stand for none. */
export const LOCAL: readonly Provider[] = [
  localServer({
    name: 'ollama',
    title: 'Ollama',
    baseUrl: 'http://127.0.0.1:11434/v1',
    docs: 'https://docs.ollama.com/api/openai-compatibility',
    endpoints: ['chat', 'completions', 'embeddings'],
  }),
  localServer({
    name: 'vllm',
    title: 'vLLM',
    baseUrl: 'http://127.0.0.1:8000/v1',
    docs: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server/',
    endpoints: ['chat', 'responses', 'completions', 'embeddings', 'rerank', 'transcriptions'],
    quirks: { topK: true },
  }),
  localServer({
    name: 'sglang',
    title: 'SGLang',
    baseUrl: 'http://127.0.0.1:30000/v1',
    docs: 'https://docs.sglang.ai/basic_usage/openai_api_completions.html',
    endpoints: ['chat', 'completions', 'embeddings'],
    quirks: { topK: true },
  }),
  localServer({
    name: 'lmstudio',
    title: 'LM Studio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    docs: 'https://lmstudio.ai/docs/developer/openai-compat/chat-completions',
    endpoints: ['chat', 'responses', 'completions', 'embeddings'],
    quirks: { topK: true, efforts: [] },
  }),
  localServer({
    name: 'llama-cpp',
    title: 'llama.cpp server',
    baseUrl: 'http://127.0.0.1:8080/v1',
    docs: 'https://github.com/ggml-org/llama.cpp/tree/master/tools/server',
    endpoints: ['chat', 'completions', 'embeddings', 'rerank'],
    quirks: { topK: true },
  }),
  localServer({
    name: 'tgi',
    title: 'Text Generation Inference',
    baseUrl: 'http://127.0.0.1:8080/v1',
    docs: 'https://huggingface.co/docs/text-generation-inference/messages_api',
    quirks: { efforts: [] },
  }),
  localServer({
    name: 'localai',
    title: 'LocalAI',
    baseUrl: 'http://127.0.0.1:8080/v1',
    docs: 'https://localai.io/features/text-generation/',
    endpoints: ['chat', 'completions', 'embeddings', 'images', 'speech', 'transcriptions', 'rerank'],
  }),
  openaiStyle({
    name: 'litellm',
    title: 'LiteLLM proxy',
    // http://{host}:4000
    baseUrl: null,
    baseUrlTemplates: ['{LITELLM_PROXY_API_BASE}'],
    keyVariables: ['LITELLM_PROXY_API_KEY'],
    docs: 'https://docs.litellm.ai/docs/providers/litellm_proxy',
    endpoints: ['chat', 'responses', 'messages', 'completions', 'embeddings', 'rerank', 'images'],
  }),
  openaiStyle({
    name: 'custom',
    title: 'Custom',
    baseUrl: null,
    endpoints: PROVIDER_ENDPOINTS,
    docs: 'https://platform.openai.com/docs/api-reference/chat',
  }),
  localServer({
    name: 'demo',
    title: 'Demo (built in, invents its answers)',
    baseUrl: null,
    docs: 'https://platform.openai.com/docs/api-reference/chat',
  }),
];

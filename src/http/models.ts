import { CallError } from '../errors.ts';
import { openaiChat } from '../protocols/openai-chat/index.ts';
import { identify, presentedKey } from '../tenancy/identify.ts';
import { listModels, resolveModel } from '../tenancy/models.ts';
import type { Exchange, HttpPorts } from './listener.ts';
import { replyError, replyJson } from './reply.ts';

/**
 * `GET /v1/models`: what the key may use. Each row has the fields of OpenAI's list and of Anthropic's, so that
 * both SDKs read it.
 */
export function listModelsEndpoint(ports: HttpPorts, { request, response, callId }: Exchange): void {
  const snapshot = ports.snapshot();
  const identity = identify(snapshot, presentedKey(request.headers));
  if (identity instanceof CallError) return replyError(request, response, callId, identity);
  const data = listModels(snapshot, identity).map(({ name, provider }) => rowOf(name, provider));
  replyJson(request, response, callId, 200, {
    object: 'list',
    data,
    has_more: false,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  });
}

/** `GET /v1/models/{model}`: one that the key may use, declared or not. */
export function retrieveModelEndpoint(ports: HttpPorts, exchange: Exchange): void {
  const { request, response, callId } = exchange;
  const snapshot = ports.snapshot();
  const identity = identify(snapshot, presentedKey(request.headers));
  if (identity instanceof CallError) return replyError(request, response, callId, identity, openaiChat);
  const model = resolveModel(snapshot, identity, exchange.params[0] ?? '');
  if (model instanceof CallError) return replyError(request, response, callId, model, openaiChat);
  const [first] = [...model.targets].sort((a, b) => a.priority - b.priority);
  replyJson(request, response, callId, 200, rowOf(model.name, first?.connection.provider ?? null));
}

function rowOf(name: string, provider: string | null) {
  return {
    id: name,
    object: 'model',
    type: 'model',
    display_name: name,
    created: 0,
    created_at: '1970-01-01T00:00:00Z',
    owned_by: provider ?? 'sluice',
  };
}

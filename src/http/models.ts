import { CallError } from '../errors.ts';
import { identify, presentedKey } from '../tenancy/identify.ts';
import { listModels } from '../tenancy/models.ts';
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
  const data = listModels(snapshot, identity).map(({ name, provider }) => ({
    id: name,
    object: 'model',
    type: 'model',
    display_name: name,
    created: 0,
    created_at: '1970-01-01T00:00:00Z',
    owned_by: provider ?? 'sluice',
  }));
  replyJson(request, response, callId, 200, {
    object: 'list',
    data,
    has_more: false,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  });
}

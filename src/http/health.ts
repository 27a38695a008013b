import type { Exchange, HttpPorts } from './listener.ts';
import { reply, replyJson } from './reply.ts';

/** `GET /healthz`: the process is alive and its event loop turns. */
export function live(_ports: HttpPorts, { request, response, callId }: Exchange): void {
  replyJson(request, response, callId, 200, { status: 'alive' });
}

/** `GET /readyz`: calls are taken. Fails first while draining, so that load balancers look elsewhere. */
export function ready(ports: HttpPorts, { request, response, callId }: Exchange): void {
  const isReady = ports.isReady();
  const status = isReady ? 'ready' : ports.isDraining() ? 'draining' : 'starting';
  replyJson(request, response, callId, isReady ? 200 : 503, { status });
}

/** `GET /metrics`: Prometheus text format. */
export function metrics(ports: HttpPorts, { request, response, callId }: Exchange): void {
  ports.metrics().then(
    (text) => reply(request, response, callId, 200, { 'content-type': 'text/plain; version=0.0.4' }, text),
    (error: unknown) => {
      ports.call.log.error({ error: String(error) }, 'metrics failed');
      replyJson(request, response, callId, 500, { status: 'failed' });
    },
  );
}

import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/**
 * Stops listening, but leaves idle keep-alive connections open: Node's own `close` cuts them at once, and a
 * client that sends its next request at that moment would see a failure. They end with their next answer
 * (`Connection: close`), or when `closeIdleConnections` is called later.
 */
export function stopListening(server: Server): void {
  if (server.listening) NetServer.prototype.close.call(server);
}

/** Resolves as soon as `isDone`, else after `timeoutMs`; says which. */
export function waitUntil(isDone: () => boolean, timeoutMs: number, pollMs = 10): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  return new Promise((resolve) => {
    const look = (): void => {
      if (isDone()) resolve(true);
      else if (performance.now() >= deadlineMs) resolve(false);
      else setTimeout(look, pollMs);
    };
    look();
  });
}

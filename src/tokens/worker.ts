/** Entry of the thread that counts tokens. Its vocabulary takes some 60 MB: it is started when it is needed. */
import { parentPort } from 'node:worker_threads';
import { countText } from './count-text.ts';
import { Counting } from './work.ts';
import type { TokenReport, TokenRequest, TokenWork } from './worker-messages.ts';

function main(): void {
  const port = parentPort;
  if (port === null) throw new Error('tokens are counted in a worker thread');
  const counting = new Counting(countText);
  const countOrNull = (work: TokenWork): number | null => {
    try {
      return counting.count(work);
    } catch {
      // What no reader can take has no count; the next work is another's.
      return null;
    }
  };
  // The other end is token-worker.ts, and nobody else.
  port.on('message', (request: TokenRequest) => {
    if (request.kind === 'forget') return counting.forget(request.stream);
    const report: TokenReport = { token: request.token, tokens: countOrNull(request.work) };
    port.postMessage(report);
  });
}

main();

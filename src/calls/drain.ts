/** Entry of the drain's thread. Loads little, so that the gateway starts fast. */
import { parentPort, workerData } from 'node:worker_threads';
import { DrainLoop } from './drain-loop.ts';
import type { DrainData, DrainRequest } from './drain-messages.ts';

async function main(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('the drain runs in a worker thread');
  // The other end is drain-control.ts, and nobody else.
  const loop = new DrainLoop(workerData as DrainData, (report) => port.postMessage(report));
  port.on('message', (request: DrainRequest) => {
    if (request.kind === 'stop') loop.stop();
    else loop.settle(request.token);
  });
  await loop.run();
  port.close();
}

await main();

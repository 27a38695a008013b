import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { aboveBaseline, measureProcess } from '../../support/checker-leaks.ts';
import { until } from '../../support/wait.ts';

it('measureProcess counts a server that is left open, and no longer once it is closed', async () => {
  const baseline = measureProcess();
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  expect(aboveBaseline(baseline, measureProcess())).toEqual([
    `TCPServerWrap: ${(baseline['TCPServerWrap'] ?? 0) + 1}, was ${baseline['TCPServerWrap'] ?? 0}`,
  ]);
  await new Promise((resolve) => server.close(resolve));
  await until(() => aboveBaseline(baseline, measureProcess()).length === 0, {
    what: 'the server to be gone',
  });
});

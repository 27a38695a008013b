import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A port of 127.0.0.1 at which nothing listens: a connect is refused. */
export async function refusing(): Promise<{ readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { port };
}

/** Listens with the smallest queue, then blocks for ever in a read that ends only with the parent. */
const DEAF_SERVER = `
  const { readSync, writeSync } = require('node:fs');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    writeSync(1, server.address().port + '\\n');
    try { readSync(0, Buffer.alloc(1)); } finally { process.exit(0); }
  });
`;

/** A connect that has not succeeded by then is taken for one that never will: loopback answers in microseconds. */
const PROBE_MS = 300;
const PROBES_MAX = 64;

async function connects(port: number, held: Socket[]): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {});
  held.push(socket);
  return await Promise.race([once(socket, 'connect').then(() => true), pause(PROBE_MS, false)]);
}

/**
 * An address that swallows SYNs. A process that accepts nothing holds a listening socket whose queue is filled;
 * Linux then drops further SYNs, and a connect hangs until its own timeout.
 */
export async function blackHole(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', DEAF_SERVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  const held: Socket[] = [];
  const close = async () => {
    for (const socket of held) socket.destroy();
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  for (let probe = 0; probe < PROBES_MAX; probe++) {
    if (!(await connects(port, held))) return { port, close };
  }
  await close();
  throw new Error(`${PROBES_MAX} connections did not fill the queue of a server that accepts none`);
}

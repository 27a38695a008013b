import { closeSync, openSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** A unix socket that is answered for as long as the process that holds it lives, whatever ends it. */
export interface LivenessSocket {
  readonly name: string;
  close(): void;
}

/**
 * Unix socket paths end at 107 bytes and data dirs do not, so the folder goes in as an open descriptor.
 * /proc is Linux alone; so are pid namespaces, for which this socket is needed.
 */
const socketPath = (folderDescriptor: number, name: string): string =>
  `/proc/self/fd/${folderDescriptor}/${name}`;

/**
 * Listens on `folder`/`name`. Null where that cannot be done (not Linux, or a file system without sockets).
 * Does not keep the process alive.
 */
export async function listenForLiveness(folder: string, name: string): Promise<LivenessSocket | null> {
  if (process.platform !== 'linux') return null;
  const descriptor = openSync(folder, 'r');
  const server = createServer((socket) => socket.on('error', () => {}).destroy());
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(socketPath(descriptor, name), () => resolve(true));
  });
  if (!isListening) {
    closeSync(descriptor);
    return null;
  }
  server.unref().on('error', () => {});
  return { name, close: () => server.close(() => closeSync(descriptor)) };
}

/** Whether somebody, in whatever container on this machine, still holds `folder`/`name`. */
export async function isAnswered(folder: string, name: string): Promise<boolean> {
  const descriptor = openSync(folder, 'r');
  try {
    return await new Promise((resolve) => {
      const socket = connect(socketPath(descriptor, name));
      socket.once('connect', () => resolve(true));
      socket.once('error', (error: NodeJS.ErrnoException) => {
        // Anything else (a full backlog, no permission) means that there is a listener.
        resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT' && error.code !== 'ENOTSOCK');
      });
      socket.once('close', () => socket.removeAllListeners());
      socket.once('connect', () => socket.destroy());
    });
  } finally {
    closeSync(descriptor);
  }
}

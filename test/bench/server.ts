import type { Child } from './children.ts';

export type ServerName = 'direct' | 'nginx' | 'relay' | 'sluice';

/** What is measured: one process on a core of its own. */
export interface Server {
  readonly name: ServerName;
  readonly pid: number;
  readonly port: number;
  /** Notes requests that were made, then waits until all work that they cause has been done. */
  settle(requests: number): Promise<void>;
  /** What `wanted` resolves with, or an error with the server's last words if it ends before. */
  unlessEnded<T>(wanted: Promise<T>): Promise<T>;
}

/** A server that has nothing left to do when it has answered. */
export function plainServer(name: ServerName, child: Child, port: number): Server {
  return {
    name,
    pid: child.pid,
    port,
    settle: () => Promise.resolve(),
    unlessEnded: (wanted) => child.unlessEnded(wanted),
  };
}

/** A server that cannot be measured here, with the reason. */
export class Unavailable extends Error {}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const answerSchema = z.union([
  z.object({
    pid: z.number(),
    postgresPid: z.number().nullable(),
    address: z
      .object({
        host: z.string(),
        port: z.number(),
        user: z.string(),
        password: z.string(),
        database: z.string(),
      })
      .nullable(),
  }),
  z.object({ refused: z.string() }),
]);

export type Answer = z.infer<typeof answerSchema>;

export interface Holder {
  readonly child: ChildProcess;
  readonly answer: Answer;
  /** Sends the signal (default SIGTERM: in order) and resolves when it has ended. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export interface HolderOptions {
  readonly what: 'lock' | 'postgres';
  readonly env?: NodeJS.ProcessEnv;
  /** User to run as; only root may choose. */
  readonly uid?: number;
  readonly gid?: number;
  /** Words to put before the program, such as those that make a namespace. */
  readonly wrapper?: readonly string[];
}

const script = fileURLToPath(new URL('data-dir-holder.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts another process that takes `dataDir`; resolves when it has, or has been refused. */
export async function startHolder(dataDir: string, options: HolderOptions): Promise<Holder> {
  const { what, wrapper = [], ...settings } = options;
  const [file = process.execPath, ...words] = [...wrapper, process.execPath];
  const child = spawn(file, [...words, '--import', 'tsx', script, dataDir, what], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...settings,
  });
  const ended = once(child, 'exit');
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(([code]) => [JSON.stringify({ refused: `exit ${code} without a word` })]),
  ]);
  return {
    child,
    answer: answerSchema.parse(JSON.parse(String(line))),
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

/** Whether the process runs; one that only waits to be reaped does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { pinned } from './cores.ts';

export interface ChildOptions {
  readonly name: string;
  readonly core: number | null;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Opens a channel for `process.send`. */
  readonly withChannel?: boolean;
}

const STOP_TIMEOUT_MS = 20_000;
const OUTPUT_CHARS_KEPT = 4_000;

/** A process that the benchmark started. */
export class Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
  #output = '';
  #isStopping = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    const [file, args] = pinned(options.core, options.command);
    this.process = spawn(file, args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.withChannel === true ? (['ipc'] as const) : [])],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_CHARS_KEPT);
      });
    }
    this.exited = new Promise((resolve) => {
      this.process.once('error', () => resolve());
      this.process.once('exit', () => resolve());
    });
  }

  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) throw new Error(`${this.name} did not start`);
    return pid;
  }

  /** What `wanted` resolves with, or the child's end as an error with its last words. */
  async unlessEnded<T>(wanted: Promise<T>): Promise<T> {
    const ended = this.exited.then(() => {
      throw new Error(`${this.name} ended${this.#isStopping ? '' : ` by itself: ${this.#output.trim()}`}`);
    });
    return Promise.race([wanted, ended]);
  }

  message<T>(): Promise<T> {
    return this.unlessEnded(new Promise((resolve) => this.process.once('message', resolve)));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.hasEnded) return;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    if (!this.hasEnded) this.process.kill('SIGKILL');
  }

  get hasEnded(): boolean {
    return (
      this.process.pid === undefined || this.process.exitCode !== null || this.process.signalCode !== null
    );
  }
}

/** Every process of a run, so that none outlives it. */
export class Children {
  readonly #children = new Set<Child>();

  start(options: ChildOptions): Child {
    const child = new Child(options);
    this.#children.add(child);
    void child.exited.then(() => this.#children.delete(child));
    return child;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop()));
  }

  killAll(): void {
    for (const child of this.#children) child.kill();
  }
}

import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { nonce } from './canary.ts';
import { type Caller, faultOf, sendChat } from './chat-client.ts';
import type { Checker } from './checker.ts';
import { until } from './wait.ts';

export interface LoadOptions {
  readonly port: number;
  readonly checker: Checker;
  /** Clients, each with one keep-alive connection and one request at a time. */
  readonly clients: number;
  /** Pause of each client between two requests, in ms. */
  readonly everyMs: number;
  /** By turns for each client's requests. */
  readonly models: readonly string[];
  /** Which requests are streamed, counted from 0; default every second. */
  readonly isStream?: (index: number) => boolean;
  readonly caller?: Caller;
}

/** Keep-alive clients that repeat nothing: whatever goes wrong is a failure, told to the checker as it was seen. */
export class Load {
  /** What went wrong, one line a call. */
  readonly failures: string[] = [];
  /** Answers that came whole. */
  succeeded = 0;
  readonly #options: LoadOptions;
  readonly #running: Promise<void>[] = [];
  readonly #agents: Agent[] = [];
  #requests = 0;
  #isOver = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    for (let index = 0; index < options.clients; index += 1) this.#running.push(this.#client());
  }

  /** Waits until that many more calls have succeeded. */
  async more(count: number, deadlineMs = 10_000): Promise<void> {
    const target = this.succeeded + count;
    await until(() => this.succeeded >= target, { what: `${count} more answers`, deadlineMs });
  }

  /** Sends no more, waits for what is under way, and closes the connections. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
    for (const agent of this.#agents) agent.destroy();
  }

  async #client(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#agents.push(agent);
    while (!this.#isOver) {
      await this.#call(agent, this.#requests++);
      await pause(this.#options.everyMs);
    }
  }

  async #call(agent: Agent, index: number): Promise<void> {
    const { port, checker, models, caller, isStream = (each) => each % 2 === 1 } = this.#options;
    const word = nonce();
    const model = models[index % models.length] ?? '';
    const isStreamed = isStream(index);
    const { seen } = sendChat({ agent, port, caller, model, isStream: isStreamed, word });
    const { response, error } = await seen;
    checker.http(word, response);
    const fault = response === null ? 'no answer' : faultOf(response);
    if (fault === null) this.succeeded += 1;
    else this.failures.push(`${model}: ${fault}${error === null ? '' : ` (${error.message})`}`);
  }
}

/**
 * The lane of every operation but chat. What the answer is decides how it travels, not what was asked: servers
 * ignore `stream`, or answer with an error where audio was asked for.
 *
 * - events: whole events go through at once, the last one after the end record (`ByteStreamLane`);
 * - audio and contents of files: bytes go through as they come;
 * - everything else is held until it is whole, so that failover works and a truncated one never goes out.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Sending } from '../operations/task.ts';
import type { FinishReason, Usage } from '../protocols/blocks.ts';
import type { Answer, Ending } from './answer.ts';
import { ByteStreamLane } from './byte-lane.ts';
import type { CallLane, LaneContext } from './lane.ts';
import { PassLane } from './pass-lane.ts';
import { WholeLane } from './whole-lane.ts';

export class TaskLane implements CallLane {
  readonly name: 'byte' | 'block';
  readonly #sending: Sending;
  readonly #answer: Answer;
  readonly #limits: Limits;
  readonly #context: LaneContext;
  #lane: CallLane;
  #refusal: CallError | null = null;

  constructor(sending: Sending, answer: Answer, limits: Limits, context: LaneContext) {
    this.name = sending.receipt === null ? 'byte' : 'block';
    this.#sending = sending;
    this.#answer = answer;
    this.#limits = limits;
    this.#context = context;
    this.#lane = new WholeLane(sending.answer, '', limits, context);
  }

  head(headers: IncomingHttpHeaders): void {
    const type = String(headers['content-type'] ?? '').trim();
    const { answer } = this.#sending;
    const isJson = /^application\/(?:[\w.+-]+\+)?json\b/i.test(type);
    if (answer.binary !== 'empty' && /^text\/event-stream\b/i.test(type)) return this.#follow();
    // Where neither a length nor chunks tell the end, an answer that broke off would look whole.
    const isFramed = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    if (!isFramed && !(isJson && answer.binary !== 'empty'))
      this.#refusal = new CallError('upstream_malformed');
    else if (answer.binary === 'empty' || (answer.binary === 'some' && !isJson)) {
      this.#lane = new PassLane(this.#answer, this.#context, headers, answer.binary === 'empty');
    } else this.#lane = new WholeLane(answer, type, this.#limits, this.#context);
  }

  #follow(): void {
    const { events, dropsUsage } = this.#sending.answer;
    if (events === null) this.#refusal = new CallError('upstream_malformed');
    else this.#lane = new ByteStreamLane(events, this.#answer, this.#limits, this.#context, dropsUsage);
  }

  data(chunk: Buffer): boolean {
    return this.#lane.data(chunk);
  }

  finish(): CallError | null {
    return this.#lane.finish();
  }

  ending(): Ending {
    return this.#lane.ending();
  }

  get failure(): CallError | null {
    return this.#refusal ?? this.#lane.failure;
  }

  get isCommitted(): boolean {
    return this.#lane.isCommitted;
  }

  get isTerminated(): boolean {
    return this.#lane.isTerminated;
  }

  get usage(): Usage | null {
    return this.#lane.usage;
  }

  get finishReason(): FinishReason | null {
    return this.#lane.finishReason;
  }

  get servedModel(): string | null {
    return this.#lane.servedModel;
  }

  get contentEvents(): number {
    return this.#lane.contentEvents;
  }

  get firstContentMs(): number | null {
    return this.#lane.firstContentMs;
  }
}

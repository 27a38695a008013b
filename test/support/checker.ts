import { AssertionError } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { type Canary, canariesIn, canary, noncesIn } from './canary.ts';
import { readAnswer } from './checker-answer.ts';
import type { CheckedRow, ClientObservation, Evidence } from './checker-invariants.ts';
import * as invariants from './checker-invariants.ts';
import { aboveBaseline, type Bound, BoundWatch, type Holdings } from './checker-leaks.ts';
import type { LedgerEntry } from './ledger.ts';
import type { RawResponse } from './raw-client-response.ts';

export interface ObservedCall {
  readonly nonce: string;
  readonly callId: string | null;
  readonly sawAnyByte: boolean;
  readonly sawProperEnd: boolean;
  readonly text: string;
  /** All that the client received, if that is more than the text: searched for nonces and canaries. */
  readonly received?: string;
  readonly isCall?: boolean;
}

/** The evidence of a scenario. What is left out is not checked: without rows no I1, I2; without upstreams no I3. */
export interface Scenario {
  readonly rows?: () => Promise<readonly CheckedRow[]>;
  readonly upstreams?: readonly { readonly requests: readonly LedgerEntry[] }[];
  readonly logs?: readonly string[];
  readonly metricsText?: string;
  /** Anything else that must hold no secret: spool files, traces, error bodies, by name. */
  readonly texts?: Readonly<Record<string, string>>;
  /** What was held before the scenario, and how to measure it now. */
  readonly leaks?: { readonly baseline: Holdings; readonly measure: () => Holdings };
  readonly processDied?: boolean;
  /** How long records and leaks may take to settle: 30 s after recovery. */
  readonly deadlineMs?: number;
}

const SETTLE_DEADLINE_MS = 30_000;
const SETTLE_POLL_MS = 20;

type Violations = Readonly<Record<string, readonly string[]>>;

const isClean = (violations: Violations) => Object.values(violations).every((lines) => lines.length === 0);

/** Collects what clients saw in a scenario, and holds it against what upstreams saw and what was recorded. */
export class Checker {
  readonly #clients: ClientObservation[] = [];
  readonly #canaries: Canary[] = [];
  readonly #leaked: string[] = [];
  readonly #bounds = new BoundWatch();
  readonly #startedAtMs = performance.now();

  /** A secret to plant; it must come out nowhere. */
  canary(place: string, shape?: (random: string) => string): string {
    const planted = canary(place, shape);
    this.#canaries.push(planted);
    return planted.value;
  }

  /** Reports what a client saw, once per call, when it is over. */
  client(call: ObservedCall): void {
    const received = call.received ?? call.text;
    for (const place of canariesIn(received, this.#canaries)) {
      this.#leaked.push(`the ${place} is in the answer to ${call.nonce}`);
    }
    const { received: _, ...observed } = call;
    this.#clients.push({
      ...observed,
      isCall: call.isCall ?? true,
      noncesSeen: noncesIn(received + call.text),
    });
  }

  /** Reports an HTTP answer, whole or broken off; null if not even its head came. */
  http(nonce: string, response: RawResponse | null, options: Pick<ObservedCall, 'isCall'> = {}): void {
    if (response === null) {
      this.client({ nonce, callId: null, sawAnyByte: false, sawProperEnd: false, text: '', ...options });
      return;
    }
    const answer = readAnswer(response);
    this.client({
      nonce,
      callId: response.headers['x-sluice-call-id'] ?? null,
      sawAnyByte: true,
      sawProperEnd: answer.isComplete,
      text: answer.text,
      received: `${response.rawHead}\r\n\r\n${response.body.toString()}`,
      ...options,
    });
  }

  /** A queue that must keep to its limit from now until `verify`. */
  watch(bound: Bound): void {
    this.#bounds.add(bound);
  }

  /** Throws an AssertionError that lists every violated invariant by its id. */
  async verify(scenario: Scenario): Promise<void> {
    const elapsedMs = performance.now() - this.#startedAtMs;
    const deadlineAt = performance.now() + (scenario.deadlineMs ?? SETTLE_DEADLINE_MS);
    let settling = await this.#checkSettling(scenario, elapsedMs);
    while (!isClean(settling) && performance.now() < deadlineAt) {
      await pause(SETTLE_POLL_MS);
      settling = await this.#checkSettling(scenario, elapsedMs);
    }
    const violations: Violations = { ...settling, I6: this.#bounds.stop(), I7: this.#findSecrets(scenario) };
    if (isClean(violations)) return;
    const lines = Object.entries(violations)
      .sort(([a], [b]) => a.localeCompare(b))
      .flatMap(([id, list]) => list.map((line) => `${id} ${line}`));
    throw new AssertionError({
      message: `invariants violated:\n${lines.join('\n')}`,
      stackStartFn: this.verify,
    });
  }

  /** What may still become right with time: records arrive, sockets close. */
  async #checkSettling(scenario: Scenario, elapsedMs: number): Promise<Violations> {
    const { rows, upstreams, leaks } = scenario;
    const evidence: Evidence = {
      clients: this.#clients,
      rows: (await rows?.()) ?? [],
      requests: upstreams?.flatMap((upstream) => upstream.requests) ?? [],
      elapsedMs,
      processDied: scenario.processDied ?? false,
    };
    const hasBoth = rows !== undefined && upstreams !== undefined;
    return {
      I1: rows === undefined ? [] : invariants.noLostCall(evidence),
      I2: invariants.noDuplicateRecord(evidence),
      I3: upstreams === undefined ? [] : invariants.noFalseSuccess(evidence),
      I4: invariants.noCrossTalk(evidence),
      I5: leaks === undefined ? [] : aboveBaseline(leaks.baseline, leaks.measure()),
      I8: invariants.boundedRetries(evidence),
      I9: hasBoth ? invariants.honestUsage(evidence) : [],
    };
  }

  #findSecrets({ logs = [], metricsText = '', texts = {} }: Scenario): readonly string[] {
    const places: Readonly<Record<string, string>> = { log: logs.join('\n'), metrics: metricsText, ...texts };
    const found = Object.entries(places).flatMap(([name, text]) =>
      canariesIn(text, this.#canaries).map((place) => `the ${place} is in: ${name}`),
    );
    return [...this.#leaked, ...found];
  }
}

/** The load generator, a process of its own: takes one order at a time over its channel and reports. */
import { GraphqlWsConnection } from './graphql-ws-connection.ts';
import { HttpConnection } from './http-connection.ts';
import type { Connection } from './load-connection.ts';
import type { LoadOrder, LoadReport, LoadResult, Pace } from './load-order.ts';
import { LoadTally } from './load-tally.ts';

/** A server that fails everything must not be asked for as long as one that works. */
const FAILURES_MAX = 100;
/** What a running request gets after the last one has been sent. */
const LAST_ANSWER_MS = 20_000;

async function carryOut({ exchange, connections, pace, withBody = false }: LoadOrder): Promise<LoadResult> {
  const open = () =>
    exchange.transport === 'http'
      ? new HttpConnection(exchange, withBody)
      : new GraphqlWsConnection(exchange, withBody);
  const opened = Array.from({ length: connections }, open);
  try {
    await Promise.all(opened.map((connection) => connection.open()));
    const tally = new LoadTally();
    await (pace.kind === 'rate' ? openLoop(opened, pace, tally) : closedLoop(opened, pace, tally));
    return tally.result(withBody ? (opened[0]?.body ?? null) : null);
  } finally {
    for (const connection of opened) connection.close();
  }
}

async function closedLoop(
  connections: readonly Connection[],
  pace: Exclude<Pace, { kind: 'rate' }>,
  tally: LoadTally,
): Promise<void> {
  const deadlineMs = pace.kind === 'seconds' ? performance.now() + pace.seconds * 1_000 : Infinity;
  const sentMax = pace.kind === 'count' ? pace.requests : Infinity;
  const mayGoOn = () => tally.sent < sentMax && tally.failed < FAILURES_MAX && performance.now() < deadlineMs;
  const runs = connections.map(
    (connection) =>
      new Promise<void>((resolve) => {
        const next = () => {
          if (!mayGoOn()) return resolve();
          tally.sent += 1;
          connection.send((outcome) => {
            tally.add(outcome);
            next();
          });
        };
        next();
      }),
  );
  await lastAnswers(connections, tally, Promise.all(runs));
}

/** A connection that is busy when its turn comes is passed over; without an idle one the request is a failure. */
async function openLoop(
  connections: readonly Connection[],
  { perSecond, seconds }: Extract<Pace, { kind: 'rate' }>,
  tally: LoadTally,
): Promise<void> {
  const idle = [...connections];
  const total = perSecond * seconds;
  const startedMs = performance.now();
  const runs: Promise<void>[] = [];
  while (tally.sent < total) {
    const waitMs = startedMs + (tally.sent * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const connection = idle.shift();
    if (connection === undefined) throw new Error('every connection is busy: the rate is too high');
    tally.sent += 1;
    runs.push(
      new Promise((resolve) => {
        connection.send((outcome) => {
          tally.add(outcome);
          idle.push(connection);
          resolve();
        });
      }),
    );
  }
  await lastAnswers(connections, tally, Promise.all(runs));
}

/** Gives up on answers that do not come, once nothing has come for some time. */
async function lastAnswers(
  connections: readonly Connection[],
  tally: LoadTally,
  all: Promise<unknown>,
): Promise<void> {
  let endedBefore = -1;
  const timer = setInterval(() => {
    if (tally.ended === endedBefore) for (const connection of connections) connection.abandon('no answer');
    endedBefore = tally.ended;
  }, LAST_ANSWER_MS);
  await all;
  clearInterval(timer);
}

process.on('message', (order: LoadOrder) => {
  carryOut(order).then(
    (result) => process.send?.({ result } satisfies LoadReport),
    (error: Error) => process.send?.({ error: error.message } satisfies LoadReport),
  );
});
process.on('disconnect', () => process.exit());

/** What the benchmark asks of its load generator, and what it hears back: plain data. */

/** One request, repeated. */
export interface Exchange {
  readonly transport: 'http' | 'graphql-ws';
  readonly port: number;
  /** http: the whole request, header and body. graphql-ws: the operation's payload as JSON. */
  readonly request: string;
  /** graphql-ws: connectionParams.authorization. */
  readonly authorization: string;
  /** In every right answer, near its end; without it the answer counts as a failure. */
  readonly endMark: string;
  /** Streams: what the first token looks like. Null: time to first token is not of interest. */
  readonly firstMark: string | null;
}

export type Pace =
  /** Closed loop: each connection sends its next request when it has its answer. */
  | { readonly kind: 'seconds'; readonly seconds: number }
  | { readonly kind: 'count'; readonly requests: number }
  /** Open loop: requests leave on time, however long the earlier ones take. */
  | { readonly kind: 'rate'; readonly perSecond: number; readonly seconds: number };

export interface LoadOrder {
  readonly exchange: Exchange;
  readonly connections: number;
  readonly pace: Pace;
  /** Keep the last answer's body. */
  readonly withBody?: boolean;
}

export interface Quantiles {
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface LoadResult {
  readonly sent: number;
  readonly completed: number;
  /** What went wrong, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly latency: Quantiles;
  readonly firstToken: Quantiles | null;
  readonly body: string | null;
}

export type LoadReport = { readonly result: LoadResult } | { readonly error: string };

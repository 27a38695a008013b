/**
 * Every number that bounds anything, with its unit in the name and the reason beside it.
 * Tests replace single values through `GatewayOptions.limits`.
 */
export const LIMITS = {
  /** Largest body of an invocation: OpenAI takes 50 MB, Anthropic 32 MB; images come as base64. */
  bodyBytesMax: 32 * 1024 * 1024,
  /** A GraphQL request holds a document and variables; media go through the REST facade. */
  graphqlBodyBytesMax: 256 * 1024,
  /** JSON nesting of a request; real requests with tool schemas stay under 30. */
  bodyDepthMax: 100,
  /** Node's own header parser bound. */
  headerBytesMax: 16 * 1024,
  /** A full header must arrive within this time (slow-loris). */
  headersTimeoutMs: 15_000,
  /** A full request must arrive within this time. */
  requestTimeoutMs: 120_000,
  /** Longer than the usual load balancer's 60 s, so that the balancer closes first. */
  keepAliveTimeoutMs: 75_000,
  /** Pipelined requests answered on one socket before it is closed. */
  requestsPerSocketMax: 100_000,
  /** Calls in flight in one process; beyond it `overloaded`. */
  callsInFlightMax: 10_000,
  /** Connections to one upstream origin. */
  connectionsPerOriginMax: 1_024,
  /** Calls in flight to one origin, running or waiting for a connection. */
  callsPerOriginMax: 4_096,
  /** Origins whose pools are kept; the least recently used one closes. */
  originsMax: 512,
  connectTimeoutMs: 2_000,
  /** From dispatch to the upstream's response header. */
  firstByteTimeoutMs: 30_000,
  /** Between two reads from the upstream. */
  idleTimeoutMs: 30_000,
  /** A caller that reads nothing for so long is cut. */
  writeIdleTimeoutMs: 60_000,
  /** A stream that is silent for so long gets a heartbeat; proxies cut idle connections at 15 s and more. */
  heartbeatMs: 10_000,
  /** How often running calls are checked against the three bounds above. */
  sweepMs: 250,
  /** What is held back before the first content-bearing event, so that failover still works. */
  commitEventsMax: 64,
  commitBytesMax: 256 * 1024,
  /** One SSE event that is held until complete; a longer one passes in pieces (byte lane) or is refused. */
  eventBytesMax: 16 * 1024 * 1024,
  /** In the byte lane, an incomplete event above this is passed on in pieces. */
  eventHoldBytesMax: 128 * 1024,
  /** A complete (not streamed) upstream answer. */
  responseBytesMax: 64 * 1024 * 1024,
  /** An upstream's error body; more is not read. */
  errorBodyBytesMax: 64 * 1024,
  /** Upstream response headers. */
  upstreamHeaderBytesMax: 32 * 1024,
  /** Targets tried for one call. */
  attemptsMax: 8,
  /** An upstream's Retry-After above this is not believed. */
  retryAfterMaxMs: 300_000,
  /** Drain: how long running calls may go on after SIGTERM. */
  drainTimeoutMs: 30_000,
  /** One spool segment; small enough to be drained and deleted soon. */
  spoolSegmentBytes: 16 * 1024 * 1024,
  /** Spool on disk while Postgres is away; beyond it new calls are refused. About 10 million records. */
  spoolBytesMax: 8 * 1024 * 1024 * 1024,
  /** One record in the spool. */
  recordBytesMax: 256 * 1024,
  /** Records written to Postgres in one transaction. */
  drainBatchRecords: 5_000,
  drainBatchBytes: 4 * 1024 * 1024,
  /** A call still running after this time is shown as running in Postgres. */
  runningVisibleAfterMs: 10_000,
  /** Statement timeouts: the drain notices a hung Postgres, the graph's reads stay short. */
  drainStatementTimeoutMs: 5_000,
  queryStatementTimeoutMs: 5_000,
  /** Connections to Postgres for the control plane. */
  databaseConnectionsMax: 8,
  /** GraphQL documents. */
  graphqlTokensMax: 2_000,
  graphqlDepthMax: 10,
  graphqlAliasesMax: 50,
  graphqlDirectivesMax: 20,
  pageSizeDefault: 50,
  pageSizeMax: 200,
  /** graphql-ws. */
  socketMessageBytesMax: 256 * 1024,
  socketOperationsMax: 50,
  socketInitTimeoutMs: 3_000,
  socketPingMs: 12_000,
  socketsMax: 10_000,
  socketsPerAddressMax: 1_000,
  socketBufferedBytesMax: 1024 * 1024,
  socketOperationIdBytesMax: 256,
  /** Messages a socket may send in one second. */
  socketMessagesPerSecondMax: 200,
  /** Text that waits while a GraphQL subscriber is busy; above it the upstream is paused. */
  streamQueueBytesMax: 256 * 1024,
  /** Error text from outside that is echoed or kept. */
  errorTextCharsMax: 2_000,
  /** Models listed of one connection. */
  modelsPerConnectionMax: 2_000,
  /** sluice.yaml. */
  configBytesMax: 4 * 1024 * 1024,
} as const;

/** The bounds in force; tests lower single ones. */
export type Limits = { readonly [K in keyof typeof LIMITS]: number };

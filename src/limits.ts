/**
 * Every number that bounds anything, with its unit in the name and the reason beside it.
 * Tests replace single values through `GatewayOptions.limits`.
 */
export const LIMITS = {
  /** Largest body of an invocation: OpenAI takes 50 MB, Anthropic 32 MB; images come as base64. */
  bodyBytesMax: 32 * 1024 * 1024,
  /** An upload with audio or images: OpenAI takes 25 MB of audio and 50 MB an image, Groq 100 MB of audio. */
  mediaUploadBytesMax: 128 * 1024 * 1024,
  /** A file upload: OpenAI's own bound. */
  fileBytesMax: 512 * 1024 * 1024,
  /** Uploads that one process holds at a time, those that still arrive included. */
  uploadsBytesMax: 1024 * 1024 * 1024,
  /** Parts of a multipart body; an image edit with all its images has about 30. */
  formPartsMax: 200,
  /** Headers of one part. */
  formHeadBytesMax: 8 * 1024,
  /** A field of a multipart body that is read here (model, stream, …), not passed on unread. */
  formFieldBytesMax: 1024,
  /** Files and batches asked for at a time, where a list is sifted for what belongs to the tenant. */
  filesListedMax: 1_000,
  batchesListedMax: 100,
  /** Between two events of an image that is made: a large one takes a minute and more. */
  imageIdleTimeoutMs: 180_000,
  /** Audio and images in one answer of the graph, before base64. */
  graphqlMediaBytesMax: 24 * 1024 * 1024,
  /** A GraphQL request holds a document and variables; media go through the REST facade. */
  graphqlBodyBytesMax: 256 * 1024,
  /** JSON nesting of a request; real requests with tool schemas stay under 30. */
  bodyDepthMax: 100,
  /** Top-level fields of a request; the largest protocol documents about 40. */
  bodyMembersMax: 1_000,
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
  /** Pipelined requests of one socket that run at a time, and that wait before the socket is not read. */
  pipelinedRunningMax: 16,
  pipelinedWaitingMax: 64,
  /** A socket on which nothing moves in either direction; above the longest wait for an answer. */
  socketSilenceMs: 660_000,
  /** Calls in flight in one process; beyond it `overloaded`. */
  callsInFlightMax: 10_000,
  /** Connections to one upstream origin. */
  connectionsPerOriginMax: 1_024,
  /** Calls in flight to one origin, running or waiting for a connection. */
  callsPerOriginMax: 4_096,
  /** Origins whose pools are kept; the least recently used one closes. */
  originsMax: 512,
  connectTimeoutMs: 2_000,
  /** From dispatch to the response header of a stream: providers send it with or before the first token. */
  firstByteTimeoutMs: 30_000,
  /** The same for an answer in one piece, whose header comes when all of it is made. The official SDKs wait 10 minutes. */
  answerTimeoutMs: 600_000,
  /** After the protocol's own end of a stream, how long the end of the HTTP body may be late. */
  terminalGraceMs: 1_000,
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
  /** Content blocks that one streamed answer may have open at a time, parallel tool calls above all. */
  openBlocksMax: 1_000,
  /** Characters of content blocks that wait because the caller's protocol takes one block at a time. */
  pendingBlockCharsMax: 4 * 1024 * 1024,
  /** Characters beyond the basic plane (emoji) of one text whose places are kept for the offsets of its citations. */
  citationPairsMax: 100_000,
  /** Counting tokens where a provider sends none: texts and requests above this are estimated. */
  tokenTextCharsMax: 512 * 1024,
  /** Of a streamed answer: what is counted in all, what may wait for its turn, and the least that is worth a message. */
  tokenAnswerCharsMax: 4 * 1024 * 1024,
  tokenPendingCharsMax: 64 * 1024,
  tokenPieceCharsMin: 256,
  /** Texts and pieces that wait to be counted, and answers that are counted at a time; others are estimated. */
  tokenWorkMax: 64,
  tokenStreamsMax: 256,
  /** A thread that has not counted something in this time is ended; it starts and loads within a second. */
  tokenWorkTimeoutMs: 5_000,
  /** How long nothing is counted after that. */
  tokenRestartMs: 10_000,
  /** How often the thread is looked at while it runs. */
  tokenWatchMs: 1_000,
  /** A thread without work ends after this time, and gives its 60 MB back. */
  tokenIdleMs: 60_000,
  /** Targets whose way of telling usage is remembered. */
  tokenTargetsMax: 4_096,
  /** What a target takes as a request's body, by its protocol: OpenAI 50 MB. */
  openaiRequestBytesMax: 50 * 1024 * 1024,
  /** Anthropic answers 413 above 32 MB (API overview, "Request size limits"). */
  anthropicRequestBytesMax: 32 * 1024 * 1024,
  /** Gemini takes 100 MB with what is inline ("Increased file size limits", 2026). */
  geminiRequestBytesMax: 100 * 1024 * 1024,
  /** Bedrock's runtime takes 25,000,000 bytes (API reference, `InvokeModel`, body). */
  bedrockRequestBytesMax: 25_000_000,
  /** Cohere publishes none; as OpenAI. */
  cohereRequestBytesMax: 50 * 1024 * 1024,
  /** An answer in JSON that is checked against its schema; a larger one is not. */
  schemaAnswerCharsMax: 1024 * 1024,
  /** Steps of one such check, and how deep it goes: schemas may branch and refer to themselves. */
  schemaCheckStepsMax: 100_000,
  schemaCheckDepthMax: 64,
  /** A complete (not streamed) upstream answer. */
  responseBytesMax: 64 * 1024 * 1024,
  /** An upstream's error body; more is not read. */
  errorBodyBytesMax: 64 * 1024,
  /** Upstream response headers. */
  upstreamHeaderBytesMax: 32 * 1024,
  /** Targets tried for one call. */
  attemptsMax: 8,
  /** Targets of which is remembered what they refuse; one entry is a few hundred bytes. */
  learnedTargetsMax: 10_000,
  /** After this a model is asked again whether it takes what it refused: one more refused request a day. */
  learnedForgetMs: 86_400_000,
  /** An upstream's Retry-After above this is not believed. */
  retryAfterMaxMs: 300_000,
  /** Drain: readiness fails for so long before the port closes, so that load balancers see it. */
  drainReadinessMs: 250,
  /** Drain: keep-alive connections get so long to send one more request, which tells them to close. */
  drainIdleMs: 1_000,
  /** Drain: how long running calls may go on after SIGTERM. */
  drainTimeoutMs: 30_000,
  /** Drain: how long the last records may take to Postgres; what is left stays in the spool for the next start. */
  drainRecordsMs: 1_000,
  /** A full collection of garbage is due after so many calls, in the first period of this length without any. */
  idleCollectionMs: 1_000,
  idleCollectionCalls: 10_000,
  /** One spool segment; small enough to be drained and deleted soon. */
  spoolSegmentBytes: 16 * 1024 * 1024,
  /** Spool on disk while Postgres is away; beyond it new calls are refused. About 10 million records. */
  spoolBytesMax: 8 * 1024 * 1024 * 1024,
  /** One record in the spool: both bodies in hexadecimal, and as much again. */
  recordBytesMax: 384 * 1024,
  /** Of a call's request and of its answer, where bodies are kept: what is longer is cut. */
  recordBodyBytesMax: 64 * 1024,
  /** A model's or target's name in a record; real ones stay under 150. */
  recordTextCharsMax: 512,
  /** Entries of one receipt that are kept; a caller may send thousands of unknown fields. */
  recordReceiptEntriesMax: 200,
  /** Kept free on the disk so that the calls in flight can still be ended when it is full: 10,000 records. */
  spoolReserveBytes: 8 * 1024 * 1024,
  /** Characters under one checksum in the spool; the one record that crosses it is still in. */
  spoolFrameChars: 64 * 1024,
  /** Records of one turn of the event loop above this are written before the turn ends. */
  spoolTurnBytesMax: 1024 * 1024,
  /** How often a full or failing spool is tried again. */
  spoolRetryMs: 1_000,
  /** Records written to Postgres in one transaction. */
  drainBatchRecords: 5_000,
  drainBatchBytes: 4 * 1024 * 1024,
  /** How often the drain looks for new records when it has caught up. */
  drainPollMs: 100,
  /** How often the drain looks for new segments and for folders that other processes have left. */
  drainScanMs: 1_000,
  drainAdoptMs: 30_000,
  /** Waits between the drain's tries to reach Postgres. */
  drainRetryMinMs: 100,
  drainRetryMaxMs: 2_000,
  /** Models whose price is kept at hand. */
  pricesKeptMax: 4_096,
  /** A call still running after this time is shown as running in Postgres. */
  runningVisibleAfterMs: 10_000,
  /** Statement timeouts: the drain notices a hung Postgres, the graph's reads stay short. */
  drainStatementTimeoutMs: 5_000,
  queryStatementTimeoutMs: 5_000,
  /** Connections to Postgres for the control plane. */
  databaseConnectionsMax: 8,
  /** Embedded Postgres: a fast shutdown writes a checkpoint; after that an immediate one; then it is killed. */
  postgresStopTimeoutMs: 10_000,
  postgresQuitTimeoutMs: 5_000,
  /** How long a start is tried again while backends of a killed postmaster still end. */
  postgresStartRetryMs: 10_000,
  /** Between two restarts of a Postgres that keeps ending, at most. */
  postgresRestartDelayMaxMs: 5_000,
  /** GraphQL documents. */
  graphqlTokensMax: 2_000,
  graphqlDepthMax: 10,
  /** Brackets of any kind inside each other, literals included; graphql-js's parser recurses for each. */
  graphqlNestingMax: 150,
  graphqlAliasesMax: 50,
  graphqlDirectivesMax: 20,
  /** Texts of GraphQL documents whose parsed form is kept. */
  graphqlDocumentCacheChars: 4 * 1024 * 1024,
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
  /** How often the keys of open sockets are looked up again: a revoked one must not stay connected for long. */
  socketRecheckMs: 1_000,
  /** While draining, sockets are told to go within this time, at random: not all clients return at once. */
  socketDrainSpreadMs: 5_000,
  /** Text that waits while a GraphQL subscriber is busy; above it the upstream is paused. */
  streamQueueBytesMax: 256 * 1024,
  /** Parts of a tool's schema once its references are put in their places; a few lines can stand for millions. */
  schemaNodesMax: 10_000,
  /** Error text from outside that is echoed or kept. */
  errorTextCharsMax: 2_000,
  /** Models listed of one connection. */
  modelsPerConnectionMax: 2_000,
  /** Names `connection/model` whose routes a snapshot keeps: callers choose them. */
  undeclaredRoutesMax: 4_096,
  /** The operator's own prices; more than there are models in the catalogue. */
  ownPricesMax: 5_000,
  /** sluice.yaml. */
  configBytesMax: 4 * 1024 * 1024,
  /** YAML aliases that are expanded (billion laughs). */
  configAliasesMax: 100,
  /** Mistakes in settings or sluice.yaml that are reported at once; nobody reads more. */
  mistakesMax: 50,
  /** Targets of one model. */
  targetsPerModelMax: 32,
  /** How often the configuration file is looked at where the file system reports no changes. */
  configPollMs: 500,
  /** An editor's several writes within this time count as one change. */
  configSettleMs: 50,
  /** How often the listening connection is asked for the version, so that a dead one is noticed. */
  configurationHeartbeatMs: 5_000,
  /** Pause between two readings of a configuration that keeps changing. */
  configurationPauseMs: 20,
  /** Waits between tries to reach Postgres for the configuration. */
  reconnectMinMs: 100,
  reconnectMaxMs: 5_000,
  /** Connections of one process that read and write the configuration, beside the one that listens. */
  configurationConnectionsMax: 2,
  /** How long a start waits for Postgres before it takes the snapshot on disk. */
  databaseStartTimeoutMs: 3_000,
  /** How long a start waits for another process to migrate a new database. */
  migrationWaitMs: 30_000,
  /** How long a start waits for Ollama's answer. */
  ollamaProbeTimeoutMs: 300,
} as const;

/** The bounds in force; tests lower single ones. */
export type Limits = { readonly [K in keyof typeof LIMITS]: number };

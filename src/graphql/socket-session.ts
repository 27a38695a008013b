import { type ExecutionArgs, GraphQLError } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { CallError } from '../errors.ts';
import { bearer, hashKey, identify } from '../tenancy/identify.ts';
import type { Identity } from '../tenancy/snapshot.ts';
import { prepareOperation, Refusal } from './operation.ts';
import type { GraphqlPorts } from './ports.ts';
import { type RenderedGraphqlError, renderError } from './render-error.ts';
import { type GraphqlResponse, refusalResponse, resultResponse } from './response.ts';
import { SocketOperation } from './socket-operation.ts';

/** An error that is ready for the client, in the shape that graphql-ws asks for. */
class RenderedError extends GraphQLError {
  readonly rendered: RenderedGraphqlError;
  constructor(rendered: RenderedGraphqlError) {
    super(rendered.message);
    this.rendered = rendered;
  }
}

/**
 * Who is behind one WebSocket, and its operations. The identity is fixed by connection_init for the life of the
 * socket; a key that is revoked meanwhile closes it.
 */
export class SocketSession {
  readonly #ports: GraphqlPorts;
  readonly #socket: WebSocket;
  /** The Authorization header of the upgrade; connection_init may bring another, which then counts. */
  readonly #authorization: string | null;
  readonly #operations = new Set<SocketOperation>();
  readonly #byPayload = new WeakMap<SubscribePayload, SocketOperation>();
  #identity: Identity | null = null;
  #keyHash: string | null = null;
  #isLeaving = false;

  constructor(ports: GraphqlPorts, socket: WebSocket, authorization: string | null) {
    this.#ports = ports;
    this.#socket = socket;
    this.#authorization = authorization;
  }

  get operationCount(): number {
    return this.#operations.size;
  }

  /** connection_init. Without a credential the socket stays open, and only what needs none answers. */
  connect(params: Readonly<Record<string, unknown>> | undefined): boolean {
    const given = params?.['authorization'] ?? params?.['Authorization'] ?? this.#authorization;
    if (given === null) return true;
    const key = typeof given === 'string' ? credential(given) : '';
    const identity = identify(this.#ports.snapshot(), key);
    if (identity instanceof CallError) {
      // Not 4403: clients come back after that, with the same credential.
      this.#socket.close(4401, identity.code);
      return false;
    }
    this.#identity = identity;
    this.#keyHash = hashKey(key);
    return true;
  }

  /** subscribe. Gives the operation as the arguments' context value, or the errors why it does not start. */
  begin(id: string, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { limits, ids } = this.#ports;
    const operation = new SocketOperation(ids.next(), (ended) => this.#ended(ended));
    if (Buffer.byteLength(id) > limits.socketOperationIdBytesMax) {
      this.#socket.close(4400, 'operation id too long');
      return this.#refusal(operation, new CallError('invalid_request'));
    }
    if (this.#isLeaving) return this.#refusal(operation, new CallError('draining'));
    if (this.#operations.size >= limits.socketOperationsMax) {
      return this.#refusal(operation, new CallError('too_many_operations'));
    }
    if (!this.hasValidKey()) return this.#refusal(operation, new CallError('invalid_key'));
    const prepared = this.#prepare(operation, payload);
    if (prepared instanceof Refusal) return this.#refusal(operation, prepared);
    this.#operations.add(operation);
    this.#byPayload.set(payload, operation);
    return operation.prepare(prepared);
  }

  /** The payload of a `next` message. */
  renderResult(payload: SubscribePayload, result: Parameters<typeof resultResponse>[0]): GraphqlResponse {
    return resultResponse(result, this.#rendering(this.#byPayload.get(payload)));
  }

  /** The payload of an `error` message. */
  renderErrors(payload: SubscribePayload, errors: readonly GraphQLError[]): readonly RenderedGraphqlError[] {
    const context = { ...this.#rendering(this.#byPayload.get(payload)), code: 'internal' } as const;
    return errors.map((error) =>
      error instanceof RenderedError ? error.rendered : renderError(error, context),
    );
  }

  /** False once the key of connection_init is no longer one. */
  hasValidKey(): boolean {
    return this.#keyHash === null || this.#ports.snapshot().keys.has(this.#keyHash);
  }

  /** The socket is gone: every call of its operations is cancelled before this returns. */
  left(): void {
    for (const operation of this.#operations) void operation.return();
  }

  /** Takes no more operations and closes the socket when the running ones have ended. */
  leaveWhenIdle(): void {
    this.#isLeaving = true;
    if (this.#operations.size === 0) this.#socket.close(1001, 'going away');
  }

  #prepare(operation: SocketOperation, payload: SubscribePayload) {
    const { engine, services, snapshot } = this.#ports;
    const context = {
      ...services,
      identity: this.#identity,
      snapshot: snapshot(),
      signal: operation.signal,
      noteCall: (callId: string) => {
        operation.callId = callId;
      },
    };
    const { query, operationName, variables } = payload;
    return prepareOperation(engine, { query, operationName, variables }, context, this.#ports);
  }

  #refusal(operation: SocketOperation, error: CallError | Refusal): readonly GraphQLError[] {
    const { errors = [] } = refusalResponse(error, this.#rendering(operation));
    return errors.map((rendered) => new RenderedError(rendered));
  }

  #rendering(operation: SocketOperation | undefined) {
    const { log, isDevelopment, ids } = this.#ports;
    return { callId: operation?.callId ?? ids.next(), log, isDevelopment };
  }

  #ended(operation: SocketOperation): void {
    this.#operations.delete(operation);
    if (this.#isLeaving && this.#operations.size === 0) setImmediate(() => this.leaveWhenIdle());
  }
}

/** `Bearer <key>`, or the bare key, as browsers' clients usually send it. */
function credential(text: string): string {
  return text.includes(' ') ? bearer(text) : text;
}

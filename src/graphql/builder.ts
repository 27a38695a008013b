import SchemaBuilder from '@pothos/core';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import type { InvocationResult, ServedBy } from '../calls/invocation.ts';
import type { Attempt, KeptBodies, KeptBody } from '../calls/record.ts';
import type { TaskResult } from '../calls/task-invocation.ts';
import type { CallEntry } from '../db/queries/calls.ts';
import { CallError } from '../errors.ts';
import type { Receipt, ReceiptEntry, ToolCallBlock, Usage } from '../protocols/blocks.ts';
import type { ModelCapabilities } from '../protocols/capabilities.ts';
import type { Provider } from '../providers/provider.ts';
import type { ListedModel } from '../tenancy/models.ts';
import type { Identity, SnapshotApplication, SnapshotTenant } from '../tenancy/snapshot.ts';
import type { CatalogEntry, CatalogPrice, CatalogPriceTier } from './catalog.ts';
import type {
  ChatCompleted,
  ChatReasoningDelta,
  ChatStarted,
  ChatTextDelta,
  ChatToolCallDelta,
} from './chat-events.ts';
import type { CallerContext, GraphqlContext } from './context.ts';
import type { GeneratedImage, Media, Segment, Transcript } from './media-tasks.ts';
import type { Answered } from './tasks.ts';
import type { RankedDocument, Vectors, Verdict } from './vector-tasks.ts';

/** A cost and the price behind it. */
export interface PricedCost {
  readonly pico: bigint;
  readonly fromMs: number | null;
  readonly source: string | null;
}

/** GraphQL names and the TypeScript values behind them. */
export interface SchemaTypes {
  DefaultFieldNullability: false;
  Context: GraphqlContext;
  AuthScopes: { caller: boolean; admin: boolean };
  AuthContexts: { caller: CallerContext; admin: CallerContext };
  Scalars: {
    ID: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
    /** Milliseconds since the epoch inside, RFC 3339 outside. */
    DateTime: { Input: number; Output: number };
    /** Integer pico-dollars inside, US dollars outside. */
    Decimal: { Input: bigint; Output: bigint };
  };
  Interfaces: { CallAnswer: TaskResult };
  Objects: {
    Attempt: Attempt;
    Call: CallEntry;
    CallBodies: KeptBodies;
    CallBody: KeptBody;
    CallTimings: CallEntry;
    ChatCompleted: ChatCompleted;
    ChatCompletion: InvocationResult;
    ChatReasoningDelta: ChatReasoningDelta;
    ChatStarted: ChatStarted;
    ChatTextDelta: ChatTextDelta;
    ChatToolCallDelta: ChatToolCallDelta;
    CatalogModel: CatalogEntry;
    Embeddings: Answered<Vectors>;
    GeneratedImage: GeneratedImage;
    ImageGeneration: Answered<readonly GeneratedImage[]>;
    Media: Media;
    Moderation: Answered<readonly Verdict[]>;
    ModerationVerdict: Verdict;
    RankedDocument: RankedDocument;
    Reranking: Answered<readonly RankedDocument[]>;
    Speech: Answered<Media>;
    Transcription: Answered<Transcript>;
    TranscriptSegment: Segment;
    Cost: PricedCost;
    Model: ListedModel;
    ModelCapabilities: ModelCapabilities;
    ModelPrice: CatalogPrice;
    ModelPriceTier: CatalogPriceTier;
    Provider: Provider;
    Receipt: Receipt;
    ReceiptEntry: ReceiptEntry;
    ServedBy: ServedBy;
    ToolCall: ToolCallBlock;
    Usage: Usage;
    Viewer: Identity;
    ViewerApplication: SnapshotApplication;
    ViewerTenant: SnapshotTenant;
  };
}

/**
 * An empty builder. Root fields need a rule: the root types let identified callers in, single fields may
 * demand more. Every other type is reached through a root field alone and carries only what that field gave.
 */
export function createBuilder() {
  return new SchemaBuilder<SchemaTypes>({
    plugins: [ScopeAuthPlugin, RelayPlugin],
    defaultFieldNullability: false,
    relay: { nodeQueryOptions: false, nodesQueryOptions: false, cursorType: 'String' },
    scopeAuth: {
      authorizeOnSubscribe: true,
      authScopes: ({ identity }) => ({ caller: identity !== null, admin: identity?.isAdmin === true }),
      unauthorizedError: (_parent, { identity }) =>
        new CallError(identity === null ? 'unauthenticated' : 'forbidden'),
    },
  });
}

export type Builder = ReturnType<typeof createBuilder>;

import {
  type CallEntry,
  type CallPage,
  type CallScope,
  getCall,
  getCallBodies,
  listCalls,
} from '../../db/queries/calls.ts';
import { readDatabase } from '../../db/read-database.ts';
import { CallError } from '../../errors.ts';
import type { Identity } from '../../tenancy/snapshot.ts';
import type { Builder } from '../builder.ts';
import type { Enums } from './enums.ts';
import { costOf } from './usage.ts';

/** Recorded calls: one by the id in `x-sluice-call-id`, and pages of them. */
export function defineCalls(builder: Builder, enums: Enums): void {
  defineCall(builder, enums);
  const filter = defineFilter(builder, enums);
  builder.queryField('call', (t) =>
    t.withAuth({ caller: true }).field({
      type: 'Call',
      nullable: true,
      description: 'The call with this id (the header x-sluice-call-id), if this key may see it.',
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, { id }, { db, identity }) => readDatabase(() => getCall(db, scopeOf(identity), id)),
    }),
  );
  builder.queryField('calls', (t) =>
    t.withAuth({ caller: true }).connection(
      {
        type: 'Call',
        description: "Calls, newest first: an application's own, or all of them for an admin key.",
        args: { filter: t.arg({ type: filter }) },
        resolve: async (_root, { filter: wanted, ...page }, { db, identity }) =>
          connectionOf(await readDatabase(() => listCalls(db, scopeOf(identity), wanted ?? {}, page))),
      },
      { name: 'CallConnection' },
      { name: 'CallEdge' },
    ),
  );
}

function connectionOf({ calls, hasNextPage, hasPreviousPage }: CallPage) {
  return {
    edges: calls.map((call) => ({ cursor: call.id, node: call })),
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: calls[0]?.id ?? null,
      endCursor: calls.at(-1)?.id ?? null,
    },
  };
}

/** An application sees its own calls, the operator's admin key all. */
function scopeOf({ isAdmin, tenantId, applicationId }: Identity): CallScope {
  if (isAdmin) return {};
  if (applicationId === null) throw new CallError('forbidden');
  return { tenantId, applicationId };
}

function defineCall(builder: Builder, enums: Enums): void {
  builder.objectType('CallTimings', {
    description: 'Milliseconds; null where it did not come to that.',
    fields: (t) => ({
      queueMs: t.exposeFloat('queueMs', { nullable: true, description: 'From arrival to the first try.' }),
      connectMs: t.exposeFloat('connectMs', { nullable: true, description: 'Of the last try.' }),
      firstTokenMs: t.exposeFloat('firstTokenMs', {
        nullable: true,
        description: 'From arrival to the first content.',
      }),
      totalMs: t.exposeFloat('totalMs', { nullable: true }),
    }),
  });
  builder.objectType('Attempt', {
    description: 'One try at one target.',
    fields: (t) => ({
      target: t.exposeString('target', { description: '`connection/model`' }),
      provider: t.exposeString('provider'),
      startedMs: t.exposeFloat('startedMs', { description: "After the call's start." }),
      durationMs: t.exposeFloat('durationMs'),
      status: t.exposeInt('status', { nullable: true, description: "The upstream's HTTP status." }),
      errorCode: t.exposeString('errorCode', { nullable: true }),
      message: t.exposeString('message', { nullable: true, description: "The upstream's own message." }),
      requestId: t.string({
        nullable: true,
        description: "The upstream's own id of a request that it refused.",
        resolve: ({ requestId }) => requestId ?? null,
      }),
    }),
  });
  builder.objectType('CallBody', {
    fields: (t) => ({
      text: t.string({
        nullable: true,
        description: 'Null where the bytes are not UTF-8.',
        resolve: ({ bytes, size }) => textOf(bytes, bytes.length < size),
      }),
      base64: t.string({ resolve: ({ bytes }) => bytes.toString('base64') }),
      sizeBytes: t.exposeInt('size', { description: 'Of the whole body.' }),
      isCut: t.boolean({
        description: 'Only the beginning is kept.',
        resolve: ({ bytes, size }) => bytes.length < size,
      }),
    }),
  });
  builder.objectType('CallBodies', {
    fields: (t) => ({
      request: t.expose('request', { type: 'CallBody', nullable: true }),
      response: t.expose('response', { type: 'CallBody', nullable: true }),
    }),
  });
  builder.objectType('Call', {
    fields: (t) => ({
      id: t.exposeID('id'),
      tenantId: t.exposeID('tenantId'),
      applicationId: t.exposeID('applicationId', { nullable: true }),
      keyId: t.exposeID('keyId', { nullable: true }),
      callerProtocol: t.exposeString('callerProtocol'),
      operation: t.expose('operation', { type: enums.Operation }),
      targetProtocol: t.exposeString('targetProtocol', { nullable: true }),
      lane: t.expose('lane', { type: enums.CallLane, nullable: true }),
      isStream: t.exposeBoolean('isStream'),
      model: t.exposeString('modelAsked', { description: 'The name that the call was made with.' }),
      modelServed: t.exposeString('modelServed', { nullable: true }),
      target: t.exposeString('target', {
        nullable: true,
        description: '`connection/model` of the last try.',
      }),
      provider: t.exposeString('provider', { nullable: true }),
      outcome: t.expose('outcome', { type: enums.CallOutcome }),
      status: t.exposeInt('status', { nullable: true, description: 'HTTP status that the caller got.' }),
      errorCode: t.exposeString('errorCode', { nullable: true }),
      finishReason: t.expose('finishReason', { type: enums.FinishReason, nullable: true }),
      startedAt: t.expose('startedAt', { type: 'DateTime' }),
      timings: t.field({ type: 'CallTimings', resolve: (call: CallEntry) => call }),
      usage: t.expose('usage', { type: 'Usage' }),
      usageSource: t.expose('usageSource', { type: enums.UsageSource, nullable: true }),
      cost: t.field({ type: 'Cost', nullable: true, resolve: costOf }),
      attempts: t.expose('attempts', { type: ['Attempt'] }),
      receipt: t.expose('receipt', { type: 'Receipt', nullable: true }),
      bodies: t.field({
        type: 'CallBodies',
        nullable: true,
        description:
          'What the caller sent and got; null unless the operator has bodies kept (`records.bodies`).',
        resolve: (call, _args, { db }) => readDatabase(() => getCallBodies(db, call)),
      }),
    }),
  });
}

/** A cut may go through a character, which is then left out. */
function textOf(bytes: Buffer, isCut: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return null;
  }
}

function defineFilter(builder: Builder, enums: Enums) {
  return builder.inputType('CallFilter', {
    description: 'What is given must all hold.',
    fields: (t) => ({
      model: t.string({ description: 'As the caller named it.' }),
      keyId: t.id(),
      outcome: t.field({ type: enums.CallOutcome }),
      operation: t.field({ type: enums.Operation }),
      errorCode: t.string(),
      startedAfter: t.field({ type: 'DateTime', description: 'At this instant or later.' }),
      startedBefore: t.field({ type: 'DateTime', description: 'Before this instant.' }),
    }),
  });
}

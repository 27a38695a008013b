import type { Call } from '../call.ts';
import { keepBody } from '../calls/body-keeper.ts';
import type { Cost } from '../calls/pricing.ts';
import type { CallRecord, KeptBodies, Outcome, UsageSource } from '../calls/record.ts';
import { UNKNOWN_USAGE, type Usage } from '../protocols/blocks.ts';
import type { Ending } from '../relay/answer.ts';
import { roughRequestTokens } from '../tokens/rough.ts';

/**
 * The whole record of a call that has come to this ending. Every field is named here, also those of the begin
 * record: spreading them in first made V8 keep the record as a slow object, and a call cost half as much again.
 */
export function recordOf(call: Call, ending: Ending): CallRecord {
  const { input, target, lane, ports } = call;
  const { usage, source } = usageOf(call, ending);
  const error = ending.kind === 'error' ? ending.error : null;
  const priced = target === null || source === 'none' ? null : priceOf(call, usage);
  return {
    id: input.id,
    tenantId: input.identity.tenantId,
    applicationId: input.identity.applicationId,
    keyId: input.identity.keyId,
    callerProtocol: input.caller,
    operation: input.operation,
    modelAsked: input.model,
    isStream: input.isStream,
    startedAt: input.startedAt,
    snapshotVersion: input.snapshot.version,
    modelServed: lane?.servedModel ?? null,
    target: target?.name ?? null,
    provider: target?.connection.provider ?? null,
    targetProtocol: target?.connection.protocol ?? null,
    lane: lane?.name ?? null,
    outcome: outcomeOf(call, ending),
    errorCode: error?.code ?? null,
    status: lane?.isCommitted === true || error === null ? 200 : error.status,
    finishReason: lane?.finishReason ?? null,
    queueMs: call.queueMs,
    connectMs: call.attempt?.connectMs ?? null,
    firstTokenMs: lane?.firstContentMs == null ? null : lane.firstContentMs - input.arrivedMs,
    totalMs: ports.clock.monotonicMs() - input.arrivedMs,
    usage,
    usageSource: source,
    costPico: priced?.pico ?? null,
    priceFrom: priced?.fromMs ?? null,
    priceSource: priced?.source ?? null,
    attempts: call.attempts,
    receipt: call.receipt,
    bodies: input.snapshot.keepsBodies ? bodiesOf(call, ending) : null,
  };
}

function bodiesOf(call: Call, ending: Ending): KeptBodies {
  const { input, ports } = call;
  const asked =
    input.body?.bytes ??
    input.task?.bytes ??
    (input.request === null ? null : Buffer.from(JSON.stringify(input.request)));
  return {
    request: asked === null ? null : keepBody(asked, ports.limits.recordBodyBytesMax),
    response: call.answer.kept(ending),
  };
}

function outcomeOf(call: Call, ending: Ending): Outcome {
  if (ending.kind !== 'error') return 'succeeded';
  if (call.stopped !== null && call.stopped.code !== 'draining') return 'cancelled';
  return call.lane?.isCommitted === true ? 'interrupted' : 'failed';
}

/**
 * The provider's counts where it sent them. An answer that broke off was counted up to some earlier event at
 * best, so the relayed events count if they are more: providers send about one token an event.
 */
function usageOf(call: Call, ending: Ending): { usage: Usage; source: UsageSource } {
  const { lane } = call;
  const usage = lane?.usage ?? UNKNOWN_USAGE;
  const relayed = lane?.contentEvents ?? 0;
  const isWhole = ending.kind !== 'error';
  const isKnown = usage.outputTokens !== null || usage.inputTokens !== null;
  if (isWhole && isKnown) return { usage, source: 'provider' };
  if (relayed === 0) return { usage, source: isKnown ? 'provider' : 'none' };
  const counted = call.tally?.outputTokens(relayed) ?? relayed;
  const outputTokens = Math.max(counted, usage.outputTokens ?? 0);
  const inputTokens = usage.inputTokens ?? inputOf(call);
  const totalTokens = inputTokens === null ? null : inputTokens + outputTokens;
  return { usage: { ...usage, inputTokens, outputTokens, totalTokens }, source: 'estimated' };
}

/** As counted while the upstream worked, else roughly; null for what is no text. */
function inputOf({ input, tally }: Call): number | null {
  if (input.operation !== 'chat') return null;
  return tally?.inputTokens ?? roughRequestTokens(input.body?.json ?? input.request);
}

/** Of what the provider bills, where that is another number than what the model saw. */
function billed(usage: Usage): Usage {
  const { billedInputTokens, billedOutputTokens } = usage;
  if (billedInputTokens === undefined || billedOutputTokens === undefined) return usage;
  return { ...UNKNOWN_USAGE, inputTokens: billedInputTokens, outputTokens: billedOutputTokens };
}

function priceOf(call: Call, usage: Usage): Cost | null {
  const { target, lane, input, ports } = call;
  if (target === null) return null;
  const served = lane?.servedModel ?? null;
  return ports.pricing.cost(target.connection, served, target.model, billed(usage), input.startedAt);
}

import type { Builder, PricedCost } from '../builder.ts';
import type { Enums } from './enums.ts';

/** Tokens, money and the receipt: what a completion and a recorded call have in common. */
export function defineUsage(builder: Builder, enums: Enums): void {
  builder.objectType('Usage', {
    description: 'Token counts; null where not known. Input includes cached tokens.',
    fields: (t) => ({
      inputTokens: t.exposeInt('inputTokens', { nullable: true }),
      outputTokens: t.exposeInt('outputTokens', { nullable: true }),
      totalTokens: t.exposeInt('totalTokens', { nullable: true }),
      cachedInputTokens: t.exposeInt('cachedInputTokens', { nullable: true }),
      reasoningTokens: t.exposeInt('reasoningTokens', { nullable: true }),
    }),
  });
  builder.objectType('Cost', {
    fields: (t) => ({
      usd: t.field({ type: 'Decimal', resolve: ({ pico }) => pico }),
      priceFrom: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'The day from which the price holds; null where it has none.',
        resolve: ({ fromMs }) => fromMs,
      }),
      priceSource: t.field({
        type: 'String',
        nullable: true,
        description: '`operator`, or a catalogue with its version; null for calls of earlier versions.',
        resolve: ({ source }) => source,
      }),
    }),
  });
  builder.objectType('Receipt', {
    description: 'What became of each request field on its way to a target of another protocol.',
    fields: (t) => ({ entries: t.field({ type: ['ReceiptEntry'], resolve: (receipt) => receipt }) }),
  });
  builder.objectType('ReceiptEntry', {
    fields: (t) => ({
      field: t.exposeString('field', { description: 'As the caller wrote it.' }),
      action: t.expose('action', { type: enums.ReceiptAction }),
      to: t.exposeString('to', { nullable: true, description: "The target's name for it." }),
      reason: t.exposeString('reason', { nullable: true }),
    }),
  });
}

/** What a call or completion cost, and by which price; null where it is not known. */
export function costOf({
  costPico,
  priceFrom = null,
  priceSource = null,
}: {
  readonly costPico: bigint | null;
  readonly priceFrom?: number | null | undefined;
  readonly priceSource?: string | null | undefined;
}): PricedCost | null {
  return costPico === null ? null : { pico: costPico, fromMs: priceFrom, source: priceSource };
}

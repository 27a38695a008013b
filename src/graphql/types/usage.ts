import type { Builder } from '../builder.ts';
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
    fields: (t) => ({ usd: t.field({ type: 'Decimal', resolve: (pico) => pico }) }),
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

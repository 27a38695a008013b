/**
 * The prices that come with the program (@pydantic/genai-prices): 1,700 models of 43 providers. They are kept
 * fresh by upgrading the package; nothing is fetched over the network, and nothing is looked at before it is
 * asked for.
 */
import { calcPrice, findProvider, type ModelInfo } from '@pydantic/genai-prices';
import { type DatedPriceRow, priceRowsOf } from './price-row.ts';

/** What a record names as the source of its price. */
export const PRICE_CATALOGUE = 'genai-prices 0.1.8';

/** Models that take and give something else than a conversation, and those that only complete text, by name. */
const NOT_CHAT =
  /embed|rerank|moderation|whisper|transcri|\btts\b|speech|realtime|-live|dall-e|image|imagen|audio|video|veo|sora|lyria|guard|ocr|voxtral|computer-use|turbo-instruct|^(ft:|ada$|babbage|curie|davinci|text-)/i;

/** Stands for one model of Bedrock in every region ("us.", "eu.", …): no name that an upstream knows. */
const ANY_REGION = /^regional\./;

/** The model's entry, found by any name that the provider has for it; null for none. About 30 µs. */
export function pricedModel(priceId: string, model: string): ModelInfo | null {
  // The catalogue would fall back to guessing a provider by the model's name for an id that it does not know.
  const provider = findProvider({ providerId: priceId });
  if (provider === undefined) return null;
  return calcPrice({}, model, { providerId: provider.id })?.model ?? null;
}

/** Its prices, the first that holds is the one; none for an unknown model. */
export function catalogueRows(priceId: string, model: string): readonly DatedPriceRow[] {
  const found = pricedModel(priceId, model);
  return found === null ? [] : priceRowsOf(found);
}

/** All models of a provider, withdrawn ones too. */
export function catalogueModels(priceId: string): readonly ModelInfo[] {
  return findProvider({ providerId: priceId })?.models ?? [];
}

/** Names of the provider's models that chat, without those that it has withdrawn. */
export function chatModels(priceId: string): readonly string[] {
  return catalogueModels(priceId)
    .filter(isChat)
    .map(({ id }) => id);
}

function isChat({ id, deprecated, prices }: ModelInfo): boolean {
  if (deprecated === true || NOT_CHAT.test(id) || ANY_REGION.test(id)) return false;
  const all = Array.isArray(prices) ? prices.map((dated) => dated.prices) : [prices];
  return all.some((price) => price['input_mtok'] !== undefined && price['output_mtok'] !== undefined);
}

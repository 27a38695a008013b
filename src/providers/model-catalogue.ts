import type { ModelCapabilities } from '../protocols/capabilities.ts';
import { capabilitiesByName } from './capabilities/index.ts';
import { PROVIDERS } from './catalogue.ts';
import { capabilitiesOf } from './facts.ts';
import { catalogueModels, catalogueRows } from './price-catalogue.ts';
import { type DatedPriceRow, priceRowsOf } from './price-row.ts';

/** A model of a provider's, as the catalogue lists it. */
export interface CatalogueModel {
  /** `provider/model`, and the order of lists. */
  readonly key: string;
  readonly provider: string;
  readonly model: string;
  readonly title: string | null;
  /** The provider has withdrawn it, or says that it will. */
  readonly isDeprecated: boolean;
  /** Null for nothing known. */
  readonly capabilities: ModelCapabilities | null;
  /** The first that holds is the one; none where no price is known. */
  prices(): readonly DatedPriceRow[];
}

/** All models that the catalogue knows, by key. The list is made when it is first asked for (10 ms). */
export class ModelCatalogue {
  #models: readonly CatalogueModel[] | null = null;
  #keys: ReadonlySet<string> = new Set();

  list(): readonly CatalogueModel[] {
    if (this.#models === null) {
      this.#models = listModels();
      this.#keys = new Set(this.#models.map(({ key }) => key));
    }
    return this.#models;
  }

  has(key: string): boolean {
    this.list();
    return this.#keys.has(key);
  }
}

/** A model that somebody lists and the catalogue does not. */
export function unlistedModel(provider: string, priceId: string | null, model: string): CatalogueModel {
  return {
    key: `${provider}/${model}`,
    provider,
    model,
    title: null,
    isDeprecated: false,
    capabilities: capabilitiesOf(priceId, model),
    prices: () => (priceId === null ? [] : catalogueRows(priceId, model)),
  };
}

function listModels(): CatalogueModel[] {
  const models = PROVIDERS.flatMap(({ name, priceId }) =>
    (priceId === null ? [] : catalogueModels(priceId)).map((info): CatalogueModel => {
      const known = capabilitiesByName(info.id);
      const contextTokens = known?.contextTokens ?? info.context_window;
      return {
        key: `${name}/${info.id}`,
        provider: name,
        model: info.id,
        title: info.name ?? null,
        isDeprecated: info.deprecated === true,
        capabilities: contextTokens === undefined ? known : { ...known, contextTokens },
        prices: () => priceRowsOf(info),
      };
    }),
  );
  return models.sort(byKey);
}

export function byKey(a: CatalogueModel, b: CatalogueModel): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

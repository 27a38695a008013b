import type { TargetContext } from '../protocol.ts';

/** What a model takes, by its name and by who serves it. */
export interface ModelTraits {
  /** `thinkingLevel`, `thinkingBudget` or neither. */
  readonly thinking: 'level' | 'budget' | 'none';
  /** The least level; thinking by level cannot be switched off. */
  readonly levelMin: 'minimal' | 'low';
  readonly takesMediumLevel: boolean;
  /** Range of the budget; off is 0 where that is in it. */
  readonly budgetMin: number;
  readonly budgetMax: number;
  readonly canRest: boolean;
  /** `parametersJsonSchema`, `responseJsonSchema`; else Google's own kind of schema. */
  readonly takesJsonSchema: boolean;
  /** A response format beside tools, unless a call is forced. */
  readonly takesFormatWithTools: boolean;
  /** Media inside of `functionResponse`. */
  readonly takesResultMedia: boolean;
  /** Function calls of the history must be signed. */
  readonly wantsSignatures: boolean;
  readonly takesPenalties: boolean;
  readonly takesSystem: boolean;
  /** `id` in function calls and responses; Vertex AI pairs them by name and order alone. */
  readonly takesCallIds: boolean;
  readonly takesServiceTier: boolean;
}

interface Version {
  /** Major × 100 + minor; aliases without a number stand for the newest. */
  readonly number: number;
  readonly rest: string;
}

const NEWEST = 9_900;

/**
 * Sources: Gemini API guides "Thinking" (levels and budgets), "Thought signatures", "Structured output", "Function
 * calling" (multimodal responses). A model that is no Gemini is taken for one of generation 2.
 */
export function traitsOf({ model, provider }: Pick<TargetContext, 'model' | 'provider'>): ModelTraits {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const version = versionOf(name);
  const isNew = version.number >= 300;
  const isVertex = provider === 'vertex';
  return {
    thinking: thinkingOf(name, version),
    levelMin: levelMinOf(version),
    takesMediumLevel: !/^300-pro/.test(`${version.number}${version.rest}`),
    ...budgetOf(version),
    takesJsonSchema: version.number >= 200,
    takesFormatWithTools: isNew,
    takesResultMedia: isNew,
    wantsSignatures: isNew,
    takesPenalties: isVertex || version.number < 250 || isNew,
    takesSystem: !/^gemma-[1-3]/.test(name) && version.number >= 150,
    takesCallIds: !isVertex,
    takesServiceTier: !isVertex,
  };
}

function versionOf(name: string): Version {
  const numbered = /^gemini-(\d+)(?:\.(\d+))?(.*)$/.exec(name);
  if (numbered !== null) {
    return { number: Number(numbered[1]) * 100 + Number(numbered[2] ?? 0) * 10, rest: numbered[3] ?? '' };
  }
  if (/^gemini-(ultra|pro(-vision)?)$/.test(name)) return { number: 100, rest: '' };
  return name.startsWith('gemini-') ? { number: NEWEST, rest: '' } : { number: 200, rest: '' };
}

function thinkingOf(name: string, { number, rest }: Version): ModelTraits['thinking'] {
  if (!name.startsWith('gemini-')) return 'budget';
  if (number >= 300) return /^-pro-image/.test(rest) ? 'budget' : 'level';
  return number >= 250 && !/image|tts/.test(rest) ? 'budget' : 'none';
}

/** Pro models know no `minimal`, nor do Flash models from 3.7 on. */
function levelMinOf({ number, rest }: Version): ModelTraits['levelMin'] {
  const isFlash = rest.startsWith('-flash');
  const isLite = rest.startsWith('-flash-lite');
  return isLite || (isFlash && number < 370) ? 'minimal' : 'low';
}

function budgetOf({ rest }: Version): Pick<ModelTraits, 'budgetMin' | 'budgetMax' | 'canRest'> {
  if (rest.startsWith('-pro')) return { budgetMin: 128, budgetMax: 32_768, canRest: false };
  return { budgetMin: rest.startsWith('-flash-lite') ? 512 : 1, budgetMax: 24_576, canRest: true };
}

import type { TargetContext } from '../protocol.ts';

/** What a model accepts. */
export interface ModelTraits {
  /** It reasons, and can give its reasoning encrypted; null where that is not known. */
  readonly reasons: boolean | null;
  /** Whether temperature and top_p are taken: `idle` says only while the model does not reason. */
  readonly sampling: 'always' | 'idle' | 'never';
}

/** OpenAI's models by their names (https://platform.openai.com/docs/guides/reasoning), for what no catalogue says. */
const REASONING = /^(?:o\d|gpt-(?:[5-9]|\d\d)|codex-)(?!.*chat)/;
const OTHERS = /^(?:chatgpt|gpt-[34]|gpt-\d.*chat)/;
/** From 5.1 on reasoning can be switched off, and sampling settings are taken then. */
const IDLE_SAMPLING = /^gpt-5\.\d/;

export function traitsOf({
  model,
  capabilities,
}: Pick<TargetContext, 'model' | 'capabilities'>): ModelTraits {
  const name = model.slice(model.lastIndexOf('/') + 1);
  const isReasoning = REASONING.test(name);
  const reasons = capabilities?.reasoning ?? (isReasoning ? true : OTHERS.test(name) ? false : null);
  const takesSampling = capabilities?.sampling ?? !isReasoning;
  const isIdle = capabilities?.samplingWithoutReasoning ?? IDLE_SAMPLING.test(name);
  return { reasons, sampling: takesSampling ? 'always' : isIdle ? 'idle' : 'never' };
}

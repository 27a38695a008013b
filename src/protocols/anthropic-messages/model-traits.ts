/** What a Claude model accepts, by its name. Anything else that speaks this protocol is taken for an older Claude. */
export interface ModelTraits {
  /** `adaptive` with an effort, or `enabled` with a budget of tokens. */
  readonly thinking: 'adaptive' | 'budget';
  /** How thinking is kept off; `effort` where only a low effort is possible. */
  readonly thinkingOff: 'disabled' | 'between_tools' | 'effort';
  /** temperature, top_p, top_k. */
  readonly takesSampling: boolean;
  /** temperature and top_p in one request. */
  readonly takesBothSampling: boolean;
  /** tool_choice `any` and `tool`. */
  readonly takesForcedTool: boolean;
}

interface Version {
  readonly family: string;
  readonly number: number;
}

/** From these versions on (major × 100 + minor); Anthropic's migration guides of the models named. */
const ADAPTIVE_FROM: Readonly<Record<string, number>> = {
  opus: 406,
  sonnet: 406,
  haiku: 505,
  fable: 0,
  mythos: 0,
};
const NO_SAMPLING_FROM: Readonly<Record<string, number>> = {
  opus: 407,
  sonnet: 500,
  haiku: 505,
  fable: 0,
  mythos: 0,
};
const NO_FORCED_TOOL_FROM: Readonly<Record<string, number>> = { opus: 505, sonnet: 505, fable: 501 };

export function traitsOf(model: string): ModelTraits {
  const version = versionOf(model);
  return {
    thinking: reaches(version, ADAPTIVE_FROM) ? 'adaptive' : 'budget',
    thinkingOff: thinkingOff(version),
    takesSampling: !reaches(version, NO_SAMPLING_FROM),
    takesBothSampling: version === null || version.number < 405,
    takesForcedTool: !reaches(version, NO_FORCED_TOOL_FROM),
  };
}

/** `claude-opus-4-1-20250805`, also behind a cloud's or router's prefix; a date is no minor version. */
function versionOf(model: string): Version | null {
  const match = /claude-([a-z]+)-(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)/i.exec(model);
  if (match === null) return null;
  return { family: (match[1] ?? '').toLowerCase(), number: Number(match[2]) * 100 + Number(match[3] ?? 0) };
}

function reaches(version: Version | null, from: Readonly<Record<string, number>>): boolean {
  const least = version === null ? undefined : from[version.family];
  return version !== null && least !== undefined && version.number >= least;
}

function thinkingOff(version: Version | null): ModelTraits['thinkingOff'] {
  if (version?.family === 'fable' || (version?.family === 'opus' && version.number >= 505)) return 'effort';
  return version?.family === 'sonnet' && version.number >= 505 ? 'between_tools' : 'disabled';
}

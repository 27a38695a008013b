import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/**
 * Longest run of letters, or of white space, that is given to the tokenizer in one piece: its time grows with the
 * square of a run (20,000 equal letters take half a second). Cutting one costs a token or two.
 */
const RUN_CHARS_MAX = 256;

/** A prompt may hold the names of control tokens: they are text like any other. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** Tokens of a text, by the o200k vocabulary; in time that grows with its length, whatever it holds. */
export function countText(text: string): number {
  let tokens = 0;
  let start = 0;
  let run = 0;
  let isSpace = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const wasSpace = isSpace;
    isSpace = unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
    run = isSpace === wasSpace ? run + 1 : 1;
    if (run < RUN_CHARS_MAX) continue;
    tokens += countTokens(text.slice(start, at + 1), AS_TEXT);
    start = at + 1;
    run = 0;
  }
  return start === text.length ? tokens : tokens + countTokens(text.slice(start), AS_TEXT);
}

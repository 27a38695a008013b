import { LIMITS } from '../../limits.ts';

/** A member's name or an element's index. */
export type PathStep = string | number;

const DOTTED = /\.([\p{L}_][\p{L}\p{N}_-]*)/uy;
const INDEX = /\[(\d{1,9})\]/y;
const QUOTED = /\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/sy;

/**
 * The steps of a singular JSON path (RFC 9535: `$.a[0]['b c']`); null for any other query, for one deeper than a
 * body may be, and for `__proto__`.
 */
export function parseJsonPath(path: string): readonly PathStep[] | null {
  if (!path.startsWith('$')) return null;
  const steps: PathStep[] = [];
  let at = 1;
  while (at < path.length) {
    const step = stepAt(path, at);
    if (step === null || step.value === '__proto__' || steps.length >= LIMITS.bodyDepthMax) return null;
    steps.push(step.value);
    at = step.end;
  }
  return steps;
}

function stepAt(path: string, at: number): { readonly value: PathStep; readonly end: number } | null {
  for (const pattern of [DOTTED, INDEX, QUOTED]) {
    pattern.lastIndex = at;
    const found = pattern.exec(path);
    if (found === null) continue;
    const end = at + found[0].length;
    if (pattern === INDEX) return { value: Number(found[1]), end };
    return { value: pattern === DOTTED ? (found[1] ?? '') : unescaped(found[1] ?? found[2] ?? ''), end };
  }
  return null;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_all, code: string | undefined, char: string) =>
    code === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

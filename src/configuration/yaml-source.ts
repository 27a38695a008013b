import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { LIMITS } from '../limits.ts';
import { type Environment, interpolate } from './interpolate.ts';

export type Path = readonly (string | number)[];

export interface Mistake {
  /** `12:7`, of the value at fault or of what should hold it; null for the whole file. */
  readonly place: string | null;
  readonly path: Path;
  readonly message: string;
}

/** A YAML text as a value, with the way back from a path in the value to its place in the text. */
export interface YamlSource {
  readonly value: unknown;
  /** Syntax errors, and variables that could not be put in. */
  readonly mistakes: readonly Mistake[];
  /** Line and column of the value at `path`, or of the nearest thing around it; `ofKey` asks for its key's. */
  placeOf(path: Path, ofKey?: boolean): string | null;
  /** Variables of the environment that the value at `path` was made from. */
  variablesAt(path: Path): readonly string[];
}

/** Parses YAML 1.2, bounded in aliases, and puts environment variables into its texts. Never throws. */
export function parseYaml(text: string, env: Environment): YamlSource {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  try {
    // Pretty errors quote the source, which may hold secrets.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: 'core' });
    const problems = [...document.errors, ...document.warnings];
    if (problems.length > 0) {
      return failed(problems.map(({ message, pos }) => ({ place: place(pos[0]), path: [], message })));
    }
    const variables = new Map<Node, readonly string[]>();
    const mistakes = interpolateScalars(document, env, variables, place);
    const value: unknown = document.toJS({ maxAliasCount: LIMITS.configAliasesMax });
    return {
      value,
      mistakes,
      placeOf(path, ofKey = false) {
        const offset = offsetOf(document, path, ofKey);
        return offset === null ? null : place(offset);
      },
      variablesAt(path) {
        const found = descend(document, path);
        return found.isExact && found.node !== null ? (variables.get(found.node) ?? []) : [];
      },
    };
  } catch (error) {
    const message =
      error instanceof RangeError
        ? 'expected less nesting'
        : 'expected YAML with few aliases, each of an anchor before it';
    return failed([{ place: null, path: [], message }]);
  }
}

function failed(mistakes: readonly Mistake[]): YamlSource {
  return { value: undefined, mistakes, placeOf: () => null, variablesAt: () => [] };
}

function interpolateScalars(
  document: Document,
  env: Environment,
  variables: Map<Node, readonly string[]>,
  place: (offset: number) => string,
): Mistake[] {
  const mistakes: Mistake[] = [];
  visit(document, {
    Scalar(key, scalar, ancestors) {
      if (key === 'key' || typeof scalar.value !== 'string') return;
      const result = interpolate(scalar.value, env);
      for (const message of result.mistakes) {
        const path = pathOf(scalar, ancestors);
        mistakes.push({ place: scalar.range ? place(scalar.range[0]) : null, path, message });
      }
      scalar.value = result.text;
      if (result.variables.length > 0) variables.set(scalar, result.variables);
    },
  });
  return mistakes;
}

/** The path of a scalar below its ancestors, which `visit` gives as documents, collections and pairs. */
function pathOf(scalar: Node, ancestors: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  const chain = [...ancestors, scalar];
  chain.forEach((ancestor, index) => {
    const child = chain[index + 1];
    if (isSeq(ancestor)) path.push(ancestor.items.indexOf(child));
    if (isMap(ancestor)) {
      const pair = ancestor.items.find((item) => item === child);
      if (pair !== undefined) path.push(String(isScalar(pair.key) ? pair.key.value : pair.key));
    }
  });
  return path;
}

interface Found {
  readonly node: Node | null;
  readonly key: Node | null;
  /** False when the path leads further than the document goes. */
  readonly isExact: boolean;
}

function descend(document: Document, path: Path): Found {
  let node = resolved(document, document.contents);
  let key: Node | null = null;
  for (const step of path) {
    let next: unknown;
    let nextKey: Node | null = null;
    if (isSeq(node) && typeof step === 'number') next = node.items[step];
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => String(isScalar(item.key) ? item.key.value : item.key) === String(step),
      );
      next = pair?.value;
      nextKey = isNode(pair?.key) ? pair.key : null;
    }
    if (!isNode(next)) return { node, key: nextKey ?? key, isExact: false };
    node = resolved(document, next);
    key = nextKey;
  }
  return { node, key, isExact: true };
}

function resolved(document: Document, node: unknown): Node | null {
  if (isAlias(node)) return node.resolve(document) ?? null;
  return isNode(node) ? node : null;
}

function offsetOf(document: Document, path: Path, ofKey: boolean): number | null {
  const found = descend(document, path);
  const node = ofKey && found.key !== null ? found.key : found.node;
  return node?.range?.[0] ?? null;
}

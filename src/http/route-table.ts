import type { Exchange, HttpPorts } from './listener.ts';

export type Endpoint = (ports: HttpPorts, exchange: Exchange) => void;
/** Method → endpoint. */
export type Methods = Readonly<Record<string, Endpoint>>;

/** A path with places, such as a model's name. */
export interface RoutePattern {
  /** How it is told to people. */
  readonly path: string;
  /** Each group is a place; nothing else of the path is decoded. */
  readonly match: RegExp;
  readonly methods: Methods;
}

/** Every path that the gateway answers. Paths are compared exactly as they came: no normalisation. */
export interface Routes {
  readonly exact: ReadonlyMap<string, Methods>;
  readonly patterns: readonly RoutePattern[];
}

export interface FoundRoute {
  readonly methods: Methods;
  readonly params: readonly string[];
}

const NO_PARAMS: readonly string[] = [];

/** Null where nothing is at the path, also where a place in it cannot be decoded (RFC 3986, 2.1). */
export function findRoute(routes: Routes, path: string): FoundRoute | null {
  const methods = routes.exact.get(path);
  if (methods !== undefined) return { methods, params: NO_PARAMS };
  for (const pattern of routes.patterns) {
    const found = pattern.match.exec(path);
    if (found === null) continue;
    try {
      return { methods: pattern.methods, params: found.slice(1).map(decodeURIComponent) };
    } catch {
      return null;
    }
  }
  return null;
}

export function pathsOf({ exact, patterns }: Routes): readonly string[] {
  return [...exact.keys(), ...patterns.map(({ path }) => path)];
}

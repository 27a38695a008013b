import { LIMITS } from '../../limits.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { type PathStep, parseJsonPath } from './json-path.ts';

type Container = JsonObject | unknown[];

/**
 * Arguments that come in pieces, each with the JSON path of its place (Vertex AI, "Stream function call
 * arguments"). A string that will continue is added to by the next piece for the same path.
 */
export class PartialArgs {
  #root: JsonObject = {};
  /** Paths whose string goes on. */
  readonly #open = new Set<string>();
  #chars = 0;

  /** What the call began with. */
  start(args: unknown): void {
    this.#root = isJsonObject(args) ? args : {};
    this.#open.clear();
    this.#chars = 0;
  }

  /** The whole, as JSON text. */
  get text(): string {
    return JSON.stringify(this.#root);
  }

  /** Takes pieces; false where one has no place in what was said before, or there are too many. */
  add(pieces: unknown): boolean {
    if (!Array.isArray(pieces)) return pieces === undefined || pieces === null;
    return pieces.every((piece: unknown) => isJsonObject(piece) && this.#addPiece(piece));
  }

  #addPiece(piece: JsonObject): boolean {
    const path = piece['jsonPath'];
    const steps = typeof path === 'string' ? parseJsonPath(path) : null;
    if (typeof path !== 'string' || steps === null || steps.length === 0) return false;
    const text = piece['stringValue'];
    this.#chars += path.length + (typeof text === 'string' ? text.length : 1);
    if (this.#chars > LIMITS.pendingBlockCharsMax) return false;
    const isMore = this.#open.delete(path);
    if (typeof text === 'string' && piece['willContinue'] === true) this.#open.add(path);
    return put(this.#root, steps, (earlier) =>
      typeof text === 'string' && isMore && typeof earlier === 'string' ? earlier + text : valueIn(piece),
    );
  }
}

function valueIn(piece: JsonObject): unknown {
  return piece['stringValue'] ?? piece['numberValue'] ?? piece['boolValue'] ?? null;
}

function put(root: JsonObject, steps: readonly PathStep[], change: (earlier: unknown) => unknown): boolean {
  let container: Container = root;
  for (const [at, step] of steps.entries()) {
    if (!hasPlace(container, step)) return false;
    // A list takes an index and an object a name, as was just checked.
    const members = container as JsonObject;
    const earlier = Object.hasOwn(members, step) ? members[step] : undefined;
    if (at === steps.length - 1) {
      members[step] = change(earlier);
      return true;
    }
    const next = earlier ?? (typeof steps[at + 1] === 'number' ? [] : {});
    if (!isContainer(next)) return false;
    members[step] = next;
    container = next;
  }
  return false;
}

/** Lists grow by one element at a time: an index far beyond the end would make a list of nothing. */
function hasPlace(container: Container, step: PathStep): boolean {
  return Array.isArray(container)
    ? typeof step === 'number' && step <= container.length
    : typeof step === 'string';
}

const isContainer = (value: unknown): value is Container => Array.isArray(value) || isJsonObject(value);

import { CallError } from '../../errors.ts';

/**
 * Looks through variables, parsed JSON, before anything recursive does: JSON.parse takes a million levels.
 * Errors: `body_too_deep`; `invalid_request` for a key `__proto__`, which a later merge could set as a prototype.
 */
export function checkVariables(variables: unknown, depthMax: number): CallError | null {
  let level: object[] = [];
  collect(variables, level);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > depthMax) return new CallError('body_too_deep', { param: 'variables' });
    const below: object[] = [];
    for (const container of level) {
      if (Object.hasOwn(container, '__proto__')) {
        return new CallError('invalid_request', {
          message: 'The key "__proto__" is not allowed.',
          param: 'variables',
        });
      }
      for (const inner of Object.values(container)) collect(inner, below);
    }
    level = below;
  }
  return null;
}

function collect(value: unknown, into: object[]): void {
  if (typeof value === 'object' && value !== null) into.push(value);
}

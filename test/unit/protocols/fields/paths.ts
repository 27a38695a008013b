type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What stands at a path of the table (`messages[].content[].image`): `[]` is any element, `*` any member, and the
 * last name may also be the type of a block. A path may begin below the top.
 */
export function valuesAt(body: unknown, path: string): readonly unknown[] {
  const names = path.split('.');
  const found: unknown[] = [];
  for (const start of objectsIn(body)) found.push(...follow(start, names));
  return found;
}

function follow(value: unknown, names: readonly string[]): readonly unknown[] {
  const [name, ...rest] = names;
  if (name === undefined) return value === undefined || value === null ? [] : [value];
  if (!isObject(value)) return [];
  if (rest.length === 0 && value['type'] === name) return [value];
  const key = name.replace(/\[\]$/, '');
  const members = key === '*' ? Object.values(value) : [value[key]];
  const next = name.endsWith('[]')
    ? members.flatMap((member) => (Array.isArray(member) ? member : []))
    : members;
  return next.flatMap((one) => follow(one, rest));
}

function objectsIn(value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  return isObject(value) ? [value, ...Object.values(value).flatMap(objectsIn)] : [];
}

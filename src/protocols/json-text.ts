/**
 * JSON text of an object whose values are JSON text already; undefined values are left out. What a model or
 * caller wrote as text (tool arguments) so reaches the wire byte for byte.
 */
export function objectText(members: readonly (readonly [string, string | undefined])[]): string {
  const texts: string[] = [];
  for (const [name, value] of members) {
    if (value !== undefined) texts.push(`${JSON.stringify(name)}:${value}`);
  }
  return `{${texts.join(',')}}`;
}

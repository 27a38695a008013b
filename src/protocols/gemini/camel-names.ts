import type { JsonObject } from '../protocol.ts';

/**
 * The object with its members' names in camelCase. Google takes both forms everywhere, `system_instruction` as well
 * as `systemInstruction` (ProtoJSON format, "Field names"); where both are there, the camelCase one counts.
 */
export function camelNames(value: JsonObject): JsonObject {
  if (!Object.keys(value).some((name) => name.includes('_', 1))) return value;
  const renamed: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const camel = name.replace(/(?<=[a-z\d])_([a-z\d])/g, (_all, letter: string) => letter.toUpperCase());
    if (camel === name || value[camel] === undefined) renamed[camel] = member;
  }
  return renamed;
}
